"""Listeners of the live stream, on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.client import Json
from tests.waiting import PATIENCE_SECONDS

STREAM = "/v1/events/stream"


@dataclass
class Listener:
    """What one listener has been sent: `events` with their names, and why the stream ended."""

    answer: httpx.Response
    events: list[Json] = field(default_factory=list)
    last_id: int = -1
    end: str | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Take what is sent until the stream ends."""
        block: dict[str, str] = {}
        async for line in self.answer.aiter_lines():
            if line:
                name, _, text = line.partition(": ")
                block[name] = text
                continue
            self._take(block)
            block = {}
            self._changed.set()
        self._changed.set()

    def _take(self, block: dict[str, str]) -> None:
        self.last_id = int(block.get("id", self.last_id))
        if "data" not in block:
            return
        content: Json = json.loads(block["data"])
        if block.get("event") == "end":
            self.end = content["reason"]
        else:
            assert int(block["id"]) == content["event"]["position"]
            self.events.append(content)

    @property
    def positions(self) -> list[int]:
        """Where the events stand in the log."""
        return [content["event"]["position"] for content in self.events]

    async def reach(self, position: int) -> None:
        """Wait until an event at that position, or a later one, has come."""
        while not self.positions or self.positions[-1] < position:
            await self._wait()

    async def count(self, number: int) -> None:
        """Wait until so many events have come."""
        while len(self.events) < number:
            await self._wait()

    async def ended(self) -> str:
        """Wait until the stream ends, and give its reason."""
        while self.end is None:
            await self._wait()
        return self.end

    async def _wait(self) -> None:
        self._changed.clear()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._changed.wait()


@contextlib.asynccontextmanager
async def listening(
    address: tuple[str, int],
    token: str | None,
    last_event_id: int | None = None,
    cookie: str | None = None,
    **query: Any,
) -> AsyncIterator[Listener]:
    """A listener with that key or cookie, who has begun to listen, until the block ends."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    if cookie is not None:
        headers["Cookie"] = cookie
    url = f"http://{address[0]}:{address[1]}{STREAM}"
    timeout = httpx.Timeout(PATIENCE_SECONDS)
    async with (
        httpx.AsyncClient(timeout=timeout, headers=headers) as client,
        client.stream("GET", url, params=query) as answer,
    ):
        listener = Listener(answer)
        assert answer.status_code == 200, await answer.aread()
        task = asyncio.create_task(listener.listen())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
