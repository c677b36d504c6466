"""API calls per replaced instance, in rehearsals of clusters of several sizes."""

import json
import subprocess
import time

SIZES = (10, 100, 1000)
WITHIN = 0.20


def table(program):
    """Rows of text, and whether the largest number of calls is within the target of the smallest."""
    rows = [["instances", "batch", "API calls per instance", "wall seconds"]]
    calls = []
    for size in SIZES:
        began = time.perf_counter()
        report = rehearse(program, size)
        calls.append(report["apiCallsPerInstance"])
        rows.append([str(size), str(size // 10), f"{calls[-1]:.1f}", f"{time.perf_counter() - began:.1f}"])
    spread = max(calls) / min(calls) - 1
    return rows, [("API calls per instance, most over fewest", f"{spread:+.0%}", f"at most +{WITHIN:.0%}", spread <= WITHIN)]


def rehearse(program, size):
    command = [str(program), "rehearse", "--instances", str(size), "--batch", str(size // 10), "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr or done.stdout}")
    return json.loads(done.stdout)
