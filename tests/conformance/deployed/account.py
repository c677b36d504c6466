"""The account on loopback: its cluster, and its lifecycle events, which are noted there and answered by nobody.

The stack is created by the account's own workers. Then its state machine gets another definition, which ends at once: so
its rule still delivers each lifecycle event, as the input of an execution, from where it can be taken elsewhere.
"""

import email.utils
import json
import pathlib
import subprocess
import sys
import time

import boto3

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from loopback.start import KEYS, start  # noqa: E402

REGION, CLUSTER, STACK = "eu-west-1", "DevCluster", "ecs-cluster"
MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:{CLUSTER}-lifecycle"
RECONCILER = MACHINE.replace("-lifecycle", "-reconcile")
NOTED = {"StartAt": "Noted", "States": {"Noted": {"Type": "Succeed"}}}
PATIENCE_SECONDS = 120
SPEED = 60


def until(what, look):
    """What `look` answers as soon as it is something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise SystemExit(f"deployed.py: no {what} within {PATIENCE_SECONDS} s")
        time.sleep(0.1)
    return seen


def client(service, address, key=None):
    """With the operator's key of the account at that address, or with another one, or with any where none is asked for."""
    keys = {"aws_access_key_id": key or KEYS.get(address, "AKIAOPERATOR"), "aws_secret_access_key": "none"}
    return boto3.client(service, endpoint_url=address, region_name=REGION, **keys)


class Account:
    """A running account, whose stack is there."""

    def __init__(self, program, workers, parameters):
        self.process, self.address, _ = start(program, "--speed", SPEED, "--workers", workers, stderr=subprocess.DEVNULL)
        self.ecs, self.group, self.states = (client(name, self.address) for name in ("ecs", "autoscaling", "stepfunctions"))
        self.forwarded = set()
        self.roll_in(parameters)

    def roll_in(self, parameters):
        cloudformation = client("cloudformation", self.address)
        client("ssm", self.address).put_parameter(Name="/ami/ecs/latest", Type="String", Value="ami-0123456789abcdef0")
        cloudformation.create_stack(
            StackName=STACK, TemplateURL="template/ecs-cluster.yaml", Parameters=parameters,
            Capabilities=["CAPABILITY_IAM"])
        until("CREATE_COMPLETE", lambda: cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
              == "CREATE_COMPLETE")
        self.ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "web", "cpu": 128, "memory": 256}])
        self.ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition="web", desiredCount=8)
        until("service at its count", self.settled)
        until("end of the account's own executions", lambda: not self.executions("RUNNING"))
        # The reconciler would start what nobody seems to serve: it does nothing either.
        for machine in (RECONCILER, MACHINE):
            self.states.update_state_machine(stateMachineArn=machine, definition=json.dumps(NOTED))
        self.forwarded = {one["executionArn"] for one in self.executions()}

    def settled(self):
        service = self.ecs.describe_services(cluster=CLUSTER, services=["web"])["services"][0]
        return service["runningCount"] == service["desiredCount"]

    def executions(self, status=None):
        chosen = {"statusFilter": status} if status else {}
        return self.states.list_executions(stateMachineArn=MACHINE, **chosen)["executions"]

    def event(self):
        """The next lifecycle event that the account's rule delivered, as it was delivered."""
        def fresh():
            return [one for one in self.executions() if one["executionArn"] not in self.forwarded]
        arn = until("lifecycle event", fresh)[-1]["executionArn"]
        self.forwarded.add(arn)
        return json.loads(self.states.describe_execution(executionArn=arn)["input"])

    def instances(self):
        """The lifecycle state of each instance of the group."""
        group = self.group.describe_auto_scaling_groups(AutoScalingGroupNames=[CLUSTER])["AutoScalingGroups"][0]
        return {one["InstanceId"]: one["LifecycleState"] for one in group["Instances"]}

    def tasks_on(self, instance):
        """The last status of each task that ECS remembers on the instance."""
        chosen = {"cluster": CLUSTER, "filter": f"ec2InstanceId == {instance}"}
        arns = self.ecs.list_container_instances(**chosen)["containerInstanceArns"]
        return [status for arn in arns for status in self.tasks_in(arn)]

    def tasks_in(self, container_instance):
        tasks = []
        for wanted in ("RUNNING", "STOPPED"):
            tasks += self.ecs.list_tasks(
                cluster=CLUSTER, containerInstance=container_instance, desiredStatus=wanted)["taskArns"]
        if not tasks:
            return []
        return [task["lastStatus"] for task in self.ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)["tasks"]]

    def now(self):
        """The account's time, in seconds since 1970."""
        answer = self.ecs.describe_clusters(clusters=[CLUSTER])
        return email.utils.parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()

    def end(self):
        self.process.terminate()
        self.process.wait()
