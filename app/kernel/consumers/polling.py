"""Polling for work that no event of the log triggers.

Work that only one worker may do at a time is protected by an advisory lock of the connection: if the worker
is killed, another one takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from app.log.follow import RETRY_SECONDS
from app.platform.db import Connection, fetch_value
from app.platform.shared_connections import SharedConnections

LOCK = "select pg_try_advisory_lock(hashtextextended(%s, 0) # hashtextextended(%s::text, 0))"
UNLOCK = "select pg_advisory_unlock(hashtextextended(%s, 0) # hashtextextended(%s::text, 0))"

LOCK_WORK = "select pg_try_advisory_lock(hashtextextended(%s, 1))"
UNLOCK_WORK = "select pg_advisory_unlock(hashtextextended(%s, 1))"


async def run(
    name: str,
    connections: SharedConnections,
    work: Callable[[Connection], Awaitable[bool]],
    *,
    every: float,
    failed: Callable[[str, Exception], None],
) -> None:
    """Do the work for ever: again at once if there was some, otherwise after `every` seconds.

    A connection is borrowed for each round. `failed` is called with each failure; the work is retried.
    """
    while True:
        try:
            async with connections.acquire() as connection:
                busy = await work(connection)
            if not busy:
                await asyncio.sleep(every)
        except Exception as error:  # any failure: polling goes on
            failed(name, error)
            await asyncio.sleep(RETRY_SECONDS)


async def claim_first(
    connection: Connection,
    waiting: str,
    kind: str,
    do: Callable[[UUID], Awaitable[bool]],
    values: Sequence[object] = (),
) -> bool:
    """Do the first waiting job that no other worker has locked. Return whether there was one.

    `waiting` is a statement that selects the ids of waiting jobs, with these values; `do` performs a job, and
    returns whether there was still work to do in it.
    """
    # The locks are tried one by one; jobs that other workers have locked are skipped.
    for (key,) in await (await connection.execute(waiting.encode(), values or None)).fetchall():
        if not await fetch_value(connection, LOCK, kind, key):
            continue
        try:
            if await do(key):
                return True
        finally:
            await fetch_value(connection, UNLOCK, kind, key)
    return False


@asynccontextmanager
async def locked(connection: Connection, name: str) -> AsyncIterator[bool]:
    """Lock the work of that name against other workers. Yield whether it was free; if not, another worker
    is at it.
    """
    if not await fetch_value(connection, LOCK_WORK, name):
        yield False
        return
    try:
        yield True
    finally:
        await fetch_value(connection, UNLOCK_WORK, name)
