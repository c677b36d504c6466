"""Tries what the unit tests of the workers did not find with their properties, and compares what is left with the list.

usage: mutation_survivors.py COPY LIST LEAST

COPY is the folder in which tests/mutation has changed the code, LIST a table with tabs: file, change, line of the source,
reason. Fails if LIST has a row whose line is in its file no more, or if a change survived that LIST lacks and fewer than
LEAST per cent of the changes were found: a shard of twenty changes says little of one, and all of them must be listed.
"""

import json
import pathlib
import subprocess
import sys

PROPERTIES = ["cargo", "test", "--quiet", "--offline", "--workspace", "--test", "properties"]
# A property that loops has found the change too.
SECONDS = 120


def patched(copy, diff, *flags):
    subprocess.run(["patch", "--silent", "-p0", *flags, "-i", diff], cwd=copy, check=True)


def properties_find(copy, diff):
    patched(copy, diff)
    try:
        tried = subprocess.run(PROPERTIES, cwd=copy, capture_output=True, timeout=SECONDS)
        return tried.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        patched(copy, diff, "--reverse")


def was_tested(outcome):
    """Not if the build ran out of time: that says nothing of the tests."""
    return outcome["phase_results"][-1]["phase"] == "Test"


def identity(copy, mutant):
    """A change by file, words and source line: line numbers move."""
    file = mutant["file"]
    lines = (copy / file).read_text(encoding="utf-8").splitlines()
    words = mutant["name"].split(": ", 1)[1]
    return file, words, lines[mutant["span"]["start"]["line"] - 1].strip()


def known(copy, path):
    listed = set()
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not row or row.startswith("#"):
            continue
        fields = row.split("\t")
        if len(fields) != 4 or not all(fields):
            sys.exit(f"{path}:{number}: expected file, change, source line and reason with tabs between, found {row!r}")
        file, change, line, _reason = fields
        source = copy / file
        lines = source.read_text(encoding="utf-8").splitlines() if source.exists() else []
        if line not in (one.strip() for one in lines):
            sys.exit(f"{path}:{number}: {file} has no line {line!r} any more; delete the row, or write the line of now")
        listed.add((file, change, line))
    return listed


def main():
    copy, path = map(pathlib.Path, sys.argv[1:3])
    least = int(sys.argv[3])
    listed = known(copy, path)
    results = copy / "results" / "mutants.out"
    outcomes = json.loads((results / "outcomes.json").read_text(encoding="utf-8"))["outcomes"]
    tried = [one for one in outcomes if one["summary"] in ("CaughtMutant", "MissedMutant", "Timeout") and was_tested(one)]
    missed = [one for one in tried if one["summary"] == "MissedMutant"]
    names = [identity(copy, one["scenario"]["Mutant"]) for one in missed]
    survivors = []
    for one, name in zip(missed, names):
        if name in listed or not properties_find(copy, (results / one["diff_path"]).resolve()):
            survivors.append((one["scenario"]["Mutant"]["name"], name))
    if not tried:
        sys.exit("no change was tried")
    new = [name for name in survivors if name[1] not in listed]
    found = len(tried) - len(survivors)
    share = 100 * found / len(tried)
    print(f"{found} of {len(tried)} changes found ({share:.0f} %), {len(survivors) - len(new)} known survivors.")
    if new:
        print(f"Survived, and not in {path}. Write a test that fails with the change:")
        for words, (_, _, line) in new:
            print(f"{words}\t{line}")
        if share < least:
            sys.exit(f"fewer than {least} % were found")


main()
