"""A small pool of connections that a worker's tasks share, instead of one connection each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from app.platform.db import Connection, connect, discard

# As many as there can be long-running tasks.
MOST_CONNECTIONS = 16
# So many unused connections stay open.
MOST_IDLE = 2


class SharedConnections:
    """Connections with these options, in autocommit, opened on demand; at most `most` at once."""

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
        """Lend a connection for the block, after waiting for a free slot. Raises DatabaseGone.

        If the block fails, its connection and all idle ones are closed, since they may have broken in the
        same way.
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
        """Close the idle connections."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await discard(connection)
