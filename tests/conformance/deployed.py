#!/usr/bin/env python3
"""Our template, zips and definition, deployed by a program that others wrote, move instances of our account.

usage: deployed.py [PROGRAM FOLDER]      (target/debug)

`aws cloudformation package` and `deploy` bring template/workflow.yaml into ministack, which is its own CloudFormation, S3,
IAM, Lambda, EventBridge and Step Functions. The workers' ECS, Auto Scaling and CloudFormation are the account on loopback.
There an instance is launched, and one is terminated; each stands at its hook until the event of it has gone through
ministack's EventBridge, its interpreter has run the definition, and our workers (first as its functions, then as an
activity-worker beside it) have answered. The zips are those that tests/package.py made.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import platform
import socket
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "deployed"))

from account import CLUSTER, REGION, SPEED, STACK, Account, client, until  # noqa: E402
from loopback import start  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(sys.executable).parent
# Those that an execution of a lifecycle action asks; ministack's rules have no schedules, so nobody asks the reconciler.
WORKERS = ("joined", "draining", "drained", "stable", "complete-action")
BUCKET = "artifacts"
ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
# The questions in the order in which they are first asked.
LAUNCHED = ["Joined", "WaitForEarlierDrains", "Continue"]
LEFT = ["Draining", "Drained", "Stable", "Continue"]
TASKS = {*LAUNCHED, *LEFT, "StopRollout", "Abandon", "Retain"}


def main():
    programs = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug").resolve()
    parameters = json.loads((ROOT / "template" / "parameters.example.json").read_text())
    with contextlib.ExitStack() as ending:
        folder = pathlib.Path(ending.enter_context(tempfile.TemporaryDirectory()))
        unpack(folder / "workers")
        account = Account(programs / "ecs-rollout", folder / "workers", parameters)
        ending.callback(account.end)
        for host in ("Lambda", "Activity"):
            with Ministack(account, folder) as ministack:
                outputs = ministack.deploy(host)
                with activity_worker(programs, host, outputs, account, ministack):
                    launch(account, ministack, host)
                    leave(account, ministack, host)
                if host == "Lambda":
                    ministack.check_children(folder / "workers")


def fail(sentence):
    sys.exit(f"deployed.py: {sentence}")


def unpack(folder):
    for worker in (*WORKERS, "reconcile"):
        path = ROOT / "target" / "lambda" / worker / "bootstrap.zip"
        if not path.exists():
            fail(f"there is no {path}; tests/package.py makes it")
        with zipfile.ZipFile(path) as archive:
            archive.extract("bootstrap", folder / worker)
        (folder / worker / "bootstrap").chmod(0o755)


def launch(account, ministack, host):
    before = account.instances()
    account.group.set_desired_capacity(AutoScalingGroupName=CLUSTER, DesiredCapacity=len(before) + 1)
    event = account.event()
    instance = event["detail"]["EC2InstanceId"]
    if account.instances().get(instance) != "Pending:Wait":
        fail(f"{instance} does not stand at its launch hook: {account.instances()}")
    states = ministack.play(event, LAUNCHED)
    until(f"{instance} InService", lambda: account.instances().get(instance) == "InService")
    print(f"{host}: launch: {instance} went from Pending:Wait to InService by {states}")


def leave(account, ministack, host):
    instance = max(account.instances(), key=lambda one: account.tasks_on(one).count("RUNNING"))
    tasks = account.tasks_on(instance).count("RUNNING")
    if not tasks:
        fail("no instance of the account has a task, so there is nothing to drain")
    account.group.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=True)
    event = account.event()
    if account.instances().get(instance) != "Terminating:Wait":
        fail(f"{instance} does not stand at its terminate hook: {account.instances()}")
    arns = account.ecs.list_container_instances(cluster=CLUSTER, filter=f"ec2InstanceId == {instance}")
    states = ministack.play(event, LEFT)
    left = [status for arn in arns["containerInstanceArns"] for status in account.tasks_in(arn) if status != "STOPPED"]
    if left:
        fail(f"{instance} was let go while tasks of it were {left}")
    until(f"end of {instance}", lambda: instance not in account.instances())
    until("service at its count", account.settled)
    print(f"{host}: terminate: {instance} went away, its {tasks} tasks STOPPED before, by {states}")


@contextlib.contextmanager
def activity_worker(programs, host, outputs, account, ministack):
    """The process that answers the activities, if that is where the workers are."""
    if host == "Lambda":
        yield
        return
    environment = {**KEYS, **reaching(account), "AWS_ENDPOINT_URL_SFN": ministack.address}
    command = [programs / "activity-worker", "--activities", outputs["ActivityPrefix"]]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        code = process.wait(timeout=60)
    if code:
        fail(f"activity-worker ended with {code} when it was told to stop")


def reaching(account):
    """What a worker needs to call the account; ministack takes any key, and so the account's."""
    endpoints = {f"AWS_ENDPOINT_URL_{service}": account.address for service in ("ECS", "AUTO_SCALING", "CLOUDFORMATION")}
    return {**endpoints, **start.credentials(start.KEYS.get(account.address, "test"))}


class Ministack:
    """A running ministack, whose functions have the account's endpoints."""

    def __init__(self, account, folder):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address, self.folder = f"http://127.0.0.1:{port}", folder
        server = pathlib.Path(__file__).parent / "deployed" / "ministack_server.py"
        command = [sys.executable, server, str(port), str(account.now()), str(SPEED)]
        environment = {**os.environ, **reaching(account)}
        self.log = open(folder / "ministack.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        until("ministack", lambda: is_open(port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def client(self, service):
        return client(service, self.address)

    def deploy(self, host):
        """The stack's outputs, once it is there."""
        packaged = self.folder / "packaged.yaml"
        self.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.aws("package", "--template-file", "template/workflow.yaml", "--s3-bucket", BUCKET,
                 "--output-template-file", packaged)
        values = {"EcsClusterName": CLUSTER, "AutoScalingGroupName": CLUSTER, "GroupStackName": STACK,
                  "Architecture": ARCHITECTURE, "WorkerHost": host}
        self.aws("deploy", "--stack-name", "workflow", "--template-file", packaged, "--s3-bucket", BUCKET,
                 "--capabilities", "CAPABILITY_IAM",
                 "--parameter-overrides", *(f"{name}={value}" for name, value in values.items()))
        stack = self.client("cloudformation").describe_stacks(StackName="workflow")["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            fail(f"ministack's stack is {stack['StackStatus']}")
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def aws(self, *arguments):
        command = [TOOLS / "aws", "cloudformation", *arguments]
        environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": self.address}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            fail(f"aws cloudformation {arguments[0]} ended with {done.returncode}: {done.stderr or done.stdout}")

    def play(self, event, questions):
        """Sends `event`, awaits the end of the one execution that it starts, and gives the states that it went through."""
        states = self.client("stepfunctions")
        machines = {one["name"]: one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"]}
        machine = machines[f"{CLUSTER}-lifecycle"]
        before = {one["executionArn"] for one in states.list_executions(stateMachineArn=machine)["executions"]}
        entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"]),
                 "Resources": event["resources"]}
        if self.client("events").put_events(Entries=[entry])["FailedEntryCount"]:
            fail("ministack refused the lifecycle event")

        def ended():
            seen = states.list_executions(stateMachineArn=machine)["executions"]
            return [one for one in seen if one["executionArn"] not in before and one["status"] != "RUNNING"]
        executions = until("end of ministack's execution", ended)
        return check_history(states, executions, questions)

    def check_children(self, workers):
        """Our binaries, to the byte, run as ministack's own processes."""
        ours = {digest(workers / worker / "bootstrap") for worker in WORKERS}
        seen = {digest(f"/proc/{pid}/exe") for pid in children(self.process.pid)}
        if not ours <= seen:
            fail(f"of our {len(ours)} binaries only {len(ours & seen)} run as children of ministack")
        print(f"Lambda: ministack runs our {len(ours)} bootstrap files as processes of its own")


def check_history(states, executions, questions):
    if [one["status"] for one in executions] != ["SUCCEEDED"]:
        ended = [states.describe_execution(executionArn=one["executionArn"]) for one in executions]
        said = [(one["name"], one["status"], one.get("error"), one.get("cause")) for one in ended]
        fail(f"ministack's executions are {said}")
    history = states.get_execution_history(executionArn=executions[0]["executionArn"], maxResults=1000)["events"]
    entered = [one["stateEnteredEventDetails"]["name"] for one in history if "stateEnteredEventDetails" in one]
    asked = list(dict.fromkeys(name for name in entered if name in TASKS))
    if asked != questions:
        fail(f"ministack asked {asked}, not {questions}")
    return ", ".join(f"{name} {entered.count(name)}x" for name in asked)


def children(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
    own = [int(child) for task in tasks for child in task.read_text().split()]
    return own + [deeper for child in own for deeper in children(child)]


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
