#!/usr/bin/env python3
"""Runs the commands of the README, of docs/*.md and of CONTRIBUTING.md as written, and says which it left out and why.

A command is expected to end with 0, or with what its comment says (`exit code 1`). A block that needs an AWS account is not run,
but its syntax is checked: "needs an AWS account" stands in its heading, or in a heading above that, or the block begins with a
comment "# needs …". One command is left out if its own comment says "needs an account". A block that starts something in
the background, or has a command of several lines, is run whole.

usage: readme.py [FOLDER OF aws]      in the checkout's root, with cargo and the AWS CLI
"""

import dataclasses
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
TESTS_RUN = (ROOT / "tests" / "run").read_text()
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
        ran = {page.name: run_page(page) for page in PAGES}
    finally:
        written.unlink()
    for name, least in {"README.md": 3, "getting-started.md": 10}.items():
        if ran[name] < least:
            sys.exit(f"only {ran[name]} commands were found in {name}: has its form changed?")
    print(f"{sum(ran.values())} commands did what the README and docs/ say: {ran}")


def run_page(path):
    """How many of its commands were run."""
    ran = 0
    for block in blocks(path.read_text()):
        if block.needs:
            check_syntax(path.name, block)
        else:
            ran += run_block(path.name, block.script)
    return ran


@dataclasses.dataclass
class Block:
    script: str
    needs: str


def blocks(page):
    """The page's shell blocks, each with what it needs; a heading stands for the sections below it, too."""
    found, language, lines, over = [], None, [], {}
    for line in page.splitlines():
        heading = re.match(r"(#+) (.*)", line) if language is None else None
        if heading:
            level = len(heading[1])
            over = {above: words for above, words in over.items() if above < level} | {level: heading[2]}
        elif re.match(r"\s+```", line):
            sys.exit(f"a block must not be indented, or this test does not find it: {line}")
        elif not line.startswith("```"):
            lines.append(line)
        elif language is None:
            language, lines = line[3:], []
        else:
            if language == "sh":
                found.append(Block("\n".join(lines) + "\n", needs(lines, over.values())))
            language = None
    if language is not None:
        sys.exit(f"a block is not closed: {lines[:1]}")
    return found


def needs(lines, headings):
    """What keeps a block from being run here; nothing if nothing does."""
    if any(NEEDS_ACCOUNT in heading for heading in headings):
        return NEEDS_ACCOUNT
    comments = [line[2:] for line in lines if line.startswith("# needs ")]
    return comments[0] if comments else ""


def check_syntax(page, block):
    """A block that is not run is shell at least."""
    read = subprocess.run(["bash", "-n"], input=block.script, text=True, capture_output=True)
    if read.returncode:
        sys.exit(f"{page} has a block that is no shell script: {block.script}\n{read.stderr}")
    print(f"left out, it {block.needs}: {page}: {block.script.splitlines()[-1].strip()}")


def run_block(page, block):
    """How many of its commands were run."""
    if re.search(r"(&\s*(#.*)?$)|\\$", block, re.MULTILINE):
        run(page, block, 0)
        return len(block.strip().splitlines())
    lines = [line for line in block.strip().splitlines() if line.strip() and not line.startswith("#")]
    return sum(run_line(page, line) for line in lines)


def run_line(page, line):
    command, _, comment = line.partition("#")
    command = command.strip()
    if command.startswith("tests/run"):
        print(f"left out, it runs this: {command}")
        return 0
    if command.startswith("cargo clippy") and command in TESTS_RUN:
        print(f"left out, tests/run has the same step: {command}")
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
