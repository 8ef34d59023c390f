"""Times as files write them → instants. What could be read two ways is not guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from app.exchange.readers.rows import FileRefused
from app.log.canonical import instant

#: Programs write "never" as the year 1, 1900 or 1970; no ticket is that old.
EARLIEST_YEAR = 1971
LATEST_YEAR = 2200
LARGEST_CACHE = 50_000
_TIME = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(?: ?([AaPp])[Mm])?(?: ?(Z|UTC|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)

#: Months by name, as in 1-Mar-2016 and Mar 1, 2016.
_NAMED = re.compile(
    r"(?:(\d{1,2})([-/. ])([A-Za-z]{3,9})\.?\2|([A-Za-z]{3,9})\.? (\d{1,2}),? )(\d{4})(?=\D)", re.ASCII
)
_NAMES = "january february march april may june july august september october november december"
_MONTHS = {name: n for n, month in enumerate(_NAMES.split(), 1) for name in (month, month[:3])}
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_OF_DAY = "23:59:59.999999"

T = TypeVar("T")


class DateOrder(StrEnum):
    """In which order a file writes the parts of a date."""

    dmy = "dmy"
    mdy = "mdy"
    ymd = "ymd"


def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises FileRefused: without it no time of a file has a meaning."""
    try:
        return ZoneInfo(name)
    except Exception as error:  # whatever this name is instead: a folder, a path, no zone at all
        raise FileRefused(
            f"{name!r} is not the name of a time zone, such as Asia/Shanghai or UTC."
        ) from error


class ParsedTime(NamedTuple):
    """An instant in UTC. `text` is the same as it stands in the log; `flag` says what was odd about its
    reading.
    """

    at: datetime
    text: str
    flag: str | None = None


class NotATime(ValueError):
    """The text is no time, or one that could be read two ways. The message is the code of why."""


class TimeParser(dict[str, ParsedTime | None]):
    """Reads the times of one file: the instant by its text, None for one that means "never".

    Raises NotATime. What was read is kept, as the same times come again and again. `zone` None: each time
    says its offset. `per_second`: times are numbers, so many to a second, from the beginning of 1970 on.
    """

    def __init__(self, zone: ZoneInfo | None, order: DateOrder | None, per_second: int | None = None) -> None:
        super().__init__()
        self._zone = zone
        self._order = order
        self._per_second = per_second
        self._days: dict[str, datetime | None] = {}
        self._times_of_day: dict[str, timedelta | None] = {}

    def __missing__(self, text: str) -> ParsedTime | None:
        if len(self) >= LARGEST_CACHE:
            self.clear()
        self[text] = found = self._read(text)
        return found

    def _read(self, text: str) -> ParsedTime | None:
        if self._per_second is not None:
            return self._parse_epoch(text, self._per_second)
        # Days and times of day come again and again, also where no instant does.
        day, _, time = text.partition(" ")
        begins = _cached(self._days, day, self._midnight_of)
        since = _cached(self._times_of_day, time, _time_of_day)
        if begins is None or since is None:
            return self._parse(text)
        at = begins + since
        return ParsedTime(at, instant(at))

    def _midnight_of(self, day: str) -> datetime | None:
        """When that day begins; None if it is none of 24 hours, one by one as they are everywhere."""
        try:
            first, last = self._parse(f"{day} 00:00"), self._parse(f"{day} {_LAST_OF_DAY}")
        except NotATime:
            return None
        if first is None or last is None or first.flag or last.flag:
            return None
        return first.at if last.at - first.at == _time_of_day(_LAST_OF_DAY) else None

    def _parse(self, text: str) -> ParsedTime | None:
        found = _match_time(text)
        if found is None:
            raise NotATime("bad_time")
        first, _, second, third, hours, minutes, seconds, fraction, half, offset = found.groups()
        year, month, day = self._date(first, second, third)
        hour = int(hours)
        if half is not None:
            if not 1 <= hour <= 12:
                raise NotATime("bad_time")
            hour = hour % 12 + (12 if half in "Pp" else 0)
        try:
            parts = year, month, day, hour, int(minutes), int(seconds or 0), _micros(fraction)
            local = datetime(*parts)  # noqa: DTZ001  # the zone comes next
        except ValueError as error:
            if year == 0:
                return None
            raise NotATime("bad_time") from error
        if year < EARLIEST_YEAR:
            return None
        if year > LATEST_YEAR:
            raise NotATime("bad_time")
        return self._instant(local, offset)

    def _parse_epoch(self, text: str, per_second: int) -> ParsedTime | None:
        if not _NUMBER.fullmatch(text):
            raise NotATime("bad_time")
        at = _EPOCH + timedelta(microseconds=int(text) * 1_000_000 // per_second)
        if at.year < EARLIEST_YEAR:
            return None
        if at.year > LATEST_YEAR:
            raise NotATime("bad_time")
        return ParsedTime(at, instant(at))

    def _date(self, first: str, second: str, third: str) -> tuple[int, int, int]:
        if len(first) == 4 and len(third) <= 2:
            # A year in front cannot be taken for anything else.
            return int(first), int(second), int(third)
        if len(first) <= 2 and len(third) == 4 and self._order is not DateOrder.ymd:
            if self._order is None:
                raise NotATime("ambiguous_date")
            a, b = int(first), int(second)
            return (int(third), b, a) if self._order is DateOrder.dmy else (int(third), a, b)
        raise NotATime("bad_time")

    def _instant(self, local: datetime, offset: str | None) -> ParsedTime:
        if offset is not None:
            at = local.replace(tzinfo=_zone(offset)).astimezone(UTC)
            return ParsedTime(at, instant(at))
        if self._zone is None:
            raise NotATime("no_zone")
        earlier, later = self._zone.utcoffset(local), self._zone.utcoffset(local.replace(fold=1))
        assert earlier is not None
        assert later is not None
        # Where clocks go back an hour comes twice: the first is meant. Where they go forward one is left
        # out: what lies in it is as much later as it is after the gap's beginning.
        flag = None if earlier == later else "ambiguous_time" if earlier > later else "nonexistent_time"
        at = (local - earlier).replace(tzinfo=UTC)
        return ParsedTime(at, instant(at), flag)


def _match_time(text: str) -> re.Match[str] | None:
    """The parts of a time. A month that is named becomes a number behind the year: nothing is left open."""
    found = _TIME.fullmatch(text)
    if found is not None:
        return found
    named = _NAMED.match(text)
    month = None if named is None else _MONTHS.get((named[3] or named[4]).lower())
    if named is None or month is None:
        return None
    return _TIME.fullmatch(f"{named[6]}-{month}-{named[1] or named[5]}{text[named.end() :]}")


def _time_of_day(text: str) -> timedelta | None:
    """How long after the beginning of a plain day; None if it says more than hours, minutes and seconds."""
    found = _TIME.fullmatch(f"2000-01-01 {text}")
    if found is None or found[9] is not None or found[10] is not None:
        return None
    hours, minutes, seconds = int(found[5]), int(found[6]), int(found[7] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=_micros(found[8]))


def _micros(fraction: str | None) -> int:
    return 0 if fraction is None else int(fraction.ljust(6, "0")[:6])


def _cached(cache: dict[str, T], text: str, read: Callable[[str], T]) -> T:
    """What was read of the text, now or before."""
    if text not in cache:
        if len(cache) >= LARGEST_CACHE:
            cache.clear()
        cache[text] = read(text)
    return cache[text]


def _zone(offset: str) -> timezone:
    if offset in ("Z", "UTC"):
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def first_without_offset(texts: Iterable[str]) -> str | None:
    """The first of these times, if none of them says its offset from UTC."""
    first = None
    for text in texts:
        found = _match_time(text)
        if found is not None and found[10] is not None:
            return None
        first = text if found is not None and first is None else first
    return first


def detect_date_order(texts: Iterable[str]) -> DateOrder | None:
    """The order in which these times are written; None if they have their year in front, but for some that
    could be read in two ways. Raises FileRefused.
    """
    day_first = month_first = open_to_both = year_first = False
    for text in texts:
        found = _match_time(text)
        if found is not None and len(found[1]) <= 2:
            open_to_both = True
            day_first = day_first or int(found[1]) > 12
            month_first = month_first or int(found[3]) > 12
        year_first = year_first or (found is not None and len(found[1]) == 4)
    option = "Say which it is with --date-order dmy or --date-order mdy"
    if day_first and month_first:
        raise FileRefused(
            "Some dates of the file have the day first, others the month. "
            f"{option}; rows that are written in the other way are refused then."
        )
    if open_to_both and not (day_first or month_first or year_first):
        raise FileRefused(
            "Every date in the first rows of the file could be read with the day first or with the month "
            f"first. {option}."
        )
    if not (day_first or month_first):
        return None
    return DateOrder.dmy if day_first else DateOrder.mdy
