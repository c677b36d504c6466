"""Checks what `rehearse --output json` printed for the default cluster: usage: rehearsed.py FILE"""

import json
import sys

WANTED = {
    "outcome": lambda report: report["outcome"] == "UPDATE_COMPLETE",
    "replaced": lambda report: report["replaced"] == report["instances"] > 0,
    "tasksKilledEarly": lambda report: report["tasksKilledEarly"] == 0,
    "tasksMoved": lambda report: report["tasksMoved"] > 0,
    "maxOpenDrains": lambda report: report["maxOpenDrains"] == 1,
    "overhead": lambda report: 1.0 <= report["overhead"] <= 1.10,
    "invariants": lambda report: len(report["invariants"]) == 12 and all(one["held"] for one in report["invariants"]),
    "costUsd": lambda report: 0 < report["costUsd"] < 0.1,
    "maxHistoryEvents": lambda report: 0 < report["maxHistoryEvents"] < 25_000,
}

report = json.load(open(sys.argv[1], encoding="utf-8"))
wrong = [name for name, holds in WANTED.items() if not holds(report)]
for name in wrong:
    print(f"{sys.argv[1]}: {name} is {json.dumps(report[name])}")
sys.exit(1 if wrong else 0)
