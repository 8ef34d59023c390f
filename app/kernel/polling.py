"""Work that no event of the log asks for at once: whoever does it goes round again and again.

What must not be done by two at a time is held by a lock that goes with the connection: if the worker is
killed, another one takes it up.
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
    """Does the work for ever: at once again while there was some, else after so many seconds.

    It borrows a line each time. `failed` is told of each failure; it is tried again.
    """
    while True:
        try:
            async with connections.acquire() as connection:
                busy = await work(connection)
            if not busy:
                await asyncio.sleep(every)
        except Exception as error:  # whatever it is: what comes next is to be done
            failed(name, error)
            await asyncio.sleep(RETRY_SECONDS)


async def claim_first(
    connection: Connection, waiting: str, kind: str, do: Callable[[UUID], Awaitable[bool]]
) -> bool:
    """Does the first of what waits that nobody else is doing. Gives whether there was one.

    `waiting` is a statement that gives their ids; `do` gives whether there still was something to do.
    """
    # The lock is tried for one after the other; those that others have are left out.
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
