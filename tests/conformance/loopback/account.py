"""The account on loopback as a process, and AWS's own clients for it: boto3, and the AWS CLI inside this process."""

import contextlib
import io
import os
import pathlib
import sys
import tempfile
import zipfile

from loopback.start import credentials, start

ROOT = pathlib.Path(__file__).resolve().parents[3]
# The functions of the template: what `package` looks for a zip of.
WORKERS = ["joined", "draining", "drained", "stable", "complete-action", "reconcile"]
REGION = "eu-west-1"


class Failed(Exception):
    """What differs, or what is missing, in a sentence."""


def environment(url, key):
    """What a client needs in its environment to reach the account, and nothing else of AWS."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **credentials(key),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def forget_keys():
    """Lets boto3 read the environment again: its default session keeps the keys of the account before this one."""
    import boto3

    boto3.setup_default_session()


@contextlib.contextmanager
def account(binaries, speed, *flags):
    """Runs the account until the end of the block. Gives its URL, and points this process's clients at it."""
    program = pathlib.Path(binaries) / "ecs-rollout"
    if not program.is_file():
        raise Failed(f"{program} is missing; build it with `cargo build --workspace`")
    with tempfile.TemporaryFile("w+") as log:
        try:
            process, url, key = start(program, "--speed", speed, *flags, stderr=log)
        except ValueError as error:
            log.seek(0)
            raise Failed(f"{error}\n{log.read()}") from error
        try:
            os.environ.update(environment(url, key))
            forget_keys()
            yield url
        except BaseException:
            log.seek(0)
            sys.stderr.write("the account's last lines:\n" + "".join(log.readlines()[-15:]))
            raise
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()


def aws(*arguments, code=0):
    """Runs the AWS CLI in this process, so that its answers are watched too. Gives what it prints."""
    try:
        from awscli.clidriver import create_clidriver
    except ImportError as error:
        raise Failed(f"the AWS CLI is missing ({error}): pip install -r tests/requirements.txt") from error
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    errors = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            got = create_clidriver().main([str(argument) for argument in arguments])
        except SystemExit as ended:
            got = ended.code
    out.flush()
    printed = out.buffer.getvalue().decode()
    if got != code:
        raise Failed(f"aws {' '.join(map(str, arguments))}: exit code {got}, wanted {code}\n{printed}{errors.getvalue()}")
    return printed if code == 0 else errors.getvalue()


def client(service):
    """A boto3 client that does not retry, so that nothing is hidden."""
    import boto3
    from botocore.config import Config

    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}))


def copy_templates(folder, binaries):
    """Templates, definition, and zips of the workers as this machine built them, where `package` looks for them."""
    for part in ["template", "statemachine"]:
        for file in (ROOT / part).iterdir():
            target = folder / part / file.name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(file.read_bytes())
    for name in WORKERS:
        binary = pathlib.Path(binaries) / name
        if not binary.is_file():
            raise Failed(f"{binary} is missing; build it with `cargo build --workspace`")
        target = folder / "target" / "lambda" / name / "bootstrap.zip"
        target.parent.mkdir(parents=True)
        # Quickly: what is unoptimised and unstripped is large.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            file.write(binary, "bootstrap")
