"""A receiver of webhooks on this machine, which answers as a test says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

#: The answer of a receiver that takes everything.
TAKEN = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """An answer with that status; in names of headers `_` stands for `-`."""
    lines = [f"HTTP/1.1 {status} So", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Received:
    """A request that a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def event(self) -> Any:
        return self.json["data"]["event"]


@dataclass
class Receiver:
    """A receiver: what it got, and how it answers. None: it hangs; empty: it closes without an answer."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: Callable[[Received], bytes | None] = lambda request: TAKEN
    #: How many hang now.
    hanging: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def types(self) -> list[str]:
        return [each.json["type"] for each in self.received]

    @property
    def positions(self) -> list[int]:
        return [each.event["position"] for each in self.received]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): text.strip()
                    for name, _, text in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Received(head[0].split(" ")[1], headers, body)
                self.received.append(request)
                answered = self.answers(request)
                if answered is None:
                    self.hanging += 1
                    try:
                        await reader.read()
                    finally:
                        self.hanging -= 1
                    break
                if not answered:
                    break
                writer.write(answered)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver, until the block ends."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
