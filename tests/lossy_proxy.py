"""A road between a process and PostgreSQL on which answers get lost: work is done and nobody hears of it.

It can be blocked as well: then nothing moves on it, and nobody is told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

CHUNK = 65_536


class LossyProxy:
    """`async with Lossy(url, loses) as road`: `road.url` leads to the same database.

    Whenever PostgreSQL answers, `loses` is asked; if it says so, the answer is dropped with the connection.
    """

    def __init__(self, url: str, loses: Callable[[], bool]) -> None:
        self._parts = urlsplit(url)
        self._loses = loses
        self.lost = 0
        #: Cleared, nothing moves, as if the network were gone; set again, all goes on.
        self.flows = asyncio.Event()
        self.flows.set()

    @property
    def url(self) -> str:
        """The address of the database by this road."""
        user = f"{self._parts.username}@" if self._parts.username else ""
        port = self._server.sockets[0].getsockname()[1]
        return urlunsplit(self._parts._replace(netloc=f"{user}127.0.0.1:{port}", query=""))

    async def __aenter__(self) -> LossyProxy:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _carry(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await self._connect()
        asking = asyncio.create_task(self._hand_on(from_client, to_server, lambda: False))
        answering = asyncio.create_task(self._hand_on(from_server, to_client, self._is_lost))
        await asyncio.wait([asking, answering], return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, answering):
            task.cancel()
        await asyncio.gather(asking, answering, return_exceptions=True)
        for end in (to_client, to_server):
            end.close()
            with contextlib.suppress(OSError):
                await end.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parameters = parse_qs(self._parts.query)
        host = unquote(parameters["host"][0]) if "host" in parameters else self._parts.hostname or "localhost"
        port = int(parameters["port"][0]) if "port" in parameters else self._parts.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    def _is_lost(self) -> bool:
        lost = self._loses()
        self.lost += lost
        return lost

    async def _hand_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_lost: Callable[[], bool]
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self.flows.wait()
                if is_lost():
                    return
                writer.write(data)
                await writer.drain()
