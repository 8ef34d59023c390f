"""Engines that are deliberately wrong: each gives a wrong answer to a case, so its mistake would be caught.

A wrong engine is the oracle with one mistake; without any it answers the same cases rightly
(test_worked_cases.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases import each_case
from tests.extent import in_soak, in_test_all
from tests.service_level_engine.comparing import fits, oracle_says
from tests.service_level_engine.naive_lives import Mistake
from tests.service_level_engine.test_worked_cases import CALENDARS, CASES

Json = dict[str, Any]
#: The case of ours that catches each mistake, by the beginning of its title.
CAUGHT_BY = {
    Mistake.UTC_INSTEAD_OF_LOCAL_TIME: "What was known on Tuesday evening",
    Mistake.WALL_CLOCK_DIFFERENCES: "Night shift over the repeated hour",
    Mistake.WALL_CLOCK_PAUSES: "Due at the closing, on hold over night",
    Mistake.FILE_ORDER: "What was known on Tuesday evening",
    Mistake.RECORDED_INSTEAD_OF_OCCURRED: "A phone call, entered later",
    Mistake.WHATEVER_IS_RECORDED_LATER: "A phone call, entered later",
    Mistake.WHOLE_MINUTES: "A phone call, entered later",
    Mistake.DUE_AT_THE_NEXT_OPENING: "Due at the closing, on hold over night",
    Mistake.EQUAL_IS_BREACHED: "A closing day is declared after the resolution",
    Mistake.REOPENING_STARTS_ANEW: "The same, reopened",
    Mistake.RESPONSE_BEGINS_ANEW: "Response: reopened and acknowledged again",
    Mistake.TIME_WHILE_RESOLVED_COUNTS: "The same, reopened",
    Mistake.ANY_HOLD_PAUSES: "A phone call, entered later",
    Mistake.HOLD_ENDS_A_STATE: "Fulfilment: two rounds of acceptance",
    Mistake.PAUSES_COUNT_TWICE: "Fulfilment: waiting for the requester while",
    Mistake.TARGET_FROM_ITS_CHANGE_ON: "The service is changed and changed back",
    Mistake.BREACH_DATED_AT_THE_DUE_TIME: "The service is changed and changed back",
    Mistake.FIRST_BREACH_STAYS: "The service is changed and changed back",
    Mistake.HOLIDAYS_SPARE_NIGHT_SHIFTS: "Night shift over the repeated hour",
    Mistake.STOP_AT_CLOSED_ONLY: "A closing day is declared after the resolution",
    Mistake.RULES_RESPOND: "Response: a rule acknowledges at once",
    Mistake.RESTORED_WHEN_WRITTEN_DOWN: "Restore: the last event that gives the instant",
    Mistake.ANY_COMMENT_ANSWERS: "Update: a statement to all answers",
    Mistake.NEWEST_CALENDAR_FOR_STOPPED: "A closing day is declared after the resolution",
    Mistake.CALENDAR_OF_THE_OPENING: "The same, reopened",
    Mistake.WARNINGS_BY_THE_WALL_CLOCK: "Warnings by business time",
    Mistake.TEAM_CHANGES_WHILE_SUPPLIER_IS_AWAITED: "Escalated up and across",
}


def case_of(beginning: str) -> Json:
    """The case of ours whose title begins so."""
    (result,) = [case for case in CASES if case["title"].startswith(beginning)]
    return result


def test_every_mistake_is_tried() -> None:
    assert CAUGHT_BY.keys() == set(Mistake)


@in_test_all
@each_case("mistake", CAUGHT_BY, ids=lambda mistake: mistake.name)
def test_a_wrong_engine_is_caught_by_a_case_of_ours(mistake: Mistake) -> None:
    case = case_of(CAUGHT_BY[mistake])
    assert fits(case["expected"], oracle_says(case, CALENDARS))
    assert not fits(case["expected"], oracle_says(case, CALENDARS, frozenset({mistake})))


@in_soak  # each of them walks through weeks
def test_the_given_cases_catch_most_of_them_too(real_data: Path) -> None:
    if not (real_data / "sla_cases.json").exists():
        pytest.skip("needs real data: the worked cases are absent")
    document = json.loads((real_data / "sla_cases.json").read_text(encoding="utf-8"))
    caught = {
        mistake
        for mistake in Mistake
        for case in document["cases"]
        if not fits(case["expected"], oracle_says(case, document["calendars"], frozenset({mistake})))
    }
    assert len(caught) >= 12
