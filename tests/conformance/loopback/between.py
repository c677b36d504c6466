"""A proxy in front of the account on loopback: it counts calls, refuses some, and takes its time."""

import contextlib
import http.server
import json
import threading
import time
import urllib.error
import urllib.request

from loopback.start import KEYS

JSON_ACTIONS = ("ListExecutions", "GetExecutionHistory", "ListServices", "DescribeServices", "GetParameter")


class Between:
    """Stands between a client and the account, notes what is asked, and answers for the account what it is told to."""

    def __init__(self, address):
        between = self
        # When what was asked; what is answered instead, by action; how many seconds each answer takes longer.
        self.asked, self.answers, self.delay = [], {}, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                action = (self.headers.get("X-Amz-Target") or body.decode().split("Action=")[1].split("&")[0]).split(".")[-1]
                between.asked.append((time.monotonic(), action))
                time.sleep(between.delay)
                left = between.answers.get(action, [])
                status, answer, kind, date = left.pop(0) if left else between.forward(address, self, body)
                self.send_response_only(status)
                self.send_header("Content-Type", kind)
                # The account's time goes by faster than that of this machine.
                if date:
                    self.send_header("Date", date)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                # A client that has waited long enough is gone.
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        if address in KEYS:
            KEYS[self.address] = KEYS[address]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def forward(address, request, body):
        # The account takes no request for another host than itself.
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        sent = urllib.request.Request(address + request.path, body, headers)
        try:
            answer = urllib.request.urlopen(sent)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.read(), answer.headers["Content-Type"], answer.headers["Date"]

    def refuse(self, action, code, status, times):
        """JSON for Step Functions and ECS, XML for the others."""
        if action in JSON_ACTIONS:
            body, kind = json.dumps({"__type": code, "message": "no"}), "application/x-amz-json-1.0"
        else:
            body, kind = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>" \
                "<RequestId>r</RequestId></ErrorResponse>", "text/xml"
        self.answers[action] = [(status, body.encode(), kind, None)] * times

    def paced(self):
        """Fails unless there were at most two calls a second, over any ten seconds. Tells how many there were."""
        times = [at for at, _ in self.asked]
        most = max(sum(1 for at in times if since <= at < since + 10) for since in times)
        if most > 20 + 1:
            raise SystemExit(f"{most} calls in ten seconds: {self.asked}")
        return f"{len(times)} calls, {most} in the busiest ten seconds"
