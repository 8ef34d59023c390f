"""Cache of the business time of calendars' newest versions, ready to compute with."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.common.records import from_row
from app.common.times.business_time import BusinessTime
from app.foundation.calendars.records import CalendarVersion
from app.platform.db import Database

NEWEST_VERSIONS = """
select c.key as calendar, v.* from fold.calendar c join fold.calendar_version v on v.id = c.newest_id
where c.key = any(%s)"""
MOST_CACHED = 100
_CACHE: dict[UUID, BusinessTime] = {}


def business_time_of(version: CalendarVersion) -> BusinessTime:
    """Return the business time of the calendar version, cached: versions never change, and computing a
    year is slow.
    """
    hours = _CACHE.get(version.id)
    if hours is None:
        if len(_CACHE) >= MOST_CACHED:
            _CACHE.clear()
        hours = _CACHE[version.id] = version.business_time()
    return hours


async def newest_versions(db: Database, keys: Collection[str]) -> dict[str, CalendarVersion]:
    """Return, by key, the newest versions of these calendars; of retired calendars, too."""
    rows = await db.rows(NEWEST_VERSIONS, (list(keys),)) if keys else []
    return {row["calendar"]: from_row(CalendarVersion, row) for row in rows}


async def newest_business_times(db: Database, keys: Collection[str]) -> dict[str, BusinessTime]:
    """Return, by key, the business time of these calendars' newest versions; of retired calendars, too."""
    versions = await newest_versions(db, keys)
    return {key: business_time_of(version) for key, version in versions.items()}
