#!/usr/bin/env python3
"""Makes the zips as docs/deploy.md says, and packages the template with them, as far as that goes without an account.

usage: package.py [--architecture x86_64|arm64] [--profile lambda|release] [--without-build] [--s3 URL]

URL is an S3 on loopback; without it moto's is started. Checked are: there is one zip for each function of the template,
and no other; each is under 3 MB and holds an executable `bootstrap` for the architecture, and nothing else; `aws
cloudformation package` uploads them, the definitions and the nested templates, each as it is; the template that it writes
names all of them and no file any more, and has no findings.
"""

import argparse
import logging
import os
import platform
import struct
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import boto3
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parent.parent
ZIPS = ROOT / "target" / "lambda"
TOOLS = Path(sys.executable).parent
BUCKET = "artifacts"
MOST_BYTES = 3_000_000

# e_machine of an ELF header, and cargo-lambda's flag, by architecture as Lambda spells it.
MACHINES = {"x86_64": (62, "--x86-64"), "arm64": (183, "--arm64")}


def main():
    options = read_options()
    functions = functions_of((ROOT / "template" / "workflow.yaml").read_text())
    if not options.without_build:
        build(options)
    check_zips(functions, options.architecture)
    with s3(options.s3) as environment, tempfile.TemporaryDirectory() as folder:
        client = boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
                              aws_access_key_id="AKIAOPERATOR", aws_secret_access_key="none")
        if not options.s3:
            client.create_bucket(Bucket=BUCKET)
        packaged = Path(folder) / "packaged.yaml"
        package(packaged, environment)
        nested = []
        for name, text in check_packaged(packaged, functions, client).items():
            nested.append(Path(folder) / f"{name}.yaml")
            nested[-1].write_bytes(text)
        lint(packaged, *nested)


def read_options():
    own = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=MACHINES, default=own)
    parser.add_argument("--profile", choices=["lambda", "release"], default="lambda")
    parser.add_argument("--without-build", action="store_true", help="take the zips that are there")
    parser.add_argument("--s3", metavar="URL", help="an S3 on loopback that has the bucket " + BUCKET)
    return parser.parse_args()


def build(options):
    command = [
        "cargo", "lambda", "build", "--profile", options.profile, MACHINES[options.architecture][1],
        "--output-format", "zip", "--package", "ecs-rollout-workers",
    ]
    environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def functions_of(text):
    """The functions of a template: logical name to Code."""
    resources = yaml_parse(text)["Resources"]
    return {
        name: one["Properties"]["Code"] for name, one in resources.items() if one["Type"] == "AWS::Lambda::Function"
    }


def check_zips(functions, architecture):
    named = {(ROOT / "template" / code).resolve() for code in functions.values()}
    made = {path.resolve() for path in ZIPS.glob("*/bootstrap.zip")}
    need(named == made, f"the template names the zips {names(named)}, and there are {names(made)}")
    for path in sorted(made):
        size = path.stat().st_size
        need(size < MOST_BYTES, f"{path} has {size} bytes, and may have fewer than {MOST_BYTES}")
        with zipfile.ZipFile(path) as archive:
            check_bootstrap(path, archive, architecture)
        print(f"{path.parent.name:16} {size / 1e6:5.2f} MB, bootstrap for {architecture}")


def check_bootstrap(path, archive, architecture):
    need(archive.namelist() == ["bootstrap"], f"{path} holds {archive.namelist()}, not just bootstrap")
    mode = archive.getinfo("bootstrap").external_attr >> 16
    need(mode & 0o555 == 0o555, f"bootstrap in {path} has mode {mode:o}: not executable by everybody")
    head = archive.read("bootstrap")[:20]
    need(head[:4] == b"\x7fELF", f"bootstrap in {path} is no ELF executable")
    machine = struct.unpack_from("<H", head, 18)[0]
    need(machine == MACHINES[architecture][0], f"bootstrap in {path} is for ELF machine {machine}, not {architecture}")


@contextmanager
def s3(address):
    """The environment in which the AWS CLI talks to the S3 at `address`, or to moto's."""
    own = None
    if not address:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        own = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        own.start()
        host, port = own.get_host_and_port()
        address = f"http://{host}:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "AKIAOPERATOR", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
    yield {**os.environ, **keys, "AWS_ENDPOINT_URL": address}
    if own:
        own.stop()


def package(packaged, environment):
    command = [
        str(TOOLS / "aws"), "cloudformation", "package", "--template-file", "template/ecs-cluster.yaml",
        "--s3-bucket", BUCKET, "--output-template-file", str(packaged),
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    need(done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


def check_packaged(packaged, functions, client):
    """Follows every artifact from the packaged template into the bucket, and compares it with its file.

    Returns the nested templates, as they lie there, by their stacks' names.
    """
    outer = yaml_parse(packaged.read_text())
    nested = {name: one for name, one in outer["Resources"].items() if one["Type"] == "AWS::CloudFormation::Stack"}
    need(sorted(nested) == ["Operator", "Workflow"], f"the nested stacks in {packaged} are {sorted(nested)}")
    texts = {}
    for name, stack in nested.items():
        address = stack["Properties"]["TemplateURL"]
        need(f"/{BUCKET}/" in address, f"TemplateURL of {name} is {address}, not in bucket {BUCKET}")
        texts[name] = fetch(client, address.rsplit("/", 1)[1])
    inner = yaml_parse(texts["Workflow"].decode())["Resources"]
    for name, code in functions.items():
        place = inner[name]["Properties"]["Code"]
        same_file(client, place, ("S3Bucket", "S3Key"), ROOT / "template" / code, f"Code of {name}")
    machines = [one for one in inner.values() if one["Type"] == "AWS::StepFunctions::StateMachine"]
    for machine in machines:
        # A machine is called after its definition, and after the cluster.
        name = machine["Properties"]["StateMachineName"]
        name = str(name.get("Fn::Sub") if isinstance(name, dict) else name).rsplit("}-", 1)[-1]
        definition = ROOT / "statemachine" / f"{name}.asl.json"
        place = machine["Properties"]["DefinitionS3Location"]
        same_file(client, place, ("Bucket", "Key"), definition, "DefinitionS3Location")
    print(f"packaged: {len(functions)} functions, {len(machines)} definitions, {len(texts)} nested templates, all in the bucket")
    return texts


def same_file(client, place, keys, path, what):
    need(isinstance(place, dict) and place.get(keys[0]) == BUCKET, f"{what} is {place} after packaging")
    need(fetch(client, place[keys[1]]) == path.read_bytes(), f"{what}: {place} in the bucket is not {path}")


def fetch(client, key):
    return client.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def lint(*templates):
    subprocess.run([str(TOOLS / "cfn-lint"), "--", *map(str, templates)], check=True)
    print(f"cfn-lint: no finding in the {len(templates)} packaged templates")


def names(paths):
    return sorted(path.parent.name for path in paths)


def need(condition, sentence):
    if not condition:
        sys.exit(f"package.py: {sentence}")


if __name__ == "__main__":
    main()
