"""Runs statemachine/lifecycle.asl.json in three interpreters that others wrote, and compares them with ours.

The routes, the states that our interpreter visited and what it asked come from target/conformance/definition.json, which
`cargo test -p ecs-rollout-tests --test definition` writes. For each route the states in order, the attempts of each,
every input of a worker, and the status, error, cause and output at the end must be the same. What a interpreter is known to
do otherwise is in definition/limits.json, with the reason, and is printed.

A worker's silence is cut off after seconds here, not after the minutes of the definition, and three interpreters at once may
keep an answer from being in time. So a route that differs is run again with no other interpreter beside it, and only what
differs then counts; how many were run again is printed.

usage: definition.py [--report target/conformance/definition.json] [--node-modules .tools/node/node_modules] [--interpreter NAME]
"""

import argparse
import fnmatch
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

from scripted_workers import Workers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = pathlib.Path(__file__).resolve().parent / "definition"
MEMBERS = ["visited", "asked", "status", "error", "cause", "output"]
TASK_SECONDS = 4
ROUTE_SECONDS = 120
AT_A_TIME = 20
AGAIN_AT_A_TIME = 2
ACCOUNT = "123456789012"


class Missing(Exception):
    """A tool that is not there, with the way to get it."""


def hurried(definition):
    """The definition with short time limits of its Tasks, so that a silent worker is cut off soon."""
    definition = json.loads(json.dumps(definition))
    for state in definition["States"].values():
        if "TimeoutSeconds" in state:
            state["TimeoutSeconds"] = TASK_SECONDS
        if "HeartbeatSeconds" in state:
            state["HeartbeatSeconds"] = TASK_SECONDS - 1
    return definition


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def client(port):
    import boto3
    from botocore.config import Config

    return boto3.client(
        "stepfunctions",
        region_name="eu-west-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=ACCOUNT,  # ministack takes such a key for the account's number
        aws_secret_access_key="secret",
        config=Config(max_pool_connections=AT_A_TIME * 2, inject_host_prefix=False),
    )


def create(machines, definition, process, log):
    """Creates the state machine as soon as the server answers."""
    role = f"arn:aws:iam::{ACCOUNT}:role/lifecycle"
    until = time.monotonic() + 60
    while True:
        try:
            made = machines.create_state_machine(name="lifecycle", definition=json.dumps(definition), roleArn=role)
            return made["stateMachineArn"]
        except Exception as error:
            if process.poll() is not None or time.monotonic() > until:
                raise Missing(f"the server did not come up: {error}\n{log.read_text()[-2000:]}") from error
            time.sleep(0.2)


def follow(machines, machine, route):
    """Runs one route to its end."""
    started = machines.start_execution(stateMachineArn=machine, name=uuid.uuid4().hex, input=json.dumps(route["input"]))
    arn = started["executionArn"]
    until = time.monotonic() + ROUTE_SECONDS
    while (ended := machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    visited = []
    pages = machines.get_paginator("get_execution_history").paginate(executionArn=arn)
    for event in (event for page in pages for event in page["events"]):
        if event["type"].endswith("StateEntered"):
            visited.append([event["stateEnteredEventDetails"]["name"], 0])
        if event["type"] in ("LambdaFunctionScheduled", "TaskScheduled"):
            visited[-1][1] += 1
    output = ended.get("output")
    return {
        "name": route["name"],
        "visited": visited,
        "status": ended["status"],
        "error": ended.get("error"),
        "cause": ended.get("cause"),
        "output": json.loads(output) if output and ended["status"] == "SUCCEEDED" else None,
    }


def by_server(script, package):
    """An interpreter with the API of Step Functions."""

    def play(report, workers, folder, at_a_time):
        port = free_port()
        log = folder / f"{package}.log"
        command = [sys.executable, str(PARTS / script), str(port), workers.url]
        with log.open("w") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=folder)
        try:
            machines = client(port)
            machine = create(machines, hurried(report["definition"]), process, log)
            with ThreadPoolExecutor(at_a_time) as pool:
                return list(pool.map(lambda route: follow(machines, machine, route), report["routes"]))
        finally:
            process.kill()
            process.wait()

    def version():
        try:
            return f"{package} {metadata.version(package)}"
        except metadata.PackageNotFoundError as error:
            raise Missing(f"{package} is not installed: pip install -r tests/requirements.txt") from error

    return version, play


def by_node(arguments):
    """aws-local-stepfunctions, a library."""
    module = pathlib.Path(arguments.node_modules).resolve() / "aws-local-stepfunctions"

    def version():
        if not module.is_dir():
            raise Missing(f"{module} is not there: npm ci in a copy of tests/package.json and its lock")
        return f"aws-local-stepfunctions {json.loads((module / 'package.json').read_text())['version']}"

    def play(report, workers, folder, _):
        node = shutil.which("node")
        if not node:
            raise Missing("node is not installed: Node.js 20 or newer")
        definition, routes = folder / "local.asl.json", folder / "routes.json"
        definition.write_text(json.dumps(hurried(report["definition"])))
        routes.write_text(json.dumps(report["routes"]))
        command = [node, PARTS / "local_stepfunctions.mjs", module / "build/main.node.esm.js", definition, routes]
        ran = subprocess.run(
            [*map(str, command), workers.url], capture_output=True, text=True, timeout=2 * ROUTE_SECONDS, check=False
        )
        if ran.returncode:
            raise Missing(f"aws-local-stepfunctions failed:\n{ran.stderr[-2000:]}")
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return version, play


def play_all(interpreters, name, report, at_a_time=AT_A_TIME):
    """Plays all routes in one interpreter: its version, what it did by route, and how long that took."""
    began = time.monotonic()
    version, play = interpreters[name]
    title = version()
    workers = Workers(report["routes"], TASK_SECONDS + 2)
    try:
        with tempfile.TemporaryDirectory() as folder:
            told = {did["name"]: did for did in play(report, workers, pathlib.Path(folder), at_a_time)}
    finally:
        workers.shutdown()
    for route, did in told.items():
        did["asked"] = workers.asked[route]
    return title, told, time.monotonic() - began


def again(interpreters, name, report, told, limits):
    """Plays the routes that differ once more, now that nothing else runs. Says how many those are."""
    differing = {route for route, *_ in compare(name, report, told, limits)[0]}
    routes = [route for route in report["routes"] if route["name"] in differing]
    if routes:
        told.update(play_all(interpreters, name, report | {"routes": routes}, AGAIN_AT_A_TIME)[1])
    return len(routes)


def compare(name, report, told, limits):
    """The differences from ours that nobody knows, the limits that were met, and those that were not."""
    limits = [limit for limit in limits if limit["interpreter"] == name]
    differences, met = [], []
    for route in report["routes"]:
        did = told.get(route["name"], {})
        known = [limit for limit in limits if fnmatch.fnmatch(route["name"], limit["routes"])]
        for member in MEMBERS:
            if did.get(member) == route[member]:
                continue
            limit = next((limit for limit in known if is_excused(limit, member, route, did)), None)
            if limit:
                met.append((limit, route["name"]))
            else:
                differences.append((route["name"], member, route[member], did.get(member)))
    unmet = [limit for limit in limits if not any(limit is known for known, _ in met)]
    return differences, met, unmet


def is_excused(limit, member, route, did):
    """Whether the limit explains the difference: all of it, or its causes and nothing else."""
    return member in limit["members"] and ("cause" not in limit or route[member] == excused(limit, member, did))


def excused(limit, member, did):
    """What the interpreter says, with our cause in the place of one that is known to be its own."""
    cause = limit["cause"]
    if member == "cause":
        return cause["ours"] if did["cause"] == cause["theirs"] else did["cause"]

    def mended(value):
        if isinstance(value, dict):
            own = {"Cause": cause["ours"]} if value.get("Cause") == cause["theirs"] else {}
            return {key: mended(item) for key, item in value.items()} | own
        return [mended(item) for item in value] if isinstance(value, list) else value

    return mended(did[member])


def show(title, report, differences, met, unmet, seconds, repeated):
    """Prints what was compared; says whether it was the same."""
    counts = f"{len(report['routes'])} routes, {report['states']} states, {report['transitions']} transitions"
    known = len({route for _, route in met})
    same = not differences and not unmet
    words = "same" if same else f"{len(differences)} differences"
    words += f", but for known limits in {known} routes" if known else ""
    words += f", {repeated} run again by themselves" if repeated else ""
    print(f"{title}: {counts}: {words} ({seconds:.0f} s)")
    for limit in {id(limit): limit for limit, _ in met}.values():
        routes = sorted({route for known, route in met if known is limit})
        print(f"  known, {', '.join(limit['members'])}: {limit['reason']}\n    in: {'; '.join(routes)}")
    for limit in unmet:
        print(f"  not met any more, take it out of limits.json: {json.dumps(limit)}")
    for route, member, ours, theirs in differences:
        at, ours, theirs = first_difference(ours, theirs)
        print(f"  {route}: {member}{at}\n    ours:   {json.dumps(ours)}\n    theirs: {json.dumps(theirs)}")
    return same


def first_difference(ours, theirs):
    """Of two lists only the first items that differ, with their place."""
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return "", ours, theirs
    at = next((at for at, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
    item = [items[at] if at < len(items) else "nothing more" for items in (ours, theirs)]
    return f", item {at + 1} of {len(ours)} and {len(theirs)}", *item


def read_report(path):
    """The routes with the most silence come first: they take longest."""
    try:
        report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        report["routes"].sort(key=lambda route: -json.dumps(route["answers"]).count("silent"))
        return report
    except OSError as error:
        sys.exit(f"{error}; write it with: cargo test -p ecs-rollout-tests --test definition")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--report", default=target / "conformance/definition.json")
    parser.add_argument("--node-modules", default=ROOT / ".tools/node/node_modules")
    parser.add_argument("--interpreter", action="append", help="only this one; all of them otherwise")
    arguments = parser.parse_args()
    report = read_report(arguments.report)
    limits = json.loads((PARTS / "limits.json").read_text(encoding="utf-8"))
    interpreters = {
        "moto": by_server("moto_server.py", "moto"),
        "ministack": by_server("ministack_server.py", "ministack"),
        "aws-local-stepfunctions": by_node(arguments),
    }
    names = arguments.interpreter or list(interpreters)
    with ThreadPoolExecutor() as pool:
        played = [pool.submit(play_all, interpreters, name, report) for name in names]
    good = True
    for name, future in zip(names, played):
        try:
            title, told, seconds = future.result()
            repeated = again(interpreters, name, report, told, limits)
        except Exception as error:  # whatever breaks a interpreter off, the others still speak
            print(f"{name} broke off: {type(error).__name__}: {str(error)[:2000]}")
            good = False
            continue
        good = show(title, report, *compare(name, report, told, limits), seconds, repeated) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
