"""A few connections that the tasks of a worker lend each other, so that none needs one of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from app.db import Connection, connect, discard

# As many as there can be tasks that take their time.
MOST_CONNECTIONS = 16
# So many stay open while nobody needs them.
MOST_IDLE = 2


class SharedConnections:
    """Connections with these options, in autocommit, opened as they are needed. `most` of them at once."""

    def __init__(self, url: str, options: str, most: int = MOST_CONNECTIONS) -> None:
        self._url = url
        self._options = options
        self._slots = asyncio.Semaphore(most)
        self._idle: list[Connection] = []

    async def __aenter__(self) -> SharedConnections:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """One of them, until the block ends. Waits until there is room. Raises DatabaseGone.

        If the block fails it is closed, and so are those that nobody uses: what one of them has met, they may
        have met, too.
        """
        async with self._slots:
            connection = self._idle.pop() if self._idle else await connect(self._url, self._options)
            try:
                yield connection
            except BaseException:
                await discard(connection)
                await self.close()
                raise
            if connection.closed or len(self._idle) >= MOST_IDLE:
                await discard(connection)
            else:
                self._idle.append(connection)

    async def close(self) -> None:
        """Closes those that nobody uses."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await discard(connection)
