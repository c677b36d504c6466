"""Makes calls through boto3 or the AWS CLI, and keeps what each was answered."""

import json
import re

import botocore.exceptions
from botocore import xform_name

from loopback.account import Failed, aws, client

BOTO3, CLI = "boto3", "the AWS CLI"
# What the AWS CLI calls the low-level commands of a service.
COMMANDS = {"s3": "s3api"}
ERROR = re.compile(r"An error occurred \(([\w.]+)\)")


class Recorder:
    """What went well, and what was refused, by tool, service and operation."""

    def __init__(self):
        self.done = {BOTO3: set(), CLI: set()}
        self.refused = {BOTO3: {}, CLI: {}}
        self.clients = {}
        self.told = set()
        self.silent = set()
        self.broken = []

    def well(self, tool):
        """The pairs of service and operation that went well."""
        return self.done[tool]

    def refusal(self, tool, service, operation):
        """The last refusal, if there was one."""
        return self.refused[tool].get((service, operation))

    def boto3(self, service, operation, allow=(), /, **members):
        """The call through boto3; an error code in `allow` is as good as an answer. Gives the answer."""
        own = self.clients.setdefault(service, client(service))
        try:
            answer = getattr(own, xform_name(operation))(**members)
        except botocore.exceptions.ClientError as refused:
            is_allowed = refused.response["Error"]["Code"] in allow
            return self.note(BOTO3, service, operation, is_allowed, f"{members} was refused: {refused}", {})
        except (botocore.exceptions.BotoCoreError, AttributeError) as error:
            return self.note(BOTO3, service, operation, False, f"{members}: {error}", {})
        self.note_content(own, service, operation, answer)
        return self.note(BOTO3, service, operation, True, "", answer)

    def note_content(self, own, service, operation, answer):
        """Keeps whether boto3 found anything in the answer to a call whose answers have members."""
        shape = own.meta.service_model.operation_model(operation).output_shape
        if shape is None or not shape.members:
            return
        found = [value for name, value in answer.items() if name != "ResponseMetadata" and value not in (None, "", [], {})]
        (self.told if found else self.silent).add((service, operation))

    def empty(self):
        """The calls that boto3 was answered, and in whose answers it never found anything."""
        return self.silent - self.told

    def cli(self, service, operation, allow=(), flags=(), /, **members):
        """The same through the AWS CLI: the members as JSON, and `flags` for what cannot be JSON."""
        arguments = [COMMANDS.get(service, service), xform_name(operation, "-"), "--output", "json", *flags]
        if members:
            arguments += ["--cli-input-json", json.dumps(members)]
        try:
            printed = aws(*arguments)
        except Failed as failed:
            found = ERROR.search(str(failed))
            is_allowed = bool(found) and found.group(1) in allow
            return self.note(CLI, service, operation, is_allowed, str(failed), {})
        answer = json.loads(printed) if printed.strip().startswith("{") else {}
        return self.note(CLI, service, operation, True, "", answer)

    def note(self, tool, service, operation, is_well, why, answer):
        """Keeps what came of a call. What was refused once is not cured by another answer."""
        if is_well:
            self.done[tool].add((service, operation))
        else:
            self.refused[tool][service, operation] = " ".join(why.split())[:600]
        return answer
