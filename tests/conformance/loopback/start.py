"""Starts the account on loopback, and tells where it is and which access key it takes: a new one at each start."""

import json
import select
import subprocess

READY_SECONDS = 20
# Addresses of accounts, and of what stands between a client and an account, with the key to use there.
KEYS = {}


def start(program, *flags, **process):
    """The process, its address and its access key; or what it said instead, as a ValueError."""
    command = [str(program), "account", "--listen", "127.0.0.1:0", "--output", "json", *map(str, flags)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **process)
    told, _, _ = select.select([started.stdout], [], [], READY_SECONDS)
    line = started.stdout.readline() if told else ""
    try:
        announced = json.loads(line)
        address, key = announced["url"], announced["accessKeyId"]
    except (ValueError, KeyError) as error:
        started.terminate()
        started.wait(timeout=30)
        raise ValueError(f"{' '.join(command)} did not begin to listen in {READY_SECONDS} s: {line!r}") from error
    KEYS[address] = key
    return started, address, key


def credentials(key):
    """What a client needs in its environment to use the key."""
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "not-checked"}
