"""Asks our workers about an instance of a cluster in moto: their ECS calls go over HTTP to somebody else's ECS.

The binaries of `joined`, `draining` and `drained` run as Lambda would run them. Each step changes moto's ECS by boto3,
asks, and compares the verdict and what moto then knows. moto ignores the filter of ListContainerInstances, so the
cluster has one instance only; it moves no tasks on a drain, so they are stopped here.

usage: ecs_client.py [--binaries target/debug]
"""

import argparse
import contextlib
import datetime
import importlib.util
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

from loopback.account import ROOT, Failed, environment
from loopback.front import Front

sys.path.insert(0, str(ROOT / "tests" / "bench_support"))
from lambda_host import LambdaHost  # noqa: E402  (its folder is named a line above)

CLUSTER = "judged"
# moto takes any key.
MOTO_KEY = "AKIAJUDGE"
READY_SECONDS = 60
# Every ECS call that a worker makes must have been made to moto.
EVERY_CALL = {
    "ListContainerInstances", "DescribeContainerInstances", "UpdateContainerInstancesState", "ListTasks", "DescribeTasks",
    "StopTask", "DescribeServices",
}


@contextlib.contextmanager
def moto():
    """moto's server, until the end of the block. Gives its URL."""
    if importlib.util.find_spec("moto") is None:
        raise Failed("moto is missing: pip install -r tests/requirements.txt")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        url = f"http://127.0.0.1:{port}"
        hold_still(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port, process):
    """Waits until somebody listens at the port."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise Failed(f"moto did not begin to listen in {READY_SECONDS} s")


def hold_still(url):
    """moto would move a task on each time it is described: now only what is told to stop does."""
    still = {"model_name": "ecs::task", "transition": {"progression": "time", "seconds": 86400}}
    asked = urllib.request.Request(f"{url}/moto-api/state-manager/set-transition", json.dumps(still).encode())
    asked.add_header("content-type", "application/json")
    with urllib.request.urlopen(asked) as answer:
        answer.read()


def event(kind, instance, began, **settings):
    """What EventBridge tells of the instance's lifecycle action."""
    metadata = {
        "cluster": CLUSTER, "stack": "S", "resource": "R", "heartbeatTimeoutSeconds": 3600, "joinDeadlineSeconds": 900,
        "drainDeadlineSeconds": 3000, "drainDeadlinePolicy": "retain", **settings,
    }
    places = ("EC2", "AutoScalingGroup") if kind == "launch" else ("AutoScalingGroup", "EC2")
    transition = "LAUNCHING" if kind == "launch" else "TERMINATING"
    detail = {
        "LifecycleActionToken": "87654321-4321-4321-4321-210987654321", "AutoScalingGroupName": CLUSTER,
        "LifecycleHookName": f"ecs-rollout-{kind}", "EC2InstanceId": instance,
        "LifecycleTransition": f"autoscaling:EC2_INSTANCE_{transition}", "NotificationMetadata": json.dumps(metadata),
        "Origin": places[0], "Destination": places[1],
    }
    return {
        "version": "0", "id": "1", "account": "123456789012", "region": "eu-west-1", "resources": [],
        "time": began.strftime("%Y-%m-%dT%H:%M:%SZ"), "source": "aws.autoscaling",
        "detail-type": f"EC2 Instance-{kind} Lifecycle Action", "detail": detail,
    }


class Course:
    """The workers, moto's ECS, and the steps."""

    def __init__(self, binaries, front, client):
        self.binaries, self.front, self.ecs = binaries, front, client("ecs")
        ran = client("ec2").run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
        self.instance = ran["Instances"][0]["InstanceId"]
        self.host = LambdaHost()
        self.began = datetime.datetime.now(datetime.timezone.utc)
        self.steps = []

    def ask(self, worker, question, verdict, says=""):
        """Asks a worker, which must answer with this verdict, for a reason that says this."""
        program = self.binaries / worker
        if not program.is_file():
            raise Failed(f"{program} is missing; build it with `cargo build --workspace`")
        before = len(self.front.calls)
        start = self.host.start([str(program)], environment(self.front.url, MOTO_KEY), json.dumps(question).encode())
        answer = json.loads(start.answer)
        calls = self.front.calls[before:]
        if answer["verdict"] != verdict or says not in answer["reason"]:
            raise Failed(f"{worker} answers {answer}, wanted {verdict} and {says!r}; moto was asked {calls}")
        refused = [call for call in calls if call[1] != 200]
        if refused:
            raise Failed(f"{worker}: moto refused {refused}")
        self.steps.append(f"{worker}: {verdict}, {len(calls)} ECS calls: {answer['reason']}")
        return answer

    def begin(self):
        """An empty cluster, a service, and a task definition."""
        self.ecs.create_cluster(clusterName=CLUSTER)
        container = {"name": "web", "image": "web", "cpu": 64, "memory": 64}
        self.ecs.register_task_definition(family="web", containerDefinitions=[container])
        self.ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition="web", desiredCount=2)

    def register(self):
        """The instance joins the cluster."""
        document = json.dumps({"instanceId": self.instance})
        registered = self.ecs.register_container_instance(cluster=CLUSTER, instanceIdentityDocument=document)
        return registered["containerInstance"]["containerInstanceArn"]

    def run_tasks(self, member, group, count):
        """Tasks on the instance."""
        started = [
            self.ecs.start_task(cluster=CLUSTER, taskDefinition="web", containerInstances=[member], group=group)
            for _ in range(count)
        ]
        return [task["taskArn"] for answer in started for task in answer["tasks"]]

    def standing(self, member):
        """The status of the instance, as moto knows it."""
        described = self.ecs.describe_container_instances(cluster=CLUSTER, containerInstances=[member])
        return described["containerInstances"][0]["status"]

    def stopped(self, tasks):
        """Fails unless moto knows these tasks as STOPPED."""
        described = self.ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)["tasks"]
        if any(task["lastStatus"] != "STOPPED" for task in described):
            raise Failed(f"not all STOPPED: {[task['lastStatus'] for task in described]}")

    def launch(self):
        """joined: not yet, and then."""
        question = event("launch", self.instance, self.began)
        self.ask("joined", question, "NotYet", "to register")
        member = self.register()
        self.ask("joined", question, "Reached", "Joined")
        return member

    def terminate(self, member):
        """draining and drained: tasks hold the instance until they are STOPPED."""
        tasks = self.run_tasks(member, "service:web", 1) + self.run_tasks(member, "family:web", 1)
        question = event("terminate", self.instance, self.began)
        question["draining"] = self.ask("draining", question, "Reached", "Set to DRAINING")
        if self.standing(member) != "DRAINING":
            raise Failed(f"the instance is {self.standing(member)}, not DRAINING")
        for left in range(len(tasks), 0, -1):
            self.ask("drained", question, "NotYet", f"Waiting for {left} task{'s' if left > 1 else ''} to stop")
            self.ecs.stop_task(cluster=CLUSTER, task=tasks[left - 1])
        self.ask("drained", question, "Reached", "All 2 tasks have stopped")
        self.ask("draining", question, "Reached", "Already DRAINING")

    def stop_tasks(self, member):
        """drained under the policy stop-tasks: at the deadline the worker stops what is left."""
        tasks = self.run_tasks(member, "family:web", 2)
        began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=120)
        question = event("terminate", self.instance, began, drainDeadlineSeconds=60, drainDeadlinePolicy="stop-tasks")
        question["draining"] = self.ask("draining", question, "Reached", "Already DRAINING")
        # The deadline counts from the admission, which was just now.
        question["draining"]["turn"]["cameAt"] = began.isoformat(timespec="seconds").replace("+00:00", "Z")
        self.ask("drained", question, "NotYet", "stop")
        self.stopped(tasks)
        self.ask("drained", question, "Reached", "have stopped")


def main():
    """Reads the flags, runs the course, reports."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--binaries", type=pathlib.Path, default=ROOT / "target" / "debug")
    binaries = flags.parse_args().binaries
    try:
        import boto3

        with moto() as url:
            front = Front(url)
            keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "eu-west-1"}
            course = Course(binaries, front, lambda service: boto3.client(service, endpoint_url=url, **keys))
            course.begin()
            member = course.launch()
            course.terminate(member)
            course.stop_tasks(member)
            front.shutdown()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
    missing = EVERY_CALL - {name for name, _ in front.calls}
    if missing:
        sys.exit(f"moto was never asked {', '.join(sorted(missing))}")
    print("\n".join(course.steps))
    print(f"{len(front.calls)} ECS calls of {len(EVERY_CALL)} kinds were answered by moto, {len(course.steps)} answers as expected")
    print("limits: moto ignores the filter of ListContainerInstances (one instance only), and moves no tasks on a drain")


if __name__ == "__main__":
    main()
