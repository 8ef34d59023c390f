"""Whether the KPIs have all that an import has told. Their facts follow the log by themselves, in a worker:
they are waited for, and nothing is done for them here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from app.db import Database, DatabaseGone
from app.kpis.facts import FACTS
from app.log import consumer_group as group
from app.log import read

# How often it is looked, and how long nothing may move. A worker tells of its progress by spans of the log,
# which take a few seconds each on a slow machine.
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
POSITION = "select coalesce(max(position), 0) from log.checkpoint where consumer = %s"


class CatchUpResult(Enum):
    """What has come of waiting for the KPIs."""

    there = "there"
    behind = "behind"
    no_worker = "no_worker"


async def wait_for_kpis(
    db: Database, report: Callable[[int, int], None], *, patience: float = PATIENCE_SECONDS
) -> CatchUpResult:
    """Waits until the KPIs have all that is in the log now, or nothing moves for so many seconds. `told` is
    told how many events they have taken meanwhile, and of how many. Without a worker nobody waits.
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
    return CatchUpResult.there


async def _position(db: Database) -> int:
    return int(await db.value(POSITION, (FACTS.name,)))
