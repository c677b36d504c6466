"""Runs checkov over the templates, and prints how many checks passed and which are suppressed, with their reasons.

A failed check is mended, or suppressed in place in the template's Metadata with a reason. checkov pins an old boto3, so
it has a list of requirements, and a virtual environment, of its own.

usage: checkov.py CHECKOV [TEMPLATE...]      CHECKOV such as .tools/checkov/bin/checkov
"""

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATES = ["template/ecs-cluster.yaml", "template/workflow.yaml"]
VERSION = (ROOT / "tests/requirements-checkov.txt").read_text().strip().split("==")[1]


def scan(checkov, template):
    """checkov's report of one template."""
    command = [checkov, "--framework", "cloudformation", "--skip-download", "--compact", "--output", "json", "--file", template]
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
