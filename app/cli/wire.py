"""HTTP/1.1 as uvicorn speaks it, with bounds on the head of a request: its size, and the time that it takes.

Uvicorn has none: one client, who need not even have a key, could fill the memory with one header. What is no
HTTP at all is answered with a problem document, too.
"""

from __future__ import annotations

import asyncio

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.problems import MEDIA_TYPE, document
from app.log.ids import uuid7

LARGEST_HEAD = 65_536
HEAD_SECONDS = 30.0


class TooLarge(Exception):
    """The address and the headers have more than LARGEST_HEAD bytes. Stops the parser."""


class Bounded(HttpToolsProtocol):
    """One connection. A head that is too large is answered with 431; whoever takes too long is cut off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Somebody has connected: from now on the time runs."""
        super().connection_made(transport)
        self._head = 0
        # The parser keeps the beginning of a header until it has its end, and says nothing of it.
        self._unheard_of = 0
        self._alarm = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._alarm.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hands the bytes to the parser, and counts those that it is silent about."""
        self._unheard_of += len(data)
        super().data_received(data)
        if self._unheard_of > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(431, "head_too_large")

    def on_message_begin(self) -> None:
        """A request begins: it is measured by itself."""
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header, or what comes like one after a body. Raises TooLarge."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._unheard_of = 0
        self._head += size
        if self._head > LARGEST_HEAD:
            raise TooLarge

    def on_headers_complete(self) -> None:
        """The head is whole: the request is answered, and may take its time."""
        self._alarm.cancel()
        before = self.cycle
        super().on_headers_complete()
        # The answer to HEAD is nothing but a head; before that of some the client is told to go on.
        plain = self.scope["method"] != "HEAD" and not self.expect_100_continue
        if self.cycle is not None and self.cycle is not before and plain:
            self.cycle.transport = InOnePiece(self.transport)  # type: ignore[assignment]  # all that it uses

    def on_body(self, body: bytes) -> None:
        """A part of the body, which the frame measures."""
        self._unheard_of = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._unheard_of = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered: the time runs for the next one."""
        super().on_response_complete()
        self._alarm.cancel()
        self._alarm = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def send_400_response(self, msg: str) -> None:
        """The parser has stopped, because of what it met or because of us."""
        if self._head > LARGEST_HEAD:
            self._refuse(431, "head_too_large")
        else:
            self._refuse(400, "unreadable")

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _hang_up(self) -> None:
        if not self._is_answering():
            self.transport.close()

    def _refuse(self, status: int, code: str) -> None:
        if not self._is_answering():  # otherwise this would be taken for the answer to the request before
            self.transport.write(_refusal(status, code))
        self.transport.close()


class InOnePiece:
    """What one answer is written to. Its head waits for the first part of its body: each piece by itself is
    a call of the kernel, and wakes the client.
    """

    __slots__ = ("_head", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Writes it, or keeps it if it is the first: the head."""
        if self._head is None:
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def close(self) -> None:
        """Writes what is left, and closes the connection."""
        self._transport.write(self._head or b"")
        self._transport.close()


def _refusal(status: int, code: str) -> bytes:
    request_id = str(uuid7())
    words = {"limit": str(LARGEST_HEAD)}
    body = to_json(document("en", status, code, instance="", request_id=request_id, words=words))
    headers = {
        "Content-Type": MEDIA_TYPE,
        "Content-Language": "en",
        "Content-Length": str(len(body)),
        "X-Request-Id": request_id,
        "Connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + lines.encode("ascii") + b"\r\n" + body
