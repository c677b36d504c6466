"""The templates of a release: what they name lies in a bucket of yours, under a path that has the release's version.

`aws cloudformation package` uploads the local files that a template names, and needs a checkout with everything built.
A release's templates take the bucket as a parameter instead. The version stands in the template and not in a parameter,
because `aws cloudformation deploy` keeps earlier values of parameters: an update to a newer template would keep the old
functions.
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ["ecs-cluster.yaml", "workflow.yaml", "operator.yaml", "service-role.yaml"]
DEFINITIONS = ["lifecycle.asl.json", "reconcile.asl.json"]

# Lints of the packaged templates need no exception for local paths.
LOCAL_PATHS = re.compile(r"  # W3002: local paths, .*\n  cfn-lint: .*\n")
LOCAL_PATHS_ALONE = re.compile(r"Metadata:\n" + LOCAL_PATHS.pattern + r"\n")
NESTED = re.compile(r"^( +)TemplateURL: ([a-z-]+\.yaml)$", re.MULTILINE)
CODE = re.compile(r"^( +)Code: \.\./target/lambda/([a-z-]+)/bootstrap\.zip$", re.MULTILINE)
DEFINITION = re.compile(r"^( +)DefinitionS3Location: \.\./statemachine/([a-z.]+\.json)$", re.MULTILINE)
LOCAL = re.compile(r"^ +(?:Code|TemplateURL|DefinitionS3Location): (?!!Sub )\S.*$", re.MULTILINE)

PARAMETERS = """\
  ArtifactBucket:
    Type: String
    Description: Bucket, in the stack's Region, into which the files of the release were copied.
    AllowedPattern: ^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$
    ConstraintDescription: is the name of a bucket, without dots.
  ArtifactPrefix:
    Type: String
    Description: Where in the bucket the releases lie, with a slash at the end; below it is a folder for each version.
    AllowedPattern: ^$|^[A-Za-z0-9_.-][A-Za-z0-9/_.-]{0,254}/$
    ConstraintDescription: is empty, or letters, digits, hyphens, underscores, dots and slashes, and ends with a slash.
    Default: ecs-rollout/
"""


def release_files(version):
    """The files of a release that are the same for every processor: name to bytes.

    Raises ValueError if a template names a local file in a form that is not known here.
    """
    files = {name: packaged(name, version).encode() for name in TEMPLATES}
    for name in DEFINITIONS:
        files[name] = (ROOT / "statemachine" / name).read_bytes()
    files["parameters.example.json"] = example_parameters().encode()
    return files


def example_parameters():
    """The parameters to begin with, with the bucket in front."""
    text = (ROOT / "template" / "parameters.example.json").read_text()
    text = text.replace("[\n", '[\n  {"ParameterKey": "ArtifactBucket", "ParameterValue": "my-artifacts"},\n', 1)
    json.loads(text)
    return text


def packaged(name, version):
    """The text of a template, with every local file replaced by its place in the bucket."""
    text = (ROOT / "template" / name).read_text()
    changed = CODE.sub(lambda found: place(found, "Code", "S3", f"{version}/${{Architecture}}/{found[2]}.zip"), text)
    changed = DEFINITION.sub(lambda found: place(found, "DefinitionS3Location", "", f"{version}/{found[2]}"), changed)
    changed = NESTED.sub(lambda found: f"{found[1]}TemplateURL: !Sub {url(version, found[2])}", changed)
    if left := LOCAL.search(changed):
        raise ValueError(f"template/{name} names a local file in a form that release/templates.py does not know: {left[0].strip()}")
    if changed == text:
        return text
    changed = LOCAL_PATHS_ALONE.sub("", changed)
    changed = LOCAL_PATHS.sub("", changed)
    changed = must_replace(name, changed, "\nParameters:\n", f"\nParameters:\n{PARAMETERS}")
    changed = must_replace(name, changed, "    ParameterGroups:\n", "    ParameterGroups:\n"
                           "      - Label: {default: Files of the release}\n"
                           "        Parameters: [ArtifactBucket, ArtifactPrefix]\n")
    if name == "ecs-cluster.yaml":
        # The operators' stack has no files, the workflow's has.
        nested = f"TemplateURL: !Sub {url(version, 'workflow.yaml')}\n      Parameters:\n"
        handed = "        ArtifactBucket: !Ref ArtifactBucket\n        ArtifactPrefix: !Ref ArtifactPrefix\n"
        changed = must_replace(name, changed, nested, nested + handed)
    return changed


def place(found, member, start, key):
    """The member of a resource that names an object in the bucket."""
    indent = found[1]
    return (
        f"{indent}{member}:\n"
        f"{indent}  {start}Bucket: !Ref ArtifactBucket\n"
        f"{indent}  {start}Key: !Sub ${{ArtifactPrefix}}{key}"
    )


def url(version, name):
    """The address of a nested template."""
    return f"https://${{ArtifactBucket}}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}/${{ArtifactPrefix}}{version}/{name}"


def must_replace(name, text, old, new):
    """`text` with `old`, which is there once, replaced."""
    if text.count(old) != 1:
        raise ValueError(f"template/{name} has {text.count(old)} times, wanted once: {old.strip()}")
    return text.replace(old, new)
