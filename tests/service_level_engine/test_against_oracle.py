"""The engine against the oracle, which walks through each second, on cases made at random.

`make soak` sets LEDGERDESK_TEST_CLOCKS to try a hundred thousand cases.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.extent import WHOLE
from tests.service_level_engine.comparing import engine_says, oracle_says
from tests.service_level_engine.generated import cases
from tests.service_level_engine.naive_calendar import DAY, seconds
from tests.service_level_engine.oracle import HORIZON

CLOCKS = int(os.environ.get("LEDGERDESK_TEST_CLOCKS", "160" if WHOLE else "48"))
# So many that the processes of `make soak` share them well.
PARTS = 8 if CLOCKS < 1000 else 64
ASKED = (
    *("started_at", "due_at", "elapsed_seconds", "remaining_seconds", "state", "breached_at", "warned"),
    *("agreement", "version"),
)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_engine_says_what_a_walk_through_each_second_says(part: int) -> None:
    for number, (case, calendars) in enumerate(cases(part, CLOCKS // PARTS)):
        ours, theirs = engine_says(case, calendars), oracle_says(case, calendars)
        where = f"case {part}/{number}"
        _same(ours, theirs, case, where)
        for name in ("rounds", "clocks"):
            assert len(ours.get(name, [])) == len(theirs.get(name, [])), (where, case)
            for item, other in zip(ours.get(name, []), theirs.get(name, []), strict=True):
                _same(item, other, case, f"{where}, {name}")
        if case["kind"] == "shares":
            assert ours["shares"] == theirs["shares"], (where, case)
            assert sum(ours["shares"].values()) == (ours["elapsed_seconds"] or 0), (where, case)


def _same(ours: dict[str, Any], theirs: dict[str, Any], case: dict[str, Any], where: str) -> None:
    for name in ASKED:
        if name not in ours:
            continue
        if name == "due_at" and theirs[name] == -1:  # farther than the oracle has looked
            far = seconds(case["asked_at"]) + HORIZON - 2 * DAY
            assert ours[name] is None or ours[name] > far, (where, name, case)
        else:
            assert ours[name] == theirs[name], (where, name, ours[name], theirs[name], case)
