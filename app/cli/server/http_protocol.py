"""uvicorn's HTTP/1.1 protocol with limits on a request: the size of its head, and its duration.

Uvicorn has no such limits: a single unauthenticated client could fill the memory with one header, or hold a
connection for ever by sending a byte now and then. Requests that are not HTTP are answered with a problem
document, too; those for a page, with a page.

The class that this one extends is private to uvicorn, which has no public place for such limits, and no
proxy is asked for in front: so pyproject.toml bounds uvicorn's version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.api.contract.problems import MEDIA_TYPE, document
from app.api.pages.page_paths import is_page
from app.api.pages.page_response import PAGE_HEADERS, refusal_html
from app.api.requests.raw_bodies import is_file
from app.i18n import language_of
from app.log.ids import uuid7

#: Number of bytes of a URL that are kept, to decide whether the request is for a page.
LONGEST_START = 2_048


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest head, the most headers and parameters in it, and the time limits. `linger_bytes` and
    `linger_seconds`: how much of a request that was answered before its end is still read and discarded; if
    the connection closed at once, the client would lose the answer.
    """

    head_bytes: int = 65_536
    headers: int = 200
    parameters: int = 1_000
    head_seconds: float = 30.0
    body_seconds: float = 30.0
    upload_seconds: float = 300.0
    idle_seconds: float = 30.0
    linger_bytes: int = 1_048_576
    linger_seconds: float = 5.0


class TooLarge(Exception):
    """The URL and headers have more than `head_bytes`, or more parts than `headers` and `parameters` allow.
    Stops the parser.
    """


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. A head that is too large is answered with 431, a body that is too slow with 408; a
    client that takes too long to begin a request is disconnected. After an answer that comes before the end
    of its request, the connection is closed.
    """

    limits: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the timer for the first request of a new connection."""
        super().connection_made(transport)
        #: The first bytes of the request's URL: whether it is for a page.
        self._url_start = b""
        self._head = self._header_count = self._parameter_count = 0
        # The parser buffers an incomplete header without reporting it, so its bytes are counted here.
        self._unparsed_bytes = 0
        #: Whether the rest of a request is still to come, whether its timer is running, and whether the
        #: connection may serve another request.
        self._is_coming = self._is_timed = self._is_kept = False
        self._is_stopping = False
        self._heard_at = self._ends_at = 0.0
        #: The number of bytes still to be discarded before the connection is closed; None: the connection is
        #: not closing.
        self._lingering: int | None = None
        self._alarm = self.loop.call_later(self.limits.head_seconds, self._close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer when the connection is closed."""
        self._alarm.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass the bytes to the parser, and count those that it has not reported."""
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
        """Start counting the head of a new request."""
        self._head = self._header_count = self._parameter_count = 0
        self._url_start = b""
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a part of the URL."""
        self._url_start = (self._url_start + url)[:LONGEST_START]
        self._parameter_count += url.count(b"&")
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer after the body. Raises TooLarge."""
        self._header_count += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._unparsed_bytes = 0
        self._head += size
        if self._is_too_large():
            raise TooLarge

    def _is_too_large(self) -> bool:
        return (
            self._head > self.limits.head_bytes
            or self._header_count > self.limits.headers
            or self._parameter_count >= self.limits.parameters
        )

    def on_headers_complete(self) -> None:
        """Start the answer of the request; from now on only its body is timed."""
        self._alarm.cancel()
        before = self.cycle
        super().on_headers_complete()
        cycle = self.cycle
        if cycle is None or cycle is before:
            return
        self._is_coming, self._is_timed = True, False
        # Not of `self.cycle`, which is by then that of a request that was sent behind this one.
        self.scope["state"] |= {
            "write_part": partial(self.write_part, cycle),
            "break_off": self.break_off,
            "is_stopping": self.is_stopping,
        }
        # If the client asks for another protocol, the parser reads no further request on this connection.
        self._is_kept, cycle.keep_alive = cycle.keep_alive and not self.parser.should_upgrade(), False
        # The answer to HEAD has no body to wait for; to some requests, `100 Continue` is sent before the
        # answer.
        if self.scope["method"] != "HEAD" and not self.expect_100_continue:
            cycle.transport = BufferedTransport(self.transport, self._end)  # type: ignore[assignment]  # all that it uses

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the body, whose size BodyLimitMiddleware limits."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        self._unparsed_bytes = 0
        self._is_coming = False
        if self._is_timed:
            self._alarm.cancel()
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._is_kept
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Start the timer for the next request, after an answer."""
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
        """Stop accepting requests on this connection; the request in progress is still answered, at once if
        it waits for events.
        """
        self._is_kept, self._is_stopping = False, True
        if self._lingering is not None:
            self.transport.close()
        super().shutdown()

    def is_stopping(self) -> bool:
        """Return whether the server stops, whichever request of this connection asks."""
        return self._is_stopping

    def write_part(self, cycle: RequestResponseCycle, part: bytes) -> bool:
        """Write a part of a streamed answer, past the middleware, which would only pass it on. Return False,
        and write nothing, if it has to wait until the client takes what was written before.
        """
        if self.flow.write_paused or not cycle.chunked_encoding:
            return False
        if not self.transport.is_closing():
            cycle.transport.write(b"%x\r\n%b\r\n" % (len(part), part))
        return True

    def break_off(self, last: bytes, seconds: float) -> None:
        """End a streamed answer that the client does not take: close the connection once it has taken what
        waits for it, with `last` behind that, or after so many seconds.
        """
        if self.transport.is_closing():
            return
        self.transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last))
        self.transport.close()
        self._alarm.cancel()
        self._alarm = self.loop.call_later(seconds, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that the parser has stopped at, because it is malformed or because the head is too
        large.
        """
        if self._is_too_large():
            self._refuse(431, "head_too_large")
        else:
            self._refuse(400, "unreadable")

    def _unsupported_upgrade_warning(self) -> None:
        """Do nothing: a request for another protocol is answered in HTTP (RFC 9110, 7.8), which is not worth
        a warning.
        """

    def _time_body(self) -> None:
        """Limit the time of the rest of the body. Most bodies arrive together with their heads, and need no
        timer.
        """
        self._heard_at = self.loop.time()
        if not self._is_timed:
            self._is_timed = True
            limits = self.limits
            seconds = limits.upload_seconds if is_file(self.scope) else limits.body_seconds
            self._ends_at = self._heard_at + seconds
            self._check_deadline()

    def _check_deadline(self) -> None:
        now, idle = self.loop.time(), self.limits.idle_seconds
        if self.flow.read_paused:  # this server has paused reading, so the wait is not the client's fault
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
        """Answer with the problem and close the connection; without an answer if the client could take it for
        that of an earlier request.
        """
        if self.transport.is_closing() or self._lingering is not None:
            return
        is_its_own = self._is_coming and not self.pipeline and not self.cycle.response_started
        if self._is_answering() and not is_its_own:
            self.transport.close()
            return
        if self._is_answering():
            # An application that reads the rest of the request finds the client disconnected.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(self._refusal(status, code))
        self._linger()

    def _refusal(self, status: int, code: str) -> bytes:
        """Return the problem as an answer; of a page as a page, in the reader's language if it is known."""
        request_id, limits = str(uuid7()), self.limits
        words = {
            "limit": str(limits.head_bytes),
            "headers": str(limits.headers),
            "parameters": str(limits.parameters),
            "body": f"{limits.body_seconds:g}",
            "upload": f"{limits.upload_seconds:g}",
            "idle": f"{limits.idle_seconds:g}",
        }
        of_page = is_page(self._url_start.partition(b"?")[0].decode("latin-1"))
        language = language_of(self._accepted_language()) if of_page else "en"
        problem = document(language, status, code, instance="", request_id=request_id, words=words)
        body = refusal_html(language, problem).encode() if of_page else to_json(problem)
        headers = {
            **(PAGE_HEADERS if of_page else {}),
            "Content-Type": "text/html; charset=utf-8" if of_page else MEDIA_TYPE,
            "Content-Language": language,
            "Content-Length": str(len(body)),
            "X-Request-Id": request_id,
            "Connection": "close",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return STATUS_LINE[status] + lines.encode("ascii") + b"\r\n" + body

    def _accepted_language(self) -> str | None:
        """Return the header with the languages that the client reads, as far as it has arrived."""
        named = (value for name, value in self.headers if name == b"accept-language")
        return next(named, b"").decode("latin-1") or None

    def _end(self) -> None:
        """Close the connection after its last answer."""
        if self._is_coming:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Send nothing more, and close once the client closes or has had time to read the answer."""
        self._alarm.cancel()
        self._lingering = self.limits.linger_bytes
        self.flow.resume_reading()
        self.transport.write_eof()
        self._alarm = self.loop.call_later(self.limits.linger_seconds, self.transport.close)


class BufferedTransport:
    """A transport for one response, which holds back the head until the first part of the body: each write is
    a system call, and wakes the client. `end` is called instead of closing the connection.
    """

    __slots__ = ("_end", "_head", "_transport", "is_closing")

    def __init__(self, transport: asyncio.Transport, end: Callable[[], Any]) -> None:
        self._transport = transport
        self._end = end
        self._head: bytes | None = None
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Write the data, or hold them back if they are the first, the head."""
        if self._head is None:
            self._head = data
        else:
            self._transport.write(self._head + data)
            self._head = b""

    def close(self) -> None:
        """Write a head that is still held back, and end the response."""
        self._transport.write(self._head or b"")
        self._end()
