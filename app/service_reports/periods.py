"""Periods of service reports: their labels, their bounds in the zone of an agreement's calendar, and when the
report of one is due. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.kpis.questions.periods import Grain, first_day, months_later, next_period, start_of
from app.service_levels.agreements.records import Agreement, ReportingPeriod

LABEL = re.compile(r"(?P<year>\d{4})(-(?P<month>\d\d)|-Q(?P<quarter>[1-4]))?")
GRAINS = {
    ReportingPeriod.month: Grain.month,
    ReportingPeriod.quarter: Grain.quarter,
    ReportingPeriod.year: Grain.year,
}
MONTHS = {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}
#: A report is due so many working days after its period.
WORKING_DAYS = 5
#: The most days that are searched for them: a calendar may have no working days.
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Period:
    """A whole month, quarter or year in a zone."""

    grain: Grain
    first: date
    zone: ZoneInfo

    @property
    def label(self) -> str:
        """Return its name: `2026-10`, `2026-Q4`, `2026`."""
        if self.grain is Grain.month:
            return f"{self.first:%Y-%m}"
        if self.grain is Grain.quarter:
            return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return f"{self.first.year}"

    @property
    def begin(self) -> datetime:
        """Return its first instant, in UTC."""
        return start_of(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """Return the first instant behind it, in UTC."""
        return start_of(next_period(self.grain, self.first), self.zone)

    @property
    def last_day(self) -> date:
        """Return its last day."""
        return next_period(self.grain, self.first) - timedelta(days=1)

    def moved(self, by: int) -> Period:
        """Return the period that comes so many after this one; before it, if `by` is negative."""
        return Period(self.grain, months_later(self.first, by * MONTHS[self.grain]), self.zone)


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a period in which an agreement is in force."""

    period: Period
    begin: datetime
    end: datetime

    @property
    def share(self) -> tuple[int, int]:
        """Return the number of its seconds, and that of the whole period's."""
        period_length = self.period.end - self.period.begin
        return round((self.end - self.begin).total_seconds()), round(period_length.total_seconds())


def grain_of(agreement: Agreement) -> Grain:
    """Return the length of the periods by which the agreement is reported on."""
    return GRAINS[agreement.reporting_period or ReportingPeriod.month]


def period_named(label: str, grain: Grain, zone: ZoneInfo) -> Period | None:
    """Return the period of that label; None if it is no period of that length."""
    match = LABEL.fullmatch(label)
    if match is None:
        return None
    month = int(match["month"] or (int(match["quarter"] or 1) - 1) * 3 + 1)
    named = Grain.month if match["month"] else Grain.quarter if match["quarter"] else Grain.year
    if named is not grain or not 1 <= month <= 12 or not 1900 <= int(match["year"]) < 2200:  # a month
        return None
    return Period(grain, date(int(match["year"]), month, 1), zone)


def period_at(instant: datetime, grain: Grain, zone: ZoneInfo) -> Period:
    """Return the period that the instant lies in."""
    return Period(grain, first_day(grain, instant.astimezone(zone).date()), zone)


def span_of(agreement: Agreement, period: Period) -> Span | None:
    """Return the part of the period in which the agreement is in force, or None."""
    if agreement.signed_at is None or agreement.begins_at is None:
        return None
    begin, end = max(period.begin, agreement.begins_at), period.end
    if agreement.ends_at is not None:
        end = min(end, agreement.ends_at)
    return Span(period, begin, end) if begin < end else None


def signed_later(agreement: Agreement, span: Span) -> datetime | None:
    """Return when the agreement was signed, if that was after the span had begun."""
    signed_at = agreement.signed_at
    return signed_at if signed_at is not None and signed_at > span.begin else None


def due_at(period: Period, works: Callable[[date], bool]) -> datetime:
    """Return when the report of the period is due: at the end of the fifth working day after it."""
    day, left = period.last_day, WORKING_DAYS
    for _ in range(MOST_DAYS):
        if left == 0:
            break
        day += timedelta(days=1)
        left -= works(day)
    return start_of(day + timedelta(days=1), period.zone)


def periods_to_report(
    agreement: Agreement, known_since: datetime, zone: ZoneInfo, now: datetime
) -> Iterator[Period]:
    """Yield the periods, the oldest first, that are over and for which the agreement is to be reported on:
    those that ended after its signature was recorded, since what was over by then was agreed of in hindsight.
    """
    if agreement.signed_at is None or agreement.begins_at is None:
        return
    period = period_at(max(known_since, agreement.begins_at), grain_of(agreement), zone)
    while period.end <= now and span_of(agreement, period) is not None:
        yield period
        period = period.moved(1)
