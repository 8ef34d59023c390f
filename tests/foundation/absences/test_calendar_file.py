"""Calendars: which events are absences, when they are, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.foundation.absences.calendar_file import CalendarAbsence, CalendarRefused, read_calendar
from app.foundation.absences.records import FetchFailure

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAYS = "DTSTART;VALUE=DATE:20261221\nDTEND;VALUE=DATE:20261223"
HOURS = "DTSTART:20261221T010000Z\nDTEND:20261221T050000Z"


def a_calendar(*events: str) -> bytes:
    """A calendar's file."""
    within = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Tests//EN\n{within}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def found(*events: str) -> list[CalendarAbsence]:
    """The absences within a year, in Shanghai."""
    content = read_calendar(a_calendar(*events), "Asia/Shanghai", NOW, NOW + timedelta(days=366))
    return list(content.absences)


def days(*events: str) -> list[str]:
    """The days in Shanghai on which they begin."""
    return [f"{absence.begin + timedelta(hours=8):%m-%d %H:%M}" for absence in found(*events)]


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (DAYS, True),
        (f"{DAYS}\nTRANSP:TRANSPARENT", False),
        (f"{DAYS}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", False),
        (f"{DAYS}\nTRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", True),
        (f"{DAYS}\nSTATUS:CANCELLED", False),
        (HOURS, False),
        (f"{HOURS}\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", True),
        (f"{HOURS}\nCATEGORIES:Team,Vacation", True),
        (f"{HOURS}\nCATEGORIES:年假", True),
        (f"{HOURS}\nSUMMARY:Vacation", False),
    ],
)
def test_whole_days_and_what_is_marked_as_out_of_office_count(event: str, counts: bool) -> None:
    assert bool(found(f"UID:1\n{event}")) is counts


def test_days_are_those_of_the_persons_zone() -> None:
    (absence,) = found(f"UID:1\n{DAYS}")
    assert absence.begin == datetime(2026, 12, 20, 16, tzinfo=UTC)
    assert absence.end == datetime(2026, 12, 22, 16, tzinfo=UTC)


def test_series_are_followed_for_a_year_with_what_is_left_out_and_what_was_moved() -> None:
    weekly = "UID:1\nDTSTART;VALUE=DATE:20261204\nRRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z"
    assert days(weekly) == ["12-04 00:00", "12-11 00:00", "12-18 00:00", "12-25 00:00"]
    moved = "UID:1\nRECURRENCE-ID;VALUE=DATE:20261211\nDTSTART;VALUE=DATE:20261214"
    but = f"{weekly}\nEXDATE;VALUE=DATE:20261218"
    assert days(but, moved) == ["12-04 00:00", "12-14 00:00", "12-25 00:00"]
    daily = "UID:2\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY"
    assert len(found(daily)) == 367, "the day that has begun is one of them"
    zoned = (
        "UID:3\nDTSTART;TZID=China Standard Time:20261202T090000\nDURATION:PT3H\nRRULE:FREQ=MONTHLY;COUNT=2"
    )
    assert days(f"{zoned}\nCATEGORIES:Leave") == ["12-02 09:00", "01-02 09:00"]


def test_keys_stay_when_an_event_moves_and_say_nothing_of_it() -> None:
    before, after = (
        found(f"UID:zhao@example.org\n{DAYS}"),
        found("UID:zhao@example.org\nDTSTART;VALUE=DATE:20261230"),
    )
    assert before[0].key == after[0].key
    assert before[0].begin != after[0].begin
    assert "zhao" not in before[0].key


def test_what_cannot_be_read_is_counted_and_the_rest_is_taken() -> None:
    broken = ("UID:1\nDTSTART:yesterday", "UID:2\nDTSTART;VALUE=DATE:20261221\nRRULE:FREQ=SECONDLY", DAYS)
    content = read_calendar(a_calendar(*broken, f"UID:3\n{DAYS}"), "UTC", NOW, NOW + timedelta(days=366))
    assert (len(content.absences), content.unreadable) == (1, 3)


@pytest.mark.parametrize(
    ("file", "failure"),
    [
        (b"", FetchFailure.no_calendar),
        (b"<html>", FetchFailure.no_calendar),
        (b"\xff\xfe\x00\x01", FetchFailure.no_calendar),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", FetchFailure.no_calendar),
        (b"x" * 1_048_577, FetchFailure.too_large),
        (
            a_calendar(*(f"UID:{n}\nDTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY" for n in range(3))),
            FetchFailure.too_many_absences,
        ),
    ],
)
def test_what_is_no_calendar_or_too_much_is_refused(file: bytes, failure: FetchFailure) -> None:
    with pytest.raises(CalendarRefused) as refused:
        read_calendar(file, "UTC", NOW, NOW + timedelta(days=366))
    assert refused.value.failure is failure
