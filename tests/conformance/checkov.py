"""Runs checkov over the templates, and prints how many checks passed and which are suppressed, with their reasons.

A failed check is mended, or suppressed in place in the template's Metadata with a reason. checkov pins an old boto3, so
it has a list of requirements, and a virtual environment, of its own.

usage: checkov.py CHECKOV [TEMPLATE...]      CHECKOV such as .tools/checkov/bin/checkov
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = [
    "template/ecs-cluster.yaml", "template/workflow.yaml", "template/operator.yaml", "template/service-role.yaml"]
# checkov leaves out what a Condition leaves out under the defaults: these are other defaults.
ASKED_FOR = {"template/operator.yaml": {
    "Dashboard": "true", "OperatorPolicies": "true", "NoticeTopicArn": "arn:aws:sns:eu-west-1:123456789012:notices"}}
VERSION = (ROOT / "tests/requirements-checkov.txt").read_text().strip().split("==")[1]


def with_defaults(template, defaults):
    """The text of the template with other defaults of parameters."""
    text = (ROOT / template).read_text()
    for name, value in defaults.items():
        text, found = re.subn(rf"(\n  {name}:\n(?:    .*\n)*?    Default: ).*", rf"\g<1>'{value}'", text)
        if found != 1:
            sys.exit(f"{template} has {found} parameters {name} with a default")
    return text


def scan(checkov, template):
    """checkov's report of one template."""
    if template in ASKED_FOR:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / pathlib.Path(template).name
            copy.write_text(with_defaults(template, ASKED_FOR[template]))
            return report_of(checkov, template, copy)
    return report_of(checkov, template, template)


def report_of(checkov, template, file):
    """checkov's report of the file, which is the template or a copy of it."""
    command = [checkov, "--framework", "cloudformation", "--skip-download", "--compact", "--output", "json", "--file", file]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError as error:
        sys.exit(f"{error}; install it: pip install -r tests/requirements-checkov.txt")
    try:
        report = json.loads(ran.stdout)
    except json.JSONDecodeError:
        sys.exit(f"checkov says nothing about {template} (exit code {ran.returncode}):\n{ran.stdout}{ran.stderr}")
    if not isinstance(report, dict) or "summary" not in report:
        sys.exit(f"checkov found nothing to check in {template}: {ran.stdout[:500]}")
    return report


def faults(template, report):
    """What is wrong, a sentence each."""
    summary, results = report["summary"], report["results"]
    for check in results["failed_checks"]:
        yield f"{template}: {check['resource']} fails {check['check_id']}: {check['check_name']}"
    for check in results["skipped_checks"]:
        if not check["check_result"].get("suppress_comment", "").strip():
            yield f"{template}: {check['resource']} suppresses {check['check_id']} without a reason"
    for error in results["parsing_errors"]:
        yield f"{template}: cannot be parsed: {error}"
    if not summary["passed"] or not summary["resource_count"]:
        yield f"{template}: nothing was checked"
    if summary["checkov_version"] != VERSION:
        yield f"this is checkov {summary['checkov_version']}, not {VERSION}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    wrong = []
    for template in sys.argv[2:] or TEMPLATES:
        report = scan(sys.argv[1], template)
        summary = report["summary"]
        print(
            f"checkov {summary['checkov_version']}, {template}: {summary['resource_count']} resources, "
            f"{summary['passed']} checks passed, {summary['failed']} failed, {summary['skipped']} suppressed"
        )
        reasons = collections.Counter(
            (check["check_id"], check["check_result"].get("suppress_comment", "")) for check in report["results"]["skipped_checks"]
        )
        for (check, reason), times in sorted(reasons.items()):
            print(f"  {check} suppressed {times} time(s): {reason}")
        wrong.extend(faults(template, report))
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
