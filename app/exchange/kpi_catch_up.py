"""Waiting until the KPIs include an import. A worker makes their facts as it follows the log; nothing is
computed here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from app.kpis.facts.consumer import FACTS
from app.log import consumer_group as group
from app.log import read
from app.platform.db import Database, DatabaseGone

# Seconds between two polls, and seconds without progress after which waiting ends. A worker moves its
# checkpoint span by span of the log, and a span takes a few seconds on a slow machine.
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
POSITION = "select coalesce(max(position), 0) from log.checkpoint where consumer = %s"


class CatchUpResult(Enum):
    """Outcome of waiting for the KPIs: they include the whole log, are still behind, or no worker is
    running.
    """

    caught_up = "there"
    behind = "behind"
    no_worker = "no_worker"


async def wait_for_kpis(
    db: Database, report: Callable[[int, int], None], *, patience: float = PATIENCE_SECONDS
) -> CatchUpResult:
    """Waits until the facts of KPIs include all events now in the log, or do not advance for `patience`
    seconds.

    Calls `report` with the number of events they have processed since the start, and of all to process.
    Returns at once if no worker is running.
    """
    try:
        return await _wait(db, report, patience)
    except DatabaseGone:
        return CatchUpResult.behind


async def _wait(db: Database, report: Callable[[int, int], None], patience: float) -> CatchUpResult:
    clock = asyncio.get_running_loop().time
    head, first = await read.head(db), await _position(db)
    position, moved_at = first, clock()
    while position < head:
        if not await group.is_followed(db):
            return CatchUpResult.no_worker
        if clock() - moved_at > patience:
            return CatchUpResult.behind
        await asyncio.sleep(POLL_SECONDS)
        now = await _position(db)
        if now > position:
            position, moved_at = now, clock()
            report(min(position, head) - first, head - first)
    return CatchUpResult.caught_up


async def _position(db: Database) -> int:
    return int(await db.value(POSITION, (FACTS.name,)))
