"""Waiting for what another task or process does, no longer than it takes; and making others wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.platform.db import Connection, connect

T = TypeVar("T")

# The last resort against hanging, also beside busy processes. Whoever must not wait for something in the
# application is shown not to by having that take longer: ten times as long.
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.005


async def until(look: Callable[[], Awaitable[T | None]], seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives, as soon as it is something. Fails when patience ends, after so many seconds."""
    async with asyncio.timeout(seconds):
        while True:
            outcome = await look()
            if outcome:
                return outcome
            await asyncio.sleep(LOOK_SECONDS)


class Blocked:
    """Makes others wait, as a process would that works slowly: `async with Blocked(owner_url) as blocked`.

    It holds what `statement` locks: the log's head, unless another is given.
    """

    def __init__(self, owner_url: str, statement: str = "select 1 from log.head for update") -> None:
        self._url = owner_url
        self._statement = statement

    async def __aenter__(self) -> Blocked:
        self._connection: Connection = await connect(self._url)
        # However long the others take to come.
        await self._connection.execute("set idle_in_transaction_session_timeout = 0")
        await self._connection.execute("begin")
        await self._connection.execute(self._statement.encode())
        return self

    async def waiting(self, count: int = 1) -> int:
        """Of those who wait for us, or for one who does, the last to come; as soon as there are so many."""
        query = (
            "select pid from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0 "
            "and datname = current_database() order by query_start"
        )

        async def found() -> int | None:
            cursor = await self._connection.execute(query)
            pids = await cursor.fetchall()
            return int(pids[-1][0]) if len(pids) >= count else None

        return await until(found)

    async def release(self) -> None:
        """Lets the others go on."""
        await self._connection.close()

    async def __aexit__(self, *_: object) -> None:
        await self.release()
