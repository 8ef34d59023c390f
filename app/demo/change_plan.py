"""The plan of the demo's changes: which there are, when their windows begin, and how each ends. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from itertools import count, cycle, takewhile

from app.demo.arrivals import begin_of_history
from app.demo.data.change_data import (
    EMERGENCY_CHANGES,
    FAILED_CHANGE,
    HOLIDAYS,
    NORMAL_CHANGES,
    STANDARD_TEMPLATES,
    ChangeText,
)
from app.processes.changes.records import ChangeType

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
#: From the month so many days before the end of the history on there is a change every so many days; from the
#: begin of the history until then fewer, since each takes long to make.
FIRST_DAY, EVERY_DAYS, NUMBER = 90, 1.7, 62
PAST_EVERY_DAYS, PAST_EMERGENCY_EVERY_DAYS = 4.5, 50
UNTIL_SUBMITTED = 2 * HOUR
#: Hours (UTC) and durations of the windows of normal, and of standard changes.
NORMAL_HOUR, NORMAL_LENGTH = 18, 3 * HOUR
STANDARD_HOUR, STANDARD_LENGTH = 9, HOUR
#: Days before the end at which emergencies begin, and at which the change is made that goes wrong.
EMERGENCY_DAYS, FAILED_DAY = (83, 61, 40, 22, 4), 6


class Fate(Enum):
    """How a change ends, if not as most do."""

    usual = auto()
    deferred = auto()
    rejected = auto()
    cancelled = auto()
    backed_out = auto()
    overdue = auto()
    failed = auto()
    waiting = auto()


#: Fates of normal changes, by their places among them; and of those of the past, again and again.
FATES = {4: Fate.deferred, 9: Fate.backed_out, 13: Fate.rejected, 17: Fate.cancelled, 23: Fate.overdue}
PAST_FATES = {7: Fate.backed_out, 13: Fate.rejected, 18: Fate.deferred}
PAST_FATES_EVERY = 20


@dataclass(frozen=True)
class PlannedChange:
    """A change to play: its text, or its template, and its window."""

    name: str
    n: int
    type: ChangeType
    text: ChangeText
    begin: datetime
    length: timedelta
    template: str | None = None
    fate: Fate = Fate.usual

    @property
    def takes_votes(self) -> bool:
        """True if the board decides on it, and it comes to nothing else before."""
        return self.type is ChangeType.normal and self.fate is Fate.usual

    @property
    def lead(self) -> timedelta:
        """How long before its window it is drafted."""
        if self.type is ChangeType.emergency:
            return HOUR
        return 3 * DAY if self.fate is Fate.failed else 15 * DAY

    @property
    def step(self) -> timedelta:
        """A tenth of the time from the draft to the window."""
        return self.lead / 10

    @property
    def put_to_vote_at(self) -> datetime:
        """When the board is asked to decide on it."""
        return self.begin - self.lead + UNTIL_SUBMITTED + 1.5 * self.step

    @property
    def decided_at(self) -> datetime:
        """When the board decides on it, unless it lets it wait."""
        return self.put_to_vote_at + 1.5 * self.step


def planned_changes(end: datetime, days: int | None = None) -> list[PlannedChange]:
    """Return the changes to play, by the begin of their windows: those outside the freezes, and those of
    which there are few, which wait for the end of a freeze. The board has one of them before it at the end,
    at whatever hour that is: the last that it was asked about.

    With `days`, changes before the last quarter are planned only in the last `days`.
    """
    since = begin_of_history(end) if days is None else end - days * DAY
    planned = sorted(_outside_freezes(end, since), key=lambda change: change.begin)
    voted_on = [n for n, change in enumerate(planned) if change.takes_votes and change.put_to_vote_at < end]
    planned[voted_on[-1]] = replace(planned[voted_on[-1]], fate=Fate.waiting)
    return planned


def _outside_freezes(end: datetime, since: datetime) -> Iterator[PlannedChange]:
    freezes = list(freezes_until(end))
    for change in (*_past_changes(end, since), *_every_change(end)):
        over = next(
            (
                until
                for _, begin, until in freezes
                if begin < change.begin + change.length and change.begin < until
            ),
            None,
        )
        if over is None:
            yield change
        elif change.type is ChangeType.emergency or change.fate is Fate.failed:
            yield replace(change, begin=at_hour(over, change.begin.hour))


def freezes_until(end: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """Return the freezes over the holidays of the history that are past, and over the next: title, begin and
    end.
    """
    begin = begin_of_history(end)
    days = sorted(
        (datetime(year, month, day, tzinfo=UTC), title)
        for year in range(begin.year, end.year + 2)
        for month, day, title in HOLIDAYS
    )
    past = [holiday for holiday in days if begin < holiday[0] - DAY and holiday[0] + 2 * DAY < end]
    following = next(holiday for holiday in days if holiday[0] - DAY > end)
    for day, title in (*past, following):
        yield title, day - DAY, day + 2 * DAY


def _past_changes(end: datetime, since: datetime) -> Iterator[PlannedChange]:
    """Return the changes since then, up to the month in which those of the last quarter begin."""
    until = first_of_month(end, FIRST_DAY)
    days = takewhile(lambda day: day >= since, (until - n * PAST_EVERY_DAYS * DAY for n in count(1)))
    for n, day in enumerate(days):
        fate = PAST_FATES.get(n // 2 % PAST_FATES_EVERY, Fate.usual)
        yield _ordinary_change(f"change-past-{n}", n, day, fate)
    days = takewhile(
        lambda day: day >= since, (until - n * PAST_EMERGENCY_EVERY_DAYS * DAY for n in count(1))
    )
    for n, (day, text) in enumerate(zip(days, cycle(EMERGENCY_CHANGES), strict=False)):
        begin = at_hour(day, 13)
        yield PlannedChange(f"emergency-past-{n}", n, ChangeType.emergency, text, begin, 3 * HOUR)


def _ordinary_change(name: str, n: int, day: datetime, fate: Fate) -> PlannedChange:
    """Return the change of that number and day: every other is a standard change, and comes to nothing else
    than usual.
    """
    place = n // 2
    if n % 2:
        template = STANDARD_TEMPLATES[place % len(STANDARD_TEMPLATES)]
        text = ChangeText(template.service, 0, {})
        begin = at_hour(day, STANDARD_HOUR)
        return PlannedChange(
            name, n, ChangeType.standard, text, begin, STANDARD_LENGTH, template=template.key
        )
    text = NORMAL_CHANGES[place % len(NORMAL_CHANGES)]
    begin = at_hour(day, NORMAL_HOUR)
    return PlannedChange(name, n, ChangeType.normal, text, begin, NORMAL_LENGTH, fate=fate)


def _every_change(end: datetime) -> Iterator[PlannedChange]:
    days_before = int((end - FIRST_DAY * DAY - first_of_month(end, FIRST_DAY)) / DAY / EVERY_DAYS)
    present = _present_change(end)
    for n in range(-days_before, NUMBER):
        day = end + (EVERY_DAYS * n - FIRST_DAY) * DAY
        change = _ordinary_change(f"change-{n}", n, day, FATES.get(n // 2, Fate.usual))
        # Two changes at the time at which the demo is made could touch the same items.
        if change.begin + change.length <= present.begin or present.begin + present.length <= change.begin:
            yield change
    for n, (ago, text) in enumerate(zip(EMERGENCY_DAYS, EMERGENCY_CHANGES, strict=True)):
        begin = at_hour(end - ago * DAY, 13)
        yield PlannedChange(f"emergency-{n}", n, ChangeType.emergency, text, begin, 3 * HOUR)
    wrong = at_hour(end - FAILED_DAY * DAY, NORMAL_HOUR)
    yield PlannedChange(
        "change-wrong", 1, ChangeType.normal, FAILED_CHANGE, wrong, NORMAL_LENGTH, fate=Fate.failed
    )
    yield present


def _present_change(end: datetime) -> PlannedChange:
    """Return the change that is being made at the end."""
    template = STANDARD_TEMPLATES[-1]
    return PlannedChange(
        "change-now",
        0,
        ChangeType.standard,
        ChangeText(template.service, 0, {}),
        end - 30 * MINUTE,
        2 * HOUR,
        template=template.key,
    )


def first_of_month(end: datetime, days: int) -> datetime:
    """Return the begin (UTC) of the month so many days before the end."""
    return at_hour(end - days * DAY, 0).replace(day=1)


def at_hour(day: datetime, hour: int) -> datetime:
    """Return the full hour (UTC) of the day."""
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)
