"""The cases that were worked by hand, the given ones and ours: by the engine, ours by the oracle as well."""

from __future__ import annotations

import ast
import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cases import Failures, each_case
from tests.service_level_engine.comparing import engine_says, fits, oracle_says

OURS = Path(__file__).parent / "worked_cases.json"
GIVEN = {"sla_cases.json": 30, "sla_more_cases.json": 14}
Json = dict[str, Any]


def read(path: Path) -> tuple[list[Json], Json]:
    """The cases of a file, and its calendars."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["cases"], document["calendars"]


CASES, CALENDARS = read(OURS)


def title(value: object) -> object:
    """What a case is called in a report."""
    return value["title"] if isinstance(value, dict) else value


@pytest.mark.parametrize("name", GIVEN)
def test_every_given_case_is_answered_as_it_was_worked_out(name: str, real_data: Path) -> None:
    path = real_data / name
    if not path.exists():
        pytest.skip(f"needs real data: there is no {path}")
    cases, calendars = read(path)
    assert len(cases) >= GIVEN[name]
    failures = Failures()
    for case in cases:
        failures.run(f"{case['id']} {case['title']}", partial(_answered, case, calendars))
    failures.report()


def _answered(case: Json, calendars: Json) -> None:
    answer = engine_says(case, calendars)
    assert fits(case["expected"], answer), answer


@each_case("case", CASES, ids=title)
def test_the_engine_answers_our_case_as_it_was_worked_out(case: Json) -> None:
    _answered(case, CALENDARS)


@each_case("case", CASES, ids=title, by=lambda case: case["kind"], one_of_each=lambda case: case["kind"])
def test_the_oracle_which_shares_no_code_with_the_engine_answers_it_too(case: Json) -> None:
    answer = oracle_says(case, CALENDARS)
    assert fits(case["expected"], answer), answer


def test_the_oracle_imports_of_the_application_only_how_a_calendar_is_written_down() -> None:
    imported = {
        f"{node.module}.{name.name}"
        for file in (*OURS.parent.glob("naive_*.py"), OURS.with_name("oracle.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app")
        for name in node.names
    }
    definition = "app.common.times.business_time"
    assert imported == {f"{definition}.CalendarDefinition", f"{definition}.Hours"}


def test_there_are_as_many_of_ours_of_each_kind_as_were_given(real_data: Path) -> None:
    values, _ = read(real_data / "sla_more_cases.json")
    ours = Counter(case["kind"] for case in CASES)
    assert all(ours[kind] >= number for kind, number in Counter(case["kind"] for case in values).items())
    assert {case["title"] for case in values}.isdisjoint(case["title"] for case in CASES)


def test_every_case_of_ours_has_its_sum_written_out() -> None:
    assert [case["id"] for case in CASES] == list(range(1, len(CASES) + 1))
    assert all(len(case["why"]) > 40 for case in CASES)
    clocks = [case for case in CASES if case["kind"] in ("clock", "shares")]
    sums = [case for case in clocks if "elapsed_seconds" in case["expected"]]
    # The number of seconds stands in the words, as a person would write it.
    unsaid = [c["title"] for c in sums if f"{c['expected']['elapsed_seconds']:,}" not in c["why"]]
    assert unsaid == []
