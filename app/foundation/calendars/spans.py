"""Spans of calendar versions in SQL: written with a version, extended before they end, rebuilt on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.common.records import from_row
from app.foundation.calendars.records import CalendarVersion
from app.kernel.consumers import polling as rounds
from app.platform.db import Connection, fetch_rows
from app.platform.shared_connections import SharedConnections

#: The table of spans, written when a version is appended, and the name of the worker's loop that extends it.
SPAN_TABLE, NAME = "business_time.calendar_span", "calendars"
#: Spans are written for this many years before and after the version's year; if fewer years are left, the
#: worker extends them.
YEARS_BACK, YEARS_AHEAD, FEWEST_YEARS = 15, 5, 3
POLL_SECONDS = 3600.0

# Two workers at once take turns; the second finds nothing to extend.
LOCK = "select pg_advisory_xact_lock(hashtextextended('business_time.calendar_span', 1))"
WRITE_SPANS = "select business_time.write_spans(%s)"
VERSIONS = "select * from fold.calendar_version order by id"
ENDING_VERSIONS = """
select v.* from fold.calendar c join fold.calendar_version v on v.id = c.newest_id
where (select max(s.starts) from business_time.calendar_span s where s.version = v.id) < %s
order by v.id limit 1
"""
REACH = """
select min(starts) as since, max(starts) filter (where seconds_before is null) as until
from business_time.calendar_span where version = %s
"""
WRITTEN_SPANS = """
select extract(epoch from starts)::bigint as starts, extract(epoch from ends)::bigint as ends, seconds_before
from business_time.calendar_span where version = %s order by starts
"""


def span_row(version: CalendarVersion, since: datetime, until: datetime) -> dict[str, Any]:
    """Return the spans between the two instants, as the database function takes them."""
    spans = [(int(a.timestamp()), int(b.timestamp())) for a, b in version.business_time().spans(since, until)]
    reach = {"since": int(since.timestamp()), "until": int(until.timestamp())}
    return {"id": str(version.id), **reach, "spans": spans}


def initial_row(version: CalendarVersion) -> dict[str, Any]:
    """Return the spans that are written together with the version."""
    assert version.published_at is not None
    year = version.published_at.year
    return span_row(version, _new_year(year - YEARS_BACK), _new_year(year + YEARS_AHEAD))


async def extend(connection: Connection, now: datetime) -> int:
    """Extend the spans of the newest versions that end soon. Return the number of versions extended."""
    extended = 0
    while True:
        async with connection.transaction():
            await fetch_rows(connection, LOCK, ())
            rows = await fetch_rows(connection, ENDING_VERSIONS, (_new_year(now.year + FEWEST_YEARS),))
            if not rows:
                return extended
            version = from_row(CalendarVersion, rows[0])
            reach = (await fetch_rows(connection, REACH, (version.id,)))[0]
            row = span_row(version, reach["since"], _new_year(now.year + YEARS_AHEAD))
            await fetch_rows(connection, WRITE_SPANS, (Jsonb(row),))
        extended += 1


async def rebuild_spans(connection: Connection) -> Sequence[UUID]:
    """Rebuild the spans of every version from its definition. Return the versions whose spans differed."""
    wrong: list[UUID] = []
    async with connection.transaction():
        await fetch_rows(connection, LOCK, ())
        for version_row in await fetch_rows(connection, VERSIONS, ()):
            version = from_row(CalendarVersion, version_row)
            reach = (await fetch_rows(connection, REACH, (version.id,)))[0]
            first = initial_row(version)
            is_whole = reach["until"] is not None and int(reach["since"].timestamp()) == first["since"]
            row = span_row(version, reach["since"], reach["until"]) if is_whole else first
            before = await fetch_rows(connection, WRITTEN_SPANS, (version.id,))
            await fetch_rows(connection, WRITE_SPANS, (Jsonb(row),))
            if await fetch_rows(connection, WRITTEN_SPANS, (version.id,)) != before:
                wrong.append(version.id)
    return wrong


async def run(
    connections: SharedConnections, clock: Callable[[], datetime], *, failed: Callable[[str, Exception], None]
) -> None:
    """Extend spans in a loop, for ever. `failed` is called with each failure."""

    async def work(connection: Connection) -> bool:
        await extend(connection, clock())
        return False

    await rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)
