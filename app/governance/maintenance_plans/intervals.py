"""Due times of maintenance rounds (pure): at the same time of day by the clock of their zone.

Each is computed from the first one, so that rounds on the 31st do not stay on the 28th after February.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count

from app.governance.maintenance_plans.records import MaintenanceInterval
from app.kpis.questions.periods import months_later

DAYS = {
    MaintenanceInterval.daily: 1,
    MaintenanceInterval.weekly: 7,
    MaintenanceInterval.fortnightly: 14,
}
MONTHS = {
    MaintenanceInterval.monthly: 1,
    MaintenanceInterval.quarterly: 3,
    MaintenanceInterval.half_yearly: 6,
    MaintenanceInterval.yearly: 12,
}


def _whenever(instant: datetime) -> datetime:
    return instant


def next_round(
    first_at: datetime,
    zone: tzinfo,
    interval: MaintenanceInterval,
    after: datetime,
    *,
    opening: Callable[[datetime], datetime] = _whenever,
) -> datetime:
    """Return when the first round begins after the instant `after`; `first_at` is when the very first does,
    if that is not over. `opening` returns when one begins that would begin at an instant: several that its
    calendar moves to one opening are one round.
    """
    first, last = first_at.astimezone(zone), after.astimezone(zone)
    if interval in DAYS:
        passed = (last.date() - first.date()).days // DAYS[interval]
    else:
        passed = ((last.year - first.year) * 12 + last.month - first.month) // MONTHS[interval]
    rounds = (_round(first, zone, interval, n) for n in count(max(passed - 1, 0)))
    return next(begin for begin in map(opening, rounds) if begin > after)


def _round(first: datetime, zone: tzinfo, interval: MaintenanceInterval, number: int) -> datetime:
    if interval in DAYS:
        day = first.date() + timedelta(days=DAYS[interval] * number)
    else:
        day = months_later(first.date(), MONTHS[interval] * number)
    return datetime.combine(day, first.time(), zone).astimezone(UTC)
