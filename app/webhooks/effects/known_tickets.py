"""The tickets of a batch of deliveries as the log has them, read by a few statements for all instead of
a few for each.

What was read ahead of a ticket is used for one write; after that the ticket is read anew. If others have
written meanwhile, the writer refuses what was decided upon it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.common.children import ExternalReference
from app.common.records import from_row
from app.kernel.histories.imported_case import ciphertexts
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded

REFERENCES = """
select * from fold.external_reference where key = any(%s) and kind = %s and source = %s"""
#: For longer streams, the events are read one stream at a time.
LONGEST_STREAM = 200
HEADS = "select stream, version, audience from log.stream_head where stream = any(%s)"


@dataclass(frozen=True, slots=True)
class TicketHistory:
    """All events of a ticket, and who may see it."""

    events: Sequence[Recorded]
    audience: tuple[str, ...]


class KnownTickets:
    """The tickets of that kind that the source tells of."""

    def __init__(self, ledger: Ledger, kind: str, source: str) -> None:
        self._ledger = ledger
        self._kind, self._source = kind, source
        #: References that were read ahead and not used yet; None for an unknown ticket.
        self._references: dict[str, ExternalReference | None] = {}
        self._histories: dict[str, TicketHistory] = {}
        #: Streams of tickets, by their ids over there, and the events of these streams for who looks for one
        #: comment in them: other comments and news of the ticket make no difference to it.
        self._streams: dict[str, str | None] = {}
        self._events: dict[str, Sequence[Recorded]] = {}
        self._comments_sought: set[tuple[str, str]] = set()

    async def read_ahead(self, cases: Collection[str]) -> None:
        """Read the tickets with these ids over there."""
        references = await self._read_references(cases)
        self._references = {case: references.get(case) for case in cases}
        self._streams = {case: reference.record for case, reference in references.items()}
        streams = [stream for stream in self._streams.values() if stream is not None]
        self._histories = await self._read_histories(streams)
        self._events = {stream: history.events for stream, history in self._histories.items()}
        self._comments_sought.clear()
        # Their keys by one statement, too.
        await self._ledger.vault.texts(ciphertexts(event for each in self._events.values() for event in each))

    def has_ticket(self, case: str) -> bool:
        """Return whether the ticket with that id is known, by what was read so far."""
        return self._streams.get(case) is not None

    async def stream(self, case: str) -> str | None:
        """Return the stream of the ticket with that id; None if it is unknown."""
        if self._streams.get(case) is None:
            reference = await self.reference(case)
            self._streams[case] = None if reference is None else reference.record
        return self._streams[case]

    async def reference(self, case: str) -> ExternalReference | None:
        """Return what the tool calls the ticket with that id; None if it is unknown."""
        if case in self._references:
            return self._references.pop(case)
        reference = (await self._read_references([case])).get(case)
        if reference is not None and reference.record is not None:
            # This ticket was used before, and may have been written since.
            self._histories.pop(reference.record, None)
        return reference

    def events_ahead(self, stream: str, comment: str) -> Sequence[Recorded] | None:
        """Return the events of that ticket in which that comment would be; None if they were not read ahead,
        or the comment was sought in them before.
        """
        # The comment may be added now: then the ticket's history is another.
        self._histories.pop(stream, None)
        if (stream, comment) in self._comments_sought:
            return None
        self._comments_sought.add((stream, comment))
        return self._events.get(stream)

    async def history(self, stream: str) -> TicketHistory:
        """Return the history of the ticket with that stream."""
        history = self._histories.pop(stream, None)
        if history is not None:
            return history
        events = await read.stream_events(self._ledger.db, stream)
        (head,) = await self._ledger.db.rows(HEADS, ([stream],))
        return TicketHistory(events, tuple(head["audience"]))

    async def _read_references(self, cases: Collection[str]) -> dict[str, ExternalReference]:
        if not cases:
            return {}
        rows = await self._ledger.db.rows(REFERENCES, (list(cases), self._kind, self._source))
        return {row["key"]: from_row(ExternalReference, row) for row in rows}

    async def _read_histories(self, streams: Sequence[str]) -> dict[str, TicketHistory]:
        if not streams:
            return {}
        heads = await self._ledger.db.rows(HEADS, (streams,))
        audiences = {
            row["stream"]: tuple(row["audience"]) for row in heads if row["version"] <= LONGEST_STREAM
        }
        events = defaultdict[str, list[Recorded]](list)
        for event in await read.events_of_streams(self._ledger.db, list(audiences)):
            events[event.stream].append(event)
        return {stream: TicketHistory(events[stream], audience) for stream, audience in audiences.items()}
