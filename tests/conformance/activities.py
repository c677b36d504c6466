"""Real activity workers against the account on loopback: one that is killed, one that is told to stop.

The stack is deployed with WorkerHost=Activity. A worker that is frozen while it polls is handed a question and cannot
answer it, so each blow falls while a question is held, and not just about then:

1. a worker that starts before its activities are there says so once for each, and polls when they are;
2. one that is killed (SIGKILL) with a question is noticed by the heartbeat's limit, another is asked, and the roll ends well;
3. one that is told to stop (SIGTERM) with a question finishes it, takes no other, and exits with 0; the roll goes on with
   the next worker, and ends well.

usage: activities.py [FOLDER OF THE BINARIES]      (target/debug)
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

from loopback.start import KEYS, credentials, start

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Fast, but so that the heartbeat's limit of 90 s leaves the frozen worker two seconds of the wall clock.
SPEED = 40
PATIENCE = 120
CLUSTER, STACK, AMI = "DevCluster", "activities", "/ami/ecs/latest"
PREFIX = f"arn:aws:states:eu-west-1:123456789012:activity:{CLUSTER}-"
WORKERS = 6
TARGETS = {
    "ecs": ("AmazonEC2ContainerServiceV20141113", "1.1"),
    "ssm": ("AmazonSSM", "1.1"),
    "states": ("AWSStepFunctions", "1.0"),
}


def fail(message):
    sys.exit(f"activities: {message}")


def until(what, found):
    """Asks `found` until it answers something, and gives that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.02)
    fail(f"after {PATIENCE} s there is still no {what}")


class Account:
    """The account on loopback, and the calls that its operator makes."""

    def __init__(self, binaries, log):
        self.process, self.url, self.key = start(binaries / "ecs-rollout", "--speed", SPEED, stderr=log, cwd=ROOT)

    def send(self, service, headers, body):
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={self.key}/20260101/eu-west-1/{service}/aws4_request"
        request = urllib.request.Request(self.url, body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            fail(f"{service} refused {body[:200]}: {error.read().decode()}")

    def json(self, service, action, **members):
        target, version = TARGETS[service]
        headers = {"X-Amz-Target": f"{target}.{action}", "Content-Type": f"application/x-amz-json-{version}"}
        return json.loads(self.send(service, headers, json.dumps(members)) or "{}")

    def cloudformation(self, action, **members):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode({"Action": action, "Version": "2010-05-15", **members})
        return xml.etree.ElementTree.fromstring(self.send("cloudformation", headers, body))

    def put_ami(self, ami):
        self.json("ssm", "PutParameter", Name=AMI, Value=ami, Type="String", Overwrite=True)

    def change_stack(self, action, template, **values):
        members = {"StackName": STACK, "Capabilities.member.1": "CAPABILITY_IAM", **template}
        parameters = json.loads((ROOT / "template/parameters.example.json").read_text())
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in parameters} | values
        for at, (key, value) in enumerate(parameters.items(), 1):
            members |= {f"Parameters.member.{at}.ParameterKey": key, f"Parameters.member.{at}.ParameterValue": value}
        self.cloudformation(action, **members)

    def stack_ends(self, status):
        def now():
            answer = self.cloudformation("DescribeStacks", StackName=STACK)
            found = next(each.text for each in answer.iter() if each.tag.endswith("StackStatus"))
            if "ROLLBACK" in found or "FAILED" in found:
                fail(f"the stack is {found}")
            return found == status
        until(f"stack that is {status}", now)

    def roll(self, ami):
        self.put_ami(ami)
        values = {"WorkerHost": "Activity", "ClusterSize": "2", "ClusterMaxSize": "4"}
        self.change_stack("UpdateStack", {"UsePreviousTemplate": "true"}, **values)

    def executions(self):
        machine = PREFIX.replace(":activity:", ":stateMachine:") + "lifecycle"
        return self.json("states", "ListExecutions", stateMachineArn=machine, maxResults=1000)["executions"]

    def history(self, execution):
        history = self.json("states", "GetExecutionHistory", executionArn=execution, maxResults=1000)
        return history["events"]

    def held_by(self, name):
        """An execution whose question the worker has taken and not answered, and the number of that event."""
        for execution in self.executions():
            last = self.history(execution["executionArn"])[-1]
            if last.get("activityStartedEventDetails", {}).get("workerName") == name:
                return execution["executionArn"], last["id"]
        return None

    def all_succeeded(self):
        def now():
            statuses = {each["status"] for each in self.executions()}
            if statuses - {"RUNNING", "SUCCEEDED"}:
                fail(f"executions are {statuses}")
            return statuses == {"SUCCEEDED"}
        until("end of all executions", now)


class Worker:
    """A process of activity-worker."""

    def __init__(self, binaries, url, folder, name):
        self.name, self.log = name, folder / f"{name}.log"
        environment = {
            "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": url,
            **credentials(KEYS[url]),
        }
        command = [binaries / "activity-worker", "--activities", PREFIX, "--name", name]
        self.process = subprocess.Popen(command, stdout=self.log.open("w"), env=environment)

    def logged(self, message):
        lines = (json.loads(line) for line in self.log.read_text().splitlines())
        return sum(line["fields"]["message"].startswith(message) for line in lines)


def freeze_with_question(account, worker):
    """Freezes the worker so that it holds a question: the execution, and the number of the event.

    A poll is open for a minute of the account's time, so the worker must be let go now and then to poll anew.
    """
    def attempt():
        worker.process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + 40 / SPEED
        while time.monotonic() < end:
            if held := account.held_by(worker.name):
                return held
        worker.process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
        return None

    return until("question that the frozen worker holds", attempt)


def starts_early(account, worker):
    until("poll that is refused", lambda: worker.logged("cannot poll") == WORKERS)
    account.put_ami("ami-00000000000000001")
    values = {"WorkerHost": "Activity", "ClusterSize": "2", "ClusterMaxSize": "4"}
    account.change_stack("CreateStack", {"TemplateURL": "template/ecs-cluster.yaml"}, **values)
    account.stack_ends("CREATE_COMPLETE")
    told, again = worker.logged("cannot poll"), worker.logged("polling again")
    if (told, again) != (WORKERS, WORKERS):
        fail(f"the worker said {told} times that it cannot poll, and {again} times that it polls again, not {WORKERS} and {WORKERS}")
    container = {"name": "web", "image": "web", "memory": 128, "cpu": 64, "essential": True}
    account.json("ecs", "RegisterTaskDefinition", family="web", containerDefinitions=[container])
    account.json("ecs", "CreateService", cluster=CLUSTER, serviceName="web", taskDefinition="web", desiredCount=2,
                 launchType="EC2")
    print("a worker that was there before its activities: said so once for each, then polled; the stack was created")


def is_killed(account, worker, start_next):
    account.roll("ami-00000000000000002")
    execution, taken = freeze_with_question(account, worker)
    worker.process.kill()
    worker.process.wait()
    following = start_next()
    account.stack_ends("UPDATE_COMPLETE")
    account.all_succeeded()
    after = account.history(execution)[taken:]
    error = after[0].get("activityTimedOutEventDetails", {}).get("error")
    started = [each["activityStartedEventDetails"]["workerName"] for each in after if each["type"] == "ActivityStarted"]
    if error != "States.Timeout" or not started or set(started) != {following.name}:
        fail(f"after the kill came {after[0]['type']} ({error}), and then the workers {started}")
    print(f"killed with a question: {error}, then asked of {following.name}; UPDATE_COMPLETE, all executions SUCCEEDED")
    return following


def is_stopped(account, worker, start_next):
    account.roll("ami-00000000000000003")
    execution, taken = freeze_with_question(account, worker)
    # While the account says nothing, the worker cannot finish what it holds.
    account.process.send_signal(signal.SIGSTOP)
    worker.process.send_signal(signal.SIGCONT)
    time.sleep(0.3)
    worker.process.terminate()
    until("word of the stop", lambda: worker.logged("takes nothing new"))
    if worker.process.poll() is not None:
        fail("the worker ended with a question that it held")
    account.process.send_signal(signal.SIGCONT)
    code = worker.process.wait(timeout=PATIENCE)
    following = start_next()
    account.stack_ends("UPDATE_COMPLETE")
    account.all_succeeded()
    after = account.history(execution)[taken]["type"]
    if (code, after) != (0, "ActivitySucceeded"):
        fail(f"the worker that was told to stop ended with {code}, and its question with {after}")
    print(f"told to stop with a question: {after}, exit code 0; {following.name} went on; UPDATE_COMPLETE, all SUCCEEDED")
    return following


def main():
    binaries = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/debug").resolve()
    for name in ("ecs-rollout", "activity-worker"):
        if not (binaries / name).exists():
            fail(f"{binaries / name} is not there; build it: cargo build --workspace")
    began = time.monotonic()
    started = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with (folder / "account.log").open("w") as log:
            account = Account(binaries, log)

            def start(name):
                started.append(Worker(binaries, account.url, folder, name))
                return started[-1]

            try:
                first = start("first")
                starts_early(account, first)
                second = is_killed(account, first, lambda: start("second"))
                is_stopped(account, second, lambda: start("third"))
            finally:
                for process in [account.process] + [worker.process for worker in started]:
                    process.kill()
                    process.wait()
    print(f"activities: three workers, two rolls of two instances at {SPEED} times the wall clock, "
          f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
