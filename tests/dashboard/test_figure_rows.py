"""Rows of figures: of how many cases a value is, its verdict, and the period that it is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.dashboard.figures import FigureRow, figure_row
from app.dashboard.processes.pages import left_out_of_flow
from app.dashboard.view import PageView
from app.kpis.questions.periods import Grain


def row(key: str = "csat", *, running: bool = False, compare: str = "none", **judged: Any) -> FigureRow:
    months = [datetime(2026, month, 1, tzinfo=UTC).isoformat() for month in (9, 10, 11)]
    points = [
        {"from": begin, "value": 3.5, "running": False, "signals": [], "recording": "whole"}
        for begin in months[:-1]
    ]
    point = {
        "from": months[1],
        "value": 3.0,
        "no_value": None,
        "cases": 54,
        "small": False,
        "target": {"comparator": "gt", "value": 4},
        "status": "missed",
        "previous": {"value": 3.55, "change": None},
        "last_year": {"value": 4.3, "change": None},
    }
    parts = dict.fromkeys(("elapsed", "business", "worst_services", "arrived_in_hours"))
    item = {
        "key": key,
        "unit": "score",
        "name": "Customer satisfaction",
        "direction": "up",
        "points": points,
        "limits": None,
        "judged": point | parts | judged,
        "change": None,
        "as_it_runs": None,
    }
    item["points"] = [{**each, **judged.get("of_points", {})} for each in points]
    today = date(2026, 10, 20) if running else date(2026, 11, 20)
    view = PageView(today, ZoneInfo("UTC"), Grain.month, date(2026, 10, 1), compare=compare)
    return figure_row(item, view, "en", "EUR")


def test_a_value_stands_with_the_number_of_its_cases() -> None:
    assert (row().status, row().sample) == ("Missed", "cases: 54")
    assert row("incidents_opened").sample == "", "a count is the number of its cases"


def test_fewer_than_ten_cases_are_not_judged() -> None:
    few = row(cases=4, small=True)
    assert (few.value, few.status, few.sample) == ("3.00", "", "cases: 4, too few to judge")
    assert row("incidents_opened", cases=4, small=True).status == "Missed", "a count is certain"


@pytest.mark.parametrize(("compare", "written"), [("previous", "3.55"), ("year", "4.30"), ("none", "")])
def test_a_running_period_is_compared_with_the_same_part_of_the_earlier_one(
    compare: str, written: str
) -> None:
    running = row(running=True, compare=compare)
    assert (running.compared, running.status) == (written, "")


def test_a_period_that_was_recorded_in_part_is_not_compared() -> None:
    assert row(compare="previous").compared == "3.50"
    assert row(compare="previous", of_points={"recording": "partly"}).compared == ""


def test_those_opened_that_never_end_are_named_beneath_the_flow() -> None:
    def said(code: str, **values: str) -> str:
        return f"{code} {values['n']} {values['opened']} {values['period']}"

    judged = {"value": 155, "excluded": {"cancelled": 11, "duplicate": 14, "staff": 0}}
    assert left_out_of_flow(said, "Oct 2026", {"judged": judged}) == "flow_left_out 25 155 Oct 2026"
    assert left_out_of_flow(said, "Oct 2026", {"judged": judged | {"excluded": {"cancelled": 0}}}) == ""
    assert left_out_of_flow(said, "Oct 2026", {"judged": None}) == ""
