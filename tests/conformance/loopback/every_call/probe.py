"""Asks the account which calls it serves: all that AWS's models have are sent once, with as little in them as may be."""

import botocore.endpoint
import botocore.exceptions
import botocore.parsers
from botocore import xform_name

from loopback.account import client

NOT_IMPLEMENTED = 501
# How the account refuses a call, or a service, that it does not know; other refusals are about members. What is not
# signed at all, as some calls of STS, it does not know either.
UNKNOWN = (b"does not know the call", b"does not know the target", b"does not know the service",
           b"MissingAuthenticationToken")
# Services whose protocol has no name for the call: there whatever is not implemented is unknown.
REST = {"lambda", "s3"}


class LastAnswer:
    """Status and body of the last answer, as it came over the wire."""

    def __init__(self):
        self.status, self.body = 0, b""
        self.convert = botocore.endpoint.convert_to_response_dict

    def __enter__(self):
        botocore.endpoint.convert_to_response_dict = self.keep
        return self

    def __exit__(self, *_):
        botocore.endpoint.convert_to_response_dict = self.convert

    def keep(self, response, model):
        """Takes an answer, and hands it on."""
        self.status = response.status_code
        self.body = b"" if response.status_code < 300 and model.has_streaming_output else response.content
        return self.convert(response, model)


def served_calls(services):
    """The (service, operation) pairs that are not refused as unknown."""
    served = set()
    with LastAnswer() as last:
        for service in services:
            asked = client(service)
            for operation in asked.meta.service_model.operation_names:
                if is_served(asked, operation, last):
                    served.add((service, operation))
    return served


def is_served(asked, operation, last):
    """Whether the account knows the operation, whatever it answers to empty members."""
    model = asked.meta.service_model.operation_model(operation)
    members = {} if model.input_shape is None else least(model.input_shape)
    last.status = 0
    try:
        getattr(asked, xform_name(operation))(**members)
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError):
        # What it means is in the answer; without one the call does not come to loopback at all.
        pass
    if last.status == 0:
        return False
    if asked.meta.service_model.service_name in REST:
        return last.status != NOT_IMPLEMENTED
    return not (last.status >= 300 and any(unknown in last.body for unknown in UNKNOWN))


def least(shape, depth=0):
    """A value of the shape with only its required members."""
    kind = shape.type_name
    if kind == "structure":
        return {name: least(shape.members[name], depth + 1) for name in shape.required_members}
    if kind == "list":
        count = shape.metadata.get("min", 0)
        return [least(shape.member, depth + 1) for _ in range(count)] if depth < 6 else []
    if kind == "map":
        return {}
    if kind in ("string", "character"):
        choices = getattr(shape, "enum", None)
        return choices[0] if choices else "x" * max(shape.metadata.get("min", 1), 1)
    if kind == "blob":
        return b""
    if kind == "boolean":
        return False
    if kind == "timestamp":
        return 0
    return max(shape.metadata.get("min", 1), 1)
