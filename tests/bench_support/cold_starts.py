"""Cold starts: each worker against the Python handler of its name, turn by turn in one run."""

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

WORKERS = ["joined", "draining", "drained", "stable", "complete-action"]
HANDLERS = Path(__file__).resolve().parent.parent / "bench_handlers"

TIMES_FASTER = 30
SHARE_OF_MEMORY = 1 / 4


@dataclass
class Measured:
    """All starts of one function in one language."""

    starts: list

    def milliseconds(self, of):
        times = [getattr(start, of) * 1000 for start in self.starts]
        return min(times), statistics.median(times)

    def peak(self):
        return max(start.peak for start in self.starts)


def measure(host, scene, binaries, rounds):
    """The starts by worker: ours, then Python's. Each round starts each of them once, after one start that is not counted."""
    commands = {worker: ([str(binaries[worker])], python(worker)) for worker in WORKERS}
    measured = {worker: (Measured([]), Measured([])) for worker in WORKERS}
    for turn in range(rounds + 1):
        for worker in WORKERS:
            for command, side in zip(commands[worker], measured[worker]):
                start = host.start(command, scene.environment, scene.event(worker))
                scene.restore(worker)
                if turn:
                    side.starts.append(start)
    return measured


def python(worker):
    return [sys.executable, str(HANDLERS / "bootstrap.py"), worker]


def table(measured):
    """Rows of text, one for each worker, and whether the targets are reached."""
    rows = [["worker", "asks, min", "median", "Python", "times", "answers, min", "median", "Python", "times",
             "peak MB", "Python", "share"]]
    slowest, largest = float("inf"), 0.0
    for worker, (ours, theirs) in measured.items():
        times = []
        for moment in ("asked", "answered"):
            least, median = ours.milliseconds(moment)
            other = theirs.milliseconds(moment)[1]
            times += [f"{least:.1f}", f"{median:.1f}", f"{other:.0f}", f"{other / median:.0f}"]
        slowest = min(slowest, other / median)
        share = ours.peak() / theirs.peak()
        largest = max(largest, share)
        rows.append([worker, *times, f"{ours.peak() / 1e6:.1f}", f"{theirs.peak() / 1e6:.1f}", f"{share:.2f}"])
    targets = [
        ("first answer, times faster (median), slowest worker", f"{slowest:.1f}", f"at least {TIMES_FASTER}",
         slowest >= TIMES_FASTER),
        ("peak memory, share of Python's, largest worker", f"{largest:.2f}", f"at most {SHARE_OF_MEMORY}",
         largest <= SHARE_OF_MEMORY),
    ]
    return rows, targets
