"""A Lambda runtime in a few lines of Python, for the benchmark: asks for the next event, answers it, and asks again.

usage: python3 bootstrap.py HANDLER, where HANDLER is a function of handlers.py. AWS's own runtime for Python does more
before it asks for the first event, so this one flatters the Python side.
"""

import http.client
import json
import os
import sys

import handlers


def main():
    handler = getattr(handlers, sys.argv[1].replace("-", "_"))
    clients = handlers.clients(sys.argv[1])
    host = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    invocation = "/2018-06-01/runtime/invocation"
    while True:
        host.request("GET", f"{invocation}/next")
        asked = host.getresponse()
        event = json.load(asked)
        answer = json.dumps(handler(event, **clients))
        host.request("POST", f"{invocation}/{asked.headers['Lambda-Runtime-Aws-Request-Id']}/response", answer)
        host.getresponse().read()


if __name__ == "__main__":
    main()
