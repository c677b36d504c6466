"""The Lambda Runtime API on loopback, for one function process at a time, with a stopwatch.

A process is started with one event waiting for it. Noted are the moments of its first question for an event, and of its
first answer. When it asks a second time, its memory is read and it is ended.
"""

import os
import signal
import socketserver
import threading
import time
from dataclasses import dataclass, field

PATIENCE_SECONDS = 60


@dataclass
class Start:
    """What one process did, in seconds from its start, and its peak memory in bytes."""

    asked: float = 0.0
    answered: float = 0.0
    peak: int = 0
    answer: bytes = b""
    failed: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class Conversation(socketserver.StreamRequestHandler):
    """One connection of the process: `next`, `response`, `error`, as they come."""

    disable_nagle_algorithm = True

    def handle(self):
        while line := self.rfile.readline():
            arrived = time.perf_counter()
            body = self.rfile.read(self.read_length())
            self.server.host.hear(line.split()[1].decode(), arrived, body, self.reply)

    def read_length(self):
        length = 0
        while (header := self.rfile.readline().strip()):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return length

    def reply(self, status, headers, body):
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


class LambdaHost:
    """Starts function processes, and is their Runtime API."""

    def __init__(self):
        self.server = Server(("127.0.0.1", 0), Conversation)
        self.server.host = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = "127.0.0.1:%d" % self.server.server_address[1]

    def start(self, command, environment, event):
        """Runs `command` until it has answered `event` and asks again."""
        self.run, self.event = Start(), event
        environment = {**environment, **self.environment()}
        quiet = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
        self.began = time.perf_counter()
        self.pid = os.posix_spawn(command[0], command, environment, file_actions=quiet)
        done = self.run.ended.wait(PATIENCE_SECONDS)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        if not done or self.run.failed:
            raise SystemExit(f"{' '.join(command)} gave no answer: {self.run.answer.decode() or 'silence'}")
        return self.run

    def environment(self):
        deadline_names = {"AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST"}
        return {
            **deadline_names,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_RUNTIME_API": self.address,
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
        }

    def hear(self, path, arrived, body, reply):
        run, at = self.run, arrived - self.began
        if path.endswith("/next") and not run.asked:
            run.asked = at
            deadline = int((time.time() + PATIENCE_SECONDS) * 1000)
            arn = "arn:aws:lambda:eu-west-1:123456789012:function:bench"
            headers = (
                "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
                f"Lambda-Runtime-Deadline-Ms: {deadline}\r\nLambda-Runtime-Invoked-Function-Arn: {arn}\r\n"
            )
            reply("200 OK", headers, self.event)
        elif path.endswith("/next"):
            run.peak = peak_memory(self.pid)
            run.ended.set()
        else:
            run.answered, run.answer = at, body
            run.failed = path.endswith("/error")
            reply("202 Accepted", "", b"{}")
            if run.failed:
                run.ended.set()


def peak_memory(pid):
    """The most that the process had in memory, in bytes: of itself, without what was there before its exec."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
