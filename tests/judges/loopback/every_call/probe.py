"""Asks the account which calls it serves: all that AWS's models have are sent once, with as little in them as may be."""

import botocore.exceptions

from loopback.account import client

UNKNOWN = "does not know"
# Endpoints that are derived from an account's or a bucket's name, which loopback does not have.
NOT_ON_LOOPBACK = {"s3": {"SelectObjectContent", "WriteGetObjectResponse"}}


def served_calls(services):
    """The (service, operation) pairs that are not refused as unknown."""
    served = set()
    for service in services:
        asked = client(service)
        asked.meta.events.register("before-parameter-build", leave_endpoint)
        for operation in asked.meta.service_model.operation_names:
            if operation not in NOT_ON_LOOPBACK.get(service, ()) and is_served(asked, operation):
                served.add((service, operation))
    return served


def leave_endpoint(params, **_):
    """Nothing is added to the parameters."""
    return params


def is_served(asked, operation):
    """Whether the account knows the operation, whatever it answers to empty members."""
    model = asked.meta.service_model.operation_model(operation)
    method = next(name for name, own in asked.meta.method_to_api_mapping.items() if own == operation)
    members = {} if model.input_shape is None else least(model.input_shape)
    try:
        getattr(asked, method)(**members)
    except botocore.exceptions.ClientError as refused:
        error = refused.response["Error"]
        call = f"{UNKNOWN} the call"
        if asked.meta.service_model.service_name in ("s3", "lambda"):
            return error["Code"] not in ("NotImplemented", "501")
        return not (error["Code"] == "NotImplemented" and call in error.get("Message", ""))
    except botocore.exceptions.BotoCoreError:
        # An answer that could not be parsed is one.
        return True
    return True


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
