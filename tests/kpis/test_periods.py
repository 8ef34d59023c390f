"""Periods: every instant lies in exactly one, in the one that the clocks of the zone say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kpis.questions.periods import (
    Grain,
    TooManyPeriods,
    comparable_end,
    cut_periods,
    default_range,
    first_day,
    next_period,
    start_of,
    twelve_months_before,
)
from tests.cases import each_case

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
)
CALENDAR = tuple(grain for grain in Grain if grain is not Grain.all)

zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(1980, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds of a strategy
grains = st.sampled_from(CALENDAR)


@given(grains, instants, st.timedeltas(timedelta(seconds=1), timedelta(days=900)), zones)
def test_periods_follow_one_another_without_gap_or_overlap(
    grain: Grain, begin: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    bounds = cut_periods(grain, begin, begin + length, zone)
    assert (bounds[0], bounds[-1]) == (begin, begin + length)
    assert all(bound < other for bound, other in pairwise(bounds))


@given(grains, instants, zones)
def test_an_instant_lies_in_the_period_that_its_date_says(
    grain: Grain, instant: datetime, zone: ZoneInfo
) -> None:
    first = first_day(grain, instant.astimezone(zone).date())
    start, end = start_of(first, zone), start_of(next_period(grain, first), zone)
    # Where the clocks go back over midnight, a date comes, goes and comes again: its first coming counts.
    came_again = start_of(first + timedelta(days=1), zone) <= instant < start
    assert start <= instant < end or came_again


@given(instants, zones)
def test_the_days_of_a_year_hold_all_of_its_seconds(instant: datetime, zone: ZoneInfo) -> None:
    year = instant.astimezone(zone).year
    start, end = start_of(date(year, 1, 1), zone), start_of(date(year + 1, 1, 1), zone)
    bounds = cut_periods(Grain.day, start, end, zone)
    assert sum((b - a for a, b in pairwise(bounds)), timedelta()) == end - start
    assert len(bounds) - 1 == (date(year + 1, 1, 1) - date(year, 1, 1)).days


@each_case(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # begins at one o'clock
        ("America/Sao_Paulo", date(2018, 2, 17), 25),  # ends at midnight for the second time
        ("America/Toronto", date(1919, 3, 31), 23.5),  # begins at half past midnight
        ("Pacific/Apia", date(2011, 12, 30), 0),  # did not take place
        ("Asia/Shanghai", date(2026, 7, 1), 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: date, hours: float) -> None:
    zone_info = ZoneInfo(zone)
    assert start_of(day + timedelta(days=1), zone_info) - start_of(day, zone_info) == timedelta(hours=hours)


def test_a_day_that_was_skipped_is_no_period() -> None:
    apia = ZoneInfo("Pacific/Apia")
    bounds = cut_periods(
        Grain.day, start_of(date(2011, 12, 29), apia), start_of(date(2012, 1, 1), apia), apia
    )
    assert len(bounds) - 1 == 2


@pytest.mark.parametrize(
    ("grain", "starts"),
    [
        (Grain.week, ["2025-12-29", "2026-01-05", "2026-01-12"]),
        (Grain.month, ["2025-12-01", "2026-01-01", "2026-02-01"]),
        (Grain.quarter, ["2025-10-01", "2026-01-01", "2026-04-01"]),
        (Grain.year, ["2025-01-01", "2026-01-01", "2027-01-01"]),
    ],
)
def test_periods_begin_where_the_calendar_says(grain: Grain, starts: list[str]) -> None:
    days = [date.fromisoformat(text) for text in starts]
    assert [first_day(grain, day) for day in days] == days
    assert [next_period(grain, day) for day in days[:-1]] == days[1:]


def test_the_first_and_the_last_period_are_cut_off_where_the_time_begins_and_ends() -> None:
    begin, end = datetime(2026, 1, 15, 7, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    bounds = cut_periods(Grain.month, begin, end, ZoneInfo("Asia/Shanghai"))
    inner = [datetime(2026, 1, 31, 16, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC)]
    assert list(bounds) == [begin, *inner, end]
    assert cut_periods(Grain.all, begin, end, ZoneInfo("UTC")) == (begin, end)


def test_a_series_has_a_thousand_periods_at_the_most() -> None:
    begin, utc = datetime(2020, 1, 1, tzinfo=UTC), ZoneInfo("UTC")
    assert len(cut_periods(Grain.day, begin, begin + timedelta(days=1000), utc)) == 1001
    with pytest.raises(TooManyPeriods):
        cut_periods(Grain.day, begin, begin + timedelta(days=1001), utc)


@given(st.sampled_from(Grain), instants, zones)
def test_the_usual_time_ends_with_the_running_period(grain: Grain, now: datetime, zone: ZoneInfo) -> None:
    begin, end = default_range(grain, now, zone)
    assert begin <= now < end
    assert timedelta(days=364) <= end - begin <= timedelta(days=373)
    assert len(cut_periods(grain, begin, end, zone)) > 1
    assert twelve_months_before(end, zone) <= end - timedelta(days=364)


@pytest.mark.parametrize(
    ("now", "begin", "before", "expected"),
    [
        ("2026-10-22T09:00", "2026-10-01", "2026-09-01", "2026-09-22T09:00"),
        ("2026-03-31T09:00", "2026-03-01", "2026-02-01", "2026-03-01T00:00"),  # February is over
        ("2026-03-30T09:00", "2026-03-23", "2026-03-16", "2026-03-23T00:00"),  # a week and more
        ("2026-04-01T00:00", "2026-04-01", "2026-03-01", "2026-04-01T00:00"),  # it has not begun
    ],
)
def test_as_far_is_the_same_day_and_time_of_the_period_before(
    now: str, begin: str, before: str, expected: str
) -> None:
    zone = ZoneInfo("Europe/Berlin")  # the clocks change in between, and nobody reads that off them
    instants_there = [
        datetime.fromisoformat(text).replace(tzinfo=zone) for text in (now, begin, before, expected)
    ]
    assert comparable_end(instants_there[0], instants_there[1], instants_there[2], zone) == instants_there[3]
