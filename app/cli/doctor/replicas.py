"""Examination of the replica that APIs read from: whether it answers, is one of this log, and keeps up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg

from app.cli.doctor.findings import CheckOutcome, ReachedDatabase, failure, success, warning
from app.kernel.replicas import EVENT_AT, LAG, STATE_WITH_EVENT
from app.platform.db import READ_LIMITS, DatabaseGone, connect, discard


async def examine_replica(reached: ReachedDatabase) -> AsyncIterator[CheckOutcome]:
    """Examine the replica, if one is set."""
    url = reached.setup.settings.read_url
    if url is not None:
        yield await _examine(reached, url)


async def _examine(reached: ReachedDatabase, url: str) -> CheckOutcome:
    try:
        connection = await connect(url, READ_LIMITS)
    except (DatabaseGone, psycopg.Error) as error:
        return warning("replica_away", why=str(error).strip())
    try:
        row = await (await connection.execute(STATE_WITH_EVENT)).fetchone()
    except psycopg.Error as error:
        return warning("replica_away", why=str(error).strip())
    finally:
        await discard(connection)
    assert row is not None
    is_replica, position, event_id = row
    if not is_replica:
        return failure("replica_promoted")
    if await reached.db.value(EVENT_AT, (position,)) != event_id:
        return failure("replica_foreign")
    lag = await reached.db.row(LAG, {"position": position})
    assert lag is not None
    words = {"position": position, "events": lag["events"], "seconds": round(lag["seconds"])}
    is_late = lag["seconds"] > reached.setup.settings.read_staleness_seconds
    return warning("replica_behind", **words) if is_late else success("replica_ok", **words)
