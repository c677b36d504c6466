"""Runs statelint and asl-validator over the definitions as they are deployed: with ARNs of functions, and of activities.

usage: well_formed.py --statelint .tools/python/bin/statelint --asl-validator .tools/node/node_modules/.bin/asl-validator
"""

import argparse
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFINITIONS = [ROOT / "statemachine" / f"{name}.asl.json" for name in ("lifecycle", "reconcile")]
ARNS = {
    "functions": "arn:aws:lambda:eu-west-1:123456789012:function:",
    "activities": "arn:aws:states:eu-west-1:123456789012:activity:",
}


def deployed(definition, arn):
    """The definition with an ARN in each place that the template substitutes, and how many places that are."""
    text, places = re.subn(r'"\$\{(\w+)\}"', rf'"{arn}\1"', definition.read_text(encoding="utf-8"))
    tasks = sum(state["Type"] == "Task" for state in json.loads(text)["States"].values())
    if places != tasks:
        sys.exit(f"{definition.name}: {places} places to substitute in {tasks} Task states")
    return text, places


def run(name, command):
    """Whether the tool finds nothing."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        sys.exit(f"{name}: {error}; install it from tests/requirements.txt and tests/package.json")
    words = (ran.stdout + ran.stderr).strip()
    if ran.returncode:
        print(f"{name}: exit code {ran.returncode}\n{words}")
    return not ran.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statelint", default=ROOT / ".tools/python/bin/statelint")
    parser.add_argument("--asl-validator", default=ROOT / ".tools/node/node_modules/.bin/asl-validator")
    arguments = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for definition, (kind, arn) in itertools.product(DEFINITIONS, ARNS.items()):
            text, places = deployed(definition, arn)
            file = pathlib.Path(folder) / f"{kind}.asl.json"
            file.write_text(text, encoding="utf-8")
            found = [
                name
                for name, command in {
                    "statelint": [arguments.statelint, file],
                    "asl-validator": [arguments.asl_validator, "--json-path", file],
                }.items()
                if not run(name, command)
            ]
            verdict = f"not well formed ({', '.join(found)})" if found else "well formed (statelint, asl-validator)"
            print(f"{definition.name} with {kind} in {places} Task states: {verdict}")
            good = good and not found
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
