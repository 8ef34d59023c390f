"""What pm4py says of how cases went: asked in an environment of its own, whose interpreter
LEDGERDESK_TEST_PM4PY names (pm4py is under the AGPL, and no part of this project).
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.client import Json
from tests.conformance.oracle import Walk

INTERPRETER = os.environ.get("LEDGERDESK_TEST_PM4PY")
PROGRAM = """
import json, sys
import pandas, pm4py

table = pandas.read_csv(sys.argv[1], dtype={"case": str})
table["time"] = pandas.to_datetime(table["time"], utc=True, format="ISO8601")
table = pm4py.format_dataframe(table, case_id="case", activity_key="step", timestamp_key="time")
graph, begins, ends = pm4py.discover_dfg(table)
times, _, _ = pm4py.discover_performance_dfg(table)
variants = {}
for case, rows in table.groupby("case:concept:name", sort=False):
    steps = " ".join(rows["concept:name"])
    took = (rows["time:timestamp"].iloc[-1] - rows["time:timestamp"].iloc[0]).total_seconds()
    variants.setdefault(steps, []).append(took)
json.dump(
    {
        "counts": {" ".join(variant): int(count) for variant, count in pm4py.get_variants(table).items()},
        "durations": {steps: sum(each) / len(each) for steps, each in variants.items()},
        "edges": {" ".join(edge): int(count) for edge, count in graph.items()},
        "times": {" ".join(edge): [float(t["mean"]), float(t["median"])] for edge, t in times.items()},
        "begins": begins,
        "ends": ends,
    },
    sys.stdout,
)
"""
LONGEST_SECONDS = 600


def pm4py_answers(walks: Sequence[Walk], folder: Path) -> Json:
    """Return the variants, the graph and its times by pm4py; the test is skipped where it is absent."""
    if INTERPRETER is None:
        pytest.skip("needs pm4py: LEDGERDESK_TEST_PM4PY names no interpreter that has it")
    path = folder / "steps.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("case", "step", "time"))
        for walk in walks:
            writer.writerows(
                (walk.case_id, step[0], instant.isoformat())
                for step, instant in zip(walk.steps, walk.instants, strict=True)
            )
    done = subprocess.run(
        [INTERPRETER, "-W", "ignore", "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: Json = json.loads(done.stdout[done.stdout.index("{") :])
    return answers
