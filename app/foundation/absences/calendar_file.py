"""Reading of calendars (RFC 5545): the absences that they have within a time. Pure, and called in a process
of its own.

What counts as an absence: an event that is marked as out of office (`X-MICROSOFT-CDO-BUSYSTATUS:OOF`), or has
a category of `CATEGORIES`, or lasts whole days and is not shown as free. Cancelled events never count. What
an event is called is not read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, vRecur

from app.foundation.absences.records import FetchFailure

LARGEST_CALENDAR = 1_048_576
MOST_ABSENCES = 1_000
LONGEST_EVENT = timedelta(days=366)
#: Occurrences of a series that are computed at most, those of the past among them.
MOST_OCCURRENCES = 20_000
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
#: Categories of absences, in small letters.
CATEGORIES = frozenset(
    {
        *("absence", "holiday", "leave", "out of office", "ooo", "pto", "sick leave", "vacation"),
        *("休假", "请假", "年假", "病假", "外出", "不在办公室"),
    }
)
OUT_OF_OFFICE = "OOF"
#: What an event is shown as that keeps nobody away.
PRESENT = frozenset({"FREE", "TENTATIVE", "WORKINGELSEWHERE"})
BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"


@dataclass(frozen=True, slots=True)
class CalendarAbsence:
    """An absence in a calendar; `key` is the fingerprint of its event, or of an occurrence of it."""

    key: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CalendarContent:
    """The absences of a calendar, by their beginning, and the number of events that could not be read."""

    absences: tuple[CalendarAbsence, ...]
    unreadable: int


class CalendarRefused(Exception):
    """The calendar cannot be taken; `failure` says why."""

    def __init__(self, failure: FetchFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class _Unreadable(ValueError):
    """An event that cannot be read."""


def read_calendar(content: bytes, zone_name: str, begin: datetime, end: datetime) -> CalendarContent:
    """Return the absences that are in the calendar between `begin` and `end`. Days, and times without a zone,
    are those of the zone. Raises CalendarRefused.
    """
    if len(content) > LARGEST_CALENDAR:
        raise CalendarRefused(FetchFailure.too_large)
    try:
        calendars = Calendar.from_ical(content.removeprefix(b"\xef\xbb\xbf"), multiple=True)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise CalendarRefused(FetchFailure.no_calendar) from error
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise CalendarRefused(FetchFailure.no_calendar)
    zone = ZoneInfo(zone_name)
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    replaced = _replaced(events, zone)
    absences: dict[str, CalendarAbsence] = {}
    unreadable = 0
    for event in events:
        try:
            # All of a series, or nothing of it.
            of_event = {each.key: each for each in _occurrences(event, zone, replaced, begin, end)}
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError):  # also what is broken
            unreadable += 1
            continue
        absences |= of_event
        if len(absences) > MOST_ABSENCES:
            raise CalendarRefused(FetchFailure.too_many_absences)
    ordered = sorted(absences.values(), key=lambda absence: (absence.begin, absence.key))
    return CalendarContent(tuple(ordered), unreadable)


def _replaced(events: list[Any], zone: ZoneInfo) -> set[tuple[str, datetime]]:
    """Return the occurrences of series that have an event of their own: UID and original beginning."""
    replaced = set()
    for event in events:
        with suppress(ValueError):  # counted as unreadable later
            if isinstance(when := getattr(event.get("RECURRENCE-ID"), "dt", None), date):
                replaced.add((str(event.get("UID", "")), _instant(when, zone)))
    return replaced


def _occurrences(
    event: Any, zone: ZoneInfo, replaced: set[tuple[str, datetime]], begin: datetime, end: datetime
) -> Iterator[CalendarAbsence]:
    """Yield the absences of the event that overlap the time."""
    if not _is_absence(event):
        return
    uid = str(event.get("UID", ""))
    if not uid:
        raise _Unreadable
    start, stop = _start_and_end(event)
    original = getattr(event.get("RECURRENCE-ID"), "dt", None)
    if event.get("RRULE") is None and event.get("RDATE") is None:
        name = "" if original is None else _instant(original, zone).isoformat()
        yield from _within(uid, name, (_instant(start, zone), _instant(stop, zone)), begin, end)
        return
    length = stop - start
    for each in _series(event, start, zone, end):
        if (uid, _instant(each, zone)) in replaced:
            continue
        times = (_instant(each, zone), _instant(each + length, zone))
        yield from _within(uid, times[0].isoformat(), times, begin, end)


def _within(
    uid: str, occurrence: str, times: tuple[datetime, datetime], begin: datetime, end: datetime
) -> Iterator[CalendarAbsence]:
    if times[1] - times[0] > LONGEST_EVENT:
        raise _Unreadable
    if times[0] < times[1] and times[1] > begin and times[0] < end:
        fingerprint = hashlib.sha256(f"{uid}\n{occurrence}".encode()).hexdigest()
        yield CalendarAbsence(fingerprint, *times)


def _is_absence(event: Any) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    shown_as = str(event.get(BUSY_STATUS, "")).upper()
    if shown_as == OUT_OF_OFFICE or not _categories(event).isdisjoint(CATEGORIES):
        return True
    whole_days = not isinstance(getattr(event.get("DTSTART"), "dt", None), datetime)
    is_free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or shown_as in PRESENT
    return whole_days and not is_free


def _categories(event: Any) -> set[str]:
    lists = event.get("CATEGORIES") or []
    return {
        str(category).strip().casefold()
        for named in (lists if isinstance(lists, list) else [lists])
        for category in getattr(named, "cats", ())
    }


def _start_and_end(event: Any) -> tuple[date, date]:
    """Return begin and end: two days, or two times. Raises _Unreadable."""
    start, stop = (getattr(event.get(name), "dt", None) for name in ("DTSTART", "DTEND"))
    if not isinstance(start, date):
        raise _Unreadable
    if stop is None:
        length = getattr(event.get("DURATION"), "dt", None)
        one_day = timedelta(days=0 if isinstance(start, datetime) else 1)
        stop = start + (length if isinstance(length, timedelta) else one_day)
    if not isinstance(stop, date) or isinstance(start, datetime) is not isinstance(stop, datetime):
        raise _Unreadable
    return start, stop


def _series(event: Any, start: date, zone: ZoneInfo, end: datetime) -> Iterator[date]:
    """Yield the beginnings of the occurrences of the series up to `end`. Raises _Unreadable."""
    left_out = {_instant(when, zone) for when in _dates(event, "EXDATE")}
    added = [
        when for when in _dates(event, "RDATE") if isinstance(when, datetime) is isinstance(start, datetime)
    ]
    if len(added) > MOST_OCCURRENCES:
        raise _Unreadable
    yield from (when for when in (start, *added) if _instant(when, zone) not in left_out)
    if event.get("RRULE") is None:
        return
    for number, each in enumerate(_rule(event["RRULE"], start)):
        when: date = each if isinstance(start, datetime) else each.date()
        if _instant(when, zone) >= end:
            return
        if number > MOST_OCCURRENCES:
            raise _Unreadable
        if _instant(when, zone) not in left_out:
            yield when


def _dates(event: Any, name: str) -> list[date]:
    lists = event.get(name) or []
    return [
        entry.dt
        for dates in (lists if isinstance(lists, list) else [lists])
        for entry in getattr(dates, "dts", ())
        if isinstance(entry.dt, date)
    ]


def _rule(rule: Any, start: date) -> Iterator[datetime]:
    """Return the occurrences by the rule. Raises _Unreadable for one that is none, or finer than days."""
    if not isinstance(rule, vRecur) or {str(each).upper() for each in rule.get("FREQ", ())} - FREQUENCIES:
        raise _Unreadable
    first = start if isinstance(start, datetime) else datetime.combine(start, time())
    written: bytes = rule.to_ical()  # type: ignore[no-untyped-call]  # the library's own writer
    parts = dict(part.split("=", 1) for part in written.decode().split(";"))
    if "UNTIL" in parts:
        # Whether the last day has a zone must be as with the first one.
        parts["UNTIL"] = parts["UNTIL"].removesuffix("Z") + ("Z" if first.tzinfo is not None else "")
        if first.tzinfo is not None and "T" not in parts["UNTIL"]:
            parts["UNTIL"] = parts["UNTIL"].removesuffix("Z") + "T235959Z"
    try:
        return iter(rrulestr(";".join(f"{name}={text}" for name, text in parts.items()), dtstart=first))
    except (ValueError, TypeError) as error:
        raise _Unreadable from error


def _instant(when: date, zone: ZoneInfo) -> datetime:
    """Return the instant of a time, or of the beginning of a day."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo is not None else when.replace(tzinfo=zone)).astimezone(UTC)
