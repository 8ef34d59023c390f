"""When summaries are sent: once on each of their days, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation.calendars.week import Weekday
from app.summaries.schedule import Cadence, Schedule, next_instant
from tests.kpis.test_periods import instants

#: Clocks are moved by an hour, by half an hour, and at midnight; one zone has left out a whole day.
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia")
BERLIN = ZoneInfo("Europe/Berlin")
schedules = st.builds(
    Schedule,
    st.sampled_from(Cadence),
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES).map(ZoneInfo),
    st.sampled_from(Weekday),
    st.integers(1, 31),
)


@given(schedules, instants)
def test_each_of_its_days_has_one_instant_and_no_other_day_any(schedule: Schedule, begin: datetime) -> None:
    sent = [begin]
    for _ in range(40):
        sent.append(next_instant(schedule, sent[-1]))
    assert all(earlier < later for earlier, later in pairwise(sent))
    days = [moment.astimezone(schedule.zone).date() for moment in sent[1:]]
    first, last = days[0], days[-1]
    expected = [
        day
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
        if schedule.falls_on(day) and exists(day, schedule.zone)
    ]
    moved = {day for day in days if not schedule.falls_on(day)}  # a time that was skipped, after midnight
    assert len(days) == len(set(days)), "never twice on a day"
    assert set(expected) - set(days) <= {day - timedelta(days=1) for day in moved}


def exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the clocks of the zone have shown that day."""
    noon = datetime.combine(day, time(12), zone)
    return noon.astimezone(UTC).astimezone(zone).date() == day


@given(schedules, instants, st.timedeltas(timedelta(0), timedelta(days=100)))
def test_an_instant_that_has_come_is_not_the_next_one(
    schedule: Schedule, after: datetime, late: timedelta
) -> None:
    following = next_instant(schedule, after)
    assert next_instant(schedule, following - timedelta(minutes=1)) == following
    assert next_instant(schedule, following + late) > following + late


@pytest.mark.parametrize(
    ("after", "following"),
    [
        ("2026-03-28T01:30+00:00", "2026-03-29T01:30+00:00"),  # half past two does not exist: half past three
        ("2026-03-29T01:30+00:00", "2026-03-30T00:30+00:00"),
        ("2026-10-24T23:00+00:00", "2026-10-25T00:30+00:00"),  # half past two is twice: the first
        ("2026-10-25T00:30+00:00", "2026-10-26T01:30+00:00"),
    ],
)
def test_clocks_that_are_moved_neither_leave_a_day_out_nor_send_twice(after: str, following: str) -> None:
    schedule = Schedule(Cadence.day, time(2, 30), BERLIN)
    assert next_instant(schedule, datetime.fromisoformat(after)) == datetime.fromisoformat(following)


def test_a_month_without_that_day_has_its_last_instead() -> None:
    schedule = Schedule(Cadence.month, time(7), BERLIN, day_of_month=31)
    sent = [datetime(2027, 12, 31, 12, tzinfo=UTC)]
    for _ in range(4):
        sent.append(next_instant(schedule, sent[-1]))
    assert [moment.date() for moment in sent[1:]] == [
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
        date(2028, 4, 30),
    ]
