"""A Lambda endpoint on loopback whose functions answer by a script."""

import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Workers(ThreadingHTTPServer):
    """A Lambda endpoint whose functions answer by the script of the route that the input names."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, routes, silent_seconds):
        super().__init__(("127.0.0.1", 0), Answering)
        self.scripts = {route["name"]: route["answers"] for route in routes}
        self.asked = {route["name"]: [] for route in routes}
        self.silent_seconds = silent_seconds
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, worker, event):
        route = event["id"]
        with self.lock:
            turn = sum(1 for asked, _ in self.asked[route] if asked == worker)
            self.asked[route].append([worker, event])
        script = self.scripts[route].get(worker, [])
        return script[turn] if turn < len(script) else {"error": "NoMoreAnswers"}


class Answering(BaseHTTPRequestHandler):
    """One invocation."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        function = urllib.parse.unquote(self.path).split("/functions/")[1].removesuffix("/invocations")
        answer = self.server.answer(function.split(":")[-1], event)
        if answer.get("silent"):
            time.sleep(self.server.silent_seconds)
            answer = {"verdict": "Reached", "late": True}
        error = answer.get("error")
        if error:
            answer = {"errorType": error, "errorMessage": f"scripted: {error}"}
        body = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("x-amzn-RequestId", "00000000-0000-4000-a000-000000000000")
        if error:
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # a judge that has cut a silent worker off

    def log_message(self, *_):
        pass
