"""Deploys a release's templates as a user does, by `aws s3 cp` and `aws cloudformation deploy`, to the account on loopback,
and rolls the cluster. The functions are those of the debug build, in zips that release/archive.py makes.

usage: released.py [--binaries target/debug] [--speed 60]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from loopback.account import ROOT, WORKERS, Failed, account, aws, client
from wire import AMI_PARAMETER, BUCKET, ROLE, delete, must, roll

sys.path.append(str(ROOT / "release"))
from archive import zip_of  # noqa: E402
from templates import TEMPLATES, release_files  # noqa: E402

VERSION = "7.8.9"
PREFIX = "elsewhere/"
STACK = "ecs-cluster"
CLUSTER = "DevCluster"


def lay_out(folder, binaries):
    """The folder that a user unpacks."""
    for name, content in release_files(VERSION).items():
        (folder / name).write_bytes(content)
    # The account runs what this machine can run, whatever the zips are for.
    functions = folder / "x86_64"
    functions.mkdir()
    for name in WORKERS:
        binary = pathlib.Path(binaries) / name
        if not binary.is_file():
            raise Failed(f"{binary} is missing; build it with `cargo build --workspace`")
        (functions / f"{name}.zip").write_bytes(zip_of({"bootstrap": binary.read_bytes()}, 0))


def lint(folder):
    """No finding in the templates, without an exception for local paths."""
    tool = pathlib.Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([tool, "--", *(folder / name for name in TEMPLATES)], capture_output=True, text=True, check=False)
    must(done.returncode == 0, f"cfn-lint says of the release's templates: {done.stdout}{done.stderr}")


def deploy(folder):
    """Two commands: copy, and deploy."""
    aws("s3api", "create-bucket", "--bucket", BUCKET, "--create-bucket-configuration", "LocationConstraint=eu-west-1")
    public = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    ami = aws("ssm", "get-parameter", "--query", "Parameter.Value", "--output", "text", "--name", public).strip()
    aws("ssm", "put-parameter", "--name", AMI_PARAMETER, "--type", "String", "--value", ami)
    aws("s3", "cp", "--recursive", "--only-show-errors", folder, f"s3://{BUCKET}/{PREFIX}{VERSION}")
    parameters = json.loads((folder / "parameters.example.json").read_text())
    # Version 1 of the AWS CLI, which PyPI has, takes no file of parameters here; version 2 does.
    overrides = [f"{one['ParameterKey']}={one['ParameterValue']}" for one in parameters]
    must(f"ArtifactBucket={BUCKET}" in overrides, f"the example names the bucket {overrides[0]}")
    aws("cloudformation", "deploy", "--stack-name", STACK, "--template-file", folder / "ecs-cluster.yaml", "--s3-bucket", BUCKET,
        "--parameter-overrides", *overrides, f"ArtifactPrefix={PREFIX}", "--capabilities", "CAPABILITY_IAM", "--role-arn", ROLE)


def check_outputs():
    """The stack names its release and its interface version."""
    outputs = client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    names = {one["OutputKey"]: one["OutputValue"] for one in outputs}
    must(names.get("InterfaceVersion", "").isdecimal() and names.get("ReleaseVersion"), f"the stack's outputs are {names}")


def main():
    """Reads the flags, deploys, rolls, deletes."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--binaries", type=pathlib.Path, default=ROOT / "target" / "debug")
    flags.add_argument("--speed", type=int, default=60)
    asked = flags.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder, account(asked.binaries, asked.speed, "--run-uploaded-code"):
            folder = pathlib.Path(folder)
            lay_out(folder, asked.binaries)
            lint(folder)
            deploy(folder)
            check_outputs()
            roll(STACK, CLUSTER)
            delete(STACK)
    except Failed as failed:
        print(f"FAILED: {failed}")
        return 1
    print("a release was copied, deployed, rolled and deleted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
