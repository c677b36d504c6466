"""Compiles what a release has, for one processor at a time, so that the bytes do not depend on folders or on the time."""

import os
import shutil
import struct
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "release"
REQUIREMENTS = ROOT / "release" / "requirements.txt"
SBOM_TOOL = "0.5.9"
WORKERS = ["complete-action", "drained", "draining", "joined", "reconcile", "stable"]
BINARIES = ["ecs-rollout", "activity-worker"]
# Separates flags in CARGO_ENCODED_RUSTFLAGS, since a path may have spaces.
UNIT_SEPARATOR = "\x1f"
INTERPRETER = 3


class Failed(Exception):
    """What cannot be built, why, and the way out."""


@dataclass(frozen=True)
class Architecture:
    """A processor, and what others call it."""

    name: str
    machine: int
    cargo_lambda: str
    functions: str
    static: str


ARCHITECTURES = {
    "x86_64": Architecture("x86_64", 62, "--x86-64", "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl"),
    "arm64": Architecture("arm64", 183, "--arm64", "aarch64-unknown-linux-gnu", "aarch64-unknown-linux-musl"),
}


def install_tools():
    """The pinned tools of the release, in .tools/release of the checkout."""
    installed = TOOLS / "requirements.txt"
    if not installed.exists() or installed.read_bytes() != REQUIREMENTS.read_bytes():
        shutil.rmtree(TOOLS, ignore_errors=True)
        run(sys.executable, "-m", "venv", TOOLS)
        run(TOOLS / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS)
        shutil.copy(REQUIREMENTS, installed)


def require_targets(architecture):
    """Installs Rust's standard library for a processor, where rustup has not yet."""
    for target in (architecture.functions, architecture.static):
        if has_target(target):
            continue
        added = subprocess.run(["rustup", "target", "add", target], capture_output=True, text=True, check=False) \
            if shutil.which("rustup") else None
        if not has_target(target):
            cause = added.stderr.strip().splitlines()[-1] if added and added.stderr.strip() else "there is no rustup"
            raise Failed(
                f"{architecture.name} cannot be built here: Rust's standard library for {target} is missing, and could not "
                f"be installed ({cause}). Install it with `rustup target add {target}`, or name another processor with "
                "--architecture"
            )


def has_target(target):
    found = subprocess.run(["rustc", "--print", "target-libdir", "--target", target], capture_output=True, text=True, check=False)
    return found.returncode == 0 and any(Path(found.stdout.strip()).glob("libstd-*"))


def environment(target_folder, epoch):
    """The environment of cargo, without anything that would leave a trace in a binary."""
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    # The last prefix that matches wins.
    renamed = [(cargo_home, "/cargo"), (ROOT, "/source"), (target_folder, "/target")]
    cleared = {name: text for name, text in os.environ.items() if "RUSTFLAGS" not in name and not name.startswith("CARGO_PROFILE")}
    return {
        **cleared,
        "PATH": f"{TOOLS / 'bin'}:{os.environ['PATH']}",
        "CARGO_TARGET_DIR": str(target_folder),
        "CARGO_INCREMENTAL": "0",
        "CARGO_ENCODED_RUSTFLAGS": UNIT_SEPARATOR.join(f"--remap-path-prefix={path}={name}" for path, name in renamed),
        "CFLAGS": " ".join(f"-ffile-prefix-map={path}={name}" for path, name in renamed),
        "SOURCE_DATE_EPOCH": str(epoch),
        "TZ": "UTC",
        "LC_ALL": "C",
    }


def build_functions(architecture, target_folder, epoch):
    """The binaries of the six functions by name, built as docs/deploy.md and tests/package.py build them."""
    folder = target_folder / "functions" / architecture.name
    run("cargo", "lambda", "build", "--locked", "--profile", "lambda", architecture.cargo_lambda, "--output-format", "zip",
        "--package", "ecs-rollout-workers", "--lambda-dir", folder, environment=environment(target_folder, epoch))
    made = sorted(path.parent.name for path in folder.glob("*/bootstrap.zip"))
    if made != WORKERS:
        raise Failed(f"cargo lambda made the functions {made}, wanted {WORKERS}: correct WORKERS in release/toolchain.py")
    binaries = {}
    for name in WORKERS:
        with zipfile.ZipFile(folder / name / "bootstrap.zip") as archive:
            binaries[name] = archive.read("bootstrap")
        check_machine(name, binaries[name], architecture)
    return binaries


def build_static(architecture, target_folder, epoch):
    """The static binaries, the operator's tool and the activity worker, by name."""
    run("cargo", "zigbuild", "--locked", "--profile", "dist", "--target", architecture.static, "--bins",
        "--package", "ecs-rollout", "--package", "ecs-rollout-activity-worker", environment=environment(target_folder, epoch))
    folder = target_folder / architecture.static / "dist"
    binaries = {name: (folder / name).read_bytes() for name in BINARIES}
    for name, binary in binaries.items():
        check_machine(name, binary, architecture)
        check_static(name, binary)
    return binaries


def check_machine(name, binary, architecture):
    """An ELF executable for this processor."""
    machine = struct.unpack_from("<H", binary, 18)[0] if binary[:4] == b"\x7fELF" else None
    if machine != architecture.machine:
        raise Failed(f"{name} is built for ELF machine {machine}, not {architecture.machine} ({architecture.name})")


def check_static(name, binary):
    """No program header names a loader: the binary runs in an image that has nothing else."""
    start, = struct.unpack_from("<Q", binary, 32)
    size, count = struct.unpack_from("<HH", binary, 54)
    kinds = [struct.unpack_from("<I", binary, start + size * at)[0] for at in range(count)]
    if INTERPRETER in kinds:
        raise Failed(f"{name} is not static: it names a loader")


def certificates():
    """The root certificates of Mozilla, as the pinned certifi has them."""
    code = "import certifi; print(certifi.where())"
    found = subprocess.run([TOOLS / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip()).read_bytes()


def run(*command, environment=None):
    """Runs a command, whose output is this program's."""
    command = [str(word) for word in command]
    print(f"== {' '.join(command)}", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]} is missing: {error}. Install Rust by rustup (https://rustup.rs)") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with exit code {done.returncode}; its output is above")
