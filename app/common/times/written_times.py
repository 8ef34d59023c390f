"""Conversion of times as files and tools write them into instants. A time that could be read in two ways is
not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from app.log.canonical import instant

#: Years before this one mean "never", for which programs write the year 1, 1900 or 1970; no ticket is that
#: old.
EARLIEST_YEAR = 1971
LATEST_YEAR = 2200
LARGEST_CACHE = 50_000
_TIME = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(?: ?([AaPp])[Mm])?(?: ?(Z|UTC|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)

#: Dates with the month by name, as in 1-Mar-2016 and Mar 1, 2016.
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
    """Order in which a file writes the parts of a date."""

    dmy = "dmy"
    mdy = "mdy"
    ymd = "ymd"


class UnknownZone(ValueError):
    """There is no time zone of that name; the message names it."""


class UnclearDates(ValueError):
    """The dates do not reveal the order of their parts: they contradict each other (`is_mixed`), or each
    could be read in both ways.
    """

    def __init__(self, *, is_mixed: bool) -> None:
        super().__init__("mixed dates" if is_mixed else "ambiguous dates")
        self.is_mixed = is_mixed


def zone_named(name: str) -> ZoneInfo:
    """Return the zone of that IANA name. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except Exception as error:  # the exception depends on the name: a folder, a path, no zone at all
        raise UnknownZone(
            f"{name!r} is not the name of a time zone, such as Asia/Shanghai or UTC."
        ) from error


class ParsedTime(NamedTuple):
    """An instant in UTC. `text` is the instant as events contain it; `flag` is the code of an irregularity in
    reading it, such as `ambiguous_time`.
    """

    instant: datetime
    text: str
    flag: str | None = None


class NotATime(ValueError):
    """The text is no time, or could be read in two ways. The message is the code of the reason."""


class TimeParser(dict[str, ParsedTime | None]):
    """Parser and cache of the times of one source: the instant by text, None for a text that means "never".

    A lookup raises NotATime. `zone` None: each time must state its offset. `per_second`: times are numbers of
    units since the beginning of 1970, with so many units in a second.
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
        self[text] = parsed = self._read(text)
        return parsed

    def _read(self, text: str) -> ParsedTime | None:
        if self._per_second is not None:
            return self._parse_epoch(text, self._per_second)
        # Days and times of day repeat more often than instants, so each is cached.
        day, _, time = text.partition(" ")
        begins = _cached(self._days, day, self._midnight_of)
        since = _cached(self._times_of_day, time, _time_of_day)
        if begins is None or since is None:
            return self._parse(text)
        parsed_instant = begins + since
        return ParsedTime(parsed_instant, instant(parsed_instant))

    def _midnight_of(self, day: str) -> datetime | None:
        """Return the instant at which the day begins; None unless it lasts 24 hours without a change of the
        clock.
        """
        try:
            first, last = self._parse(f"{day} 00:00"), self._parse(f"{day} {_LAST_OF_DAY}")
        except NotATime:
            return None
        if first is None or last is None or first.flag or last.flag:
            return None
        return first.instant if last.instant - first.instant == _time_of_day(_LAST_OF_DAY) else None

    def _parse(self, text: str) -> ParsedTime | None:
        match = _match_time(text)
        if match is None:
            raise NotATime("bad_time")
        first, _, second, third, hours, minutes, seconds, fraction, half, offset = match.groups()
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
        parsed_instant = _EPOCH + timedelta(microseconds=int(text) * 1_000_000 // per_second)
        if parsed_instant.year < EARLIEST_YEAR:
            return None
        if parsed_instant.year > LATEST_YEAR:
            raise NotATime("bad_time")
        return ParsedTime(parsed_instant, instant(parsed_instant))

    def _date(self, first: str, second: str, third: str) -> tuple[int, int, int]:
        if len(first) == 4 and len(third) <= 2:
            # A date that begins with the year has its month next: it is not ambiguous.
            return int(first), int(second), int(third)
        if len(first) <= 2 and len(third) == 4 and self._order is not DateOrder.ymd:
            if self._order is None:
                raise NotATime("ambiguous_date")
            a, b = int(first), int(second)
            return (int(third), b, a) if self._order is DateOrder.dmy else (int(third), a, b)
        raise NotATime("bad_time")

    def _instant(self, local: datetime, offset: str | None) -> ParsedTime:
        if offset is not None:
            parsed_instant = local.replace(tzinfo=_zone(offset)).astimezone(UTC)
            return ParsedTime(parsed_instant, instant(parsed_instant))
        if self._zone is None:
            raise NotATime("no_zone")
        earlier, later = self._zone.utcoffset(local), self._zone.utcoffset(local.replace(fold=1))
        assert earlier is not None
        assert later is not None
        # Where clocks go back, an hour occurs twice, and the first is meant. Where they go forward, an hour
        # is skipped: a time in it counts as so much later than the gap's beginning.
        flag = None if earlier == later else "ambiguous_time" if earlier > later else "nonexistent_time"
        parsed_instant = (local - earlier).replace(tzinfo=UTC)
        return ParsedTime(parsed_instant, instant(parsed_instant), flag)


def _match_time(text: str) -> re.Match[str] | None:
    """Matches the parts of a time. A month's name is first replaced by its number after the year, so that the
    order of the date is certain.
    """
    match = _TIME.fullmatch(text)
    if match is not None:
        return match
    named = _NAMED.match(text)
    month = None if named is None else _MONTHS.get((named[3] or named[4]).lower())
    if named is None or month is None:
        return None
    return _TIME.fullmatch(f"{named[6]}-{month}-{named[1] or named[5]}{text[named.end() :]}")


def _time_of_day(text: str) -> timedelta | None:
    """Return the time since the beginning of a day; None if the text has more than hours, minutes and
    seconds.
    """
    match = _TIME.fullmatch(f"2000-01-01 {text}")
    if match is None or match[9] is not None or match[10] is not None:
        return None
    hours, minutes, seconds = int(match[5]), int(match[6]), int(match[7] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=_micros(match[8]))


def _micros(fraction: str | None) -> int:
    return 0 if fraction is None else int(fraction.ljust(6, "0")[:6])


def _cached(cache: dict[str, T], text: str, read: Callable[[str], T]) -> T:
    """Return the result of `read` for the text, from the cache if it is there."""
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
    """Return the first of these times, as an example, if all of them lack an offset from UTC; None if any has
    an offset, or if there is no time.
    """
    first = None
    for text in texts:
        match = _match_time(text)
        if match is not None and match[10] is not None:
            return None
        first = text if match is not None and first is None else first
    return first


def find_date_order(texts: Iterable[str]) -> DateOrder | None:
    """Return the order of day, month and year in these times. None: all have the year first, except for some
    that could be read in two ways. Dates with dots have the day first in all languages, unless one proves
    another order. Raises UnclearDates.
    """
    day_first = month_first = open_to_both = year_first = False
    has_dots_only = True
    for text in texts:
        match = _match_time(text)
        if match is not None and len(match[1]) <= 2:
            open_to_both = True
            has_dots_only = has_dots_only and match[2] == "."
            day_first = day_first or int(match[1]) > 12
            month_first = month_first or int(match[3]) > 12
        year_first = year_first or (match is not None and len(match[1]) == 4)
    if day_first and month_first:
        raise UnclearDates(is_mixed=True)
    if open_to_both and not (day_first or month_first or year_first):
        if has_dots_only:
            return DateOrder.dmy
        raise UnclearDates(is_mixed=False)
    if not (day_first or month_first):
        return None
    return DateOrder.dmy if day_first else DateOrder.mdy
