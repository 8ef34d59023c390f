"""Random arrival times of the demo's incidents and requests: by the working hours of two sites, fewer at
night and at weekends.

More incidents arrive in one bad month. The history begins with a month, so that each is whole; in its first
year the desk serves Berlin only, and few cases arrive. Pure functions; the same end gives the same arrivals.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.demo.data.organisation import BERLIN, SITES, Site

SEED = 20261125
DAYS = 365
#: Whole months before the one in which the history ends, and those in which the desk serves both sites: last
#: year's month of each of the last two is among them.
MONTHS, MONTHS_OF_BOTH_SITES = 24, 13
#: How likely a case is while the desk serves Berlin only: many would take long to make.
BERLIN_ONLY_FACTOR = 0.4
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
    the year between the arrival and the end of the history, more than 1 before that; `months_ago`: the number
    of months from its month to the last.
    """

    n: int
    arrived_at: datetime
    site: Site
    bad: bool
    ago: float
    months_ago: int


def begin_of_history(end: datetime) -> datetime:
    """Return the first moment (UTC) of the month in which a history that ends at `end` begins."""
    month = _months(end) - 1 - MONTHS
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def incident_arrivals(end: datetime, days: int | None = None) -> Iterator[Arrival]:
    """Return the arrivals of incidents up to `end`, oldest first: all, or those of the last `days`."""
    return _arrivals(end, days, f"{SEED}", INCIDENT_RATE, BAD_MONTH_FACTOR)


def request_arrivals(end: datetime, days: int | None = None) -> Iterator[Arrival]:
    """Return the arrivals of catalogue requests in the same way; a bad month has no more of them than
    others.
    """
    return _arrivals(end, days, f"{SEED}-wishes", REQUEST_RATE, 1)


def _arrivals(end: datetime, days: int | None, seed: str, often: float, when_bad: float) -> Iterator[Arrival]:
    begin = begin_of_history(end)
    since = begin if days is None else end - timedelta(days=days)
    n = 0
    for hour in range((end - begin) // HOUR + 1):
        for place, site in enumerate(SITES):
            chance = random.Random(f"{seed}-{hour}-{place}")  # noqa: S311  # a history, not a secret
            arrived_at = begin + hour * HOUR
            months_ago = _months(end) - _months(arrived_at)
            bad = months_ago == BAD_MONTH
            likely = often * _likely(site, arrived_at) * (when_bad if bad else 1)
            if months_ago > MONTHS_OF_BOTH_SITES:
                likely *= BERLIN_ONLY_FACTOR if site is BERLIN else 0
            arrived_at += timedelta(seconds=chance.randrange(3600))
            if chance.random() >= likely:
                continue
            n += 1
            if since <= arrived_at < end:
                ago = (end - arrived_at) / timedelta(days=DAYS)
                yield Arrival(n, arrived_at, site, bad, ago, months_ago)


def in_working_hours(site: Site, when: datetime) -> bool:
    """True if people at the site work at that time."""
    local = when.astimezone(ZoneInfo(site.zone))
    return local.weekday() < SATURDAY and OPENS <= local.hour < CLOSES


def _likely(site: Site, when: datetime) -> float:
    local = when.astimezone(ZoneInfo(site.zone))
    return HOURLY_LIKELIHOOD[local.hour] * (WEEKEND_FACTOR if local.weekday() >= SATURDAY else 1)


def _months(when: datetime) -> int:
    return when.year * 12 + when.month
