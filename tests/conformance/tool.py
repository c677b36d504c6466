#!/usr/bin/env python3
"""The operator's verbs of the real binary against the account on loopback, while boto3 rolls a stack in it.

usage: tool.py [PROGRAM FOLDER]      (target/debug)
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "deployed"))

from account import CLUSTER, MACHINE, REGION, STACK, client, until  # noqa: E402
from loopback.between import Between  # noqa: E402
from loopback.start import credentials, start  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEED = "30"
MARK = "standalone"
# What somebody who may start a task could write to whoever looks at it: a cleared screen, a forged line, turned text.
FORGED = "FORGED LINE"
HOSTILE = f"evil\x1b[2J\x9b1A\n{FORGED}\u202e\u2066\u200b\u2028end"
SHOWN = "evil\ufffd[2J\ufffd1A FORGED LINE\ufffd\ufffd\ufffd end"
COMMAND = re.compile(r"\baws (?:autoscaling|cloudformation|ec2|ecs|ssm|stepfunctions) [a-z-]+ |"
                     r"\becs-rollout (?:cancel|explain|pause|plan|report|resume|roll|status|terminate|watch) ")
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def fail(sentence):
    sys.exit(f"tool.py: {sentence}")


class Scene:
    """An account with a stack of ours, a service, and a task that belongs to none."""

    def __init__(self, program):
        self.program = program
        self.process, self.address, self.key = start(program, "--speed", SPEED, stderr=subprocess.DEVNULL)
        self.between = Between(self.address)
        self.keys = credentials(self.key)
        self.stacks, self.ecs, self.groups, self.parameters = (
            client(name, self.address) for name in ("cloudformation", "ecs", "autoscaling", "ssm"))
        self.given = json.loads((ROOT / "template" / "parameters.example.json").read_text())

    def stop_execution(self, instance):
        """Stops the execution about the instance, so that its hook is left open."""
        states = client("stepfunctions", self.address)

        def about():
            running = states.list_executions(stateMachineArn=MACHINE, statusFilter="RUNNING")["executions"]
            arns = [one["executionArn"] for one in running]
            return [arn for arn in arns if instance in states.describe_execution(executionArn=arn)["input"]]
        arn = until("execution", about)[0]
        states.stop_execution(executionArn=arn, error="Stopped", cause="by hand")

    def end(self):
        self.process.terminate()
        self.process.wait()

    def tool(self, *words, region=REGION):
        """What a verb writes, and its exit code."""
        answer = self.started(*words, region=region).communicate()
        fit_to_show(words, *answer)
        if region:
            goes_there(words, region, *answer)
        return answer[0], answer[1], self.last.returncode

    def started(self, *words, region=REGION):
        # Given as a flag, so that each command that is printed must carry it.
        words = (*words, "--region", region) if region else words
        told = self.environment(region)
        self.last = subprocess.Popen([self.program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, env=told)
        return self.last

    def environment(self, region):
        told = {"AWS_ENDPOINT_URL": self.between.address, **self.keys, "PATH": os.environ["PATH"],
                "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true"}
        return {**told, "AWS_REGION": region} if region else told

    def create(self):
        self.parameters.put_parameter(Name="/ami/ecs/latest", Type="String", Value="ami-0123456789abcdef0")
        self.stacks.create_stack(StackName=STACK, TemplateURL="template/ecs-cluster.yaml", Parameters=self.given,
                                 Capabilities=["CAPABILITY_IAM"])
        until("CREATE_COMPLETE", lambda: self.status() == "CREATE_COMPLETE")
        self.ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "web", "cpu": 128, "memory": 256}])
        self.ecs.create_service(cluster=CLUSTER, serviceName="web", taskDefinition="web", desiredCount=4)

    def release(self, ami):
        self.parameters.put_parameter(Name="/ami/ecs/latest", Type="String", Value=ami, Overwrite=True)

    def ami(self):
        return self.parameters.get_parameter(Name="/ami/ecs/latest")["Parameter"]["Value"]

    def status(self):
        return self.stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]

    def instances(self):
        group = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[CLUSTER])["AutoScalingGroups"][0]
        return {one["InstanceId"]: one["LifecycleState"] for one in group["Instances"]}

    def at(self, state):
        """An instance in this state, once there is one."""
        def found():
            return [instance for instance, where in self.instances().items() if where == state]
        return until(f"instance in {state}", found)[0]


def fit_to_show(words, *answer):
    """Nothing that a verb writes acts on a terminal, or has lines that others wrote."""
    for text in answer:
        if found := ACTS.search(text) or re.search(f"^{FORGED}", text, re.MULTILINE):
            fail(f"{' '.join(words)} writes {found[0]!r}:\n{text!r}")


def goes_there(words, region, *answer):
    """Each command that is printed goes to the Region that was named."""
    for line in "\n".join(answer).splitlines():
        if len(COMMAND.findall(line)) > line.count(f"--region {region}"):
            fail(f"{' '.join(words)} prints a command for another Region:\n{line}")


def expect(what, answer, code, *parts):
    out, err, got = answer
    if got != code:
        fail(f"{what}: exit code {got}, not {code}\n{out}{err}")
    for part in parts:
        if part not in out + err:
            fail(f"{what}: no {part!r} in\n{out}{err}")
    print(f"{what}: exit code {code}, as it should")


def changes(what, answer, code):
    """What `watch --output json` told."""
    expect(what, answer, code)
    told = [json.loads(line) for line in answer[0].splitlines()]
    # These tell when they happened, which was before they were seen.
    times = [one["at"] for one in told if one["kind"] not in ("event", "activity", "execution")]
    if times != sorted(times):
        fail(f"{what}: not told in order: {times}")
    return told


def watched_until_answer(scene):
    """What `watch` writes of a rollout in which tasks hold the drains until it has told a worker's answer."""
    held = scene.ecs.run_task(cluster=CLUSTER, taskDefinition="web", count=8)["tasks"]
    words = "watch", STACK, "--output", "json"
    watching = scene.started(*words)
    lines = []
    for line in watching.stdout:
        lines.append(line)
        if held and json.loads(line)["kind"] == "answer":
            for task in held:
                scene.ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
            held = []
    written, errors = "".join(lines), watching.stderr.read()
    fit_to_show(words, written, errors)
    goes_there(words, REGION, written, errors)
    return written, errors, watching.wait()


def refused(scene):
    keys = scene.keys
    scene.keys = {}
    expect("no credentials", scene.tool("watch", STACK), 4, "no credentials; ", "name a profile with --profile")
    scene.keys = keys
    expect("no Region", scene.tool("watch", STACK, region=None), 2, "no Region: give --region")
    expect("no such stack", scene.tool("watch", "nothing"), 2, "there is no stack nothing in eu-west-1")
    expect("no such instance", scene.tool("explain", "i-00000000000000000"), 2, "is in no Auto Scaling group of eu-west-1")
    expect("explain of what is no instance", scene.tool("explain", "web"), 2, "is no id of an EC2 instance")
    expect("no such stack to plan for", scene.tool("plan", "nothing"), 2, "there is no stack nothing in eu-west-1")
    expect("nothing to resume", scene.tool("resume", STACK), 0, "is not paused; nothing to resume")
    expect("nothing to cancel", scene.tool("cancel", STACK, "--yes"), 0, "is CREATE_COMPLETE: no update in progress", "nothing to cancel")


def once(scene):
    """The verbs that look once, of a stack at rest; and what the configuration file says."""
    scene.between.asked.clear()
    expect("status at rest", scene.tool("status", STACK), 0, "CREATE_COMPLETE", "account", "Stack created in ")
    told = scene.tool("list", "--output", "json")
    expect("list", told, 0)
    told = json.loads(told[0])["stacks"]
    if [(one["stack"], one["cluster"], one["underWay"], one["retained"]) for one in told] != [(STACK, CLUSTER, False, [])]:
        fail(f"list finds {told}")
    expect("list as a table", scene.tool("list"), 0, "AMI PARAMETER", "/ami/ecs/latest", STACK)
    expect("doctor", scene.tool("doctor", STACK), 0, "Nothing is wrong.", "assumed-role/operator", "AWS_ENDPOINT_URL", "--region")
    changing = {action for _, action in scene.between.asked if not action.startswith(("Describe", "List", "Get"))}
    if changing:
        fail(f"the verbs that look once have called {changing}")
    scene.between.refuse("GetParameter", "AccessDeniedException", 400, 1)
    expect("doctor, not allowed", scene.tool("doctor", STACK), 1, "WRONG", "ssm:GetParameter is not allowed to you", "Needed by plan",
           "1 problem found.")
    expect("doctor of no stack", scene.tool("doctor", "nothing"), 1, "there is no stack nothing in eu-west-1")
    keys, scene.keys = scene.keys, {}
    expect("doctor without credentials", scene.tool("doctor"), 1, "no credentials; ")
    scene.keys = keys
    expect("status of no stack", scene.tool("status", "nothing"), 2, "there is no stack nothing in eu-west-1")
    expect("status without a stack", scene.tool("status"), 2, "no stack: ", "ECS_ROLLOUT_STACK", "ecs-rollout list")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "config.toml"
        path.write_text(f'stack = "{STACK}"\nregion = "{REGION}"\n')
        expect("status of the configured stack", scene.tool("status", "--config", str(path), region=None), 0, STACK, REGION)
        path.write_text(f'stack = "{STACK}"\nregoin = "{REGION}"\n')
        expect("a key that there is not", scene.tool("status", "--config", str(path)), 2, f"{path}, line 2", "regoin", "region and color")


def completed(scene):
    """What a shell that asks for completions gets: names in time, or nothing."""
    def asked(*words):
        began = time.monotonic()
        told = {**scene.environment(REGION), "ECS_ROLLOUT_COMPLETE": "bash", "_CLAP_COMPLETE_INDEX": str(len(words)), "_CLAP_IFS": "\n",
                "_CLAP_COMPLETE_COMP_TYPE": "9", "_CLAP_COMPLETE_SPACE": "true"}
        answer = subprocess.run([scene.program, "--", "ecs-rollout", *words], capture_output=True, text=True, env=told, timeout=30)
        took = time.monotonic() - began
        if answer.returncode != 0 or answer.stderr:
            fail(f"completion of {words}: {answer}")
        return answer.stdout.split("\n"), took
    verbs, _ = asked("st")
    if verbs != ["status"]:
        fail(f"completions of st: {verbs}")
    names, _ = asked("status", STACK[:2])
    if names != [STACK]:
        fail(f"completions of a stack: {names}")
    instances, _ = asked("explain", "i-")
    if sorted(instances) != sorted(scene.instances()):
        fail(f"completions of an instance: {instances}")
    keys, scene.keys = scene.keys, {}
    nothing, took = asked("status", STACK[:2])
    scene.keys = keys
    scene.between.delay = 5
    late, waited = asked("status", STACK[:2])
    scene.between.delay = 0
    if STACK in nothing + late or max(took, waited) > 4:
        fail(f"completions without credentials: {nothing} in {took:.1f} s; of an account that is slow: {late} in {waited:.1f} s")
    print(f"completions have names, and nothing without credentials ({took:.1f} s) or when AWS is slow ({waited:.1f} s)")


def trouble(scene):
    """Of an account that does not answer as it should."""
    refuse = scene.between.refuse
    # Twice in a row is no word worth, as with the SDK, which tries three times.
    refuse("DescribeStacks", "Throttling", 400, 2)
    quiet = scene.tool("watch", STACK)
    expect("watch, throttled for a moment", quiet, 0, "Stack created")
    if "throttled" in quiet[0] + quiet[1]:
        fail(f"a trouble that passes is told: {quiet}")
    refuse("DescribeAutoScalingGroups", "Throttling", 400, 4)
    refuse("ListExecutions", "ThrottlingException", 400, 4)
    expect("watch, throttled", scene.tool("watch", STACK), 0, "was throttled", "waiting", "Stack created")
    refuse("DescribeStacks", "ExpiredToken", 403, 2)
    expired = scene.tool("watch", STACK)
    expect("watch, credentials expired", expired, 0, "have expired; renew them", "Stack created")
    if (expired[0] + expired[1]).count("have expired") != 1:
        fail(f"one trouble is told more than once: {expired}")
    refuse("DescribeStacks", "InvalidClientTokenId", 403, 1)
    expect("watch, wrong credentials", scene.tool("watch", STACK), 4, "InvalidClientTokenId", "does not accept the credentials", "--profile")
    refuse("DescribeStackEvents", "AccessDenied", 403, 1)
    expect("watch, not allowed", scene.tool("watch", STACK), 4, "cloudformation:DescribeStackEvents is not allowed to you",
           '"Action": "cloudformation:DescribeStackEvents"')
    refuse("GetParameter", "AccessDeniedException", 400, 1)
    expect("plan, not allowed", scene.tool("plan", STACK), 4, "ssm:GetParameter is not allowed to you")
    refuse("DescribeLifecycleHooks", "AccessDenied", 403, 1)
    expect("explain, not allowed", scene.tool("explain", scene.at("InService")), 4,
           "autoscaling:DescribeLifecycleHooks is not allowed to you")
    scene.between.answers.clear()


def well(scene):
    rests = scene.at("InService")
    expect("explain at rest", scene.tool("explain", rests), 0, "nothing waits for it")
    arns = scene.ecs.list_container_instances(cluster=CLUSTER, filter=f"ec2InstanceId == {rests}")["containerInstanceArns"]
    scene.ecs.update_container_instances_state(cluster=CLUSTER, containerInstances=arns, status="DRAINING")
    expect("explain of what serves and is DRAINING", scene.tool("explain", rests), 1, "InService, but DRAINING in ECS", *arns,
           "--status ACTIVE")
    scene.ecs.update_container_instances_state(cluster=CLUSTER, containerInstances=arns, status="ACTIVE")
    scene.groups.update_auto_scaling_group(AutoScalingGroupName=CLUSTER, MinSize=3)
    scene.groups.enter_standby(InstanceIds=[rests], AutoScalingGroupName=CLUSTER, ShouldDecrementDesiredCapacity=True)
    until("standby", lambda: scene.instances().get(rests) == "Standby")
    aside = scene.tool("explain", rests)
    expect("explain in standby", aside, 0, "exit-standby")
    if "hook" in aside[0]:
        fail(f"explain speaks of hooks in a state without one: {aside[0]}")
    scene.groups.exit_standby(InstanceIds=[rests], AutoScalingGroupName=CLUSTER)
    until("its return", lambda: scene.instances().get(rests) == "InService")
    scene.groups.update_auto_scaling_group(AutoScalingGroupName=CLUSTER, MinSize=4)
    expect("roll without another AMI", scene.tool("roll", STACK, "--yes"), 0, "No changes")
    expect("plan without another AMI", scene.tool("plan", STACK), 0, "No changes", "SSM parameter", "names it.")
    new_ami = "ami-00000000000000001"
    plan(scene, new_ami)
    expect("roll that cannot ask", scene.tool("roll", STACK, "--ami", new_ami), 2, "4 of 4 have another AMI",
           "Use --yes")
    expect("roll to what is no AMI", scene.tool("roll", STACK, "--ami", "latest", "--yes"), 2, '"latest" is not an AMI id')
    if scene.ami() == new_ami:
        fail("the AMI was put into the parameter before anybody agreed")
    expect("roll", scene.tool("roll", STACK, "--ami", new_ami, "--yes", "--no-watch"), 0, "1 at a time",
           f"holds {new_ami} now", "has started")
    expect("roll in a roll", scene.tool("roll", STACK, "--yes", "--force"), 3, "takes no update until that is over")
    scene.between.asked.clear()
    told = changes("watch of a roll that ends well", watched_until_answer(scene), 0)
    print("watch of a roll that ends well:", scene.between.paced())
    end, progress = told[-1], [one for one in told if one["kind"] == "progress"][-1]
    if not (end["kind"] == "end" and end["well"] and end["status"] == "UPDATE_COMPLETE"):
        fail(f"the end is {end}")
    if (progress["replaced"], progress["of"], progress["inService"], progress["version"]) != (4, 4, 4, "2"):
        fail(f"the last progress is {progress}")
    if (end["replaced"], end["of"], end["ami"]) != (4, 4, new_ami):
        fail(f"the end is {end}")
    counts = {one["of"] for one in told if one["kind"] == "progress"}
    if counts != {4}:
        fail(f"progress is counted of {counts}, in a group of four")
    created = [one for one in told if one["kind"] == "event" and one["status"].startswith("CREATE")]
    if created:
        fail(f"an earlier operation is told: {created[0]}")
    if not any(one["kind"] == "answer" for one in told):
        fail("no worker's answer is told")


def plan(scene, ami):
    """Clear before the roll, blocked while something is wrong; it changes nothing."""
    scene.between.asked.clear()
    out = scene.tool("plan", STACK, "--ami", ami, "--batch", "2", "--output", "json")
    expect("plan", out, 0)
    told = json.loads(out[0])
    outdated = [one["id"] for one in told["instances"] if one["outdated"]]
    if sorted(outdated) != sorted(scene.instances()) or (told["batch"], told["batches"]) != (2, 2):
        fail(f"the plan is {told}")
    expected = told["expected"]
    if expected["outcome"] != "UPDATE_COMPLETE" or expected["tasksMoved"] < 4 or not 60 < expected["seconds"] < 3600:
        fail(f"the plan expects {expected}")
    never = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    usual = {"minimumHealthyPercent": 100, "maximumPercent": 200}
    scene.ecs.update_service(cluster=CLUSTER, service="web", deploymentConfiguration=never)
    expect("plan of what cannot end", scene.tool("plan", STACK, "--ami", ami), 3, "percentages: service web can never move a task", "BLOCKED, ")
    expect("roll of what cannot end", scene.tool("roll", STACK, "--ami", ami, "--yes"), 3, "Nothing was changed")
    scene.ecs.update_service(cluster=CLUSTER, service="web", deploymentConfiguration=usual)
    changing = {action for _, action in scene.between.asked if not action.startswith(("Describe", "List", "Get"))}
    if changing:
        fail(f"plan has called {changing}")


def stuck(scene):
    # On each instance, so that the first drain has one.
    scene.ecs.run_task(cluster=CLUSTER, taskDefinition="web", count=8, group=HOSTILE)
    scene.release("ami-00000000000000002")
    roll = scene.started("roll", STACK, "--batch", "2", "--yes")
    leaving, held = scene.at("Terminating:Wait"), scene.at("Pending:Wait")
    scene.between.asked.clear()
    until("drain", lambda: "waiting for tasks to stop" in scene.tool("explain", leaving)[0])
    drain = scene.tool("explain", leaving)
    expect("explain of a drain", drain, 0, MARK, SHOWN, "the drain fails. The instance is retained for you", "aws ecs stop-task", held,
           "execution")
    tasks = [line for line in drain[0].splitlines() if line.startswith("  task ")]
    if not tasks or "standalone" not in tasks[0] or ":task/" not in tasks[0] or "…" in drain[0]:
        fail(f"explain of a drain does not name its tasks, the standalone ones first: {drain[0]}")
    until("queue", lambda: "waiting for earlier drains" in scene.tool("explain", held)[0])
    told = scene.tool("explain", leaving, "--output", "json")
    expect("explain as JSON", told, 0)
    told = json.loads(told[0])
    if (told["instance"], told["well"], told["worker"], told["verdict"]) != (leaving, True, "drained", "NotYet"):
        fail(f"explain as JSON: {told}")
    expect("explain of what is queued", scene.tool("explain", held), 0, f"ecs-rollout explain {leaving}")
    expect("status of a rollout under way", scene.tool("status", STACK), 124, "rolling forward", "draining", leaving, "Deadline in ",
           SHOWN, "Under way. Next: ecs-rollout watch")
    expect("list of a rollout under way", scene.tool("list"), 0, "rolling forward")
    reads = ("Describe", "List", "Get")
    changing = {action for _, action in scene.between.asked if not action.startswith(reads)}
    if changing - {"UpdateStack"}:
        fail(f"the verbs that only look have called {changing}")
    why = "sale until noon"
    cannot_ask = "Cannot ask for confirmation (no terminal). Use --yes."
    pause = ("pause", STACK, "--reason")
    expect("pause that cannot ask", scene.tool(*pause, why), 2, leaving, "Account 123456789012", cannot_ask)
    expect("pause", scene.tool(*pause, why, "--yes"), 0, "Paused. To resume: ecs-rollout resume")
    expect("pause again", scene.tool(*pause, why, "--yes"), 0, "Already paused since 20", why)
    expect("pause for another reason", scene.tool(*pause, "lunch", "--yes"), 3, "already paused since 20", why, "--replace")
    expect("explain of a drain in a pause", scene.tool("explain", leaving), 0, "PAUSED since", why,
           "CloudFormation gives the batch up in", "Resume: ecs-rollout resume")
    expect("explain of what is queued in a pause", scene.tool("explain", held), 0, "PAUSED since", why)
    expect("status of a paused rollout", scene.tool("status", STACK), 124, "PAUSED since", why, "CloudFormation gives the batch up in")
    expect("list of a paused rollout", scene.tool("list"), 0, f"PAUSED: {why}")
    expect("report of a paused rollout", scene.tool("report", STACK), 1, "PAUSED since", why, "Resume: ecs-rollout resume")
    expect("resume", scene.tool("resume", STACK, "--yes"), 0, why, "Resumed")
    expect("cancel that cannot ask", scene.tool("cancel", STACK), 2, leaving, cannot_ask)
    new_ami = scene.ami()
    out, err, code = scene.tool("cancel", STACK, "--yes", "--restore-ami", "--output", "json")
    if scene.ami() == new_ami:
        fail(f"cancel --restore-ami leaves {new_ami} in the parameter: {out}, {err}")
    if code != 0 or json.loads(out)["cancelled"] is not True or "rolls the update back" not in err:
        fail(f"cancel as JSON: {code}, {out}, {err}")
    tasks = scene.ecs.list_tasks(cluster=CLUSTER, family="web")["taskArns"]
    for task in scene.ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)["tasks"]:
        if not task["group"].startswith("service:"):
            scene.ecs.stop_task(cluster=CLUSTER, task=task["taskArn"])
    end = changes("watch of a roll that goes back", scene.tool("watch", STACK, "--output", "json"), 1)[-1]
    if not (end["kind"] == "end" and not end["well"] and end["status"] == "UPDATE_ROLLBACK_COMPLETE"):
        fail(f"the end is {end}")
    expect("status of a roll that went back", scene.tool("status", STACK), 1, "Rolled back in ", "the update was cancelled")
    expect("report of a roll that went back", scene.tool("report", STACK), 1, "UPDATE_ROLLBACK_COMPLETE")
    out, err = roll.communicate(timeout=300)
    fit_to_show(["roll"], out, err)
    expect("roll that goes back", (out, err, roll.returncode), 1, "BatchSize, which becomes 2",
           "UPDATE_ROLLBACK_COMPLETE")


def retained(scene):
    """An instance whose drain fails is ended, with what runs on it; nothing else is."""
    serving = scene.at("InService")
    expect("terminate of what serves", scene.tool("terminate", serving, "--yes"), 3, "only a retained instance can be ended", "It is in service")
    expect("terminate of no instance", scene.tool("terminate", "i-1", "--yes"), 2, "is no id of an EC2 instance")
    gone = "i-00000000000000000"
    expect("terminate of what is gone", scene.tool("terminate", gone, "--yes"), 2, "is in no Auto Scaling group", "--cluster NAME")
    expect("terminate in no cluster", scene.tool("terminate", gone, "--cluster", "Nope", "--yes"), 2,
           "cluster Nope does not exist in eu-west-1; --cluster names it")
    expect("terminate in another cluster", scene.tool("terminate", serving, "--cluster", "Nope", "--yes"), 2,
           f"of cluster {CLUSTER}, and --cluster names Nope")
    nothing = scene.tool("terminate", gone, "--cluster", CLUSTER, "--yes")
    expect("terminate of what ECS does not know", nothing, 3, "is not terminated", "it is gone already")
    for flags, how in (["--stop-tasks"], "tasks stopped first"), ([], "tasks killed with it"):
        scene.ecs.run_task(cluster=CLUSTER, taskDefinition="web", count=8)
        serving = scene.at("InService")
        scene.groups.terminate_instance_in_auto_scaling_group(InstanceId=serving, ShouldDecrementDesiredCapacity=False)
        until("its hook", lambda: scene.instances().get(serving) == "Terminating:Wait")
        expect("terminate of what drains", scene.tool("terminate", serving, "--yes"), 3, "Its terminate hook is open", "ecs-rollout explain")
        scene.stop_execution(serving)
        alone = scene.tool("explain", serving)
        expect("explain without an execution", alone, 1, "ABORTED", "The reconciler starts another execution", "would be killed", ":task/")
        if "--lifecycle-action-result CONTINUE" in alone[0]:
            fail(f"explain offers CONTINUE while tasks run: {alone[0]}")
        scene.groups.complete_lifecycle_action(
            AutoScalingGroupName=CLUSTER, LifecycleHookName="ecs-rollout-terminate", InstanceId=serving, LifecycleActionResult="ABANDON")
        until("its retention", lambda: scene.instances().get(serving) == "Terminating:Retained")
        expect("explain of what is retained", scene.tool("explain", serving), 1, f"ecs-rollout terminate {serving}")
        # Its replacement may still be on its way.
        retains = scene.tool("status", STACK)
        expect("status of what is retained", retains, 124 if "Pending" in retains[0] else 1, "needs you", f"ecs-rollout terminate {serving}")
        expect("list of what is retained", scene.tool("list"), 0, serving)
        expect("terminate that cannot ask", scene.tool("terminate", serving), 2, "tasks still run on it", MARK, "--yes")
        if scene.instances().get(serving) != "Terminating:Retained":
            fail("terminate has not waited for an answer")
        if flags:
            scene.started("terminate", serving, *flags, "--yes")
            begun = ""
            for line in scene.last.stdout:
                begun += line
                if line.startswith("Waiting for "):
                    break
            scene.last.send_signal(signal.SIGTERM)
            out, err = scene.last.communicate()
            expect("terminate, interrupted", (begun + out, err, scene.last.returncode), 143, "Interrupted. Run the command again")
        ended = scene.tool("terminate", serving, *flags, "--yes")
        expect(f"terminate {flags}", ended, 0, "ecs-rollout.terminate", f"{serving} is terminated: ", how)
        if serving in scene.instances():
            fail(f"{serving} is still {scene.instances()[serving]}")
        left = scene.ecs.list_container_instances(cluster=CLUSTER, filter=f"ec2InstanceId == {serving}")
        if left["containerInstanceArns"]:
            fail(f"ECS still shows {left}")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "debug").resolve()
    began = time.monotonic()
    with contextlib.ExitStack() as ending:
        scene = Scene(folder / "ecs-rollout")
        ending.callback(scene.end)
        scene.create()
        for part in (refused, once, completed, trouble, well, stuck, retained):
            part(scene)
    print(f"the operator's verbs did what they say, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
