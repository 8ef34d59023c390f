"""What an address of the dashboard chooses, and what it says wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from app.dashboard.figures import spread_of_times, worst_services
from app.dashboard.view import PageView, parse_view, without_unknown
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.kpis.questions.written_periods import parse_period, period_key

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def view(query: str, now: datetime = NOW) -> PageView:
    return parse_view(parse_qsl(query), now, ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("written", "grain", "first"),
    [
        ("2026", Grain.year, date(2026, 1, 1)),
        ("2026-Q4", Grain.quarter, date(2026, 10, 1)),
        ("2026-10", Grain.month, date(2026, 10, 1)),
        ("2026-W01", Grain.week, date(2025, 12, 29)),
    ],
)
def test_a_period_is_read_as_it_is_written(written: str, grain: Grain, first: date) -> None:
    assert parse_period(written) == (grain, first)
    assert period_key(grain, first) == written


@pytest.mark.parametrize("written", ["2026-13", "2026-W54", "2026-Q5", "0001", "9999", "26-10", "October"])
def test_what_is_no_period_chooses_none_and_is_named(written: str) -> None:
    assert parse_period(written) is None
    assert view(f"period={written}").unknown == (f"period={written}",)


def test_without_a_period_the_last_that_is_over_is_judged() -> None:
    assert (view("").first, view("").is_running) == (date(2026, 10, 1), False)
    assert view("grain=week").first == date(2026, 11, 9)
    assert view("period=2026-11").is_running
    assert view("period=2026-12").first == date(2026, 10, 1), "it has not begun"
    assert view("period=2026-07-14&grain=quarter").first == date(2026, 7, 1), "as earlier addresses said it"
    midnight = datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert view("", midnight).first == date(2026, 10, 1), "in Shanghai October is over"
    assert view("tz=UTC", midnight).first == date(2026, 9, 1)


def test_limits_do_not_move_from_one_of_the_newest_periods_to_the_next() -> None:
    assert {view(f"period=2026-{month:02}").chart_days() for month in range(1, 12)} == {
        (date(2025, 10, 1), date(2026, 12, 1))
    }
    assert view("period=2016-03").chart_days() == (date(2015, 3, 1), date(2016, 4, 1))


def test_the_address_of_a_view_is_that_view() -> None:
    chosen = view("period=2026-Q2&team=mail,network&priority=P1&compare=year&tz=Europe/Berlin&periods=20")
    again = view(urlsplit(chosen.address("/dashboard")).query)
    assert again == chosen
    assert chosen.address("/x", period=chosen.previous, team=None).startswith("/x?period=2026-Q1&periods=20&")
    assert (chosen.following, view("period=2026-11").following) == ("2026-Q3", None)


def test_what_chooses_nothing_is_named_and_the_rest_stands() -> None:
    chosen = view("team=mail,nobody&color=red&compare=never&tz=Mars&grain=hour&periods=2&team=mail")
    assert chosen.unknown == ("color=red", "tz=Mars", "grain=hour", "periods=2", "compare=never")
    narrowed = without_unknown(chosen, {"team": {"mail": "Mail"}, "service": {}, "priority": {}})
    assert narrowed.scope == {"team": ("mail",)}
    assert narrowed.unknown[-1] == "team=nobody"


def test_a_mean_in_business_time_says_what_it_hides() -> None:
    words = ChartWords("en", Unit.seconds, ZoneInfo("UTC"))
    elapsed = {"mean": 5940, "median": 480, "p90": 7200, "max": 9000, "zeros": 0}
    judged = {"cases": 273, "elapsed": elapsed, "business": {**elapsed, "zeros": 138}}
    spread = "elapsed: median 8 min, 90th percentile 2 h"
    assert spread_of_times(judged, words) == f"{spread}; 138 of 273 took no business time"
    assert spread_of_times({**judged, "business": None}, words) == spread
    assert spread_of_times({**judged, "elapsed": None}, words) == ""


def test_a_pooled_value_names_its_worst_services() -> None:
    words = ChartWords("en", Unit.ratio, ZoneInfo("UTC"), decimals=2)
    worst = [{"service": "erp", "value": 0.9935}, {"service": "mail", "value": 0.9991}]
    assert worst_services({"worst_services": worst}, words) == "worst: erp 99.35 %, mail 99.91 %"
    assert worst_services({"worst_services": None}, words) == ""
