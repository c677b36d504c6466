#!/usr/bin/env python3
"""Runs every command of the README that needs no AWS account, as written, and says which it left out and why.

A command is expected to end with 0, or with what its comment says (`exit code 1`). What needs an account is behind the
heading that says so, or has a comment that says so. A block that starts something in the background is run whole.

usage: readme.py [FOLDER OF aws]      in the checkout's root, with cargo and the AWS CLI
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
FROM_HERE_ON = "needs an AWS account, from here on"
LIMIT = 900
# Seconds that a process may take to end after it was told to.
GRACE = 20
# What `aws ecs describe-services` would have written.
SERVICES = """{"services": [
  {"serviceName": "web", "status": "ACTIVE", "schedulingStrategy": "REPLICA", "launchType": "EC2", "desiredCount": 6,
   "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200}, "placementConstraints": []},
  {"serviceName": "api", "status": "ACTIVE", "schedulingStrategy": "REPLICA", "launchType": "EC2", "desiredCount": 3,
   "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 200}, "placementConstraints": []}],
 "failures": []}"""


def main():
    before, found, _ = README.partition(FROM_HERE_ON)
    if not found:
        sys.exit(f"README.md has no heading with the words: {FROM_HERE_ON}")
    blocks = re.findall(r"```sh\n(.*?)```", before, re.DOTALL)
    written = ROOT / "services.json"
    if written.exists():
        sys.exit(f"{written} is in the way; move it")
    written.write_text(SERVICES)
    try:
        ran = sum(run_block(block) for block in blocks)
    finally:
        written.unlink()
    if ran < 10:
        sys.exit(f"only {ran} commands were found in README.md: has its form changed?")
    print(f"{ran} commands of README.md did what it says")


def run_block(block):
    if re.search(r"&\s*(#.*)?$", block, re.MULTILINE):
        run(block, 0)
        return len(block.strip().splitlines())
    return sum(run_line(line) for line in block.strip().splitlines())


def run_line(line):
    command, _, comment = line.partition("#")
    command = command.strip()
    if command == "tests/run":
        print("left out, it runs this: tests/run")
        return 0
    if "needs an account" in comment:
        print(f"left out, it needs an account: {command}")
        return 0
    expected = re.search(r"exit code (\d+)", comment)
    run(command, int(expected[1]) if expected else 0)
    return 1


def run(script, expected):
    began = time.monotonic()
    path = os.pathsep.join(sys.argv[1:2] + [os.environ["PATH"]])
    script = f"set -e\n{script}" if "\n" in script else script
    with tempfile.TemporaryFile("w+") as said:
        # A session of its own: whatever a block leaves running is found again, and does not outlive this test.
        shell = subprocess.Popen(["bash", "-c", script], cwd=ROOT, env=os.environ | {"PATH": path}, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            code = shell.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            code = f"none within {LIMIT} s"
        left = end_session(shell)
        said.seek(0)
        output = said.read()
    if code != expected:
        sys.exit(f"{output}\nREADME.md says: {script}\nexit code {code}, expected {expected}")
    if left:
        sys.exit(f"{output}\nREADME.md says: {script}\nwhich leaves a process running")
    print(f"{time.monotonic() - began:5.1f} s  {script.strip().splitlines()[-1]}")


def end_session(shell):
    """Ends what the shell left running, if it did, and says whether it had to."""
    until = time.monotonic() + GRACE
    # What was told to end may take a moment to do so, a long one on a busy machine.
    while tell_session(shell, 0):
        if time.monotonic() > until:
            return tell_session(shell, signal.SIGKILL)
        time.sleep(0.1)
    return False


def tell_session(shell, number):
    """Sends a signal to whoever is left of the shell's session: is anyone? (It may end between two looks.)"""
    try:
        os.killpg(shell.pid, number)
        return True
    except ProcessLookupError:
        shell.wait()
        return False


if __name__ == "__main__":
    main()
