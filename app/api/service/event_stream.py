"""Server-sent events on the wire (HTML standard, 9.2): their text, and the connection that takes them.

Only the system's buffers hold data for a slow client. A client that takes no data for a while gets a notice
behind the waiting data, and the connection is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from starlette.types import Receive, Scope, Send

from app.api.requests.json_output import dump_json
from app.common.records import CodeEnum

MEDIA_TYPE = "text/event-stream"
HEADERS = {
    "Content-Type": MEDIA_TYPE,
    # Neither a cache nor a proxy's compression or buffer may keep events back.
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
}
#: A client that has been cut off connects again after so many milliseconds.
RETRY_MILLISECONDS = 3_000
#: So long may a client take nothing of what waits for it.
SEND_SECONDS = 10.0
#: So long is a client that is cut off still given to take what waits for it, and why it ends.
LINGER_SECONDS = 5.0
#: So many bytes are sent at once.
CHUNK_BYTES = 32_768


class EndReason(CodeEnum):
    """The reason why a stream ends."""

    complete = "complete", "Complete", "已全部发送"
    signed_out = "signed_out", "Signed out", "凭据失效"
    too_slow = "too_slow", "Too slow", "接收过慢"
    unavailable = "unavailable", "Database unavailable", "数据库不可用"
    ahead_of_the_log = "ahead_of_the_log", "Position after the end of the log", "位置超出日志末尾"
    stopping = "stopping", "Server stopping", "服务正在停止"


class TooSlow(Exception):
    """The client takes nothing of what waits for it."""


def opening(position: int) -> bytes:
    """Return the beginning of a stream that goes on after that position."""
    return b"retry: %d\n" % RETRY_MILLISECONDS + heartbeat(position)


def heartbeat(position: int) -> bytes:
    """Return a block that is no event to clients, but lets them go on after that position."""
    return b"id: %d\n\n" % position


def message(position: int, content: Any) -> bytes:
    """Return the event at that position, with its content as JSON."""
    return b"id: %d\ndata: %b\n\n" % (position, dump_json(content))


def ending(reason: EndReason) -> bytes:
    """Return the last event of a stream."""
    return b"event: end\ndata: %b\n\n" % dump_json({"reason": reason.value})


def _never_written(_: bytes) -> bool:
    """Write nothing: this server takes parts of answers through `send` alone."""
    return False


def is_stopping(state: Mapping[str, Any]) -> bool:
    """Return whether the server stops: a request with this state that waits for events is then answered."""
    asks: Callable[[], bool] | None = state.get("is_stopping")  # another server has no such flag
    return asks is not None and asks()


class StreamConnection:
    """The connection of a client that takes a stream: `async with StreamConnection(scope, receive, send)`."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._state: dict[str, Any] = scope["state"]
        self._write_part: Callable[[bytes], bool] = self._state.get("write_part", _never_written)
        self._leaving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> StreamConnection:
        self._leaving = asyncio.create_task(self._wait_until_left())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._leaving is not None
        self._leaving.cancel()
        await asyncio.gather(self._leaving, return_exceptions=True)

    @property
    def is_closed(self) -> bool:
        """Whether the client has closed the connection."""
        return self._leaving is not None and self._leaving.done()

    @property
    def is_stopping(self) -> bool:
        """Whether the server stops."""
        return is_stopping(self._state)

    async def send(self, texts: Sequence[bytes]) -> None:
        """Send these texts, a few at once. Raises TooSlow."""
        chunk, size = list[bytes](), 0
        for text in texts:
            if chunk and size + len(text) > CHUNK_BYTES:
                await self._send_chunk(b"".join(chunk))
                chunk, size = [], 0
            chunk.append(text)
            size += len(text)
        await self._send_chunk(b"".join(chunk))

    async def break_off(self, last: bytes) -> None:
        """Close the connection once the client has taken what waits for it, and `last`; after LINGER_SECONDS
        in any case.
        """
        close: Callable[[bytes, float], None] = self._state["break_off"]
        close(last, LINGER_SECONDS)
        assert self._leaving is not None
        await asyncio.wait({self._leaving})

    async def _send_chunk(self, chunk: bytes) -> None:
        # Nearly always: a time limit and the way through the middleware cost more than the writing.
        if self._write_part(chunk):
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        except TimeoutError as error:
            raise TooSlow from error

    async def _wait_until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
