"""How many requests per second the loopback account answers, over several kept connections at once.

One thread asks on all of them, with requests that are written once, so that little of the time is this side's own.
"""

import json
import selectors
import socket
import time

from scene import CLUSTER, REGION

CONNECTIONS = 4
SECONDS = 2.0
LENGTH = b"content-length: "


def questions(scene):
    """The body of each call that is asked, by the call's name."""
    return {
        "ListContainerInstances": {"cluster": CLUSTER, "filter": f"ec2InstanceId == {scene.instance}"},
        "DescribeContainerInstances": {"cluster": CLUSTER, "containerInstances": [scene.container_instance]},
        "ListTasks": {"cluster": CLUSTER, "containerInstance": scene.container_instance},
        "DescribeServices": {"cluster": CLUSTER, "services": ["web"]},
    }


def table(scene):
    host, port = scene.address.removeprefix("http://").split(":")
    rows = [["call", "requests/s", "median ms", "99 % ms"]]
    for name, body in questions(scene).items():
        times = sorted(ask((host, int(port)), request(scene, name, json.dumps(body).encode())))
        middle, late = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99))
        rows.append([name, f"{len(times) / SECONDS:.0f}", f"{middle:.2f}", f"{late:.2f}"])
    return rows


def request(scene, name, body):
    host, key = scene.address.removeprefix("http://"), scene.environment["AWS_ACCESS_KEY_ID"]
    head = (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-amz-json-1.1\r\n"
        f"X-Amz-Target: AmazonEC2ContainerServiceV20141113.{name}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/ecs/aws4_request\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def ask(address, question):
    """The seconds that each answer took."""
    waiting = selectors.DefaultSelector()
    asked, times = {}, []
    end = time.perf_counter() + SECONDS
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(address)
        waiting.register(connection, selectors.EVENT_READ)
        asked[connection] = time.perf_counter()
        connection.sendall(question)
    while asked:
        for key, _ in waiting.select():
            connection = key.fileobj
            read_answer(connection)
            now = time.perf_counter()
            times.append(now - asked[connection])
            if now < end:
                asked[connection] = now
                connection.sendall(question)
            else:
                del asked[connection]
                waiting.unregister(connection)
                connection.close()
    return times


def read_answer(connection):
    answer = connection.recv(65536)
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"the account answered {answer.decode(errors='replace')}")
    begin = answer.lower().index(LENGTH) + len(LENGTH)
    missing = end + 4 + int(answer[begin:answer.index(b"\r\n", begin)]) - len(answer)
    while missing > 0:
        missing -= len(connection.recv(65536))
