"""The benchmark: see tests/bench."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import account_speed
import calls
import cold_starts
import sizes
from lambda_host import LambdaHost
from scene import Scene, account

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "target" / "release" / "ecs-rollout"
ZIPS = {worker: ROOT / "target" / "lambda" / worker / "bootstrap.zip" for worker in cold_starts.WORKERS}


def main():
    options = read_options()
    if not options.without_build:
        build()
    targets = []
    with tempfile.TemporaryDirectory() as folder:
        binaries = unpack(Path(folder))
        with account(PROGRAM, folder) as address:
            scene = Scene(address, json.loads((ROOT / "template" / "parameters.example.json").read_text()))
            measured = cold_starts.measure(LambdaHost(), scene, binaries, options.rounds)
            rows, reached = cold_starts.table(measured)
            title = f"Cold starts: process start to first next call, to first answer, in ms; {options.rounds} rounds"
            tell(title, rows)
            targets += reached
            tell(f"Account on loopback, {account_speed.CONNECTIONS} connections", account_speed.table(scene))
    rows, reached = sizes.table(ZIPS)
    tell("Zips", rows)
    targets += reached
    rows, reached = calls.table(PROGRAM)
    tell("API calls per replaced instance", rows)
    targets += reached
    rows = [[what, figure, wanted, "reached" if is_reached else "NOT REACHED"]
            for what, figure, wanted, is_reached in targets]
    tell("Targets", [["target", "measured", "wanted", ""], *rows])


def read_options():
    parser = argparse.ArgumentParser(description="Measures the workers against Python handlers.")
    parser.add_argument("--rounds", type=int, default=15, help="starts of each function in each language")
    parser.add_argument("--without-build", action="store_true", help="take the binaries and zips that are there")
    return parser.parse_args()


def build():
    flag = "--arm64" if platform.machine() in ("arm64", "aarch64") else "--x86-64"
    zips = [
        "cargo", "lambda", "build", "--quiet", "--profile", "lambda", flag, "--output-format", "zip",
        "--package", "ecs-rollout-workers",
    ]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in (["cargo", "build", "--release", "--quiet"], zips):
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def unpack(folder):
    """The executables out of the zips, as Lambda would have them."""
    binaries = {}
    for worker, path in ZIPS.items():
        if not path.exists():
            sys.exit(f"bench: there is no {path}; run without --without-build")
        with zipfile.ZipFile(path) as archive:
            archive.extract("bootstrap", folder / worker)
        binaries[worker] = folder / worker / "bootstrap"
        binaries[worker].chmod(0o755)
    return binaries


def tell(title, rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n{title}", flush=True)
    for row in rows:
        first, *others = (cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths)))
        print("  ".join([first, *others]).rstrip(), flush=True)


if __name__ == "__main__":
    main()
