"""Business time against an oracle that goes through the minutes, and on the days on which clocks are changed.

`make soak` sets LEDGERDESK_TEST_CALENDARS to try a hundred thousand calendars.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.common.times.business_time import ALWAYS_OPEN, BusinessTime, CalendarDefinition, Week
from tests.cases import each_case
from tests.common.calendars import ZONES, Oracle, Trial, check, trials
from tests.extent import WHOLE, examples

CALENDARS = int(os.environ.get("LEDGERDESK_TEST_CALENDARS", "240" if WHOLE else "80"))
PARTS = 8
OFFICE: Week = (((9 * 60, 18 * 60),),) * 5 + ((), ())
NIGHTS: Week = (((22 * 60, 6 * 60),),) * 7
EARLY: Week = (((2 * 60 + 30, 6 * 60),),) * 7
HOUR = 3600


def at(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("part", range(PARTS))
def test_business_time_is_what_going_through_all_of_it_gives(part: int) -> None:
    for case, chance in trials(part, CALENDARS // PARTS):
        check(case, chance)


@given(st.sampled_from(ZONES), st.integers(0, 60 * 365 * 24 * HOUR), st.integers(0, 10**7))
@settings(max_examples=examples(100), deadline=None)
def test_so_much_later_so_much_has_counted(zone: str, begin: int, seconds: int) -> None:
    hours, start = (
        BusinessTime(CalendarDefinition(zone, OFFICE)),
        at("2000-01-01T00:00Z") + timedelta(seconds=begin),
    )
    due = hours.add(start, seconds)
    assert due is not None
    assert hours.between(start, due) == seconds
    assert hours.add(start, hours.between(start, due)) == due
    assert hours.between(due, start) == 0


def test_a_day_that_the_clock_leaves_out_has_no_hours_not_even_behind_its_midnight() -> None:
    """Samoa went from 29 to 31 December 2011 (IANA's tzdata): nobody began a night's work on the 30th."""
    hours = BusinessTime(CalendarDefinition("Pacific/Apia", NIGHTS))
    begin, end = at("2011-12-29T12:00-10:00"), at("2011-12-31T23:00+14:00")
    assert hours.between(begin, end) == (2 + 1) * HOUR


@each_case(
    ("week", "zone", "day", "hours"),
    [
        (NIGHTS, "Europe/Berlin", "2026-03-28", 7),  # the hour after two is left out
        (NIGHTS, "Europe/Berlin", "2026-10-24", 9),  # and comes twice
        (NIGHTS, "Australia/Lord_Howe", "2026-04-04", 8.5),
        (NIGHTS, "Australia/Lord_Howe", "2026-10-03", 7.5),
        (NIGHTS, "America/Santiago", "2026-04-04", 9),  # at midnight
        (EARLY, "Europe/Berlin", "2026-03-29", 3),  # 02:30 is not there: from 03:00 on
        (EARLY, "Europe/Berlin", "2026-10-25", 4.5),  # 02:30 is there twice: from the first on
        ((((0, 2 * 60 + 30),),) * 7, "Europe/Berlin", "2026-10-25", 3.5),  # up to the second
        ((((0, 2 * 60 + 30),),) * 7, "Europe/Berlin", "2026-03-29", 2),
        (NIGHTS, "Asia/Shanghai", "2026-03-28", 8),
    ],
)
def test_a_span_across_a_change_of_the_clock_has_its_real_length(
    week: Week, zone: str, day: str, hours: float
) -> None:
    only = tuple(spans if n == date.fromisoformat(day).weekday() else () for n, spans in enumerate(week))
    start = at(f"{day}T00:00Z") - timedelta(days=1)
    assert (
        BusinessTime(CalendarDefinition(zone, only)).between(start, start + timedelta(days=4)) == hours * HOUR
    )


def test_a_holiday_strikes_the_part_of_a_night_shift_that_lies_on_it() -> None:
    nights = BusinessTime(CalendarDefinition("UTC", NIGHTS, holidays=frozenset({date(2026, 12, 25)})))
    spans = nights.spans(at("2026-12-24T12:00Z"), at("2026-12-26T12:00Z"))
    assert spans == [
        (at("2026-12-24T22:00Z"), at("2026-12-25T00:00Z")),
        (at("2026-12-26T00:00Z"), at("2026-12-26T06:00Z")),
    ]


def test_a_working_day_is_stronger_than_a_holiday_and_than_the_week() -> None:
    saturday = date(2026, 2, 14)
    shanghai = CalendarDefinition(
        "Asia/Shanghai", OFFICE, holidays=frozenset({saturday}), working_days={saturday: ((540, 720),)}
    )
    spans = BusinessTime(shanghai).spans(at("2026-02-14T00:00+08:00"), at("2026-02-15T00:00+08:00"))
    assert spans == [(at("2026-02-14T09:00+08:00"), at("2026-02-14T12:00+08:00"))]


def test_a_planned_change_of_hours_leaves_the_weeks_before_it_alone() -> None:
    later = CalendarDefinition(
        "UTC", OFFICE, patterns=((date(2026, 12, 1), ALWAYS_OPEN), (date(2026, 12, 3), OFFICE))
    )
    before, after = BusinessTime(CalendarDefinition("UTC", OFFICE)), BusinessTime(later)
    change = at("2026-12-01T00:00Z")
    assert before.between(at("2026-11-01T00:00Z"), change) == after.between(at("2026-11-01T00:00Z"), change)
    assert after.between(change, at("2026-12-03T00:00Z")) == 48 * HOUR
    assert after.between(at("2026-12-03T00:00Z"), at("2026-12-04T00:00Z")) == 9 * HOUR


def test_due_at_a_closing_stays_at_the_closing() -> None:
    office = BusinessTime(CalendarDefinition("Asia/Shanghai", OFFICE))
    monday = at("2026-11-16T09:00+08:00")
    closing = at("2026-11-16T18:00+08:00")
    assert office.add(monday, 9 * HOUR) == closing
    assert office.next_opening(closing) == at("2026-11-17T09:00+08:00")
    assert office.add(monday, 9 * HOUR + 1) == at("2026-11-17T09:00:01+08:00")
    assert office.add(closing, 0) == closing
    assert not office.open_at(closing)


def test_all_hours_of_all_days_are_one_span() -> None:
    always = BusinessTime(CalendarDefinition("Europe/Berlin", ALWAYS_OPEN))
    start, end = at("2020-06-01T03:04:05Z"), at("2031-01-01T00:00Z")
    assert always.spans(start, end) == [(start, end)]
    assert always.between(start, end) == (end - start).total_seconds()


def test_where_nothing_counts_any_more_nothing_is_due() -> None:
    closed = BusinessTime(CalendarDefinition("UTC", OFFICE, patterns=((date(2026, 12, 1), ((),) * 7),)))
    start = at("2026-12-01T00:00Z")
    assert closed.add(start, 1) is None
    assert closed.next_opening(start) is None
    assert closed.between(start, at("2036-12-01T00:00Z")) == 0


def test_parts_of_a_second_are_left_out() -> None:
    office = BusinessTime(CalendarDefinition("UTC", OFFICE))
    assert office.between(at("2026-11-16T09:00:00.900Z"), at("2026-11-16T09:00:01.100Z")) == 1
    assert office.add(at("2026-11-16T09:00:00.900Z"), 60) == at("2026-11-16T09:01:00Z")


@each_case(
    ("zone", "day", "begins", "ends"),
    [
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),  # 25 hours
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00Z", "2026-09-07T03:00Z"),  # has no midnight
        ("America/Santiago", "2026-04-04", "2026-04-04T03:00Z", "2026-04-05T04:00Z"),  # whose end comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),  # left out
    ],
)
def test_a_local_day_has_its_real_bounds(zone: str, day: str, begins: str, ends: str) -> None:
    bounds = BusinessTime(CalendarDefinition(zone, OFFICE)).bounds_of(date.fromisoformat(day))
    assert bounds == (at(begins), at(ends))


def test_the_oracle_sees_what_is_wrong() -> None:
    case = Trial(CalendarDefinition("UTC", OFFICE), at("2026-11-16T00:00Z"), at("2026-11-17T00:00Z"))
    assert Oracle(case).between(case.start, case.end) == 9 * HOUR
    assert Oracle(case).between(at("2026-11-16T08:59:30Z"), at("2026-11-16T09:00:30Z")) == 30
