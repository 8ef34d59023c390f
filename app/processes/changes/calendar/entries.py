"""Entries of the change calendar, and the periods that it shows (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.priorities.risk_level import RiskLevel
from app.processes.changes.policies.records import FreezeKind, FreezeState
from app.processes.changes.records import ChangeState, ChangeType

CHANGE = "change"
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A change, a freeze or a maintenance ban in the calendar, from `from_at` until `until_at` (exclusive).

    `team` is the team's name, `assignee` the person's. `overridden`: scheduled over something that stood in
    the way.
    """

    kind: str
    id: UUID
    version: int
    changed_at: datetime
    from_at: datetime
    until_at: datetime
    state: ChangeState | FreezeState
    number: str | None = None
    title: str | None = None
    type: ChangeType | None = None
    risk_level: RiskLevel | None = None
    services: tuple[str, ...] = ()
    cis: tuple[str, ...] = ()
    team: str | None = None
    assignee: str | None = None
    overridden: bool = False

    @property
    def sort_key(self) -> tuple[datetime, datetime, str]:
        """The key by which entries are sorted: begin, end, id."""
        return self.from_at, self.until_at, str(self.id)

    @property
    def is_change(self) -> bool:
        """True for a change, false for a period without changes."""
        return self.kind == CHANGE

    def type_label(self, language: str) -> str:
        """Return the label of the entry's type in that language: `Normal`, `Change freeze`."""
        return (self.type or FreezeKind(self.kind)).label(language)

    def overlaps(self, begin: datetime, end: datetime) -> bool:
        """Return whether the entry overlaps the period; one without length must begin in it."""
        return self.from_at < end and (self.until_at > begin or self.from_at >= begin)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day in a time zone: its date and its first instant, and the first one behind it. A day on
    which clocks change has 23 or 25 hours.
    """

    on: date
    begin: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """Length of the day in hours."""
        return (self.end - self.begin).total_seconds() / 3600


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of the day in that zone, in UTC."""
    # Where clocks go forward at midnight, this is the instant at which they do.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(day: date, zone: ZoneInfo) -> Day:
    """Return the day in that zone."""
    return Day(day, midnight(day, zone), midnight(day + timedelta(days=1), zone))


def week_of(day: date, zone: ZoneInfo) -> list[Day]:
    """Return the days of the week with that day, from Monday on."""
    monday = day - timedelta(days=day.weekday())
    return [day_of(monday + timedelta(days=n), zone) for n in range(WEEK_DAYS)]


def weeks_of_month(day: date, zone: ZoneInfo) -> list[list[Day]]:
    """Return the weeks that have a day of the month with that day, whole."""
    first, following = month_of(day)
    monday = first - timedelta(days=first.weekday())
    weeks = []
    while monday < following:
        weeks.append(week_of(monday, zone))
        monday += timedelta(days=WEEK_DAYS)
    return weeks


def month_of(day: date) -> tuple[date, date]:
    """Return the first day of the month with that day, and the first one behind it."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)
