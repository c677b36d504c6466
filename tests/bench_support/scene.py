"""The account that both sides of the benchmark talk to: on loopback, with a cluster whose instances are at work.

Its stack is rolled in by our own workers; then each worker is asked about an instance that is in service, and what it
does to that instance is taken back. So every start finds the same, and makes the same calls.
"""

import contextlib
import email.utils
import functools
import json
import subprocess
import time

import boto3

# As the account knows the template that it was built with.
TEMPLATE = "template/ecs-cluster.yaml"
REGION = "eu-west-1"
STACK, CLUSTER = "ecs-cluster", "DevCluster"
SPEED = 60
PATIENCE_SECONDS = 120
# The access key id is told by the account when it starts, and is all that it asks for.
KEYS = {"AWS_SECRET_ACCESS_KEY": "not-checked"}
LAUNCHING = ("joined", "stable", "complete-action")


@contextlib.contextmanager
def account(program, workers, speed=SPEED):
    """Address of a new account, which ends with the block."""
    command = [str(program), "account", "--listen", "127.0.0.1:0", "--speed", str(speed), "--workers", str(workers),
               "--output", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(command)} does not listen")
        told = json.loads(line)
        KEYS["AWS_ACCESS_KEY_ID"] = told["accessKeyId"]
        yield told["url"]
    finally:
        process.terminate()
        process.wait()


class Scene:
    """A settled cluster, and an instance of it."""

    def __init__(self, address, parameters):
        self.address = address
        self.roll_in(parameters)
        arns = self.client("ecs").list_container_instances(cluster=CLUSTER)["containerInstanceArns"]
        self.container_instance = arns[0]
        found = self.client("ecs").describe_container_instances(cluster=CLUSTER, containerInstances=arns[:1])
        self.instance = found["containerInstances"][0]["ec2InstanceId"]
        hooks = self.client("autoscaling").describe_lifecycle_hooks(AutoScalingGroupName=CLUSTER)["LifecycleHooks"]
        self.hooks = {hook["LifecycleTransition"]: hook for hook in hooks}

    @property
    def environment(self):
        """Of a function process whose AWS this account is."""
        return {**KEYS, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.address}

    @functools.cache
    def client(self, service):
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.address, aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])

    def roll_in(self, parameters):
        cloudformation, ecs = self.client("cloudformation"), self.client("ecs")
        self.client("ssm").put_parameter(Name="/ami/ecs/latest", Type="String", Value="ami-0123456789abcdef0")
        cloudformation.create_stack(
            StackName=STACK, TemplateURL=TEMPLATE, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
        self.until(lambda: cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"], "CREATE_COMPLETE")
        ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "web", "cpu": 128, "memory": 256}])
        ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition="web", desiredCount=12)
        self.until(lambda: ecs.describe_services(cluster=CLUSTER, services=["web"])["services"][0]["runningCount"], 12)

    def until(self, look, wanted):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (seen := look()) != wanted:
            if time.monotonic() > deadline:
                raise SystemExit(f"the account's stack is still {seen}, not {wanted}, after {PATIENCE_SECONDS} s")
            time.sleep(0.2)

    def now(self):
        """The account's time, as it tells it."""
        answer = self.client("ecs").describe_clusters(clusters=[CLUSTER])
        date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        return email.utils.parsedate_to_datetime(date).strftime("%Y-%m-%dT%H:%M:%SZ")

    def event(self, worker):
        """What the state machine would ask `worker` about the instance."""
        launching = worker in LAUNCHING
        kind = "LAUNCHING" if launching else "TERMINATING"
        places = ("EC2", "AutoScalingGroup") if launching else ("AutoScalingGroup", "EC2")
        hook = self.hooks[f"autoscaling:EC2_INSTANCE_{kind}"]
        now = self.now()
        event = {
            "version": "0", "id": "1", "account": "123456789012", "region": REGION, "resources": [], "time": now,
            "source": "aws.autoscaling",
            "detail-type": f"EC2 Instance-{'launch' if launching else 'terminate'} Lifecycle Action",
            "detail": {
                "LifecycleActionToken": "87654321-4321-4321-4321-210987654321", "AutoScalingGroupName": CLUSTER,
                "LifecycleHookName": hook["LifecycleHookName"], "EC2InstanceId": self.instance,
                "LifecycleTransition": hook["LifecycleTransition"], "NotificationMetadata": hook["NotificationMetadata"],
                "Origin": places[0], "Destination": places[1],
            },
        }
        if worker == "drained":
            event["draining"] = {
                "verdict": "Reached", "reason": "", "waitSeconds": 0, "since": now, "member": True,
                "containerInstances": [self.container_instance], "services": ["web"], "unstable": [],
                "stackDeleting": False,
            }
        if worker == "complete-action":
            event["result"] = "CONTINUE"
        return json.dumps(event).encode()

    def restore(self, worker):
        """Takes back what `worker` does: before the next look of the scheduler, so that no task moves."""
        if worker == "draining":
            self.client("ecs").update_container_instances_state(
                cluster=CLUSTER, containerInstances=[self.container_instance], status="ACTIVE")
