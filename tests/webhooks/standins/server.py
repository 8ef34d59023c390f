"""A server of a tool's REST interface on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Call:
    """A request: `path` is without its query."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """An answer; None as body: it has none."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


#: What a test does before a request is carried out and before it is answered. A reply goes out
#: instead; False: the connection is closed without an answer.
Hook = Callable[[Call], Awaitable[Reply | bool | None]]


@dataclass
class Webhook:
    """A webhook that the tool has to send: its headers and its body."""

    headers: dict[str, str]
    body: bytes


class StandIn:
    """A tool. A subclass says what it has, and how it answers."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self.port = 0
        self.calls: list[Call] = []
        self.webhooks: list[Webhook] = []
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.now = now or (lambda: datetime.now(UTC))

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def writes(self) -> list[Call]:
        """All requests that were to change something."""
        return [call for call in self.calls if call.method != "GET"]

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def tell(self, body: Any, **headers: str) -> None:
        """Send a webhook, when the test says so."""
        self.webhooks.append(
            Webhook({n.replace("_", "-"): v for n, v in headers.items()}, json.dumps(body).encode())
        )

    async def _reply(self, call: Call) -> Reply | None:
        self.calls.append(call)
        if self.before is not None and (override := await self.before(call)) is not None:
            return override if isinstance(override, Reply) else None
        reply = self.answer(call)
        if self.after is not None and (override := await self.after(call)) is not None:
            return override if isinstance(override, Reply) else None
        return reply

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                pairs = (line.partition(":") for line in head[1:] if line)
                headers = {name.lower(): text.strip() for name, _, text in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, target, _ = head[0].split(" ")
                parts = urlsplit(target)
                query = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
                call = Call(method, parts.path, query, headers, json.loads(body) if body else None)
                reply = await self._reply(call)
                if reply is None:
                    break
                content = b"" if reply.body is None else json.dumps(reply.body).encode()
                lines = [f"HTTP/1.1 {reply.status} So", f"content-length: {len(content)}"]
                lines += [f"{name}: {text}" for name, text in reply.headers.items()]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
                await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
