"""Dates of a plan: its year, the reviews, and the last working day of each month."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.kpis.questions.periods import months_later

_FRIDAY = 4
ONE_DAY = timedelta(days=1)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the instant at which the day begins in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def start_of_year(year: int, zone: tzinfo) -> datetime:
    """Return the instant at which the year begins in the zone, in UTC."""
    return start_of_day(date(year, 1, 1), zone)


def end_of_year(year: int, zone: tzinfo) -> datetime:
    """Return the first instant behind the year in the zone, in UTC."""
    return start_of_year(year + 1, zone)


def review_due(since: datetime, months: int, zone: tzinfo) -> datetime:
    """Return when the next review is due: at the end of the same day, so many months later."""
    return start_of_day(months_later(since.astimezone(zone).date(), months) + ONE_DAY, zone)


def month_of(instant: datetime, zone: tzinfo) -> date:
    """Return the first day of the month that the instant lies in."""
    return instant.astimezone(zone).date().replace(day=1)


def end_of_last_working_day(month: date, zone: tzinfo) -> datetime:
    """Return the end of the last working day, Monday to Friday, of the month that begins on that day."""
    day = months_later(month, 1) - ONE_DAY
    while day.weekday() > _FRIDAY:
        day -= ONE_DAY
    return start_of_day(day + ONE_DAY, zone)


def month_due(due_at: datetime, zone: tzinfo) -> date:
    """Return the first day of the month whose last working day ends at that instant."""
    return month_of(due_at - timedelta.resolution, zone)
