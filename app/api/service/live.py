"""The live stream: `GET /v1/events/stream`, the events of the feed as they happen, as server-sent events.

A listener is a position of the log and nothing else: no queue grows for one that is slow. The newest events
are read once for all of them (`NewestEvents`), and an event is rendered once for each way to see it; who is
further behind reads from the database, as the feed does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Query, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.authentication import tickets
from app.api.authentication.auth import (
    TooManyWrongKeys,
    caller_of,
    ledger_of,
    proof_of,
    session_of,
    still_caller,
    utc_now,
)
from app.api.authentication.key_scopes import EVENT_STREAM
from app.api.contract.problems import problem
from app.api.direct import Router
from app.api.records import events
from app.api.records.shapes import OutputModel
from app.api.service.event_stream import (
    HEADERS,
    MEDIA_TYPE,
    EndReason,
    StreamConnection,
    TooSlow,
    ending,
    heartbeat,
    message,
    opening,
)
from app.api.service.feed import EventConditions
from app.api.service.metrics import Metrics
from app.common.people import Caller
from app.kernel.access.lru_cache import LruCache
from app.kernel.access.redaction import Viewer
from app.kernel.actions.refusals import Refusal, WrongValue
from app.kernel.histories.feed import PositionSpan, SeenEvent, read_slice
from app.kernel.histories.newest import NewestEvents, Sight
from app.kernel.ledger import Ledger
from app.log import read
from app.platform.db import DatabaseGone

router = Router(prefix="/v1", tags=["events"])
#: So many streams a caller may have open in a process.
MOST_STREAMS = 50
#: A client with that many asks again after so many seconds.
RETRY_SECONDS = 5
#: An idle listener gets a sign of life at least this often.
HEARTBEAT_SECONDS = 15.0
#: Interval at which the caller's permission to read is checked again; it is also checked whenever a person or
#: key has changed.
RECHECK_SECONDS = 0.5
#: So many events are looked at before others have their batch.
EVENTS_AT_ONCE = 200
#: So many rendered events are kept.
MOST_MESSAGES = 4_000
LAST_EVENT_ID = "Last-Event-ID"
#: Positions, as the stream's events are called by them.
EVENT_ID = r"^[0-9]{1,19}$"


class StreamQuery(EventConditions):
    """The events that are wanted, and whether to go on."""

    follow: Annotated[
        bool, Field(description="`false` ends the stream after the newest event that exists now.")
    ] = True


class StreamedEvent(OutputModel):
    """The `data` of an event of the stream."""

    event: events.EventOut
    names: dict[str, str | None] = Field(
        description="Names, by id, of the persons and teams in this event; null for erased persons."
    )


class StreamEnd(OutputModel):
    """The `data` of the stream's last event, `end`."""

    reason: EndReason = Field(
        description="Reason why the stream ended. `complete`: all events were sent, with "
        "`follow=false`. `signed_out`: the key, token or session is no longer valid. "
        "`too_slow`: the client stopped reading. `unavailable`: the database did not "
        "answer. `ahead_of_the_log`: `Last-Event-ID` is after the end of the log, as after a restore of the "
        "database; the `id` is the end. `stopping`: the server is shutting down. Reconnect after the last "
        "four."
    )


#: The models of the stream's events, which no operation returns as JSON.
STREAMED = (StreamedEvent, StreamEnd)


class StreamTicketOut(OutputModel):
    """A ticket that opens the stream once."""

    ticket: str = Field(description="Ticket to send as `ticket` in the query of the stream.")
    expires_at: datetime = Field(description="Time until which the ticket can be used.")


class EventStreams:
    """The open streams of a process, and what they share."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self.ledger = ledger
        self._metrics = metrics
        self.newest = NewestEvents(ledger)
        #: By the caller's name in the log, the number of their streams.
        self.open: Counter[str] = Counter()
        self._messages: LruCache[tuple[int, Viewer, bool], bytes] = LruCache(MOST_MESSAGES)
        self._epoch = ledger.vault.epoch
        self._rendering = asyncio.Lock()

    @contextlib.contextmanager
    def opened_by(self, caller: Caller) -> Iterator[None]:
        """Count a stream of the caller, and have the newest events read, until the block ends."""
        self.open[caller.actor] += 1
        self._metrics.observe_streams(self.open.total())
        try:
            with self.newest.followed():
                yield
        finally:
            self.open[caller.actor] -= 1
            if not self.open[caller.actor]:
                del self.open[caller.actor]
            self._metrics.observe_streams(self.open.total())

    def ended(self, reason: EndReason | None) -> None:
        """Count a stream that has ended; None: the client left."""
        self._metrics.observe_stream_end(None if reason is None else reason.value)

    async def messages(self, seen_events: Sequence[SeenEvent]) -> list[bytes]:
        """Return the events as they are sent, each rendered once for all who see it alike. Raises
        DatabaseGone.
        """
        texts = self._rendered_messages(seen_events)
        while None in texts:
            async with self._rendering:
                # Another listener may have rendered them meanwhile.
                texts = self._rendered_messages(seen_events)
                missing = [event for event, text in zip(seen_events, texts, strict=True) if text is None]
                epoch = self._epoch
                rendered = await events.render_each(self.ledger, missing)
                if epoch == self.ledger.vault.epoch:
                    for event, content in zip(missing, rendered, strict=True):
                        self._messages.put(_key(event), message(event.event.position, content))
                texts = self._rendered_messages(seen_events)
        return [text for text in texts if text is not None]

    def _rendered_messages(self, seen_events: Sequence[SeenEvent]) -> list[bytes | None]:
        """Return the messages that are rendered already, or None; messages from before a change or erasure of
        a person are not used.
        """
        if self._epoch != self.ledger.vault.epoch:
            self._epoch = self.ledger.vault.epoch
            self._messages.clear()
        return [self._messages.get(_key(event)) for event in seen_events]


def _key(event: SeenEvent) -> tuple[int, Viewer, bool]:
    return event.event.position, event.viewer, event.sees_named


#: The stream's answer: each `data` is one of these.
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events, without an end. The `id` of each is its position, and its `data` "
        "is a `StreamedEvent`. The last event is called `end`, and its `data` is a `StreamEnd`.",
        "content": {
            MEDIA_TYPE: {
                # Schema of each event, as defined by OpenAPI 3.2.
                "schema": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string"},
                        "event": {"type": "string"},
                        "data": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "contentSchema": {
                                "anyOf": [
                                    {"$ref": "#/components/schemas/StreamedEvent"},
                                    {"$ref": "#/components/schemas/StreamEnd"},
                                ]
                            },
                        },
                    },
                }
            }
        },
        "headers": {"X-Accel-Buffering": {}},
    }
}


@router.endpoint("/events/stream", "Stream events as they happen", refused=(422,), responses=STREAM)
async def stream_events(
    request: Request,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[
        str | None,
        Header(
            alias=LAST_EVENT_ID,
            pattern=EVENT_ID,
            examples=["4711"],
            description="Position of the last event that the client received: the stream continues "
            "after it, whatever the query says. Browsers send it when they reconnect.",
        ),
    ] = None,
) -> Response:
    """Stream the events of the records that the caller may see, as they are visible when they are sent: from
    now on, or first those since a position or time. A record that becomes visible later does not add its
    earlier events. A stream ends within a second after the end of the key, token or session that opened it.
    """
    streams: EventStreams = request.app.state.event_streams
    caller = caller_of(request)
    query.check_names(streams.ledger)
    head = await read.head(streams.ledger.db)
    position = await _first_position(streams.ledger, query, last_event_id, head)
    ends = EndReason.ahead_of_the_log if position > head else None
    if streams.open[caller.actor] >= MOST_STREAMS:
        headers = {"Retry-After": str(RETRY_SECONDS)}
        words = {"limit": str(MOST_STREAMS)}
        return problem(request, 429, "too_many_streams", words=words, headers=headers)
    return EventStream(_Listener(request, streams, query, min(position, head), head, ends))


async def _first_position(ledger: Ledger, query: StreamQuery, last_event_id: str | None, head: int) -> int:
    """Return the position after which the stream begins. That of a client that connects again may be after
    the end: a refusal would end its `EventSource` for good. Raises WrongValue, DatabaseGone.
    """
    if last_event_id is not None:
        return int(last_event_id)
    if query.after is None and query.recorded_after is None:
        return head
    position = await query.begin_after(ledger.db)
    if position > head:
        raise WrongValue(parameter="after", because="ahead_of_the_log")
    return position


@router.endpoint(
    "/events/tickets", "Make a ticket for the stream", StreamTicketOut, method="POST", status_code=201
)
async def make_stream_ticket(request: Request) -> Response:
    """Make a ticket that opens the stream once within the next 30 seconds, with the caller's permissions. It
    is meant for pages of other origins: their `EventSource` can send neither a key nor a cookie. The stream
    ends with the key, token or session that made the ticket.
    """
    caller, session = caller_of(request), session_of(request)
    session_id = None if session is None else session.id
    ticket = await tickets.make_ticket(
        ledger_of(request), caller, proof_of(request, caller), session_id, utc_now()
    )
    document = to_json(StreamTicketOut(ticket=ticket.value, expires_at=ticket.expires_at))
    headers = {"Location": EVENT_STREAM, "Cache-Control": "no-store"}
    return Response(document, 201, headers, "application/json")


@dataclass(frozen=True, slots=True)
class _Batch:
    """The messages that a listener is sent next, whether these are all for now, and why the stream ends."""

    texts: Sequence[bytes] = ()
    is_at_end: bool = False
    ends: EndReason | None = None


class _Listener:
    """One who follows the events: a caller, what they want, and the position that they have come to."""

    def __init__(
        self,
        request: Request,
        streams: EventStreams,
        query: StreamQuery,
        position: int,
        head: int,
        ends: EndReason | None = None,
    ) -> None:
        self.streams, self.position, self._ends = streams, position, ends
        self._request, self._query = request, query
        self._ledger, self._newest = streams.ledger, streams.newest
        self._filter = query.event_filter
        self._head = head
        self._clock = asyncio.get_running_loop().time
        self._outages = self._newest.outages
        self._epoch, self._recheck_at = self._ledger.vault.epoch, self._clock() + RECHECK_SECONDS
        self.caller = caller_of(request)
        self._sight = Sight(self._ledger, self._newest, self.caller)

    async def follow(self, connection: StreamConnection) -> EndReason | None:
        """Send events until the stream ends, and return why; None: the client has left. Raises TooSlow."""
        await connection.send([opening(self.position)])
        sent_at = self._clock()
        while not connection.is_closed:
            signal = self._newest.next_signal()
            ends = EndReason.stopping if connection.is_stopping else self._ends
            batch = await self._next_batch() if ends is None else _Batch(ends=ends)
            texts = list(batch.texts)
            if batch.ends is not None:
                texts.append(ending(batch.ends))
            elif not texts and self._clock() - sent_at >= HEARTBEAT_SECONDS:
                texts.append(heartbeat(self.position))
            if texts:
                await connection.send(texts)
                sent_at = self._clock()
            if batch.ends is not None:
                return batch.ends
            await (signal.wait() if batch.is_at_end else asyncio.sleep(0))
        return None

    async def _next_batch(self) -> _Batch:
        try:
            if self._newest.outages != self._outages:
                return _Batch(ends=EndReason.unavailable)
            if not await self._may_read():
                return _Batch(ends=EndReason.signed_out)
            caller = self.caller
            seen_events, position, is_at_end = await self._read()
            texts = await self.streams.messages(seen_events)
            if not await self._may_read():
                return _Batch(ends=EndReason.signed_out)
        except DatabaseGone:
            return _Batch(ends=EndReason.unavailable)
        if caller is not self.caller:
            return _Batch()  # The records that they see now are read by another query.
        self.position = position
        is_complete = is_at_end and not self._query.follow
        return _Batch(texts, is_at_end, EndReason.complete if is_complete else None)

    async def _may_read(self) -> bool:
        """Return whether the credential is still valid; see as its caller does now."""
        if self._epoch == self._ledger.vault.epoch and self._clock() < self._recheck_at:
            return True
        epoch = self._ledger.vault.epoch
        try:
            caller = await still_caller(self._request)
        except Refusal as refusal:  # of a token
            if refusal.STATUS == 503:
                raise DatabaseGone from refusal
            return False
        except TooManyWrongKeys:
            return False
        if caller is None:
            return False
        if caller is not self.caller and caller != self.caller:
            self.caller = caller
            self._sight = Sight(self._ledger, self._newest, caller)
        self._epoch, self._recheck_at = epoch, self._clock() + RECHECK_SECONDS
        return True

    async def _read(self) -> tuple[list[SeenEvent], int, bool]:
        """Return the next events that the caller sees, the position after them, and whether no more are there
        now.
        """
        newest = self._newest.events_after(self.position, EVENTS_AT_ONCE) if self._query.follow else None
        if newest is None:
            return await self._read_from_database()
        fitting = (self._sight.seen_event(event) for event in newest if event.fits(self._filter))
        seen_events = [event for event in fitting if event is not None]
        return seen_events, self.position + len(newest), len(newest) < EVENTS_AT_ONCE

    async def _read_from_database(self) -> tuple[list[SeenEvent], int, bool]:
        span = PositionSpan(self.position, self._newest.position if self._query.follow else self._head)
        async with self._ledger.new_events.reading:
            event_slice = await read_slice(
                self._ledger, self.caller, self._filter, span, events.PAGE, forward=True
            )
        return event_slice.events, event_slice.remaining.low, event_slice.is_at_end


class EventStream(Response):
    """The answer to a listener, which lasts as long as they follow."""

    def __init__(self, listener: _Listener) -> None:
        super().__init__(headers=HEADERS)
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; of a HEAD request, the headers."""
        headers = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if not scope["state"].get("is_head"):
            await self._stream(scope, receive, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with StreamConnection(scope, receive, send) as connection:
            streams = self._listener.streams
            try:
                with streams.opened_by(self._listener.caller):
                    # A task of its own, since each time that it wakes goes through all that await it in one.
                    following = asyncio.create_task(self._listener.follow(connection), name="live stream")
                    streams.ended(await following)
            except TooSlow:
                streams.ended(EndReason.too_slow)
                await connection.break_off(ending(EndReason.too_slow))
