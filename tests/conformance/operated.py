#!/usr/bin/env python3
"""What the template makes for operators, compared with others than the account in memory.

1. template/operator.yaml, packaged and deployed into ministack by the AWS CLI: of each event in operated/notices.json its
   EventBridge sends the topic that notice, or none. (A Rust test holds the account in memory to the same file.)
2. The operator's verbs of the real binary against the account on loopback, with the rights of the managed policies and no
   others: each call is checked on its very resource. What to look needs is in LookPolicy, what to roll and to stop in RollPolicy.
3. The lines of metrics that the real activity-worker writes, against a JSON schema of the embedded metric format.

usage: operated.py [PROGRAM FOLDER]      (target/debug)
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import boto3
import jsonschema

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER / "deployed")]

import deployed  # noqa: E402
import tool  # noqa: E402
from account import CLUSTER, REGION, STACK, client, until  # noqa: E402
from loopback.start import credentials  # noqa: E402

ROOT = FOLDER.parents[1]
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:{CLUSTER}-lifecycle"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
# How long nothing must come before it counts as nothing.
SILENCE_SECONDS = 0.5

# What CloudWatch documents of the format, in so far as lines of ours could break it.
NAME = {"type": "string", "minLength": 1, "maxLength": 255}
UNITS = ["Seconds", "Count"]
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {"_aws": {
        "type": "object", "additionalProperties": False, "required": ["Timestamp", "CloudWatchMetrics"],
        "properties": {
            "Timestamp": {"type": "integer", "minimum": 1_000_000_000_000},
            "CloudWatchMetrics": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": False, "required": ["Namespace", "Dimensions", "Metrics"],
                "properties": {
                    "Namespace": NAME,
                    "Dimensions": {"type": "array", "minItems": 1, "items": {"type": "array", "maxItems": 9, "items": NAME}},
                    "Metrics": {"type": "array", "minItems": 1, "maxItems": 100, "items": {
                        "type": "object", "additionalProperties": False, "required": ["Name", "Unit"],
                        "properties": {"Name": NAME, "Unit": {"enum": UNITS}}}}}}}}}},
}
# What each verb calls, on any of its ways. Together that is what the policies allow, to the letter.
LOOKS_AT_CLUSTER = {"ListContainerInstances", "DescribeContainerInstances", "ListServices", "DescribeServices", "ListTasks",
                    "DescribeTasks", "GetTaskProtection"}
WATCH = {"DescribeStacks", "DescribeStackEvents", "DescribeAutoScalingGroups", "DescribeScalingActivities", "ListExecutions",
         "GetExecutionHistory", "ListServices", "DescribeServices", "ListContainerInstances", "DescribeContainerInstances"}
PLAN = {"DescribeStacks", "GetParameter", "DescribeAutoScalingGroups", "DescribeInstanceRefreshes", "DescribeLifecycleHooks",
        "DescribeTaskDefinition", "DescribeTargetGroupAttributes", *LOOKS_AT_CLUSTER}
CALLS = {
    # Until the first batch has ended, it has the estimate of plan.
    "watch": {*WATCH, *PLAN},
    "explain": {"DescribeStacks", "DescribeStackEvents", "DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeLifecycleHooks",
                "DescribeWarmPool", "DescribeScalingActivities", "ListExecutions", "GetExecutionHistory", *LOOKS_AT_CLUSTER},
    "report": {"DescribeStacks", "DescribeStackEvents", "DescribeAutoScalingGroups", "DescribeScalingActivities",
               "DescribeStateMachine", "ListExecutions", "GetExecutionHistory", "ListContainerInstances",
               "DescribeContainerInstances", "GetParameter"},
    "plan": PLAN,
    # Once the calls of watch, without the plan's estimate; the AMI's id after a rollback.
    "status": {*WATCH, "GetParameter"},
    # DescribeStacks for all stacks is refused to whoever may look at one; the hooks then lead to that.
    "list": {"DescribeStacks", "DescribeAutoScalingGroups", "DescribeLifecycleHooks"},
    "doctor": {"GetCallerIdentity", "DescribeStateMachine", "DescribeAutoScalingInstances", "DescribeWarmPool", *WATCH, *PLAN},
    "roll": {"UpdateStack", "PutParameter", *PLAN, *WATCH},
    "cancel": {"DescribeStacks", "DescribeAutoScalingGroups", "ListContainerInstances", "DescribeContainerInstances",
               "CancelUpdateStack", "GetParameter", "PutParameter"},
    "pause": {"DescribeStacks", "DescribeAutoScalingGroups", "CreateOrUpdateTags", "ListContainerInstances",
              "DescribeContainerInstances"},
    "resume": {"DescribeStacks", "DescribeAutoScalingGroups", "DeleteTags"},
    "terminate": {"DescribeAutoScalingInstances", "DescribeAutoScalingGroups", "DescribeLifecycleHooks", "ListContainerInstances",
                  "DescribeContainerInstances", "ListTasks", "DescribeTasks", "StopTask", "PutAttributes",
                  "TerminateInstanceInAutoScalingGroup", "CompleteLifecycleAction", "DeregisterContainerInstance",
                  "UpdateContainerInstancesState"},
    # With the caller's rights, when it reads the AMI id for an update.
    "CloudFormation": {"GetParameters"},
    # With the right that the dead-letter queue's own policy gives it, and no caller has.
    "EventBridge": {"SendMessage"},
    # What `terminate` calls, and what docs/troubleshooting.md and `explain` name as next steps, by the AWS CLI.
    "repair": {"StartExecution", "DescribeExecution", "ReceiveMessage", "CompleteLifecycleAction", "PutAttributes", "StopTask", "DetachInstances",
               "TerminateInstanceInAutoScalingGroup", "DeregisterContainerInstance", "UpdateTaskProtection", "ContinueUpdateRollback"},
}
LOOKS = ("watch", "explain", "report", "plan", "status", "list", "doctor")
# Nobody can be refused these, so no policy grants them.
NEEDS_NO_RIGHT = {"GetCallerIdentity"}


def fail(sentence):
    sys.exit(f"operated.py: {sentence}")


# 1. Notices

class Notified(deployed.Ministack):
    """ministack with the operator's template, and a queue that gets what the topic gets."""

    def __init__(self, folder):
        self.started = time.time()
        super().__init__(self, folder)

    # What ministack asks of an account: none of its functions is called here.
    address = "http://127.0.0.1:9"

    def now(self):
        return self.started

    def deploy_operator(self):
        sns, sqs = self.client("sns"), self.client("sqs")
        topic = sns.create_topic(Name="notices")["TopicArn"]
        allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic}
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(
            {"Version": "2012-10-17", "Statement": [allowed]}))
        self.queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        values = {"EcsClusterName": CLUSTER, "AutoScalingGroupName": CLUSTER, "GroupStackName": STACK, "StateMachineArn":
                  MACHINE.replace("123456789012", topic.split(":")[4]), "NoticeTopicArn": topic, "Dashboard": "true",
                  "OperatorPolicies": "true"}
        self.aws("deploy", "--stack-name", "operator", "--template-file", "template/operator.yaml", "--capabilities",
                 "CAPABILITY_IAM", "--parameter-overrides", *(f"{name}={value}" for name, value in values.items()))
        self.number = topic.split(":")[4]
        return self.client("cloudformation").describe_stacks(StackName="operator")["Stacks"][0]

    def notices_of(self, event):
        """All notices that the topic gets of the event, each a JSON object."""
        event = json.loads(json.dumps(event).replace("123456789012", self.number))
        entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"]),
                 "Resources": event["resources"]}
        if self.client("events").put_events(Entries=[entry])["FailedEntryCount"]:
            fail("ministack refused the event")
        heard, end = [], time.monotonic() + SILENCE_SECONDS
        while time.monotonic() < end:
            for one in self.client("sqs").receive_message(QueueUrl=self.queue).get("Messages", []):
                body = re.sub(TIME, "TIME", one["Body"]).replace(self.number, "123456789012")
                try:
                    heard.append(json.loads(body))
                except json.JSONDecodeError as error:
                    fail(f"a notice that is no JSON: {error}\n{body}")
                self.client("sqs").delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
            time.sleep(0.05)
        return heard


def notices(folder):
    samples = json.loads((FOLDER / "operated" / "notices.json").read_text())
    with Notified(folder) as ministack:
        stack = ministack.deploy_operator()
        if stack["StackStatus"] != "CREATE_COMPLETE":
            fail(f"ministack's stack is {stack['StackStatus']}")
        body = ministack.client("cloudwatch").get_dashboard(DashboardName=f"{CLUSTER}-rollout")["DashboardBody"]
        widgets = json.loads(body)["widgets"]
        for sample in samples:
            notice, sent = sample["notice"], ministack.notices_of(sample["event"])
            if sent != ([notice] if notice else []):
                fail(f"of {sample['what']} ministack sends\n{sent}\nand not\n{notice}")
    sent = sum(1 for sample in samples if sample["notice"])
    print(f"ministack deploys the operator's template, its dashboard has {len(widgets)} widgets")
    print(f"ministack sends the same notice of {sent} of {len(samples)} events, and of the others none")


# 2. Permissions

class Restricted(tool.Scene):
    """The account, and verbs with the rights of some policies only."""

    def create(self):
        self.given = [one for one in self.given if one["ParameterKey"] != "OperatorPolicies"]
        self.given.append({"ParameterKey": "OperatorPolicies", "ParameterValue": "true"})
        super().create()
        outputs = self.stacks.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
        self.policies = {one["OutputKey"]: one["OutputValue"].split("/")[-1] for one in outputs if "Policy" in one["OutputKey"]}

    def holds(self, *names):
        key = f"{self.key}-POLICY-" + "+".join(self.policies[name] for name in names)
        self.keys = credentials(key)

    def retain(self, instance):
        """Lets the drain of an instance fail."""
        self.ecs.run_task(cluster=CLUSTER, taskDefinition="web", count=8)
        self.groups.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=False)
        until("its hook", lambda: self.instances().get(instance) == "Terminating:Wait")
        self.groups.complete_lifecycle_action(
            AutoScalingGroupName=CLUSTER, LifecycleHookName="ecs-rollout-terminate", InstanceId=instance,
            LifecycleActionResult="ABANDON")
        until("its retention", lambda: self.instances().get(instance) == "Terminating:Retained")

    def may_name(self, ami):
        """Whether whoever has these rights may write the AMI into its parameter."""
        theirs = client("ssm", self.address, self.keys["AWS_ACCESS_KEY_ID"])
        try:
            theirs.put_parameter(Name="/ami/ecs/latest", Value=ami, Overwrite=True)
        except theirs.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return False
        return True


def known_verbs(program):
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return [verb for verb in CALLS if re.search(rf"^  {verb} ", told, re.MULTILINE)]


class Rights:
    """Tries verbs with some rights and no others, and notes what they call."""

    def __init__(self, scene):
        self.scene, self.called = scene, {}

    def enough(self, verb, *words, codes=(0, 1)):
        self.scene.between.asked.clear()
        out, err, code = self.scene.tool(verb, *words)
        if code not in codes or "not allowed" in out + err:
            fail(f"{verb} with these rights: exit code {code}\n{out}{err}")
        print(f"{verb} has enough rights: exit code {code}")
        calls = self.called.setdefault(verb, set())
        calls |= {action for _, action in self.scene.between.asked}
        if calls - CALLS[verb]:
            fail(f"{verb} also calls {calls - CALLS[verb]}: say so here, and in the policy")

    def too_few(self, verb, call):
        answer = self.scene.tool(verb, STACK, "--yes")
        tool.expect(f"{verb} with the rights to look", answer, 4, f"{call} is not allowed to you")


def permissions(program):
    verbs = known_verbs(program)
    with contextlib.ExitStack() as ending:
        scene = Restricted(program)
        ending.callback(scene.end)
        scene.create()
        rights = Rights(scene)
        scene.holds("LookPolicyArn")
        rights.enough("watch", STACK)
        rights.enough("explain", scene.at("InService"))
        rights.enough("status", STACK, codes=(0,))
        rights.enough("list", codes=(0,))
        rights.enough("doctor", STACK, codes=(0,))
        if "plan" in verbs:
            rights.enough("plan", STACK)
        if scene.may_name("ami-00000000000000001"):
            fail("LookPolicy lets somebody write the AMI")
        scene.release("ami-00000000000000002")
        rights.too_few("roll", "cloudformation:UpdateStack")
        scene.holds("LookPolicyArn", "RollPolicyArn")
        if not scene.may_name("ami-00000000000000001"):
            fail("RollPolicy does not let somebody write the AMI")
        rights.enough("roll", STACK, "--yes", "--no-watch")
        scene.holds("LookPolicyArn")
        for state in ("Pending:Wait", "Terminating:Wait"):
            rights.enough("explain", scene.at(state))
        rights.enough("status", STACK, codes=(124,))
        rights.too_few("cancel", "cloudformation:CancelUpdateStack")
        scene.holds("LookPolicyArn", "RollPolicyArn")
        for verb, *flags in (["pause", "--reason", "why"], ["resume"], ["cancel"]):
            rights.enough(verb, STACK, *flags, "--yes", codes=(0,))
        scene.holds("LookPolicyArn")
        rights.enough("watch", STACK, codes=(1,))
        rights.enough("status", STACK, codes=(1,))
        if "report" in verbs:
            rights.enough("report", STACK)
        repair(scene, rights)
        serving = scene.at("InService")
        scene.holds("LookPolicyArn")
        scene.retain(serving)
        answer = scene.tool("terminate", serving, "--yes")
        tool.expect("terminate with the rights to look", answer, 4, "ecs:PutAttributes is not allowed to you")
        scene.holds("LookPolicyArn", "RepairPolicyArn")
        rights.enough("terminate", serving, "--stop-tasks", "--yes", codes=(0,))
    for verb in LOOKS:
        changing = {action for action in rights.called.get(verb, ()) if not action.startswith(("Describe", "List", "Get"))}
        if changing:
            fail(f"{verb} calls {changing}")
    granted_is_what_is_called(rights.called)


def repair(scene, rights):
    """What people do by hand to an instance that waits: refused with the rights to look, done with those to repair."""
    called = rights.called.setdefault("repair", set())

    def allowed(service, action, answers, **members):
        theirs = client(service, scene.address, scene.keys["AWS_ACCESS_KEY_ID"])
        try:
            getattr(theirs, action)(**members)
        except theirs.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code.startswith("AccessDenied"):
                return False
            if code not in answers:
                raise
        called.add("".join(word.capitalize() for word in action.split("_")))
        return True

    instance = scene.at("InService")
    machine = client("stepfunctions", scene.address).list_state_machines()["stateMachines"][0]["stateMachineArn"]
    member = scene.ecs.list_container_instances(cluster=CLUSTER, filter=f"ec2InstanceId == {instance}")["containerInstanceArns"][0]
    task = scene.ecs.list_tasks(cluster=CLUSTER, containerInstance=member)["taskArns"][0]
    execution = client("stepfunctions", scene.address).list_executions(stateMachineArn=machine)["executions"][0]["executionArn"]
    # With what the account answers to somebody who may: there is no such hook, nothing to roll back.
    steps = [
        ("stepfunctions", "describe_execution", (), {"executionArn": execution}),
        ("stepfunctions", "start_execution", (), {"stateMachineArn": machine, "input": "{}"}),
        ("ecs", "put_attributes", (), {"cluster": CLUSTER, "attributes": [
            {"name": "looked-at", "value": "yes", "targetType": "container-instance", "targetId": member}]}),
        ("ecs", "stop_task", (), {"cluster": CLUSTER, "task": task}),
        ("autoscaling", "complete_lifecycle_action", ("ValidationError",), {
            "AutoScalingGroupName": CLUSTER, "LifecycleHookName": "ecs-rollout-terminate", "InstanceId": instance,
            "LifecycleActionResult": "CONTINUE"}),
        ("ecs", "deregister_container_instance", ("InvalidParameterException",), {"cluster": CLUSTER, "containerInstance": member}),
        ("cloudformation", "continue_update_rollback", ("ValidationError",), {"StackName": STACK}),
        ("autoscaling", "terminate_instance_in_auto_scaling_group", (), {
            "InstanceId": instance, "ShouldDecrementDesiredCapacity": False}),
    ]
    for holds, wanted in [(["LookPolicyArn"], False), (["LookPolicyArn", "RollPolicyArn"], False),
                          (["LookPolicyArn", "RepairPolicyArn"], True)]:
        scene.holds(*holds)
        for service, action, answers, members in steps:
            if allowed(service, action, answers, **members) != wanted:
                fail(f"{action} with {', '.join(holds)}: allowed is {not wanted}")
    print(f"repair has enough rights for {len(called)} calls, and others have none of them")


def granted_is_what_is_called(called):
    text = (ROOT / "template" / "operator.yaml").read_text()
    services = "autoscaling|cloudformation|ecs|elasticloadbalancing|sqs|ssm|states"
    granted = set(re.findall(rf"^\s+(?:- |Action: )(?:{services}):(\w+)$", text, re.MULTILINE))
    known = set().union(*CALLS.values()) - NEEDS_NO_RIGHT
    if granted != known:
        fail(f"granted, and called by nobody: {granted - known}; called, and not granted: {known - granted}")
    for verb, actions in called.items():
        print(f"{verb}: {', '.join(sorted(actions))}")
    print(f"of {len(granted)} calls that are granted, {len(set().union(*called.values()) & granted)} were made here")


# 3. Metrics

def metrics(binaries):
    scene = tool.Scene(binaries / "ecs-rollout")
    with contextlib.ExitStack() as ending:
        ending.callback(scene.end)
        more = {"WorkerHost": "Activity", "Metrics": "true", "ClusterSize": "1", "ClusterMaxSize": "2"}
        scene.given = [one for one in scene.given if one["ParameterKey"] not in more]
        scene.given += [{"ParameterKey": name, "ParameterValue": value} for name, value in more.items()]
        environment = {"AWS_ENDPOINT_URL": scene.address, "AWS_REGION": REGION, **scene.keys, "PATH": os.environ["PATH"]}
        prefix = f"arn:aws:states:{REGION}:123456789012:activity:{CLUSTER}-"
        worker = subprocess.Popen([binaries / "activity-worker", "--activities", prefix], env=environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            scene.create()
            scene.release("ami-00000000000000001")
            scene.stacks.update_stack(StackName=STACK, UsePreviousTemplate=True, Capabilities=["CAPABILITY_IAM"], Parameters=[
                {"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in scene.given])
            until("UPDATE_COMPLETE", lambda: scene.status() == "UPDATE_COMPLETE")
            until("end of the last drain", lambda: set(scene.instances().values()) == {"InService"})
        finally:
            worker.terminate()
            written = worker.communicate(timeout=120)[0]
    compare_logs(written.splitlines())


def compare_logs(lines):
    lines = [json.loads(line) for line in lines]
    documents = [line for line in lines if "_aws" in line]
    phases, workers = set(), set()
    for document in documents:
        jsonschema.validate(document, SCHEMA)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for name in (name for names in directive["Dimensions"] for name in names):
                if not isinstance(document.get(name), str):
                    fail(f"the dimension {name} is no text at the root of {document}")
            for metric in directive["Metrics"]:
                if not isinstance(document.get(metric["Name"]), (int, float)):
                    fail(f"the metric {metric['Name']} is no number at the root of {document}")
        phases.add(document.get("Phase"))
        workers.add(document["Worker"])
    if phases - {None} != {"join", "hold", "drain", "stable"} or len(workers) != 5:
        fail(f"the lines are of the phases {phases} and of the workers {workers}")
    print(f"activity-worker: {len(documents)} of {len(lines)} lines are metrics, all valid by the schema, of all phases and workers")


def main():
    binaries = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug").resolve()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        notices(pathlib.Path(folder))
    permissions(binaries / "ecs-rollout")
    metrics(binaries)
    print(f"compared in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
