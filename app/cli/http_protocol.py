"""HTTP/1.1 as uvicorn speaks it, with bounds on a request: the size of its head, and the time that it takes.

Uvicorn has none: one client, who need not even have a key, could fill the memory with one header, or hold on
to a connection for ever by a byte now and then. What is no HTTP is answered with a problem document, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.middleware import is_upload
from app.api.problems import MEDIA_TYPE, document
from app.log.ids import uuid7


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a head may be, and how long what may take. `linger`: what is still taken in, and thrown away,
    of a request that has been answered before its end; closed at once, the client would lose the answer.
    """

    head_bytes: int = 65_536
    head_seconds: float = 30.0
    body_seconds: float = 30.0
    upload_seconds: float = 300.0
    idle_seconds: float = 30.0
    linger_bytes: int = 1_048_576
    linger_seconds: float = 5.0


class TooLarge(Exception):
    """The address and the headers have more than `head_bytes`. Stops the parser."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. A head that is too large is answered with 431, a body that is too slow with 408;
    whoever takes too long to begin is cut off. An answer before the end of its request is the last.
    """

    limits: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Somebody has connected: from now on the time runs."""
        super().connection_made(transport)
        self._head = 0
        # The parser keeps the beginning of a header until it has its end, and says nothing of it.
        self._unparsed_bytes = 0
        #: Whether the rest of a request is to come, whether an alarm is set for it, and whether its
        #: connection is good for more.
        self._is_coming = self._is_timed = self._is_kept = False
        self._heard_at = self._ends_at = 0.0
        #: How much is still thrown away before the connection is closed; None: it is not to be closed.
        self._lingering: int | None = None
        self._alarm = self.loop.call_later(self.limits.head_seconds, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._alarm.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hands the bytes to the parser, and counts those that it is silent about."""
        if self._lingering is not None:
            self._lingering -= len(data)
            if self._lingering < 0:
                self.transport.close()
            return
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._lingering is not None or self.transport.is_closing():
            return
        if self._unparsed_bytes > self.limits.head_bytes:
            self._refuse(431, "head_too_large")
        elif self._is_coming:
            self._time_body()

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
        self._unparsed_bytes = 0
        self._head += size
        if self._head > self.limits.head_bytes:
            raise TooLarge

    def on_headers_complete(self) -> None:
        """The head is whole: the request is answered, and may take its time once it has come."""
        self._alarm.cancel()
        before = self.cycle
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is None or cycle is before:
            return
        self._is_coming, self._is_timed = True, False
        # Where another protocol was asked for, the parser reads no request behind this one.
        self._is_kept, cycle.keep_alive = cycle.keep_alive and not self.parser.should_upgrade(), False
        # The answer to HEAD is nothing but a head; before that of some the client is told to go on.
        if self.scope["method"] != "HEAD" and not self.expect_100_continue:
            cycle.transport = BufferedTransport(self.transport, self._end)  # type: ignore[assignment]  # all that it uses

    def on_body(self, body: bytes) -> None:
        """A part of the body, whose size the frame measures."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._unparsed_bytes = 0
        self._is_coming = False
        if self._is_timed:
            self._alarm.cancel()
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._is_kept
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered: the time runs for the next one."""
        super().on_response_complete()
        if self._lingering is not None:
            return
        self._alarm.cancel()
        self._is_timed = False
        if self._is_coming:
            self._time_body()
        else:
            self._alarm = self.loop.call_later(self.limits.head_seconds, self._close_if_idle)

    def shutdown(self) -> None:
        """The server is to stop: what is being answered is answered yet."""
        self._is_kept = False
        if self._lingering is not None:
            self.transport.close()
        super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """The parser has stopped, because of what it met or because of us."""
        if self._head > self.limits.head_bytes:
            self._refuse(431, "head_too_large")
        else:
            self._refuse(400, "unreadable")

    def _unsupported_upgrade_warning(self) -> None:
        """Whoever asks for another protocol is answered in this one (RFC 9110, 7.8), which is no news."""

    def _time_body(self) -> None:
        """Bounds how long the rest of the body takes. Most bodies come with their heads, and set no alarm."""
        self._heard_at = self.loop.time()
        if not self._is_timed:
            self._is_timed = True
            is_file = is_upload(self.scope)
            seconds = self.limits.upload_seconds if is_file else self.limits.body_seconds
            self._ends_at = self._heard_at + seconds
            self._check_deadline()

    def _check_deadline(self) -> None:
        now, idle = self.loop.time(), self.limits.idle_seconds
        if self.flow.read_paused:  # it is we who keep the client waiting
            self._heard_at = now
            self._ends_at += idle
        due = min(self._ends_at, self._heard_at + idle)
        if now < due:
            self._alarm = self.loop.call_later(due - now, self._check_deadline)
        else:
            self._refuse(408, "too_slow")

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _close_if_idle(self) -> None:
        if not self._is_answering():
            self.transport.close()

    def _refuse(self, status: int, code: str) -> None:
        """Says what is wrong, if that cannot be taken for the answer to a request before, and closes."""
        if self.transport.is_closing() or self._lingering is not None:
            return
        is_its_own = self._is_coming and not self.pipeline and not self.cycle.response_started
        if self._is_answering() and not is_its_own:
            self.transport.close()
            return
        if self._is_answering():
            # Whoever reads the rest of the request finds that the client is gone.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(_refusal(status, code, self.limits))
        self._linger()

    def _end(self) -> None:
        """The last answer is written."""
        if self._is_coming:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Sends nothing more, and closes once the client does or has been given the time to read."""
        self._alarm.cancel()
        self._lingering = self.limits.linger_bytes
        self.flow.resume_reading()
        self.transport.write_eof()
        self._alarm = self.loop.call_later(self.limits.linger_seconds, self.transport.close)


class BufferedTransport:
    """What one answer is written to. Its head waits for the first part of its body: each piece by itself is
    a call of the kernel, and wakes the client. `end` is called where the connection is to be closed after it.
    """

    __slots__ = ("_end", "_head", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport, end: Callable[[], Any]) -> None:
        self._transport = transport
        self._end = end
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
        self._end()


def _refusal(status: int, code: str, limits: Limits) -> bytes:
    request_id = str(uuid7())
    words = {
        "limit": str(limits.head_bytes),
        "body": f"{limits.body_seconds:g}",
        "upload": f"{limits.upload_seconds:g}",
        "idle": f"{limits.idle_seconds:g}",
    }
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
