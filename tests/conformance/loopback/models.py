"""Checks every answer that botocore gets, as it came over the wire, against AWS's own service models.

`watch()` hooks into botocore, and so into boto3 and the AWS CLI alike. A finding is a member, element, error code or
enum value that the model does not know, a required member that is missing, or a value of another type than the model's.
"""

import collections
import json
import re
import threading
import xml.etree.ElementTree as ElementTree

import botocore.endpoint

# Errors that every service may answer, and which the models leave out.
COMMON_ERRORS = {
    "AccessDenied", "AccessDeniedException", "Throttling", "ThrottlingException", "ValidationError", "ValidationException",
}
STACK_STATUSES = {
    "REVIEW_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
}
# What AWS answers and its own models leave out. Recorded: radkawar/stackd testdata/aws/autoscaling, 2026-09.
ANSWERED_ALL_THE_SAME = {"ScalingActivityStatusCode": {"MidTerminatingLifecycleAction"}}
# The one error that AWS answers without a message. Recorded: radkawar/stackd testdata/aws/ssm, 2026-09.
WITHOUT_MESSAGE = {"ParameterNotFound"}
INTEGERS = {"integer", "long"}
FLOATS = {"double", "float"}


class Watch:
    """The findings, and what was checked."""

    def __init__(self):
        self.findings = collections.Counter()
        self.calls = collections.Counter()
        self.errors = collections.Counter()
        self.lock = threading.Lock()

    def answer(self, model, status, headers, body):
        """Checks one answer."""
        service = model.service_model.service_name
        with self.lock:
            self.calls[service, model.name] += 1
            if status >= 300:
                self.errors[service, model.name] += 1
            for finding in answer_findings(model, status, headers, body):
                self.findings[f"{service}:{model.name}: {finding}"] += 1


def watch():
    """Starts to check every answer of every client of this process."""
    seen = Watch()
    convert = botocore.endpoint.convert_to_response_dict

    def checked(response, model):
        # botocore converts each answer twice: to parse it, and for those who might want to retry.
        if getattr(response, "was_checked", False):
            return convert(response, model)
        response.was_checked = True
        streams = model.has_streaming_output and response.status_code < 300
        seen.answer(model, response.status_code, response.headers, None if streams else response.content)
        return convert(response, model)

    botocore.endpoint.convert_to_response_dict = checked
    return seen


def answer_findings(model, status, headers, body):
    """What is wrong with one answer."""
    protocol = model.service_model.resolved_protocol
    if not any(name.lower() in ("x-amzn-requestid", "x-amz-request-id") for name in headers):
        yield "the answer carries no request id"
    if "date" not in {name.lower() for name in headers}:
        yield "the answer carries no Date"
    if status >= 300:
        yield from error_findings(model, protocol, headers, body)
    elif body is not None and model.output_shape is not None:
        yield from {"query": query, "ec2": ec2, "json": plain_json, "rest-json": rest_json, "rest-xml": rest_xml}[protocol](model, body)


def error_findings(model, protocol, headers, body):
    """What is wrong with an error: its shape, and whether the model knows its code."""
    if protocol == "query":
        root = ElementTree.fromstring(body)
        if root.tag != "ErrorResponse" or [child.tag for child in root] != ["Error", "RequestId"]:
            yield f"an error is no ErrorResponse: {body[:200]}"
            return
        code, message = (root.findtext(f"Error/{name}") for name in ("Code", "Message"))
    elif protocol == "ec2":
        root = ElementTree.fromstring(body)
        if root.tag != "Response" or [child.tag for child in root] != ["Errors", "RequestID"]:
            yield f"an error is no Response of EC2: {body[:200]}"
            return
        code, message = (root.findtext(f"Errors/Error/{name}") for name in ("Code", "Message"))
    elif protocol == "rest-xml":
        if not body:
            return
        root = ElementTree.fromstring(body)
        code, message = root.findtext("Code"), root.findtext("Message")
    else:
        members = json.loads(body)
        code = headers.get("x-amzn-errortype") or members.get("__type")
        message = members.get("message", members.get("Message"))
    if not message and code not in WITHOUT_MESSAGE:
        yield f"an error without a message: {body[:200]}"
    if code == "NotImplemented":
        yield f"the account does not know it: {message}"
    elif code not in known_errors(model.service_model) | COMMON_ERRORS:
        yield f"no model knows the error {code}"


def known_errors(service):
    """The codes of all errors of a service."""
    codes = {shape.name for shape in service.error_shapes}
    return codes | {shape.metadata.get("error", {}).get("code", shape.name) for shape in service.error_shapes}


def query(model, body):
    """What is wrong with an answer of the Query protocol."""
    root = ElementTree.fromstring(body)
    if bare(root.tag) != f"{model.name}Response":
        yield f"the answer's root is {root.tag}"
    wrapper = model.output_shape.serialization.get("resultWrapper")
    wanted = [wrapper, "ResponseMetadata"] if wrapper else ["ResponseMetadata"]
    if [bare(child.tag) for child in root] != wanted:
        yield f"under the root are {[child.tag for child in root]}, wanted {wanted}"
        return
    if wrapper:
        yield from element(model.output_shape, root[0], "")


def ec2(model, body):
    """What is wrong with an answer of EC2: its members stand beside the request's id."""
    root = ElementTree.fromstring(body)
    if bare(root.tag) != f"{model.name}Response":
        yield f"the answer's root is {root.tag}"
    ids = [child for child in root if bare(child.tag) == "requestId"]
    if len(ids) != 1:
        yield f"the answer has {len(ids)} elements requestId"
    for child in ids:
        root.remove(child)
    yield from element(model.output_shape, root, "")


def rest_xml(model, body):
    """What is wrong with an answer of S3."""
    if body:
        yield from element(model.output_shape, ElementTree.fromstring(body), "")


def plain_json(model, body):
    """What is wrong with an answer in JSON."""
    yield from value(model.output_shape, json.loads(body or b"{}"), "")


def rest_json(model, body):
    """What is wrong with an answer of Lambda whose body is JSON."""
    if body:
        yield from value(model.output_shape, json.loads(body), "")


def bare(tag):
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def element(shape, node, path):
    """What is wrong with an element that should be of `shape`."""
    if shape.type_name == "structure":
        yield from structure(shape, node, path)
    elif shape.type_name == "list":
        name = shape.member.serialization.get("name", "member")
        for number, child in enumerate(node):
            if bare(child.tag) != name:
                yield f"{path}: an item is <{child.tag}>, not <{name}>"
            yield from element(shape.member, child, f"{path}[]")
    elif len(node):
        yield f"{path} has elements, and should be a {shape.type_name}"
    else:
        yield from text(shape, node.text or "", path)


def structure(shape, node, path):
    """What is wrong with an element that should be a structure."""
    members = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    seen = collections.Counter(bare(child.tag) for child in node)
    for child in node:
        tag = bare(child.tag)
        if tag not in members:
            yield f"{path}.{tag} is unknown to the model"
            continue
        member = members[tag][1]
        if member.type_name == "list" and member.serialization.get("flattened"):
            yield from element(member.member, child, f"{path}.{tag}[]")
            continue
        if seen[tag] > 1:
            yield f"{path}.{tag} is there {seen[tag]} times"
        yield from element(member, child, f"{path}.{tag}")
    here = {members[tag][0] for tag in seen if tag in members}
    for name in set(shape.required_members) - here:
        yield f"{path}.{name} is required, and missing"


def text(shape, written, path):
    """What is wrong with a scalar in XML."""
    patterns = {
        "boolean": r"true|false",
        "integer": r"-?\d+",
        "long": r"-?\d+",
        "double": r"-?\d+(\.\d+)?",
        "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    }
    pattern = patterns.get(shape.type_name)
    if pattern and not re.fullmatch(pattern, written):
        yield f"{path} is {written!r}, and should be a {shape.type_name}"
    if shape.type_name == "string":
        yield from enum(shape, written, path)


def enum(shape, written, path):
    """What is wrong with a string."""
    known = set(getattr(shape, "enum", None) or [])
    if shape.name == "ResourceStatus":
        # The events of a stack itself carry its own status; the model leaves these out of the enum.
        known |= STACK_STATUSES
    known |= ANSWERED_ALL_THE_SAME.get(shape.name, set())
    if known and written not in known:
        yield f"{path} is {written!r}, which is none of {sorted(known)}"


def value(shape, given, path):
    """What is wrong with a JSON value that should be of `shape`."""
    kind = shape.type_name
    if kind == "structure" and isinstance(given, dict):
        yield from members_of(shape, given, path)
    elif kind == "list" and isinstance(given, list):
        for item in given:
            yield from value(shape.member, item, f"{path}[]")
    elif kind == "map" and isinstance(given, dict):
        for item in given.values():
            yield from value(shape.value, item, f"{path}{{}}")
    elif not is_scalar(kind, given):
        yield f"{path} is {str(given)[:60]!r}, and should be a {kind}"
    elif kind == "string":
        yield from enum(shape, given, path)


def members_of(shape, given, path):
    """What is wrong with the members of a structure."""
    known = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    for name, item in given.items():
        if name not in known:
            yield f"{path}.{name} is unknown to the model"
        else:
            yield from value(known[name][1], item, f"{path}.{name}")
    for name in shape.required_members:
        if shape.members[name].serialization.get("name", name) not in given:
            yield f"{path}.{name} is required, and missing"


def is_scalar(kind, given):
    """Whether a JSON value is a scalar of that kind."""
    if isinstance(given, bool):
        return kind == "boolean"
    if isinstance(given, str):
        return kind in ("string", "blob", "character")
    if isinstance(given, int):
        return kind in INTEGERS | FLOATS | {"timestamp"}
    return isinstance(given, float) and kind in FLOATS | {"timestamp"}
