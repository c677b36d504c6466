"""ministack with Lambda tasks that go to another endpoint, and which waits for nothing but the time limits of Tasks.
usage: ministack_server.py PORT LAMBDA_ENDPOINT"""

import json
import os
import sys
import urllib.parse
import urllib.request

port, lambda_endpoint = sys.argv[1:]
os.environ.update(BIND_HOST="127.0.0.1", GATEWAY_PORT=port, SFN_WAIT_SCALE="0")

from ministack import app  # noqa: E402  ministack reads the environment when it is imported
from ministack.services import stepfunctions  # noqa: E402


def call_lambda(function, event):
    """In the place of ministack's own Lambda, which adds a stack trace of its own to each error."""
    url = f"{lambda_endpoint}/2015-03-31/functions/{urllib.parse.quote(function, safe='')}/invocations"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(event).encode(), method="POST")) as answer:
        body = answer.read().decode()
        if answer.headers.get("X-Amz-Function-Error"):
            raise stepfunctions._ExecutionError(json.loads(body)["errorType"], body)
        return json.loads(body)


stepfunctions._call_lambda = call_lambda
sys.argv = ["ministack"]
app.main()
