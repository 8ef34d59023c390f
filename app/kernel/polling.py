"""Polling for work that no event of the log triggers.

Work that only one worker may do at a time is protected by an advisory lock of the connection: if the worker
is killed, another one takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.db import Connection
from app.log.follow import RETRY_SECONDS
from app.shared_connections import SharedConnections

LOCK = "select pg_try_advisory_lock(hashtextextended(%s, 0) # hashtextextended(%s::text, 0))"
UNLOCK = "select pg_advisory_unlock(hashtextextended(%s, 0) # hashtextextended(%s::text, 0))"


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
    connection: Connection, waiting: str, kind: str, do: Callable[[UUID], Awaitable[bool]]
) -> bool:
    """Do the first waiting job that no other worker has locked. Return whether there was one.

    `waiting` is a statement that selects the ids of waiting jobs; `do` performs a job, and returns whether
    there was still work to do in it.
    """
    # The locks are tried one by one; jobs that other workers have locked are skipped.
    for (found,) in await (await connection.execute(waiting.encode())).fetchall():
        if not await _value(connection, LOCK, kind, found):
            continue
        try:
            if await do(found):
                return True
        finally:
            await _value(connection, UNLOCK, kind, found)
    return False


async def _value(connection: Connection, statement: str, *parameters: Any) -> Any:
    row = await (await connection.execute(statement.encode(), parameters)).fetchone()
    return None if row is None else row[0]
