"""Business time (pure): the seconds of a period that count, the instant by which a number of seconds has
counted, and the next opening of business hours.

The rules are those of the SLA engine (32-sla-engine, 8 and 14): an instant counts if it lies in an open
interval of the calendar; intervals are half-open and of whole seconds. Business hours are local clock times,
so the same hours are other instants before and after a change between standard and summer time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

#: Opening and closing time, in minutes of the local day; a closing time that is not later than the opening is
#: on the next day.
Hours = tuple[int, int]
#: The business hours of each day of a week, from Monday on.
Week = tuple[tuple[Hours, ...], ...]
#: An open interval, in seconds since 1970 in UTC: its first second, and the first second after it.
Interval = tuple[int, int]

DAY = 24 * 60
#: The limit of a search for an opening, or for the end of some business time.
MOST_YEARS = 50
_FIRST_YEAR, _LAST_YEAR = 1900, 2260
_ONE_DAY = timedelta(days=1)
#: So many years of calendars are kept in a process, for other calendars and versions that agree in that year.
_KEPT_YEARS = 256


@dataclass(frozen=True)
class CalendarDefinition:
    """Business hours as an administrator defines them.

    `patterns` are later weeks, each with the day from which it is in force, in the order of those days;
    before the first of them `weekly` is. `holidays` are days closed from 00:00 to 24:00, also for hours that
    began the day before. `working_days` have hours of their own instead of the week's, and no holiday closes
    them.
    """

    zone: str
    weekly: Week
    patterns: tuple[tuple[date, Week], ...] = ()
    holidays: frozenset[date] = frozenset()
    working_days: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)

    def week_of(self, day: date) -> Week:
        """Return the weekly hours that are in force on that day."""
        current = self.weekly
        for since, week in self.patterns:
            if since <= day:
                current = week
        return current

    def hours_of(self, day: date) -> tuple[Hours, ...]:
        """Return the business hours that begin on that day, regardless of holidays."""
        own = self.working_days.get(day)
        return self.week_of(day)[day.weekday()] if own is None else own

    def is_struck(self, day: date) -> bool:
        """Return whether the day is a holiday on which nothing counts."""
        return day in self.holidays and day not in self.working_days

    def is_working_day(self, day: date) -> bool:
        """Return whether business hours begin on that day and it is no holiday."""
        return bool(self.hours_of(day)) and not self.is_struck(day)


#: A week that is open at all hours of all days.
ALWAYS_OPEN: Week = (((0, DAY),),) * 7


class BusinessTime:
    """A calendar for computations: its definition is immutable, and each year's intervals are computed once,
    also for several versions of a calendar that agree in that year.

    Instants are datetimes with a zone; fractions of a second are dropped. Nothing counts in the years before
    1900 and after 2260.
    """

    def __init__(self, definition: CalendarDefinition) -> None:
        self.definition = definition
        self._zone = ZoneInfo(definition.zone)
        self._years: dict[int, _Year] = {}

    def between(self, start: datetime, end: datetime) -> int:
        """Return the seconds that count from `start` to `end`; 0 if `end` is not later."""
        return self.seconds_between(_seconds(start), _seconds(end))

    def seconds_between(self, first: int, last: int) -> int:
        """Return the seconds that count between two instants, given in seconds since 1970; 0 if the second is
        not later.
        """
        if last <= first:
            return 0
        years = _years(first, last)
        if len(years) == 1:  # the most common, and half of all work is done here
            return self._year(years.start).between(first, last)
        return sum(self._year(n).between(first, last) for n in years)

    def add(self, start: datetime, seconds: int) -> datetime | None:
        """Return the first instant by which so many seconds have counted since `start`: at a closing time,
        the closing time itself. None: not within MOST_YEARS.
        """
        second = self.advance(_seconds(start), seconds)
        return None if second is None else _instant(second)

    def advance(self, start: int, seconds: int) -> int | None:
        """Return what `add` does, with instants in seconds since 1970."""
        assert seconds >= 0, "business time does not run backwards"
        left = seconds
        for n in _years(start, start + 1, MOST_YEARS):
            year = self._year(n)
            here = year.between(start, year.end)
            if left <= here:
                return year.advance(start, left)
            left -= here
        return None

    def next_opening(self, instant: datetime) -> datetime | None:
        """Return the first second from that instant on that counts: the instant itself, if it is open. None:
        not within MOST_YEARS.
        """
        start = _seconds(instant)
        for n in _years(start, start + 1, MOST_YEARS):
            opening = self._year(n).opening(start)
            if opening is not None:
                return _instant(opening)
        return None

    def open_at(self, instant: datetime) -> bool:
        """Return whether the calendar is open at that instant."""
        second = _seconds(instant)
        return any(self._year(n).opening(second) == second for n in _years(second, second + 1))

    def spans(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the open intervals from `start` to `end`, in order; intervals that touch are merged."""
        first, last = _seconds(start), _seconds(end)
        spans = (span for n in _years(first, last) for span in self._year(n).spans)
        clipped = ((max(a, first), min(b, last)) for a, b in spans)
        return [(_instant(a), _instant(b)) for a, b in _merged(s for s in clipped if s[0] < s[1])]

    def bounds_of(self, day: date) -> tuple[datetime, datetime]:
        """Return when the local day begins and ends; a day that the zone leaves out ends when it begins."""
        begin, end = self._interval(day, 0, DAY)
        return _instant(begin), _instant(max(begin, end))

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            definition, (first, last) = self.definition, _days_of_year(number)
            year = self._years[number] = _shared_year(
                number,
                definition.zone,
                definition.weekly,
                tuple(pattern for pattern in definition.patterns if pattern[0] <= last),
                frozenset(day for day in definition.holidays if first <= day <= last),
                tuple((day, hours) for day, hours in definition.working_days.items() if first <= day <= last),
            )
        return year

    def open_in_year(self, number: int) -> list[Interval]:
        """Return the open intervals of the year in UTC, in order."""
        definition, begin, end = self.definition, _new_year(number), _new_year(number + 1)
        hours, struck = list[Interval](), list[Interval]()
        for day in filter(self._day_exists, _days(*_days_of_year(number))):
            hours += [self._interval(day, opens, closes) for opens, closes in definition.hours_of(day)]
            if definition.is_struck(day):
                struck.append(self._interval(day, 0, DAY))
        open_ = _subtract(_merged(s for s in hours if s[0] < s[1]), _merged(struck))
        return [(max(a, begin), min(b, end)) for a, b in open_ if max(a, begin) < min(b, end)]

    def _day_exists(self, day: date) -> bool:
        """Return whether the local calendar has the day: a zone that moves across the date line skips a day,
        and with it the hours of that day, also those that would have reached into the next one.
        """
        begin, end = self._interval(day, 0, DAY)
        return begin < end

    def _interval(self, day: date, opens: int, closes: int) -> Interval:
        until = closes if closes > opens else closes + DAY
        return self._utc_second(day, opens, closing=False), self._utc_second(day, until, closing=True)

    def _utc_second(self, day: date, minute: int, *, closing: bool) -> int:
        """Return the instant at which the local clock shows that minute of the day.

        If the clock shows it twice, it is the first for an opening and the second for a closing; if never,
        the instant at which the clock was changed.
        """
        on_the_wall = datetime.combine(day, time()) + minute * _ONE_MINUTE
        naive = (day.toordinal() - _EPOCH_DAY) * DAY * 60 + minute * 60
        first = naive - self._before_utc(on_the_wall)
        second = naive - self._before_utc(on_the_wall.replace(fold=1))
        if first > second:  # PEP 495: in a gap, fold=0 has the offset before it, fold=1 the one after it
            return self._change(second, first)
        return second if closing else first

    def _change(self, before: int, behind: int) -> int:
        """Return the instant between the two at which the UTC offset becomes that of `behind`."""
        offset = self._offset(behind)
        while behind - before > 1:
            middle = (before + behind) // 2
            if self._offset(middle) == offset:
                behind = middle
            else:
                before = middle
        return behind

    def _before_utc(self, on_the_wall: datetime) -> int:
        offset = self._zone.utcoffset(on_the_wall)
        assert offset is not None, "a zone of IANA has an offset at any time"
        return offset.days * DAY * 60 + offset.seconds

    def _offset(self, second: int) -> timedelta | None:
        return _instant(second).astimezone(self._zone).utcoffset()


class _Year:
    """The open intervals of one year in UTC, with running sums, so that a query is a binary search."""

    def __init__(self, end: int, spans: list[Interval]) -> None:
        self.end = end
        self.spans = spans
        self._starts = [a for a, _ in spans]
        self._before = [0, *accumulate(b - a for a, b in spans)]

    def _counted(self, second: int) -> int:
        """Return how many seconds of the year count before the second `second`."""
        n = bisect_right(self._starts, second)
        if n == 0:
            return 0
        a, b = self.spans[n - 1]
        return self._before[n - 1] + (second if second < b else b) - a

    def between(self, first: int, last: int) -> int:
        return self._counted(last) - self._counted(first)

    def advance(self, start: int, seconds: int) -> int:
        """Return the first second by which `seconds` have counted since `start`; as many are left in the
        year.
        """
        if seconds == 0:
            return start
        target = self._counted(start) + seconds
        n = bisect_left(self._before, target) - 1
        return self._starts[n] + target - self._before[n]

    def opening(self, second: int) -> int | None:
        n = bisect_right(self._starts, second)
        if n > 0 and second < self.spans[n - 1][1]:
            return second
        return self._starts[n] if n < len(self._starts) else None


@lru_cache(maxsize=_KEPT_YEARS)
def _shared_year(
    number: int,
    zone: str,
    weekly: Week,
    patterns: tuple[tuple[date, Week], ...],
    holidays: frozenset[date],
    working_days: tuple[tuple[date, tuple[Hours, ...]], ...],
) -> _Year:
    """Return the year of each calendar whose definition has these parts that affect the year."""
    definition = CalendarDefinition(zone, weekly, patterns, holidays, dict(working_days))
    return _Year(_new_year(number + 1), BusinessTime(definition).open_in_year(number))


def _days_of_year(number: int) -> tuple[date, date]:
    """Return the first and the last day whose hours can lie in the year in UTC: a local day can begin a day
    before or after that of UTC, and hours reach into the next day.
    """
    first, after = _instant(_new_year(number)).date(), _instant(_new_year(number + 1)).date()
    return first - 2 * _ONE_DAY, after + 2 * _ONE_DAY


def _years(first: int, last: int, more: int = 0) -> range:
    """Return the years in UTC from `first` to `last`, and `more` years after that."""
    if last <= first:
        return range(0)
    begin, end = bisect_right(_NEW_YEARS, first), bisect_right(_NEW_YEARS, last - 1) + more
    return range(max(begin, 1) + _FIRST_YEAR - 1, min(end + _FIRST_YEAR - 1, _LAST_YEAR) + 1)


def _new_year(number: int) -> int:
    return _seconds(datetime(number, 1, 1, tzinfo=UTC))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * _ONE_DAY for n in range((last - first).days + 1))


def _merged(spans: Iterable[Interval]) -> list[Interval]:
    """Return the intervals in order, with those that touch or overlap merged."""
    merged: list[Interval] = []
    for a, b in sorted(spans):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], b))
        else:
            merged.append((a, b))
    return merged


def _subtract(spans: Sequence[Interval], struck: Sequence[Interval]) -> list[Interval]:
    """Return the intervals without the parts in `struck`; both are in order, and their intervals never
    touch.
    """
    left: list[Interval] = []
    n = 0
    for a, b in spans:
        while n < len(struck) and struck[n][1] <= a:
            n += 1
        begin = a
        for from_, to in struck[n:]:
            if from_ >= b:
                break
            if begin < from_:
                left.append((begin, from_))
            begin = max(begin, to)
        if begin < b:
            left.append((begin, b))
    return left


def _seconds(instant: datetime) -> int:
    return int((instant - _EPOCH) // _ONE_SECOND)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_ONE_SECOND = timedelta(seconds=1)
_ONE_MINUTE = timedelta(minutes=1)
#: The first second of each year in which anything counts, and of the one after them.
_NEW_YEARS = [_new_year(number) for number in range(_FIRST_YEAR, _LAST_YEAR + 2)]
