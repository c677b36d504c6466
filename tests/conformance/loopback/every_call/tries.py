"""A course through every call that the account serves, once with boto3 and once with the AWS CLI.

Each goes its own way, with names of its own, so that both send what they send by themselves: idempotency tokens, for
instance. A call that can only be refused here, since what it needs takes a whole roll, names the error that AWS has for
it.
"""

import base64
import json
import time

from botocore import xform_name

from loopback.account import Failed

from .recorder import BOTO3, CLI

PATIENCE_SECONDS = 120
ROLE = "arn:aws:iam::123456789012:role/every-call"
TEMPLATE = {"Description": "Logs", "Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}}}


def make(recorder, folder):
    """Goes the whole course with both."""
    for tool, tag in ((BOTO3, "b"), (CLI, "c")):
        course = Course(recorder, tool, tag, folder)
        for part in (course.small_services, course.objects, course.events, course.executions, course.stacks,
                     course.cluster):
            try:
                part()
            except (Failed, KeyError, IndexError) as broken:
                # Something before was refused, which is told with the call.
                recorder.broken.append(f"through {tool}, {part.__name__} broke off: {broken!r}")


class Course:
    """One tool's way."""

    def __init__(self, recorder, tool, tag, folder):
        self.recorder, self.tool, self.folder = recorder, tool, folder
        self.name, self.target_group = f"every-{tag}", ""

    def call(self, service, operation, allow=(), /, **members):
        """One call. Gives the answer; nothing if it was refused, which is kept."""
        if self.tool == BOTO3:
            return self.recorder.boto3(service, operation, allow, **members)
        return self.recorder.cli(service, operation, allow, self.flags(operation, members), **members)

    def flags(self, operation, members):
        """Bytes cannot be JSON: they come from files, and go to files."""
        flags = []
        for name in ("Body", "Payload"):
            if name in members:
                file = self.folder / name
                file.write_bytes(members.pop(name))
                flags += [f"--{name.lower()}", str(file) if name == "Body" else f"file://{file}"]
        if operation in ("GetObject", "Invoke"):
            # A file for the answer stands beside flags only.
            for name in list(members):
                flags += ["--" + xform_name(name, "-"), members.pop(name)]
            flags.append(str(self.folder / "answer"))
        return flags

    def until(self, what, look):
        """Looks again until there is something; gives it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.2)
        raise Failed(f"through {self.tool}: {what} did not come in {PATIENCE_SECONDS} s")

    def small_services(self):
        """STS, Systems Manager, SQS, SNS, Elastic Load Balancing and Lambda."""
        call, name = self.call, self.name
        call("sts", "GetCallerIdentity")
        call("ssm", "PutParameter", Name=f"/{name}", Type="String", Value="ami-1")
        call("ssm", "GetParameter", Name=f"/{name}")
        call("ssm", "LabelParameterVersion", Name=f"/{name}", Labels=["good"])
        call("ssm", "DeleteParameter", Name=f"/{name}")
        queue = call("sqs", "CreateQueue", QueueName=name).get("QueueUrl", "none")
        call("sqs", "ReceiveMessage", QueueUrl=queue)
        call("sqs", "DeleteMessage", ["ReceiptHandleIsInvalid"], QueueUrl=queue, ReceiptHandle="none")
        topic = call("sns", "CreateTopic", Name=name).get("TopicArn", "none")
        policy = json.dumps({"Version": "2012-10-17", "Statement": []})
        call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
        call("sns", "Publish", TopicArn=topic, Message="a message")
        groups = call("elbv2", "CreateTargetGroup", Name=name, Protocol="HTTP", Port=80, VpcId="vpc-1")
        group = groups["TargetGroups"][0]["TargetGroupArn"]
        call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group)
        self.target_group = group
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "30"}
        call("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=group, Attributes=[delay])
        call("lambda", "Invoke", ["ResourceNotFoundException"], FunctionName="nobody", Payload=b"{}")

    def objects(self):
        """S3."""
        call, bucket = self.call, f"{self.name}-bucket"
        place = {"LocationConstraint": "eu-west-1"}
        call("s3", "CreateBucket", Bucket=bucket, CreateBucketConfiguration=place)
        call("s3", "HeadBucket", Bucket=bucket)
        call("s3", "GetBucketLocation", Bucket=bucket)
        call("s3", "PutObject", Bucket=bucket, Key="a", Body=b"a")
        call("s3", "HeadObject", Bucket=bucket, Key="a")
        call("s3", "GetObject", Bucket=bucket, Key="a")
        call("s3", "ListObjectsV2", Bucket=bucket)
        for ends in ("CompleteMultipartUpload", "AbortMultipartUpload"):
            upload = call("s3", "CreateMultipartUpload", Bucket=bucket, Key="b").get("UploadId", "none")
            own = {"Bucket": bucket, "Key": "b", "UploadId": upload}
            part = call("s3", "UploadPart", PartNumber=1, Body=b"b", **own)
            parts = {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part.get("ETag", "none")}]}}
            call("s3", ends, **own, **(parts if ends.startswith("Complete") else {}))

    def events(self):
        """EventBridge."""
        call, name = self.call, self.name
        pattern = json.dumps({"source": ["every-call"]})
        call("events", "PutRule", Name=name, EventPattern=pattern)
        call("events", "DescribeRule", Name=name)
        call("events", "ListRules")
        topic = f"arn:aws:sns:eu-west-1:123456789012:{name}"
        call("events", "PutTargets", Rule=name, Targets=[{"Id": "topic", "Arn": topic}])
        call("events", "ListTargetsByRule", Rule=name)
        call("events", "PutEvents", Entries=[{"Source": "every-call", "DetailType": "a", "Detail": "{}"}])
        call("events", "RemoveTargets", Rule=name, Ids=["topic"])
        call("events", "DeleteRule", Name=name)

    def executions(self):
        """Step Functions, whose Task states ask an activity."""
        call, name = self.call, self.name
        activity = call("stepfunctions", "CreateActivity", name=name)["activityArn"]
        call("stepfunctions", "DescribeActivity", activityArn=activity)
        call("stepfunctions", "ListActivities")
        task = {"Type": "Task", "Resource": activity, "End": True}
        definition = json.dumps({"StartAt": "Ask", "States": {"Ask": task}})
        machine = call("stepfunctions", "CreateStateMachine", name=name, definition=definition, roleArn=ROLE)
        machine = machine["stateMachineArn"]
        call("stepfunctions", "UpdateStateMachine", stateMachineArn=machine, roleArn=ROLE + "-2")
        call("stepfunctions", "DescribeStateMachine", stateMachineArn=machine)
        call("stepfunctions", "ListStateMachines")
        execution = call("stepfunctions", "StartExecution", stateMachineArn=machine)["executionArn"]

        def take():
            return self.until("a question", lambda: call(
                "stepfunctions", "GetActivityTask", activityArn=activity).get("taskToken"))

        call("stepfunctions", "SendTaskFailure", taskToken=take(), error="E", cause="because")
        call("stepfunctions", "DescribeExecution", executionArn=execution)
        call("stepfunctions", "RedriveExecution", executionArn=execution)
        token = take()
        call("stepfunctions", "SendTaskHeartbeat", taskToken=token)
        call("stepfunctions", "SendTaskSuccess", taskToken=token, output="{}")
        call("stepfunctions", "GetExecutionHistory", executionArn=execution)
        call("stepfunctions", "ListExecutions", stateMachineArn=machine)
        another = call("stepfunctions", "StartExecution", stateMachineArn=machine)["executionArn"]
        call("stepfunctions", "StopExecution", executionArn=another)
        call("stepfunctions", "DeleteStateMachine", stateMachineArn=machine)
        call("stepfunctions", "DeleteActivity", activityArn=activity)

    def stacks(self):
        """CloudFormation."""
        call, stack = self.call, self.name
        body = {"TemplateBody": json.dumps(TEMPLATE)}
        call("cloudformation", "ValidateTemplate", **body)
        call("cloudformation", "GetTemplateSummary", **body)
        call("cloudformation", "CreateStack", StackName=stack, **body)
        self.stack_is("CREATE_COMPLETE")
        for read in ("DescribeStackEvents", "DescribeStackResources", "ListStackResources", "GetTemplate"):
            call("cloudformation", read, StackName=stack)
        call("cloudformation", "ListStacks")
        changed = json.loads(json.dumps(TEMPLATE))
        changed["Resources"]["Logs"]["Properties"]["RetentionInDays"] = 14
        call("cloudformation", "UpdateStack", StackName=stack, TemplateBody=json.dumps(changed))
        self.stack_is("UPDATE_COMPLETE")
        # What these two are for takes a roll.
        for late in ("CancelUpdateStack", "ContinueUpdateRollback"):
            call("cloudformation", late, ["ValidationError"], StackName=stack)
        signal = {"LogicalResourceId": "Logs", "UniqueId": "i-1", "Status": "SUCCESS"}
        call("cloudformation", "SignalResource", ["ValidationError"], StackName=stack, **signal)
        for ends in ("DeleteChangeSet", "ExecuteChangeSet"):
            change = {"StackName": stack, "ChangeSetName": ends}
            call("cloudformation", "CreateChangeSet", **change, **body)
            self.until("the change set", lambda change=change: call(
                "cloudformation", "DescribeChangeSet", **change).get("Status") == "CREATE_COMPLETE")
            call("cloudformation", "ListChangeSets", StackName=stack)
            call("cloudformation", ends, **change)
        self.stack_is("UPDATE_COMPLETE")
        call("cloudformation", "DeleteStack", StackName=stack)

    def stack_is(self, status):
        """Waits for the stack to come to a status."""
        self.until(f"the status {status}", lambda: self.call(
            "cloudformation", "DescribeStacks", StackName=self.name)["Stacks"][0]["StackStatus"] == status)

    def cluster(self):
        """EC2, EC2 Auto Scaling and ECS: a group of instances, a cluster, and what runs on it."""
        call, name = self.call, self.name
        call("ecs", "CreateCluster", clusterName=name)
        call("ecs", "ListClusters")
        call("ecs", "DescribeClusters", clusters=[name])
        self.templates()
        self.group()
        self.provider()
        self.tasks()
        self.instances()
        self.refresh()
        self.take_down()

    def templates(self):
        """Launch templates."""
        call, name = self.call, self.name
        settings = f"#!/bin/sh\necho ECS_CLUSTER={name} >>/etc/ecs/ecs.config\n" \
                   "echo ECS_WARM_POOLS_CHECK=true >>/etc/ecs/ecs.config\n"
        user_data = base64.b64encode(settings.encode()).decode()
        data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m7g.large", "UserData": user_data}
        tags = {"ResourceType": "launch-template", "Tags": [{"Key": "k", "Value": "v"}]}
        call("ec2", "CreateLaunchTemplate", LaunchTemplateName=name, LaunchTemplateData=data, TagSpecifications=[tags])
        call("ec2", "CreateLaunchTemplateVersion", LaunchTemplateName=name, LaunchTemplateData=data)
        call("ec2", "DescribeLaunchTemplates", LaunchTemplateNames=[name])
        call("ec2", "DescribeLaunchTemplateVersions", LaunchTemplateName=name, Versions=["1"])

    def group(self):
        """A group of four instances."""
        call, name = self.call, self.name
        template = {"LaunchTemplateName": name, "Version": "1"}
        call("autoscaling", "CreateAutoScalingGroup", AutoScalingGroupName=name, MinSize=0, MaxSize=9,
             DesiredCapacity=4, LaunchTemplate=template, VPCZoneIdentifier="subnet-1")
        tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "Key": "k", "Value": "v",
               "PropagateAtLaunch": False}
        call("autoscaling", "CreateOrUpdateTags", Tags=[tag])
        call("autoscaling", "DeleteTags", Tags=[tag])
        for change in ("SuspendProcesses", "ResumeProcesses"):
            call("autoscaling", change, AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"])
        call("autoscaling", "EnableMetricsCollection", AutoScalingGroupName=name, Granularity="1Minute")
        call("autoscaling", "DisableMetricsCollection", AutoScalingGroupName=name)
        self.in_service(4)
        call("autoscaling", "DescribeScalingActivities", AutoScalingGroupName=name)
        call("autoscaling", "UpdateAutoScalingGroup", AutoScalingGroupName=name, MaxSize=10)
        call("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=name, DesiredCapacity=5)
        self.in_service(5)

    def in_service(self, number):
        """Waits until so many instances are InService. Gives their ids."""

        def look():
            groups = self.call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[self.name])
            instances = groups["AutoScalingGroups"][0]["Instances"]
            ids = [one["InstanceId"] for one in instances if one["LifecycleState"] == "InService"]
            return ids if len(ids) == len(instances) == number else None

        return self.until(f"{number} instances InService", look)

    def provider(self):
        """A capacity provider of the group."""
        call, name = self.call, self.name
        groups = call("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[name])
        arn = groups["AutoScalingGroups"][0]["AutoScalingGroupARN"]
        off = {"managedScaling": {"status": "DISABLED"}, "managedTerminationProtection": "DISABLED"}
        call("ecs", "CreateCapacityProvider", name=name, autoScalingGroupProvider={"autoScalingGroupArn": arn, **off})
        call("ecs", "UpdateCapacityProvider", name=name, autoScalingGroupProvider=off)
        call("ecs", "DescribeCapacityProviders", capacityProviders=[name])
        own = {"cluster": name, "defaultCapacityProviderStrategy": []}
        call("ecs", "PutClusterCapacityProviders", capacityProviders=[name], **own)
        call("ecs", "PutClusterCapacityProviders", capacityProviders=[], **own)
        call("ecs", "DeleteCapacityProvider", capacityProvider=name)

    def tasks(self):
        """Services and tasks."""
        call, name = self.call, self.name
        members = self.until("a container instance", lambda: call(
            "ecs", "ListContainerInstances", cluster=name)["containerInstanceArns"])
        call("ecs", "DescribeContainerInstances", cluster=name, containerInstances=members)
        call("ecs", "PutAttributes", cluster=name, attributes=[{"name": "k", "value": "v", "targetId": members[0]}])
        port = {"containerPort": 80, "hostPort": 0, "protocol": "tcp"}
        container = {"name": "web", "image": "web", "cpu": 64, "memory": 64, "essential": True, "portMappings": [port]}
        balancer = {"targetGroupArn": self.target_group, "containerName": "web", "containerPort": 80}
        call("ecs", "RegisterTaskDefinition", family=name, containerDefinitions=[container])
        call("ecs", "DescribeTaskDefinition", taskDefinition=name)
        call("ecs", "CreateService", cluster=name, serviceName=name, taskDefinition=name, desiredCount=2,
             loadBalancers=[balancer])
        call("ecs", "UpdateService", cluster=name, service=name, desiredCount=3)
        call("ecs", "ListServices", cluster=name)
        call("ecs", "DescribeServices", cluster=name, services=[name])
        running = {"cluster": name, "serviceName": name, "desiredStatus": "RUNNING"}
        tasks = self.until("a task", lambda: call("ecs", "ListTasks", **running)["taskArns"])
        call("ecs", "DescribeTasks", cluster=name, tasks=tasks)
        self.until("a target", lambda: call(
            "elbv2", "DescribeTargetHealth", TargetGroupArn=self.target_group)["TargetHealthDescriptions"])
        call("ecs", "UpdateTaskProtection", cluster=name, tasks=tasks[:1], protectionEnabled=True)
        call("ecs", "GetTaskProtection", cluster=name, tasks=tasks[:1])
        ran = call("ecs", "RunTask", cluster=name, taskDefinition=name)
        call("ecs", "StopTask", cluster=name, task=ran["tasks"][0]["taskArn"])
        states = {"cluster": name, "containerInstances": members[:1]}
        for status in ("DRAINING", "ACTIVE"):
            call("ecs", "UpdateContainerInstancesState", status=status, **states)
        call("ecs", "DeleteService", cluster=name, service=name, force=True)

    def instances(self):
        """What can be done with instances of a group, and lifecycle hooks."""
        call, name = self.call, self.name
        ids = self.in_service(5)
        one = {"AutoScalingGroupName": name, "InstanceIds": ids[:1]}
        call("autoscaling", "DescribeAutoScalingInstances", InstanceIds=ids[:1])
        call("autoscaling", "SetInstanceProtection", ProtectedFromScaleIn=False, **one)
        call("autoscaling", "SetInstanceHealth", InstanceId=ids[0], HealthStatus="Healthy")
        call("autoscaling", "EnterStandby", ShouldDecrementDesiredCapacity=True, **one)
        self.until("an end of Standby", lambda: self.leaves_standby(one))
        self.in_service(5)
        call("autoscaling", "DetachInstances", ShouldDecrementDesiredCapacity=True, **one)
        if ("autoscaling", "DetachInstances") in self.recorder.well(self.tool):
            self.in_service(4)
            call("autoscaling", "AttachInstances", **one)
            self.in_service(5)
        hook = {"AutoScalingGroupName": name, "LifecycleHookName": "leaving"}
        call("autoscaling", "PutLifecycleHook", LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
             HeartbeatTimeout=7200, **hook)
        call("autoscaling", "DescribeLifecycleHooks", AutoScalingGroupName=name)
        leaving = ids[1]
        call("autoscaling", "TerminateInstanceInAutoScalingGroup", InstanceId=leaving,
             ShouldDecrementDesiredCapacity=False)
        self.until("Terminating:Wait", lambda: self.state_of(leaving) == "Terminating:Wait")
        call("autoscaling", "RecordLifecycleActionHeartbeat", InstanceId=leaving, **hook)
        call("autoscaling", "CompleteLifecycleAction", InstanceId=leaving, LifecycleActionResult="CONTINUE", **hook)
        call("autoscaling", "DeleteLifecycleHook", **hook)
        self.in_service(5)

    def leaves_standby(self, one):
        """Whether the instance has left Standby, if it was ever there."""
        if ("autoscaling", "EnterStandby") not in self.recorder.well(self.tool):
            return True
        if self.state_of(one["InstanceIds"][0]) != "Standby":
            return False
        self.call("autoscaling", "ExitStandby", **one)
        return True

    def state_of(self, instance):
        """The instance's LifecycleState."""
        found = self.call("autoscaling", "DescribeAutoScalingInstances", InstanceIds=[instance])
        return found["AutoScalingInstances"][0]["LifecycleState"] if found["AutoScalingInstances"] else "none"

    def refresh(self):
        """Instance refreshes and warm pools."""
        call, own = self.call, {"AutoScalingGroupName": self.name}
        template = {"LaunchTemplateName": self.name, "Version": "2"}
        call("autoscaling", "StartInstanceRefresh", DesiredConfiguration={"LaunchTemplate": template}, **own)
        call("autoscaling", "DescribeInstanceRefreshes", **own)
        # At this speed it may be over before the AWS CLI has started again.
        over = ["ActiveInstanceRefreshNotFound"]
        call("autoscaling", "RollbackInstanceRefresh", ["IrreversibleInstanceRefresh", *over], **own)
        call("autoscaling", "CancelInstanceRefresh", over, **own)
        call("autoscaling", "PutWarmPool", MinSize=0, **own)
        call("autoscaling", "DescribeWarmPool", **own)
        call("autoscaling", "DeleteWarmPool", **own)

    def take_down(self):
        """What is left is deleted."""
        call, name = self.call, self.name
        members = call("ecs", "ListContainerInstances", cluster=name)["containerInstanceArns"]
        for member in members:
            call("ecs", "DeregisterContainerInstance", cluster=name, containerInstance=member, force=True)
        call("autoscaling", "DeleteAutoScalingGroup", AutoScalingGroupName=name, ForceDelete=True)
        call("ec2", "DeleteLaunchTemplate", LaunchTemplateName=name)
        self.until("an empty cluster", lambda: self.is_deleted(name))

    def is_deleted(self, name):
        """Whether the cluster could be deleted: not before its instances and tasks are gone."""
        self.call("ecs", "DeleteCluster", ["ClusterContainsContainerInstancesException",
                                          "ClusterContainsServicesException",
                                          "ClusterContainsTasksException"], cluster=name)
        found = self.call("ecs", "DescribeClusters", clusters=[name]).get("clusters", [])
        return not found or found[0]["status"] == "INACTIVE"
