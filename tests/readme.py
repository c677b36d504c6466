#!/usr/bin/env python3
"""Runs every command of the README and of docs/ that needs no AWS account, as written, and says which it left out and why.

A command is expected to end with 0, or with what its comment says (`exit code 1`). What needs an account says so: in the heading
above it ("needs an AWS account"; "from here on" is for the rest of the page), or in the command's own comment. A block that
opens with a comment "# needs …" is left out too. A block that starts something in the background is run whole.

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
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md"]
NEEDS_ACCOUNT = "needs an AWS account"
FROM_HERE_ON = f"{NEEDS_ACCOUNT}, from here on"
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
    written = ROOT / "services.json"
    if written.exists():
        sys.exit(f"{written} is in the way; move it")
    written.write_text(SERVICES)
    try:
        ran = {page.name: sum(run_block(page.name, block) for block in runnable(page.read_text())) for page in PAGES}
    finally:
        written.unlink()
    for name, least in {"README.md": 3, "getting-started.md": 10}.items():
        if ran[name] < least:
            sys.exit(f"only {ran[name]} commands were found in {name}: has its form changed?")
    print(f"{sum(ran.values())} commands did what the README and docs/ say: {ran}")


def runnable(page):
    """The blocks of shell commands that need no account."""
    before, _, _ = page.partition(FROM_HERE_ON)
    if before != page:
        # The heading itself is cut in the middle.
        before = before.rpartition("\n#")[0]
    blocks = []
    for section in re.split(r"^(?=#+ )", before, flags=re.MULTILINE):
        if NEEDS_ACCOUNT not in section.partition("\n")[0]:
            found = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
            blocks += [block for block in found if not block.startswith("# needs ")]
    return blocks


def run_block(page, block):
    """How many of its commands were run."""
    if re.search(r"(&\s*(#.*)?$)|\\$", block, re.MULTILINE):
        run(page, block, 0)
        return len(block.strip().splitlines())
    return sum(run_line(page, line) for line in block.strip().splitlines() if not line.startswith("#"))


def run_line(page, line):
    command, _, comment = line.partition("#")
    command = command.strip()
    if command.startswith("tests/run"):
        print(f"left out, it runs this: {command}")
        return 0
    if "needs an account" in comment:
        print(f"left out, it needs an account: {command}")
        return 0
    expected = re.search(r"exit code (\d+)", comment)
    run(page, command, int(expected[1]) if expected else 0)
    return 1


def run(page, script, expected):
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
        sys.exit(f"{output}\n{page} says: {script}\nexit code {code}, expected {expected}")
    if left:
        sys.exit(f"{output}\n{page} says: {script}\nwhich leaves a process running")
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
