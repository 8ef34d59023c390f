"""Calendars to try, and the oracle of business time: it goes through the minutes, by code of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.common.times.business_time import BusinessTime, CalendarDefinition, Hours, Week

MINUTE = timedelta(minutes=1)
#: Changes of the clock in north and south, by an hour and by half of one, at midnight; offsets of quarters.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Asuncion",
    "Africa/Cairo",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "UTC",
)
WEEKS = 3


_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Trial:
    """A calendar, and a time of at most three weeks."""

    definition: CalendarDefinition
    start: datetime
    end: datetime


def trial(chance: random.Random) -> Trial:
    """A calendar and a time, half of them across a change of the clock."""
    zone = chance.choice(ZONES)
    year = chance.randint(2008, 2030)
    changes = _changes(zone, year) if chance.random() < 0.6 else []
    middle = (
        chance.choice(changes)
        if changes
        else datetime(year, 1, 1, tzinfo=UTC) + chance.randint(0, 365 * 24 * 60) * MINUTE
    )
    length = timedelta(seconds=chance.randint(0, chance.choice((1, 1, 2, WEEKS)) * 7 * 24 * 60 * 60))
    start = middle - length * chance.random()
    start = start.replace(microsecond=0)
    day = start.astimezone(ZoneInfo(zone)).date()
    near = [day + timedelta(days=n) for n in range(-2, 24)]
    definition = CalendarDefinition(
        zone,
        _week(chance),
        tuple((since, _week(chance)) for since in sorted(chance.sample(near, chance.choice((0, 0, 1, 2))))),
        frozenset(chance.sample(near, chance.choice((0, 1, 4)))),
        {day: _hours(chance) for day in chance.sample(near, chance.choice((0, 1, 3)))},
    )
    return Trial(definition, start, start + length)


def _changes(zone: str, year: int) -> list[datetime]:
    """The hours of the year in which the clock was changed."""
    clock_zone = ZoneInfo(zone)
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(366)]
    offsets = [hour.astimezone(clock_zone).utcoffset() for hour in hours]
    return [hours[n] for n in range(1, 366) if offsets[n] != offsets[n - 1]]


def _week(chance: random.Random) -> Week:
    kind = chance.randint(0, 4)
    if kind == 0:
        return (((0, 24 * 60),),) * 7
    if kind == 1:
        return (((chance.randint(18, 23) * 60 + 30, 6 * 60),),) * 7  # nights
    if kind == 2:
        return (((9 * 60, 18 * 60),),) * 5 + ((), ())
    return tuple(_hours(chance) if chance.random() < 0.8 else () for _ in range(7))


def _hours(chance: random.Random) -> tuple[Hours, ...]:
    """Some spans of a day; the last may go past midnight. The small hours are where clocks are changed."""
    top = chance.choice((4 * 60, 24 * 60))
    ends = sorted(chance.sample(range(top + 1), 2 * chance.randint(1, 3)))
    spans = list(zip(ends[::2], ends[1::2], strict=True))
    if chance.random() < 0.3:
        spans[-1] = (spans[-1][0], chance.randint(0, min(spans[0][0], spans[-1][0])))
    return tuple((a, b % (24 * 60) if b < 24 * 60 else b) for a, b in spans)


class Oracle:
    """Every minute of a time, and whether it counts, found by looking at the clock on the wall in each.

    All hours are whole minutes, and so are the offsets of these zones and the moments of their changes, so a
    minute counts as a whole or not at all; the seconds at the two ends are counted one by one.
    """

    def __init__(self, trial: Trial) -> None:
        definition = trial.definition
        begin = int((trial.start - timedelta(days=3)).timestamp()) // 3600
        end = int((trial.end + timedelta(days=3)).timestamp()) // 3600
        self.first = begin * 60
        self.walls = _walls(range(begin, end + 1), ZoneInfo(definition.zone))
        self.counts = bytearray(len(self.walls))
        days = sorted({_EPOCH + timedelta(days=wall // (24 * 60)) for wall in self.walls[:: 60 * 6]})
        for day in days:
            for opens, closes in self._hours(definition, day):
                self._mark(day, opens, closes if closes > opens else closes + 24 * 60, 1)
        for day in days:
            if day in definition.holidays and day not in definition.working_days:
                self._mark(day, 0, 24 * 60, 0)

    @staticmethod
    def _hours(definition: CalendarDefinition, day: date) -> tuple[Hours, ...]:
        if day in definition.working_days:
            return definition.working_days[day]
        weeks = [definition.weekly, *(week for since, week in definition.patterns if since <= day)]
        return weeks[-1][day.weekday()]

    def _mark(self, day: date, opens: int, closes: int, mark: int) -> None:
        midnight = (day - _EPOCH).days * 24 * 60
        first, last = self._shown(midnight + opens)[0], self._shown(midnight + closes)[-1]
        if first < last:
            self.counts[first:last] = bytes([mark]) * (last - first)

    def _shown(self, wall: int) -> list[int]:
        """The minutes in which the clock shows that; where there are none, the first that shows more."""
        about = wall - self.walls[0]
        near = range(max(0, about - 27 * 60), min(len(self.walls), max(0, about + 27 * 60)))
        same = [n for n in near if self.walls[n] == wall]
        return same or [next((n for n in near if self.walls[n] > wall), near.stop)]

    def between(self, start: datetime, end: datetime) -> int:
        first, last = int(start.timestamp()), int(end.timestamp())
        if last <= first:
            return 0
        a, b = first // 60 - self.first, (last - 1) // 60 - self.first
        if a == b:
            return (last - first) * self.counts[a]
        head = (60 - first % 60) * self.counts[a]
        tail = ((last - 1) % 60 + 1) * self.counts[b]
        return head + 60 * sum(self.counts[a + 1 : b]) + tail

    def next(self, start: datetime) -> datetime | None:
        """The first second that counts; None: not in what was looked at."""
        second = int(start.timestamp())
        a = second // 60 - self.first
        if self.counts[a]:
            return start
        n = self.counts.find(1, a + 1)
        return None if n < 0 else datetime.fromtimestamp(60 * (n + self.first), UTC)


def _walls(hours: range, zone: ZoneInfo) -> list[int]:
    """What the clock shows in each minute of these hours, in minutes since 1970: one by one in an hour with
    another offset at its end, in which the clock is changed.
    """
    walls: list[int] = []
    for hour in hours:
        offset, then = _offset(60 * hour, zone), _offset(60 * hour + 60, zone)
        minutes = range(60 * hour, 60 * hour + 60)
        if offset == then:
            walls += range(minutes.start + offset, minutes.stop + offset)
        else:
            walls += [minute + _offset(minute, zone) for minute in minutes]
    return walls


def _offset(minute: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(60 * minute, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60


def check(case: Trial, chance: random.Random) -> None:
    """Asserts that business time is what the oracle says, in several ways of asking."""
    ours, oracle = BusinessTime(case.definition), Oracle(case)
    total = ours.between(case.start, case.end)
    assert total == oracle.between(case.start, case.end), case
    for _ in range(8):
        a = case.start + (case.end - case.start) * chance.random()
        a = a.replace(microsecond=0)
        assert ours.between(case.start, a) == oracle.between(case.start, a), (case, a)
        opening = oracle.next(a)
        assert ours.open_at(a) == (opening == a), (case, a)
        if opening is not None and opening < case.end:
            assert ours.next_opening(a) == opening, (case, a)
        spent = ours.between(case.start, a)
        due = ours.add(case.start, spent)
        assert due is not None, case
        assert oracle.between(case.start, due) == spent, (case, a)
        assert due <= a, (case, a)
        if spent:  # the first such instant: a second before it, there is one less
            assert oracle.between(case.start, due - timedelta(seconds=1)) == spent - 1, (case, a)
    spans = ours.spans(case.start, case.end)
    assert sum(int((b - a).total_seconds()) for a, b in spans) == total, case
    assert all(a < b for a, b in spans), case
    assert all(spans[n][1] < spans[n + 1][0] for n in range(len(spans) - 1)), case


def trials(seed: int, number: int) -> Iterator[tuple[Trial, random.Random]]:
    """So many of them, each with the chance that it was made by."""
    for n in range(number):
        chance = random.Random(f"{seed}/{n}")
        yield trial(chance), chance
