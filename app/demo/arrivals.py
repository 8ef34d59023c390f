"""Random arrival times of the demo's incidents and requests: by the working hours of two sites, fewer at
night and at weekends.

More incidents arrive in one bad month. Pure functions; the same end of the year gives the same arrivals.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.demo.data.organisation import SITES, Site

SEED = 20261120
DAYS = 365
HOUR = timedelta(hours=1)
#: Relative likelihood of an incident in each hour of a day, in the site's local time.
HOURLY_LIKELIHOOD = (
    (0.03,) * 6 + (0.05, 0.15, 0.35, 0.5, 0.5, 0.4, 0.2, 0.35, 0.45, 0.4, 0.3, 0.2, 0.1) + (0.05,) * 5
)
INCIDENT_RATE, REQUEST_RATE = 0.7, 0.3
WEEKEND_FACTOR = 0.2
SATURDAY = 5
OPENS, CLOSES = 8, 18
#: Months between the month in which a release goes wrong and the last one.
BAD_MONTH = 4
BAD_MONTH_FACTOR = 1.5


@dataclass(frozen=True)
class Arrival:
    """The arrival of an incident or a request. `n` numbers them; `bad`: in the bad month; `ago`: fraction of
    the year between the arrival and the end of the history.
    """

    n: int
    arrived_at: datetime
    site: Site
    bad: bool
    ago: float


def incident_arrivals(end: datetime, days: int = DAYS) -> Iterator[Arrival]:
    """Return the arrivals of incidents in the last `days` of the year that ends at `end`, oldest first."""
    return _arrivals(end, days, f"{SEED}", INCIDENT_RATE, BAD_MONTH_FACTOR)


def request_arrivals(end: datetime, days: int = DAYS) -> Iterator[Arrival]:
    """Return the arrivals of catalogue requests in the same way; a bad month has no more of them than
    others.
    """
    return _arrivals(end, days, f"{SEED}-wishes", REQUEST_RATE, 1)


def _arrivals(end: datetime, days: int, seed: str, often: float, when_bad: float) -> Iterator[Arrival]:
    begin = (end - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    n = 0
    for hour in range(DAYS * 24 + 1):
        for place, site in enumerate(SITES):
            chance = random.Random(f"{seed}-{hour}-{place}")  # noqa: S311  # a history, not a secret
            arrived_at = begin + hour * HOUR
            bad = _months(end) - _months(arrived_at) == BAD_MONTH
            likely = often * _likely(site, arrived_at) * (when_bad if bad else 1)
            arrived_at += timedelta(seconds=chance.randrange(3600))
            if chance.random() >= likely:
                continue
            n += 1
            if end - timedelta(days=days) <= arrived_at < end:
                yield Arrival(n, arrived_at, site, bad, (end - arrived_at) / timedelta(days=DAYS))


def in_working_hours(site: Site, when: datetime) -> bool:
    """True if people at the site work at that time."""
    local = when.astimezone(ZoneInfo(site.zone))
    return local.weekday() < SATURDAY and OPENS <= local.hour < CLOSES


def _likely(site: Site, when: datetime) -> float:
    local = when.astimezone(ZoneInfo(site.zone))
    return HOURLY_LIKELIHOOD[local.hour] * (WEEKEND_FACTOR if local.weekday() >= SATURDAY else 1)


def _months(when: datetime) -> int:
    return when.year * 12 + when.month
