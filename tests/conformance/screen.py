#!/usr/bin/env python3
"""The screen of `ecs-rollout watch`: the real binary on a pseudo-terminal, against the account on loopback.

A roll whose first drain hangs is watched through changes of size, throttling, expired credentials, a kill -9 and a new
start, q and SIGTERM, until it ends well; then one that goes back, and its stack that is deleted; then one of 1,000
instances, with slow answers: at most two calls a second, and keys are answered at once.

usage: screen.py [PROGRAM FOLDER]      (target/debug)
"""

import base64
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time

import pyte

sys.path.insert(0, str(pathlib.Path(__file__).parent / "deployed"))

from account import CLUSTER, REGION, STACK, client  # noqa: E402
from loopback.between import Between  # noqa: E402
from loopback.start import KEYS, credentials, start  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEED, SPEED_OF_THOUSAND = 20, 10
PATIENCE_SECONDS = 150
WIDE, USUAL, NARROW, SMALL = (40, 140), (24, 80), (20, 60), (12, 40)
AMI, HOLD = "/ami/ecs/latest", "ecs-rollout:hold"
UP, DOWN = b"\x1b[A", b"\x1b[B"
# A person takes less for at once.
AT_ONCE_SECONDS = 0.2
DOWN_PRESSED = 40


def fail(sentence):
    sys.exit(f"screen.py: {sentence}")


class Terminal:
    """A pseudo-terminal with `watch` in it."""

    def __init__(self, program, address, size=WIDE, flags=("--exit",), **more):
        self.screen = pyte.Screen(size[1], size[0])
        self.stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.lock = threading.Lock()
        self.ours, theirs = pty.openpty()
        self.theirs = os.dup(theirs)
        self.resize(*size)
        self.before = termios.tcgetattr(self.theirs)
        env = {"AWS_ENDPOINT_URL": address, **credentials(KEYS[address]), "AWS_REGION": REGION,
               "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true",
               "PATH": os.environ["PATH"], "TERM": "xterm-256color", **more}
        self.process = subprocess.Popen([program, "watch", STACK, *flags], stdin=theirs, stdout=theirs, stderr=theirs, env=env,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(theirs)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with contextlib.suppress(OSError):
            while data := os.read(self.ours, 65536):
                with self.lock:
                    self.raw += data
                    self.stream.feed(data)

    def resize(self, lines, columns):
        # As a terminal does: first it is of that size, then it says so. What comes in between is for the old size, and is
        # cleared by what is drawn for the new one.
        with self.lock:
            self.screen.resize(lines, columns)
            fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def text(self):
        with self.lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def chosen(self):
        """The line that is shown reversed."""
        with self.lock:
            for number, line in enumerate(self.screen.display):
                if self.screen.buffer[number][0].reverse:
                    return line
        return None

    def until(self, what, *words, gone=()):
        """What is shown, once it has all these words and none of those."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            shown = self.text()
            if all(word in shown for word in words) and not any(word in shown for word in gone):
                return shown
            if self.process.poll() is not None:
                fail(f"{what}: watch has ended with {self.process.returncode}; the last that it showed:\n{shown}")
            time.sleep(0.02)
        fail(f"{what}: not {words} without {gone} within {PATIENCE_SECONDS} s; it shows:\n{self.text()}")

    def press(self, keys):
        os.write(self.ours, keys)

    def ends(self, what, code, *words):
        """It ends with this exit code, gives the terminal back as it was, and says this after it."""
        try:
            got = self.process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            fail(f"{what}: it does not end; it shows:\n{self.text()}")
        time.sleep(0.2)
        with self.lock:
            raw = bytes(self.raw)
        shown, left, after = raw.rpartition(b"\x1b[?1049l")
        if got != code:
            fail(f"{what}: exit code {got}, not {code}:\n{after.decode()}")
        if not left or b"\x1b[?25h" not in after or b"\x1b[?1049h" not in shown:
            fail(f"{what}: the terminal is not given back: {raw[-400:]!r}")
        if termios.tcgetattr(self.theirs) != self.before:
            fail(f"{what}: the terminal's modes are not what they were")
        for word in words:
            if word not in after.decode():
                fail(f"{what}: no {word!r} in what is said at the end:\n{after.decode()}")
        print(f"{what}: exit code {code}, and the terminal is as it was")


class Scene:
    """An account with a stack of ours."""

    def __init__(self, program, speed, **changed):
        self.process, self.address, _ = start(program, "--speed", speed, stderr=subprocess.DEVNULL, cwd=ROOT)
        self.between = Between(self.address)
        self.stacks, self.ecs, self.groups, self.parameters = (
            client(name, self.address) for name in ("cloudformation", "ecs", "autoscaling", "ssm"))
        given = json.loads((ROOT / "template" / "parameters.example.json").read_text())
        given = {one["ParameterKey"]: one["ParameterValue"] for one in given} | changed
        self.given = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        self.parameters.put_parameter(Name=AMI, Type="String", Value="ami-0123456789abcdef0")
        self.stacks.create_stack(StackName=STACK, TemplateURL="template/ecs-cluster.yaml", Parameters=self.given,
                                 Capabilities=["CAPABILITY_IAM"])

    def end(self):
        self.process.terminate()
        self.process.wait()

    def stands(self, status):
        wait_until(f"stack in {status}", lambda: self.stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == status)

    def roll(self, ami, **changed):
        self.parameters.put_parameter(Name=AMI, Type="String", Value=ami, Overwrite=True)
        given = [{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in self.given
                 if one["ParameterKey"] not in changed]
        given += [{"ParameterKey": key, "ParameterValue": value} for key, value in changed.items()]
        self.stacks.update_stack(StackName=STACK, UsePreviousTemplate=True, Parameters=given, Capabilities=["CAPABILITY_IAM"])

    def serve(self):
        self.ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "web", "cpu": 128, "memory": 256}])
        self.ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition="web", desiredCount=8)

    def stop(self, tasks):
        for task in tasks:
            self.ecs.stop_task(cluster=CLUSTER, task=task)

    def pause(self, why):
        self.groups.create_or_update_tags(Tags=[{"ResourceId": CLUSTER, "ResourceType": "auto-scaling-group", "Key": HOLD, "Value": why,
                                                 "PropagateAtLaunch": False}])

    def resume(self):
        self.groups.delete_tags(Tags=[{"ResourceId": CLUSTER, "ResourceType": "auto-scaling-group", "Key": HOLD}])

    def instances(self):
        group = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[CLUSTER])["AutoScalingGroups"][0]
        return [one["LifecycleState"] for one in group["Instances"]]


def wait_until(what, look):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        if time.monotonic() > deadline:
            fail(f"no {what} within {PATIENCE_SECONDS} s")
        time.sleep(0.2)


def stuck(program, scene):
    """A roll whose first drain hangs, and what may happen to whoever watches it; then it goes on, and ends well."""
    watched = Terminal(program, scene.between.address)
    # While the stack is created its outputs are not there yet.
    watched.until("a stack that is created", "CREATE_IN_PROGRESS", "Instances")
    watched.ends("watch of a stack that is created", 0, "CREATE_COMPLETE", "Stack created")
    scene.serve()
    held = scene.ecs.run_task(cluster=CLUSTER, taskDefinition="web", count=8)["tasks"]
    scene.roll("ami-00000000000000001")
    watched = Terminal(program, scene.between.address, flags=())
    watched.until("a drain that hangs", "UPDATE_IN_PROGRESS", "User Initiated", "Terminating:Wait", "standalone", "1 draining for ",
                  "deadline", "1 queued", "0 of 4 replaced", "batch 2 of 4", "ETA ", "Services 1", "console",
                  "Rolling from ami-0123456789abcdef0 to ami-00000000000000001")
    scene.pause("sale until noon")
    watched.until("a pause", "PAUSED", "sale until noon", "CloudFormation gives the batch up in", "Resume: ecs-rollout")
    scene.resume()
    watched.until("the end of the pause", "0 of 4 replaced", gone=["PAUSED"])
    for name, size, words in (("80x24", USUAL, ("Instances", "Events", "Terminating:Wait")), ("60x20", NARROW, ("batch 2 of 4", "i-")),
                              ("40x12", SMALL, ("▸Instances", "i-")), ("140x40", WIDE, ("Instances", "Services", "Events"))):
        watched.resize(*size)
        watched.until(f"the screen at {name}", *words)
    scene.between.refuse("DescribeAutoScalingGroups", "Throttling", 400, 4)
    watched.until("throttling", "DescribeAutoScalingGroups was throttled")
    watched.until("the end of throttling", "UPDATE_IN_PROGRESS", gone=["throttled"])
    scene.between.refuse("DescribeStacks", "ExpiredToken", 403, 2)
    watched.until("expired credentials", "the credentials have expired")
    watched.until("renewed credentials", "UPDATE_IN_PROGRESS", gone=["have expired"])
    print("a drain that hangs, a pause, four sizes, throttling and expired credentials are shown")
    left_alone(program, scene)
    watched.press(b"\r")
    watched.until("its reason in full", "In full", "standalone", "console.aws.amazon.com/states", "v2/executions/details")
    # What explain finds, which takes some calls.
    watched.until("its explanation", "Terminate hook open since", "aws ecs stop-task", gone=["Explaining it"])
    watched.press(b"\x1b")
    watched.until("no entry in full", "Instances", gone=["In full"])
    chosen(watched)
    held = {task["taskArn"] for task in held}
    # The first drain ends and the second hangs, so that what is expected then is there to be seen for as long as it takes.
    draining = scene.ecs.list_container_instances(cluster=CLUSTER, status="DRAINING")["containerInstanceArns"]
    first = held & {task for one in draining for task in scene.ecs.list_tasks(cluster=CLUSTER, containerInstance=one)["taskArns"]}
    scene.stop(first)
    watched.until("an expected end", "ETA ", "Z (in ", "Terminating:Wait", gone=["after the first batch", "(estimate"])
    scene.stop(held - first)
    watched.until("its last screen", "Rollout complete: 4 of 4 on ami-00000000000000001 in ", "4 of 4 replaced", "Press any key",
                  gone=["░"])
    watched.press(b"x")
    watched.ends("watch of a roll that ends well", 0, "4 of 4 replaced", "UPDATE_COMPLETE", "Rollout complete")


def chosen(watched):
    """Filter, order, copy and link."""
    leaving = watched.chosen().split()[0]
    watched.press(b"c")
    watched.until("a copy", f"Copied, if your terminal allows it: {leaving}")
    copied = b"\x1b]52;c;" + base64.b64encode(leaving.encode())
    if copied not in watched.raw:
        fail(f"{leaving} was not copied")
    watched.press(b"/inserv")
    watched.until("a filter that is typed", "/inserv▏", 'match "inserv"', gone=["Terminating:Wait"])
    watched.press(b"\r")
    watched.until("a filter", "Esc clears the filter")
    watched.press(b"\x1b")
    watched.until("no filter", "Terminating:Wait", gone=["match"])
    watched.press(b"s")
    watched.until("an order", "sorted by instance")
    watched.press(b"ssss")
    watched.until("its own order", "Terminating:Wait", gone=["sorted by"])
    watched.press(b"o")
    watched.until("a link", "The console link is copied", "In full")
    watched.press(b"\x1b")
    watched.until("the panes", "Instances", gone=["In full"])


def left_alone(program, scene):
    """Whoever leaves, or is ended, finds all of it again."""
    again = Terminal(program, scene.between.address, NO_COLOR="1")
    again.until("a second watch", "Terminating:Wait", "User Initiated")
    again.process.kill()
    again.process.wait()
    coloured = [code for code in (b"\x1b[31m", b"\x1b[32m", b"\x1b[33m", b"\x1b[38;5;") if code in again.raw]
    if coloured:
        fail(f"NO_COLOR is not heeded: {coloured}")
    again = Terminal(program, scene.between.address)
    again.until("a watch after kill -9", "UPDATE_IN_PROGRESS", "User Initiated", "standalone", "Services 1")
    again.press(b"?")
    again.until("the help", "waits for earlier drains")
    again.press(b"\x1b")
    again.until("no help", "Instances", gone=["waits for earlier drains"])
    again.press(b"q")
    again.ends("q", 130, "UPDATE_IN_PROGRESS", "The rollout proceeds without you")
    again = Terminal(program, scene.between.address)
    again.until("another watch", "Instances")
    again.process.send_signal(signal.SIGTERM)
    again.ends("SIGTERM", 143, "The rollout proceeds without you")


def backward(program, scene):
    """A roll that goes back; and its stack that is deleted, which is watched to its end."""
    scene.roll("ami-00000000000000002")
    wait_until("a new instance", lambda: len(scene.instances()) > 4)
    watched = Terminal(program, scene.between.address)
    watched.until("a roll", "UPDATE_IN_PROGRESS")
    scene.stacks.cancel_update_stack(StackName=STACK)
    watched.ends("watch of a roll that goes back", 1, "UPDATE_ROLLBACK_COMPLETE", "Rolled back")
    scene.ecs.delete_service(cluster=CLUSTER, service="web", force=True)
    held = scene.ecs.run_task(cluster=CLUSTER, taskDefinition="web", count=1)["tasks"]
    scene.stacks.delete_stack(StackName=STACK)
    watched = Terminal(program, scene.between.address)
    watched.until("a stack that is deleted", "DELETE_IN_PROGRESS")
    scene.stop(task["taskArn"] for task in held)
    watched.ends("watch of a stack that is deleted", 0, "DELETE_COMPLETE", "Stack deleted")


def thousand(program, scene):
    """1,000 instances: few calls, and keys are answered at once though answers are slow."""
    scene.stands("CREATE_COMPLETE")
    # Nobody asks about instances that come while there is no hook: the group grows in seconds.
    hooks = scene.groups.describe_lifecycle_hooks(AutoScalingGroupName=CLUSTER)["LifecycleHooks"]
    launch = next(hook for hook in hooks if hook["LifecycleTransition"].endswith("LAUNCHING"))
    scene.groups.delete_lifecycle_hook(AutoScalingGroupName=CLUSTER, LifecycleHookName=launch["LifecycleHookName"])
    scene.groups.set_desired_capacity(AutoScalingGroupName=CLUSTER, DesiredCapacity=1000)
    wait_until("1,000 instances", lambda: scene.instances().count("InService") == 1000)
    given = ("AutoScalingGroupName", "LifecycleHookName", "LifecycleTransition", "HeartbeatTimeout", "DefaultResult",
             "NotificationMetadata")
    scene.groups.put_lifecycle_hook(**{name: launch[name] for name in given if name in launch})
    scene.roll("ami-00000000000000001")
    scene.between.asked.clear()
    watched = Terminal(program, scene.between.address)
    watched.until("a roll of 1,000", "of 1000 replaced", "Instances 10", "under way")
    scene.between.delay = 1
    took = []
    for pressed in range(DOWN_PRESSED):
        before = watched.chosen()
        key, began = (DOWN if pressed < DOWN_PRESSED / 2 else UP), time.monotonic()
        watched.press(key)
        while watched.chosen() == before:
            if time.monotonic() - began > 5:
                fail(f"a key is not answered in 5 s:\n{watched.text()}")
            time.sleep(0.001)
        took.append(time.monotonic() - began)
        time.sleep(0.05)
    median, worst = statistics.median(took), max(took)
    if median > AT_ONCE_SECONDS:
        fail(f"with slow answers a key is answered after {median * 1000:.0f} ms, the median of {len(took)}")
    scene.between.delay = 0
    watched.press(b"G")
    watched.until("its last instance", "InService")
    # Long enough for the calls of several rounds.
    time.sleep(20)
    calls = scene.between.paced()
    watched.press(b"q")
    watched.ends("q among 1,000 instances", 130)
    print(f"1,000 instances: {calls}; while each answer takes a second, a key is answered after {median * 1000:.0f} ms, the median "
          f"of {len(took)}, and {worst * 1000:.0f} ms at worst")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug").resolve()
    program = folder / "ecs-rollout"
    began = time.monotonic()
    with contextlib.ExitStack() as ending:
        scene = Scene(program, SPEED)
        ending.callback(scene.end)
        stuck(program, scene)
        backward(program, scene)
    with contextlib.ExitStack() as ending:
        scene = Scene(program, SPEED_OF_THOUSAND, ClusterMaxSize="1100", BatchSize="20", CapacityOwner="autoscaling")
        ending.callback(scene.end)
        thousand(program, scene)
    print(f"the screen showed what it should, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
