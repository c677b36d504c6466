"""Stands between the workers and moto's ECS: passes ECS's calls on, notes them, and answers for two other services."""

import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError

# What the workers ask of Auto Scaling and CloudFormation, and moto does not know as we need it.
STACK = (
    "<Stacks><member><StackName>S</StackName><StackId>S</StackId><CreationTime>2026-01-01T00:00:00Z</CreationTime>"
    "<StackStatus>UPDATE_IN_PROGRESS</StackStatus></member></Stacks>"
)
GROUP = """<AutoScalingGroups><member><AutoScalingGroupName>judged</AutoScalingGroupName><MinSize>1</MinSize>
<MaxSize>2</MaxSize><DesiredCapacity>1</DesiredCapacity><DefaultCooldown>300</DefaultCooldown>
<AvailabilityZones><member>eu-west-1a</member></AvailabilityZones><HealthCheckType>EC2</HealthCheckType>
<CreatedTime>2026-11-23T00:00:00Z</CreatedTime><Instances/></member></AutoScalingGroups>"""
# The instance that is asked about stands at its hook: `draining` asks before it changes anything.
INSTANCE = """<AutoScalingInstances><member><InstanceId>{InstanceIds.member.1}</InstanceId>
<AutoScalingGroupName>judged</AutoScalingGroupName><AvailabilityZone>eu-west-1a</AvailabilityZone>
<LifecycleState>Terminating:Wait</LifecycleState><HealthStatus>HEALTHY</HealthStatus>
<ProtectedFromScaleIn>false</ProtectedFromScaleIn></member></AutoScalingInstances>"""
CANNED = {
    "RecordLifecycleActionHeartbeat": "", "DescribeStacks": STACK, "DescribeAutoScalingGroups": GROUP,
    "DescribeAutoScalingInstances": INSTANCE,
}


class Front(ThreadingHTTPServer):
    """Listens on loopback, in front of the server at `behind`."""

    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Passing)
        self.behind = behind
        self.calls = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        """Where the workers find it."""
        return f"http://127.0.0.1:{self.server_port}"


class Passing(BaseHTTPRequestHandler):
    """One connection of a worker."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """One call."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target = self.headers.get("x-amz-target")
        if target is None:
            return self.canned(urllib.parse.parse_qs(body.decode()))
        status, kind, answer = self.passed_on(body)
        self.server.calls.append((target.rpartition(".")[2], status))
        return self.reply(status, kind, answer)

    def canned(self, request):
        """An answer that is always the same, but for the instance that it is about."""
        action = request["Action"][0]
        if action not in CANNED:
            return self.reply(501, "text/xml", f"<Error><Code>{action} is not expected</Code></Error>".encode())
        instance = request.get("InstanceIds.member.1", [""])[0]
        answer = CANNED[action].replace("{InstanceIds.member.1}", instance)
        content = f"<{action}Response><{action}Result>{answer}</{action}Result></{action}Response>"
        return self.reply(200, "text/xml", content.encode())

    def passed_on(self, body):
        """The answer of the server behind."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
        request = urllib.request.Request(self.server.behind + self.path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers["content-type"], answer.read()
        except HTTPError as error:
            return error.code, error.headers["content-type"], error.read()

    def reply(self, status, kind, body):
        """Writes an answer."""
        self.send_response(status)
        self.send_header("content-type", kind or "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""
