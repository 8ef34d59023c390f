"""What calendars say now, ready to compute with."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.common.business_time import BusinessTime
from app.common.records import from_row
from app.db import Database
from app.foundation.calendars.records import CalendarVersion

NEWEST = """
select c.key as calendar, v.* from fold.calendar c join fold.calendar_version v on v.id = c.newest_id
where c.key = any(%s)"""
MOST_KNOWN = 100
_KNOWN: dict[UUID, BusinessTime] = {}


def computing(said: CalendarVersion) -> BusinessTime:
    """What a version says, computing: versions never change, and counting a year takes a while."""
    hours = _KNOWN.get(said.id)
    if hours is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        hours = _KNOWN[said.id] = said.business_time()
    return hours


async def newest(db: Database, keys: Collection[str]) -> dict[str, BusinessTime]:
    """By key, what these calendars say by their newest versions; those retired, too."""
    rows = await db.rows(NEWEST, (list(keys),)) if keys else []
    return {row["calendar"]: computing(from_row(CalendarVersion, row)) for row in rows}
