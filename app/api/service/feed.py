"""The feed: `GET /v1/events`, the events of all records that the caller may see, in the order of the log."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, still_caller
from app.api.direct import Router
from app.api.listings import cursors
from app.api.listings.filters import Time, multi_value
from app.api.listings.list_queries import LARGEST_POSITION
from app.api.listings.page_responses import VARY, link
from app.api.records import events
from app.api.records.shapes import OutputModel
from app.api.replica_reads import reading_at, reading_ledger_of, reads_replica
from app.api.requests.json_output import dump_json
from app.api.service.event_stream import is_stopping
from app.common.people import Caller
from app.kernel.actions.describe import event_names
from app.kernel.actions.refusals import WrongValue
from app.kernel.histories.feed import EventFilter, EventSlice, PositionSpan, read_slice
from app.kernel.ledger import Ledger
from app.log import read
from app.platform.db import Database

router = Router(prefix="/v1", tags=["events"])
LONGEST_WAIT = 30
#: Largest number of similar names that are suggested for an unknown name.
MOST_NEAR = 3
#: How often a waiting request looks whether its caller may still read, and whether the process stops.
RECHECK_SECONDS = 0.5
#: A waiting request reads no sooner after it read last: what is appended meanwhile is read at once.
READ_AGAIN_SECONDS = 0.25
#: Instants of the log are whole microseconds.
_TICK = timedelta(microseconds=1)
FORWARD, BACKWARD = "forward", "backward"
_Kind = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z_]*$", max_length=40), Field(examples=["incident"])
]
_Type = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z_]*\.[a-z][a-z_]*$", max_length=102),
    Field(examples=["incident.resolved"]),
]
_Stream = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z_]*/[0-9a-f-]{36}$", max_length=78),
    Field(examples=["incident/01a1f97c-30c5-7000-97ee-b8f8b8f618f2"]),
]
_Actor = Annotated[
    str,
    StringConstraints(pattern=r"^(person|integration|rule|import):[a-z0-9][a-z0-9_.-]*$", max_length=76),
    Field(examples=["rule:tell_duplicates"]),
]
EventPosition = Annotated[int, Field(ge=0, le=LARGEST_POSITION)]


class EventConditions(BaseModel):
    """Conditions on the events that are wanted, and where to begin."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    kind: multi_value(_Kind, "Events of records of these kinds.") = None  # type: ignore[valid-type]  # a type made by a function
    stream: multi_value(_Stream, "Events of these records, each as `<kind>/<id>`.") = None  # type: ignore[valid-type]  # as above
    type: multi_value(_Type, "Events of these types.") = None  # type: ignore[valid-type]  # as above
    actor: multi_value(_Actor, "Events of these actors, each written as in `actor` of an event.") = None  # type: ignore[valid-type]  # as above
    occurred_after: Annotated[
        Time | None, Field(description="Events that happened at this time or later.")
    ] = None
    occurred_before: Annotated[Time | None, Field(description="Events that happened before this time.")] = (
        None
    )
    recorded_after: Annotated[
        Time | None, Field(description="Events that the log recorded at this time or later.")
    ] = None
    after: Annotated[EventPosition | None, Field(description="Events after this position of the log.")] = None

    @property
    def event_filter(self) -> EventFilter:
        """The conditions on single events."""
        return EventFilter(
            kinds=self.kind or (),
            streams=self.stream or (),
            types=self.type or (),
            actors=self.actor or (),
            occurred_from=self.occurred_after,
            occurred_to=self.occurred_before,
        )

    async def begin_after(self, db: Database) -> int:
        """Return the position after which the events begin. Raises DatabaseGone."""
        if self.recorded_after is None:
            return self.after or 0
        return max(self.after or 0, await read.position_at(db, self.recorded_after - _TICK))

    def check_names(self, ledger: Ledger) -> None:
        """Raise WrongValue for a kind or type that no event has: it would be waited for in vain."""
        if not self.kind and not self.type:
            return  # to list all names takes as long as reading some events
        types_of = event_names(ledger.lifecycles.values())
        names = {
            "kind": (self.kind or (), types_of),
            "type": (self.type or (), set().union(*types_of.values())),
        }
        for parameter, (values, known_names) in names.items():
            for value in values:
                if value in known_names:
                    continue
                near = get_close_matches(value, sorted(known_names), n=MOST_NEAR)
                words = {"value": value, "near": ", ".join(near)}
                because = "unknown_value_near" if near else "unknown_value"
                raise WrongValue(words, parameter=parameter, because=because)


class FeedQuery(EventConditions):
    """The events that are wanted, their order, and how long to wait for some."""

    recorded_before: Annotated[
        Time | None, Field(description="Events that the log recorded before this time.")
    ] = None
    before: Annotated[EventPosition | None, Field(description="Events before this position of the log.")] = (
        None
    )
    order: Annotated[
        Literal["forward", "backward"],
        Field(
            description="Order of the events: `forward` for the oldest first, `backward` for the "
            "newest first."
        ),
    ] = "forward"
    limit: Annotated[int, Field(ge=1, le=events.LARGEST_PAGE, description="Number of events on a page.")] = (
        events.PAGE
    )
    cursor: Annotated[
        str | None,
        Field(max_length=1000, description="`next_cursor` or `resume_cursor` of the previous page."),
    ] = None
    wait: Annotated[
        int,
        Field(
            ge=0,
            le=LONGEST_WAIT,
            description="Number of seconds to wait for events if there are no new ones yet; only in "
            "the order `forward`.",
        ),
    ] = 0


class FeedPage(OutputModel):
    """Events that the caller may see, in the requested order."""

    items: list[events.EventOut]
    names: dict[str, str | None] = Field(
        description="Names, by id, of the persons and teams in these events; null for erased persons."
    )
    next_cursor: str | None = Field(
        description="Cursor of the next page; null on the last page. A page may have fewer events than "
        "`limit`, or no entries, and still have a next page."
    )
    resume_cursor: str = Field(
        description="Cursor from which to continue in the order `forward`: a later request with it "
        "returns the events since then."
    )
    caught_up: bool = Field(description="True if there are no more events now, in the requested order.")


@router.endpoint("/events", "List events of the log", FeedPage, refused=(400, 422))
@reads_replica
async def list_events(request: Request, query: Annotated[FeedQuery, Query()]) -> Response:
    """Return the events of the records that the caller may see, as they are visible now. A record that
    becomes visible later does not add its earlier events; read the record and its events instead.
    """
    if query.wait and query.order == BACKWARD:
        raise WrongValue(parameter="wait", because="only_forward")
    query.check_names(ledger_of(request))
    reader = _Reader(reading_ledger_of(request), caller_of(request), query)
    await reader.begin()
    # A cursor proves that events up to its position have been read: a replica that is further behind would
    # leave events out.
    reader.ledger = await reading_at(request, reader.known_position)
    event_slice = await _wait_for_events(request, reader)
    items, names = await events.render(reader.ledger, event_slice.events)
    page = {"items": items, "names": names, **reader.cursors(event_slice)}
    headers = VARY | link(request, page["next_cursor"])
    return Response(dump_json(page), headers=headers, media_type="application/json")


class _Reader:
    """Reads one page of the feed for a caller."""

    def __init__(self, ledger: Ledger, caller: Caller, query: FeedQuery) -> None:
        self.ledger, self.caller, self._query = ledger, caller, query
        self._forward = query.order == FORWARD
        self._sign = ledger.vault.fingerprint
        self._low, self._head = 0, 0
        #: The position of the log's head when the reader last looked.
        self.looked_up_to = 0
        self._from: int | None = None
        self._filter = query.event_filter

    @property
    def wait_seconds(self) -> int:
        """Return how long the reader waits for events."""
        return self._query.wait

    @property
    def known_position(self) -> int:
        """Return a position that the log has reached, if the client has not made it up."""
        return max(self._low, self._from or 0, self._head)

    async def begin(self) -> None:
        """Find where the page begins. Raises BadCursor, DatabaseGone."""
        query = self._query
        self._low = await query.begin_after(self.ledger.db)
        if query.cursor is None:
            return
        place = cursors.read(query.cursor, self._scope(query.order), self._sign)
        if self._forward:
            self._low = max(self._low, place[0])
        else:
            self._from, self._head = place

    async def read(self, head: int | None = None) -> EventSlice:
        """Return what there is up to the log's head, and go on after it if there is nothing to see. Raises
        DatabaseGone.
        """
        query, head = self._query, await read.head(self.ledger.db) if head is None else head
        self.looked_up_to = head
        self._head = self._head or head
        high = head if self._from is None else min(head, self._from)
        if query.before is not None:
            high = min(high, max(query.before - 1, 0))
        if query.recorded_before is not None:
            high = min(high, await read.position_at(self.ledger.db, query.recorded_before - _TICK))
        span = PositionSpan(self._low, high)
        events = await read_slice(
            self.ledger, self.caller, self._filter, span, query.limit, forward=self._forward
        )
        if self._forward:
            self._low = events.remaining.low
        return events

    def cursors(self, events: EventSlice) -> dict[str, Any]:
        """Return the cursors after these events."""
        onward = self._write([events.remaining.low if self._forward else self._head], FORWARD)
        following = onward if self._forward else self._write([events.remaining.high, self._head], BACKWARD)
        return {
            "next_cursor": None if events.is_at_end else following,
            "resume_cursor": onward,
            "caught_up": events.is_at_end,
        }

    def _write(self, place: list[int], order: str) -> str:
        return cursors.write(place, self._scope(order), self._sign)

    def _scope(self, order: str) -> str:
        """Return the scope of a cursor: these filters in that order."""
        left_out = {"limit", "cursor", "wait", "order"}
        return f"events {order} {self._query.model_dump_json(exclude=left_out, exclude_unset=True)}"


async def _wait_for_events(request: Request, reader: _Reader) -> EventSlice:
    """Return the events of the page; if there are none yet, wait for them as long as the query allows,
    without a connection to the database. Ends early if the process stops, or the caller's visible records
    have changed.
    """
    now, new_events = asyncio.get_running_loop().time, reader.ledger.new_events
    ends = now() + reader.wait_seconds
    events = await reader.read()
    while events.is_at_end and not events.events:
        readable_at = min(now() + READ_AGAIN_SECONDS, ends)
        is_known = False
        while not is_known:
            left = min(RECHECK_SECONDS, ends - now())
            if left <= 0 or is_stopping(request.scope["state"]):
                return events
            is_known = await new_events.wait(reader.looked_up_to, left)
            if is_known:
                await asyncio.sleep(readable_at - now())
            if await still_caller(request) != reader.caller:
                return events
        async with new_events.reading:
            position = new_events.position
            reader.ledger = await reading_at(request, position)
            events = await reader.read(position)
    return events
