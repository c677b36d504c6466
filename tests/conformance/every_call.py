"""Makes every call that the account on loopback serves through boto3 and through the AWS CLI, as both come.

Which calls the account serves, it says itself: every operation that AWS's models have for its services is sent to it
once, and what it does not refuse with "does not know the call" is served. A served call that is not tried here fails,
so a new call cannot be forgotten; so does one that the account refuses for a member that both clients send by
themselves, such as an idempotency token. An answer in which boto3 finds nothing fails too, where AWS's model has members
for it and the account has something to tell: then the account names them otherwise than AWS does.

usage: every_call.py [--binaries target/debug] [--speed 600]
"""

import argparse
import pathlib
import re
import sys
import tempfile

from loopback.account import ROOT, Failed, account
from loopback.every_call import tries
from loopback.every_call.probe import served_calls
from loopback.every_call.recorder import BOTO3, CLI, Recorder

# What botocore calls the services by the name that the account dispatches on.
NAMES = {"states": "stepfunctions", "elasticloadbalancing": "elbv2"}
# Their answers have members, but none that there is something to tell of in this course.
EMPTY_IS_RIGHT = {("s3", "AbortMultipartUpload")}
# Served outside of that dispatch, by REST protocols of their own.
REST = {"lambda", "s3"}


def services():
    """The services that the account dispatches on, as its source says."""
    source = (ROOT / "simulator" / "aws" / "src" / "services.rs").read_text()
    dispatched = set(re.findall(r'^\s*Service::new\("(\w+)"\)\.answers\(', source, re.MULTILINE)) | REST
    if len(dispatched) < 5:
        raise Failed("simulator/aws/src/services.rs no longer lists the services as this test reads them")
    return sorted({NAMES.get(name, name) for name in dispatched})


def report(served, recorder):
    """Prints what was tried. Gives the exit code."""
    code = 1 if recorder.broken else 0
    for broken in recorder.broken:
        print(f"FAILED {broken}")
    for tool in (BOTO3, CLI):
        missing = sorted(served - recorder.well(tool))
        for service, operation in missing:
            code = 1
            why = recorder.refusal(tool, service, operation) or "was not tried"
            print(f"DIFFERS {tool} {service}:{operation}: {why}")
    for service, operation in sorted(recorder.empty() - EMPTY_IS_RIGHT):
        code = 1
        print(f"DIFFERS {BOTO3} {service}:{operation}: the answer that boto3 reads is empty")
    for service, operation in sorted(EMPTY_IS_RIGHT - recorder.empty()):
        code = 1
        print(f"DIFFERS {BOTO3} {service}:{operation}: EMPTY_IS_RIGHT names it, and its answer is not empty")
    for service in sorted({service for service, _ in served}):
        calls = sorted(operation for own, operation in served if own == service)
        print(f"  {service}: {len(calls)} calls through boto3 and the AWS CLI")
    print(f"{len(served)} calls of {len({service for service, _ in served})} services, each through boto3 and the AWS CLI")
    return code


def main():
    """Reads the flags, asks what is served, tries it, reports."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--binaries", type=pathlib.Path, default=ROOT / "target" / "debug")
    flags.add_argument("--speed", type=int, default=600)
    asked = flags.parse_args()
    try:
        with account(asked.binaries, 1):
            served = served_calls(services())
        recorder = Recorder()
        with tempfile.TemporaryDirectory() as folder, account(asked.binaries, asked.speed):
            tries.make(recorder, pathlib.Path(folder))
    except Failed as failed:
        print(f"FAILED: {failed}")
        return 1
    return report(served, recorder)


if __name__ == "__main__":
    sys.exit(main())
