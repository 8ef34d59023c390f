"""Business time: how much of a time counts, when so much has passed, when it opens next (pure).

The rules are those of the SLA engine (32-sla-engine, 8 and 14): a moment counts if it lies in a span of the
calendar; spans are half-open and whole seconds. Hours are those of the clock on the wall, so the same hours
are other instants on both sides of a change of the clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

#: Minutes of the day, by the clock: from when, and until when; where that is not later, on the next day.
Hours = tuple[int, int]
#: The hours of each day of a week, from Monday on.
Week = tuple[tuple[Hours, ...], ...]
#: Seconds since 1970 in UTC: from when on it counts, and the first second that does not.
Interval = tuple[int, int]

DAY = 24 * 60
#: So far ahead it is looked for an opening, or for the end of some business time.
MOST_YEARS = 50
_FIRST_YEAR, _LAST_YEAR = 1900, 2260
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CalendarDefinition:
    """When it is open, as people say it.

    `patterns` are what the week is from a day on, in order of their days; before the first of them it is
    `weekly`. `holidays` are days struck from 00:00 to 24:00, also out of what began the day before.
    `working_days` have hours of their own instead of the week's, and are struck by no holiday.
    """

    zone: str
    weekly: Week
    patterns: tuple[tuple[date, Week], ...] = ()
    holidays: frozenset[date] = frozenset()
    working_days: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)

    def week_of(self, day: date) -> Week:
        """The week that is in force on that day."""
        found = self.weekly
        for since, week in self.patterns:
            if since <= day:
                found = week
        return found

    def hours_of(self, day: date) -> tuple[Hours, ...]:
        """The hours that begin on that day, before any holiday is struck out."""
        own = self.working_days.get(day)
        return self.week_of(day)[day.weekday()] if own is None else own

    def is_struck(self, day: date) -> bool:
        """Whether nothing counts on that day."""
        return day in self.holidays and day not in self.working_days

    def is_working_day(self, day: date) -> bool:
        """Whether hours begin on that day that no holiday strikes."""
        return bool(self.hours_of(day)) and not self.is_struck(day)


#: All hours of all days.
ALWAYS_OPEN: Week = (((0, DAY),),) * 7


class BusinessTime:
    """A calendar to compute with: what it says never changes, and each year is worked out once.

    Instants have a zone; parts of a second are left out. Years before 1900 and after 2260 have none.
    """

    def __init__(self, definition: CalendarDefinition) -> None:
        self.definition = definition
        self._zone = ZoneInfo(definition.zone)
        self._years: dict[int, _Year] = {}

    def between(self, start: datetime, end: datetime) -> int:
        """The seconds that count from the one instant up to the other; 0 if that is not later."""
        first, last = _seconds(start), _seconds(end)
        return sum(self._year(n).between(first, last) for n in _years(first, last))

    def add(self, start: datetime, seconds: int) -> datetime | None:
        """The first instant by which so many seconds have counted: at a closing, the closing. None: not
        within MOST_YEARS.
        """
        assert seconds >= 0, "business time does not run backwards"
        at, left = _seconds(start), seconds
        for n in _years(at, at + 1, MOST_YEARS):
            year = self._year(n)
            here = year.between(at, year.end)
            if left <= here:
                return _instant(year.advance(at, left))
            left -= here
        return None

    def next_opening(self, instant: datetime) -> datetime | None:
        """The first second from that instant on that counts: itself, while it is open. None: not within
        MOST_YEARS.
        """
        at = _seconds(instant)
        for n in _years(at, at + 1, MOST_YEARS):
            found = self._year(n).opening(at)
            if found is not None:
                return _instant(found)
        return None

    def open_at(self, instant: datetime) -> bool:
        """Whether that instant counts."""
        at = _seconds(instant)
        return any(self._year(n).opening(at) == at for n in _years(at, at + 1))

    def spans(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """What counts from the one instant up to the other, in order; spans that touch are one."""
        first, last = _seconds(start), _seconds(end)
        found = (span for n in _years(first, last) for span in self._year(n).spans)
        clipped = ((max(a, first), min(b, last)) for a, b in found)
        return [(_instant(a), _instant(b)) for a, b in _merged(s for s in clipped if s[0] < s[1])]

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            begin, end = _new_year(number), _new_year(number + 1)
            year = self._years[number] = _Year(end, self._count(begin, end))
        return year

    def _count(self, begin: int, end: int) -> list[Interval]:
        """What counts between the two, in order."""
        said = self.definition
        # A day by the clock can lie a day before or behind that of UTC, and hours reach into the next one.
        days = _days(_instant(begin).date() - 2 * _ONE_DAY, _instant(end).date() + 2 * _ONE_DAY)
        hours, struck = list[Interval](), list[Interval]()
        for day in filter(self._day_exists, days):
            hours += [self._interval(day, opens, closes) for opens, closes in said.hours_of(day)]
            if said.is_struck(day):
                struck.append(self._interval(day, 0, DAY))
        open_ = _subtract(_merged(s for s in hours if s[0] < s[1]), _merged(struck))
        return [(max(a, begin), min(b, end)) for a, b in open_ if max(a, begin) < min(b, end)]

    def _day_exists(self, day: date) -> bool:
        """Whether the clock ever shows it: who moves across the date line leaves a day out, and with it its
        hours, also those that would have reached into the next one.
        """
        begin, end = self._interval(day, 0, DAY)
        return begin < end

    def _interval(self, day: date, opens: int, closes: int) -> Interval:
        until = closes if closes > opens else closes + DAY
        return self._utc_second(day, opens, closing=False), self._utc_second(day, until, closing=True)

    def _utc_second(self, day: date, minute: int, *, closing: bool) -> int:
        """The instant at which the clock shows that minute of the day.

        Where it shows it twice, it is the first for an opening and the second for a closing; where never, the
        moment at which the clock was changed.
        """
        on_the_wall = datetime.combine(day, time()) + minute * _ONE_MINUTE
        naive = (day.toordinal() - _EPOCH_DAY) * DAY * 60 + minute * 60
        first = naive - self._before_utc(on_the_wall)
        second = naive - self._before_utc(on_the_wall.replace(fold=1))
        if first > second:  # PEP 495: in a gap the offsets before and after it are taken the other way round
            return self._change(second, first)
        return second if closing else first

    def _change(self, before: int, behind: int) -> int:
        """The moment between the two at which the offset becomes what it is behind."""
        wanted = self._offset(behind)
        while behind - before > 1:
            middle = (before + behind) // 2
            if self._offset(middle) == wanted:
                behind = middle
            else:
                before = middle
        return behind

    def _before_utc(self, on_the_wall: datetime) -> int:
        offset = self._zone.utcoffset(on_the_wall)
        assert offset is not None, "a zone of IANA has an offset at any time"
        return offset.days * DAY * 60 + offset.seconds

    def _offset(self, at: int) -> timedelta | None:
        return _instant(at).astimezone(self._zone).utcoffset()


class _Year:
    """What counts in one year of UTC, with sums, so that a question costs a search and no walk."""

    def __init__(self, end: int, spans: list[Interval]) -> None:
        self.end = end
        self.spans = spans
        self._starts = [a for a, _ in spans]
        self._before = [0, *accumulate(b - a for a, b in spans)]

    def _counted(self, at: int) -> int:
        """The seconds of the year that count before that one."""
        n = bisect_right(self._starts, at)
        if n == 0:
            return 0
        a, b = self.spans[n - 1]
        return self._before[n - 1] + min(at, b) - a

    def between(self, first: int, last: int) -> int:
        return max(0, self._counted(last) - self._counted(first))

    def advance(self, at: int, seconds: int) -> int:
        """The first second by which so many have counted since that one; there are as many."""
        if seconds == 0:
            return at
        wanted = self._counted(at) + seconds
        n = bisect_left(self._before, wanted) - 1
        return self._starts[n] + wanted - self._before[n]

    def opening(self, at: int) -> int | None:
        n = bisect_right(self._starts, at)
        if n > 0 and at < self.spans[n - 1][1]:
            return at
        return self._starts[n] if n < len(self._starts) else None


def _years(first: int, last: int, more: int = 0) -> range:
    """The years of UTC from the one second up to the other, and some more."""
    if last <= first:
        return range(0)
    begin, end = _instant(first).year, _instant(last - 1).year + more
    return range(max(begin, _FIRST_YEAR), min(end, _LAST_YEAR) + 1)


def _new_year(number: int) -> int:
    return _seconds(datetime(number, 1, 1, tzinfo=UTC))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * _ONE_DAY for n in range((last - first).days + 1))


def _merged(spans: Iterable[Interval]) -> list[Interval]:
    """The same in order, where those that touch or overlap are one."""
    found: list[Interval] = []
    for a, b in sorted(spans):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], b))
        else:
            found.append((a, b))
    return found


def _subtract(spans: Sequence[Interval], struck: Sequence[Interval]) -> list[Interval]:
    """The spans but for what is struck; both in order, none touching another."""
    left: list[Interval] = []
    n = 0
    for a, b in spans:
        while n < len(struck) and struck[n][1] <= a:
            n += 1
        at = a
        for from_, to in struck[n:]:
            if from_ >= b:
                break
            if at < from_:
                left.append((at, from_))
            at = max(at, to)
        if at < b:
            left.append((at, b))
    return left


def _seconds(instant: datetime) -> int:
    return int((instant - _EPOCH) // _ONE_SECOND)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_ONE_SECOND = timedelta(seconds=1)
_ONE_MINUTE = timedelta(minutes=1)
