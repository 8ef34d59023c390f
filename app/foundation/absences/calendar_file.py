"""Reading of calendars (RFC 5545): the absences that they have within a time. Pure, and called in a process
of its own.

An event counts as an absence if it is marked as out of office (`X-MICROSOFT-CDO-BUSYSTATUS:OOF`), or has a
category of `CATEGORIES`, or lasts whole days and is not shown as free. Cancelled events never count. Titles
of events are not read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar, vRecur

from app.foundation.absences.calendar_zones import TIMES, has_unknown_zone, with_known_zones
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
#: Values by which a calendar event marks its person as present.
PRESENT = frozenset({"FREE", "TENTATIVE", "WORKINGELSEWHERE"})
BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"
ALL_DAY = "X-MICROSOFT-CDO-ALLDAYEVENT"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarAbsence:
    """An absence in a calendar; `key` is the fingerprint of its event, or of an occurrence of it."""

    key: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CalendarContent:
    """The absences of a calendar, by their beginning, and the events that could not be read, or not all of
    them: each by its UID (empty if missing) and the beginning that it replaces in its series. `left_out`
    counts the absences beyond the nearest ones.
    """

    absences: tuple[CalendarAbsence, ...]
    unreadable_events: tuple[tuple[str, str], ...]
    left_out: int = 0

    @property
    def unreadable(self) -> int:
        """The number of events that could not be read."""
        return len(self.unreadable_events)

    def may_have_absence(self, key: str, begin: datetime) -> bool:
        """Return whether the calendar may still have the absence with that key and beginning, which was taken
        before: an event that could not be read may be the one, or it is later than those that are taken.
        """
        if self.left_out and begin >= self.absences[-1].begin:
            return True
        names = ("", begin.astimezone(UTC).isoformat())
        return any(
            key in {_fingerprint(uid, name) for name in (*names, original)}
            for uid, original in self.unreadable_events
            if uid
        )


class CalendarRefused(Exception):
    """The calendar cannot be accepted; `failure` has the reason."""

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
        calendars = Calendar.from_ical(with_known_zones(content), multiple=True)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise CalendarRefused(FetchFailure.no_calendar) from error
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise CalendarRefused(FetchFailure.no_calendar)
    zone = ZoneInfo(zone_name)
    events = _current(calendars)
    series = _SeriesChanges(_replaced(events), _following(events, zone), _repeated(events))
    absences: dict[str, CalendarAbsence] = {}
    unreadable: list[tuple[str, str]] = []
    left_out = 0
    for event in events:
        try:
            # All of a series, or nothing of it.
            occurrences = _occurrences(event, zone, series, begin, end)
            of_event = {each.key: each for each in occurrences}
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError):  # also what is broken
            unreadable.append(_name(event, zone))
            continue
        if not {name for name, _ in event.errors}.isdisjoint(TIMES) or has_unknown_zone(event):
            # The library has left out what it could not read: there may be more than what is taken.
            unreadable.append(_name(event, zone))
        absences |= of_event
        if len(absences) > MOST_ABSENCES:
            left_out += len(absences) - MOST_ABSENCES
            absences = {each.key: each for each in _by_beginning(absences)[:MOST_ABSENCES]}
    return CalendarContent(tuple(_by_beginning(absences)), tuple(unreadable), left_out)


def _current(calendars: Iterable[Any]) -> list[Any]:
    """Return the events: the last of several versions of one, without those that were cancelled later."""
    events: list[Any] = []
    latest: dict[tuple[str, Any], tuple[int, bool]] = {}
    for calendar in calendars:
        is_cancelled = str(calendar.get("METHOD", "")).upper() == "CANCEL"
        for event in calendar.walk("VEVENT"):
            if is_cancelled:
                event["STATUS"] = "CANCELLED"
            events.append(event)
            latest[_key(event)] = max(latest.get(_key(event), (0, False)), _version(event))
    return [event for event in events if not event.get("UID") or _version(event) == latest[_key(event)]]


def _key(event: Any) -> tuple[str, Any]:
    return str(event.get("UID", "")), str(getattr(event.get("RECURRENCE-ID"), "dt", ""))


def _version(event: Any) -> tuple[int, bool]:
    """Return which version of the event it is; of two with one number, the cancellation is the later one."""
    number = str(event.get("SEQUENCE", "0"))
    is_cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return int(number) if number.isascii() and number.isdigit() else 0, is_cancelled


def _by_beginning(absences: Mapping[str, CalendarAbsence]) -> list[CalendarAbsence]:
    return sorted(absences.values(), key=lambda absence: (absence.begin, absence.key))


def _name(event: Any, zone: ZoneInfo) -> tuple[str, str]:
    original = getattr(event.get("RECURRENCE-ID"), "dt", None)
    return str(event.get("UID", "")), _instant(original, zone).isoformat() if isinstance(
        original, date
    ) else ""


def _fingerprint(uid: str, occurrence: str) -> str:
    return hashlib.sha256(f"{uid}\n{occurrence}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Moments:
    """Times and days as a calendar names them, to look up beginnings of occurrences."""

    instants: frozenset[datetime]
    days: frozenset[date]

    def has(self, when: date, zone: ZoneInfo) -> bool:
        """Return whether the occurrence is named: by its time, or by its day where either has no time."""
        day = when.date() if isinstance(when, datetime) else when
        return _instant(when, zone) in self.instants or day in self.days


@dataclass(frozen=True, slots=True)
class _SeriesChanges:
    """By UID: the occurrences that have an event of their own, and the events that change all later ones.
    `repeated`: the UIDs of several events that are no occurrences of one series.
    """

    replaced: Mapping[str, list[date]]
    following: Mapping[str, list[tuple[datetime, Any]]]
    repeated: frozenset[str]


def _moments(named: Iterable[date], series: date, zone: ZoneInfo) -> _Moments:
    """Return the moments as they name occurrences of a series that begins so. For a series of whole days,
    midnight in any zone stands for the day.
    """
    instants, days = set[datetime](), set[date]()
    for when in named:
        if not isinstance(when, datetime):
            days.add(when)
        elif when.time() == time() and not isinstance(series, datetime):
            days.add(when.date())
        else:
            instants.add(_instant(when, zone))
    return _Moments(frozenset(instants), frozenset(days))


def _replaced(events: list[Any]) -> dict[str, list[date]]:
    """Return the occurrences of series that have an event of their own: original beginnings by UID."""
    replaced: dict[str, list[date]] = {}
    for event in events:
        if isinstance(when := getattr(event.get("RECURRENCE-ID"), "dt", None), date):
            replaced.setdefault(str(event.get("UID", "")), []).append(when)
    return replaced


def _following(events: list[Any], zone: ZoneInfo) -> dict[str, list[tuple[datetime, Any]]]:
    """Return, by UID, the events that change an occurrence and all later ones, by its original beginning."""
    following: dict[str, list[tuple[datetime, Any]]] = {}
    for event in events:
        original = event.get("RECURRENCE-ID")
        if original is not None and str(original.params.get("RANGE", "")).upper() == "THISANDFUTURE":
            changed = (_instant(original.dt, zone), event)
            following.setdefault(str(event.get("UID", "")), []).append(changed)
    return {uid: sorted(changes, key=lambda change: change[0]) for uid, changes in following.items()}


def _as_changed(
    when: date, changes: Iterable[tuple[datetime, Any]], zone: ZoneInfo
) -> tuple[date, date] | None:
    """Return begin and end of an occurrence by the last event that changes it and all later ones; None: it is
    no absence any more. Without such an event both are its original beginning.
    """
    change = next((event for first, event in reversed(list(changes)) if first <= _instant(when, zone)), None)
    if change is None:
        return when, when
    if not _is_absence(change):
        return None
    start, stop = _start_and_end(change, zone)
    begin = when + (start - change["RECURRENCE-ID"].dt)
    return begin, begin + (stop - start)


def _repeated(events: list[Any]) -> frozenset[str]:
    """Return the UIDs that several events have which are no occurrences of one series."""
    single = (str(event.get("UID", "")) for event in events if event.get("RECURRENCE-ID") is None)
    return frozenset(uid for uid, number in Counter(single).items() if number > 1)


def _occurrences(
    event: Any,
    zone: ZoneInfo,
    changes: _SeriesChanges,
    begin: datetime,
    end: datetime,
) -> Iterator[CalendarAbsence]:
    """Yield the absences of the event that overlap the time."""
    if not _is_absence(event):
        return
    uid = str(event.get("UID", ""))
    if not uid:
        raise _Unreadable
    start, stop = _start_and_end(event, zone)
    original = getattr(event.get("RECURRENCE-ID"), "dt", None)
    if event.get("RRULE") is None and event.get("RDATE") is None:
        named_by = start if uid in changes.repeated and original is None else original
        name = "" if named_by is None else _instant(named_by, zone).isoformat()
        yield from _within(uid, name, (_instant(start, zone), _instant(stop, zone)), begin, end)
        return
    usual_length = stop - start
    elsewhere = _moments(changes.replaced.get(uid, ()), start, zone)
    for each, length in _series(event, start, zone, end):
        if elsewhere.has(each, zone):
            continue
        changed = _as_changed(each, changes.following.get(uid, ()), zone)
        if changed is None:
            continue
        first, last = changed
        until = last if last > first else first + (usual_length if length is None else length)
        times = (_instant(first, zone), _instant(until, zone))
        yield from _within(uid, _instant(each, zone).isoformat(), times, begin, end)


def _within(
    uid: str, occurrence: str, times: tuple[datetime, datetime], begin: datetime, end: datetime
) -> Iterator[CalendarAbsence]:
    if times[1] - times[0] > LONGEST_EVENT:
        raise _Unreadable
    if times[0] < times[1] and times[1] > begin and times[0] < end:
        yield CalendarAbsence(_fingerprint(uid, occurrence), *times)


def _is_absence(event: Any) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    shown_as = str(event.get(BUSY_STATUS, "")).upper()
    if shown_as == OUT_OF_OFFICE or not _categories(event).isdisjoint(CATEGORIES):
        return True
    start = getattr(event.get("DTSTART"), "dt", None)
    is_all_day = str(event.get(ALL_DAY, "")).upper() == "TRUE"
    whole_days = (
        not isinstance(start, datetime)
        or (is_all_day and start.time() == time())
        or _is_from_midnight_to_midnight(event, start)
    )
    is_free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or shown_as in PRESENT
    return whole_days and not is_free


def _is_from_midnight_to_midnight(event: Any, start: datetime) -> bool:
    """Return whether the event lasts whole days of its zone, as some programs write them. Midnight in UTC is
    one of a few places only.
    """
    stop, length = (getattr(event.get(name), "dt", None) for name in ("DTEND", "DURATION"))
    if stop is None and isinstance(length, timedelta):
        stop = start + length
    if not isinstance(stop, datetime) or stop <= start or str(start.tzinfo or "UTC") == "UTC":
        return False
    return start.time() == time() and stop.time() == time() and str(start.tzinfo) == str(stop.tzinfo)


def _categories(event: Any) -> set[str]:
    lists = event.get("CATEGORIES") or []
    return {
        str(category).strip().casefold()
        for named in (lists if isinstance(lists, list) else [lists])
        for category in getattr(named, "cats", ())
    }


def _start_and_end(event: Any, zone: ZoneInfo) -> tuple[date, date]:
    """Return begin and end: two days, or two times. Raises _Unreadable."""
    start, stop = (getattr(event.get(name), "dt", None) for name in ("DTSTART", "DTEND"))
    if not isinstance(start, date):
        raise _Unreadable
    if stop is None:
        length = getattr(event.get("DURATION"), "dt", None)
        stop = start + (length if isinstance(length, timedelta) else timedelta())
    if not isinstance(stop, date) or isinstance(start, datetime) is not isinstance(stop, datetime):
        raise _Unreadable
    whole_day = not isinstance(start, datetime) or str(event.get(ALL_DAY, "")).upper() == "TRUE"
    if start == stop and whole_day:
        stop = start + ONE_DAY  # Google and others write the only day as the end, too
    if _instant(stop, zone) < _instant(start, zone):
        raise _Unreadable
    return start, stop


def _series(
    event: Any, start: date, zone: ZoneInfo, end: datetime
) -> Iterator[tuple[date, timedelta | None]]:
    """Yield the beginnings of the occurrences of the series up to `end`, with their length if it is not the
    usual one. Raises _Unreadable.
    """
    left_out = _moments(_dates(event, "EXDATE"), start, zone)
    added = [(_of_series(when, start), length) for when, length in _added(event)]
    if len(added) > MOST_OCCURRENCES:
        raise _Unreadable
    rules = event.get("EXRULE") or []  # of RFC 2445
    excluded = {
        _instant(when, zone)
        for rule in (rules if isinstance(rules, list) else [rules])
        for when in _by_rule(rule, start, zone, end)
    }
    regular = () if event.get("RRULE") is None else _by_rule(event["RRULE"], start, zone, end)
    for when, length in ((start, None), *added, *((each, None) for each in regular)):
        if not left_out.has(when, zone) and _instant(when, zone) not in excluded:
            yield when, length


def _by_rule(rule: Any, start: date, zone: ZoneInfo, end: datetime) -> Iterator[date]:
    """Yield the beginnings by the rule up to `end`. Raises _Unreadable."""
    for number, each in enumerate(_rule(rule, start, zone)):
        when: date = each if isinstance(start, datetime) else each.date()
        if _instant(when, zone) >= end:
            return
        if number > MOST_OCCURRENCES:
            raise _Unreadable
        yield when


def _added(event: Any) -> list[tuple[date, timedelta | None]]:
    """Return the further occurrences of a series: beginnings, those named as periods with their length."""
    added: list[tuple[date, timedelta | None]] = []
    for listed in _listed(event, "RDATE"):
        if isinstance(listed, tuple):
            begin, stop = listed
            added.append((begin, stop if isinstance(stop, timedelta) else stop - begin))
        elif isinstance(listed, date):
            added.append((listed, None))
        else:
            raise _Unreadable
    return added


def _of_series(when: date, start: date) -> date:
    """Return an added beginning as the series has them: a day, or the usual time on that day."""
    if not isinstance(start, datetime):
        return when.date() if isinstance(when, datetime) else when
    return when if isinstance(when, datetime) else datetime.combine(when, start.timetz())


def _dates(event: Any, name: str) -> list[date]:
    """Return the days and times in a list. Raises _Unreadable if there is something else, as periods."""
    listed = _listed(event, name)
    if not all(isinstance(when, date) for when in listed):
        raise _Unreadable
    return listed


def _listed(event: Any, name: str) -> list[Any]:
    lists = event.get(name) or []
    return [
        entry.dt
        for dates in (lists if isinstance(lists, list) else [lists])
        for entry in getattr(dates, "dts", ())
    ]


def _rule(rule: Any, start: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Return the occurrences by the rule. Raises _Unreadable for an invalid rule, or one finer than days."""
    if not isinstance(rule, vRecur) or {str(each).upper() for each in rule.get("FREQ", ())} - FREQUENCIES:
        raise _Unreadable
    first = start if isinstance(start, datetime) else datetime.combine(start, time())
    written: bytes = rule.to_ical()  # type: ignore[no-untyped-call]  # the library's own writer
    parts = dict(part.split("=", 1) for part in written.decode().split(";"))
    if "UNTIL" in parts:
        # The last day must have a zone if the first one has.
        parts["UNTIL"] = _until(parts["UNTIL"], zone, is_local=first.tzinfo is None)
        if first.tzinfo is not None and "T" not in parts["UNTIL"]:
            parts["UNTIL"] = parts["UNTIL"].removesuffix("Z") + "T235959Z"
    try:
        return iter(rrulestr(";".join(f"{name}={text}" for name, text in parts.items()), dtstart=first))
    except (ValueError, TypeError) as error:
        raise _Unreadable from error


def _until(text: str, zone: ZoneInfo, *, is_local: bool) -> str:
    """Return the end of a rule with `Z`, or in the person's zone for a series without a zone."""
    if not is_local:
        return text.removesuffix("Z") + "Z"
    if not text.endswith("Z"):
        return text
    last = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return f"{last.astimezone(zone):%Y%m%dT%H%M%S}"


def _instant(when: date, zone: ZoneInfo) -> datetime:
    """Return the instant of a time, or of the beginning of a day."""
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo is not None else when.replace(tzinfo=zone)).astimezone(UTC)
