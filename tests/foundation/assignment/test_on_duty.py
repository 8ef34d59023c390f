"""Who is on duty: weekly hours, past midnight, across changes of the clock, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.records import empty
from app.foundation.rota.on_duty import WEEKDAYS, DutySpan, on_duty, spans
from app.foundation.rota.records import Shift, StandIn
from app.log.ids import uuid7

CHEN, TOMASZ, AISHA = (uuid7() for _ in range(3))
PEOPLE = (CHEN, TOMASZ, AISHA)


def a_shift(person: UUID = CHEN, **fields: Any) -> Shift:
    """Weekdays of 2026 from 9 to 17 in Shanghai, and what else is said."""
    usual: dict[str, Any] = {
        "weekdays": ["mon", "tue", "wed", "thu", "fri"],
        "starts": "09:00",
        "ends": "17:00",
        "time_zone": "Asia/Shanghai",
        "every_weeks": 1,
        "from_date": "2026-01-01",
    }
    shift = empty(Shift, uuid7())
    for name, value in (usual | {"person_id": person} | fields).items():
        setattr(shift, name, value)
    return shift


def a_stand_in(
    coming: UUID | None, going: UUID | None, first: str, last: str, *back: str, zone: str = "Asia/Shanghai"
) -> StandIn:
    """Between two times on the clock; `back` are those in return."""
    stand_in = empty(StandIn, uuid7())
    stand_in.person_id, stand_in.instead_of_id = coming, going
    stand_in.starts_at, stand_in.ends_at = at(first, zone), at(last, zone)
    if back:
        stand_in.return_starts_at, stand_in.return_ends_at = (at(text, zone) for text in back)
    return stand_in


def at(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """A time on the clock of the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "present"),
    [
        ("2026-11-20T08:59:59", False),
        ("2026-11-20T09:00", True),
        ("2026-11-20T16:59:59", True),
        ("2026-11-20T17:00", False),
        ("2026-11-21T10:00", False),
    ],
)
def test_a_shift_begins_on_the_minute_and_its_end_does_not_belong_to_it(when: str, present: bool) -> None:
    assert on_duty([a_shift()], [], at(when)) == ((CHEN,) if present else ())


def test_a_night_is_that_of_the_day_on_which_it_begins() -> None:
    friday = a_shift(weekdays=["fri"], starts="22:00", ends="06:00", until_date="2026-11-21")
    for when, present in (
        ("2026-11-20T05:00", False),
        ("2026-11-20T22:00", True),
        ("2026-11-21T05:59", True),
        ("2026-11-21T06:00", False),
        ("2026-11-27T23:00", False),
    ):
        assert on_duty([friday], [], at(when)) == ((CHEN,) if present else ()), when


def test_a_shift_that_ends_when_it_begins_takes_the_whole_day() -> None:
    always = [a_shift(weekdays=list(WEEKDAYS), starts="08:00", ends="08:00", from_date="2026-11-16")]
    begin, end = at("2026-11-16T00:00"), at("2026-11-23T00:00")
    assert spans(always, [], begin, end) == [DutySpan(at("2026-11-16T08:00"), end, (CHEN,))]


def test_two_take_turns_by_the_week() -> None:
    turns = [
        a_shift(person, weekdays=list(WEEKDAYS), starts="00:00", ends="00:00", every_weeks=2, from_date=first)
        for person, first in ((CHEN, "2026-11-18"), (TOMASZ, "2026-11-23"))
    ]
    for day, person in (
        ("2026-11-18", CHEN),
        ("2026-11-22", CHEN),
        ("2026-11-23", TOMASZ),
        ("2026-11-29", TOMASZ),
        ("2026-11-30", CHEN),
        ("2026-12-14", CHEN),
        ("2026-12-21", TOMASZ),
    ):
        assert on_duty(turns, [], at(f"{day}T12:00")) == (person,), day
    assert on_duty(turns, [], at("2026-11-17T12:00")) == ()


def test_the_hours_are_those_of_the_clock_when_it_is_changed() -> None:
    berlin: dict[str, Any] = {
        "time_zone": "Europe/Berlin",
        "weekdays": ["sat", "sun"],
        "starts": "22:00",
        "ends": "06:00",
    }
    night = [a_shift(**berlin)]
    # The clock goes from 3 to 2 in the night to 25 October 2026, and from 2 to 3 in that to 29 March.
    for day, hours in (("2026-10-24", 9), ("2026-10-31", 8), ("2026-03-28", 7)):
        begin = at(f"{day}T12:00", "Europe/Berlin")
        (span,) = spans(night, [], begin, begin + timedelta(hours=20))
        assert span.end - span.begin == timedelta(hours=hours), day


def test_whoever_stands_in_comes_when_the_other_would_have_been_there() -> None:
    shifts = [a_shift()]
    cover = a_stand_in(TOMASZ, CHEN, "2026-11-19T00:00", "2026-11-21T00:00")
    assert on_duty(shifts, [cover], at("2026-11-19T10:00")) == (TOMASZ,)
    assert on_duty(shifts, [cover], at("2026-11-19T20:00")) == ()
    assert on_duty(shifts, [cover], at("2026-11-18T10:00")) == (CHEN,)
    then = a_stand_in(AISHA, TOMASZ, "2026-11-20T12:00", "2026-11-20T13:00")
    assert on_duty(shifts, [cover, then], at("2026-11-20T12:30")) == (AISHA,)


def test_somebody_can_be_away_and_somebody_be_there_besides() -> None:
    shifts = [a_shift()]
    away = a_stand_in(None, CHEN, "2026-11-20T09:00", "2026-11-20T12:00")
    besides = a_stand_in(AISHA, None, "2026-11-21T09:00", "2026-11-21T12:00")
    assert on_duty(shifts, [away, besides], at("2026-11-20T10:00")) == ()
    assert on_duty(shifts, [away, besides], at("2026-11-20T12:00")) == (CHEN,)
    assert on_duty(shifts, [away, besides], at("2026-11-21T10:00")) == (AISHA,)


def test_a_swap_is_both_ways() -> None:
    shifts = [a_shift(CHEN, weekdays=["mon"]), a_shift(TOMASZ, weekdays=["thu"])]
    swap = a_stand_in(
        TOMASZ, CHEN, "2026-11-16T00:00", "2026-11-17T00:00", "2026-11-19T00:00", "2026-11-20T00:00"
    )
    assert on_duty(shifts, [swap], at("2026-11-16T10:00")) == (TOMASZ,)
    assert on_duty(shifts, [swap], at("2026-11-19T10:00")) == (CHEN,)
    assert on_duty(shifts, [swap], at("2026-11-23T10:00")) == (CHEN,)
    assert on_duty(shifts, [swap], at("2026-11-26T10:00")) == (TOMASZ,)


hours = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 30]))
shifts = st.lists(
    st.builds(
        a_shift,
        st.sampled_from(PEOPLE),
        weekdays=st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True),
        starts=hours,
        ends=hours,
        time_zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
        every_weeks=st.integers(1, 3),
        from_date=st.dates(date(2026, 3, 1), date(2026, 4, 5)).map(date.isoformat),
    ),
    max_size=4,
)
times = st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 5)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001  # the zone is put to it


def _stand_in(coming: UUID | None, going: UUID | None, first: datetime, hours: int) -> StandIn:
    stand_in = empty(StandIn, uuid7())
    stand_in.person_id, stand_in.instead_of_id = coming, going
    stand_in.starts_at, stand_in.ends_at = first, first + timedelta(hours=hours)
    return stand_in


people = st.sampled_from([*PEOPLE, None])
stand_ins = st.lists(st.builds(_stand_in, people, people, times, st.integers(1, 100)), max_size=4)


@given(shifts, stand_ins, times)
def test_the_rota_says_of_every_instant_who_is_on_duty_then(
    shifts: list[Shift], stand_ins: list[StandIn], begin: datetime
) -> None:
    end = begin + timedelta(days=3)
    rota = spans(shifts, stand_ins, begin, end)
    assert all(a.end <= b.begin for a, b in pairwise(rota))
    for minutes in range(0, 3 * 24 * 60, 97):
        instant = begin + timedelta(minutes=minutes)
        assert set(_then(rota, instant)) == set(on_duty(shifts, stand_ins, instant))


def _then(rota: Iterable[DutySpan], instant: datetime) -> tuple[UUID, ...]:
    return next((span.persons for span in rota if span.begin <= instant < span.end), ())


@given(shifts, times)
def test_the_clock_on_the_wall_says_the_same(shifts: list[Shift], instant: datetime) -> None:
    """A second way to find out, good for days on which no clock is changed."""
    persons = set()
    for shift in shifts:
        local = instant.astimezone(ZoneInfo(shift.time_zone or ""))
        if any(_offset(local, days) != _offset(local, 0) for days in (-2, -1, 1, 2)):
            return
        clock = local.strftime("%H:%M")
        overnight = (shift.ends or "") <= (shift.starts or "")
        today = (shift.starts or "") <= clock and (overnight or clock < (shift.ends or ""))
        yesterday = overnight and clock < (shift.ends or "")
        for counts, day in ((today, local.date()), (yesterday, local.date() - timedelta(days=1))):
            if counts and _day(shift, day):
                persons.add(shift.person_id)
    assert set(on_duty(shifts, [], instant)) == persons


def _offset(local: datetime, days: int) -> timedelta | None:
    return (local + timedelta(days=days)).utcoffset()


def _day(shift: Shift, day: date) -> bool:
    first = date.fromisoformat(shift.from_date or "")
    year_week = [date_of_two.isocalendar()[:2] for date_of_two in (first, day)]
    weeks = year_week[1][1] - year_week[0][1]  # all of one year
    assert shift.every_weeks
    return (
        day >= first and WEEKDAYS[day.weekday()] in (shift.weekdays or ()) and weeks % shift.every_weeks == 0
    )
