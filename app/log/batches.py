"""The batch of events that a consumer gets: a range of log positions, read once for all consumers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.log.events import COLUMNS, Recorded, kind_of, recorded
from app.platform.db import Connection, Row, fetch_rows

IMPORT_PREFIX = "import:"
EVENTS = f"""
select {COLUMNS} from log.event
where position between %(first)s and %(last)s and (%(types)s::text[] is null or type = any(%(types)s))
  and (%(imported)s or source not like 'import:%%')
order by position"""
STREAMS = """
select stream, bool_or(source not like 'import:%%') as here, min(version) = 1 as new from log.event
where position between %(first)s and %(last)s
  and split_part(stream, '/', 1) = any(%(kinds)s)
group by stream"""


@dataclass(frozen=True, slots=True)
class PositionRange:
    """A range of log positions from `first` to `last`, both included. `during_import`: a history is being
    imported meanwhile, which needs the other CPU cores.
    """

    first: int
    last: int
    during_import: bool = False

    @property
    def events(self) -> int:
        """Return the number of events in the range."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class StreamActivity:
    """The activity of one stream within a batch: whether the batch has events of it that were not imported
    from another system's history (`has_live_events`), and whether its first event is in the batch (`is_new`).
    """

    has_live_events: bool
    is_new: bool


class Tail:
    """The newest events read by this worker, without gaps; each is decoded once, when a consumer
    asks for it.
    """

    #: Older events are dropped.
    MOST_EVENTS = 2_000

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._decoded: dict[int, Recorded] = {}
        self._types_and_kinds: tuple[PositionRange | None, set[str], set[str]] = None, set(), set()

    def covers(self, span: PositionRange) -> bool:
        """Return whether all events of the range are in the tail."""
        rows = self._rows
        return bool(rows) and rows[0]["position"] <= span.first and span.last <= rows[-1]["position"]

    async def read_to(self, connection: Connection, span: PositionRange) -> None:
        """Read the events of the range that the tail lacks."""
        rows = self._rows
        if not rows or not rows[0]["position"] <= span.first <= rows[-1]["position"] + 1:
            rows, self._decoded = [], {}
        first = rows[-1]["position"] + 1 if rows else span.first
        parameters = {"first": first, "last": span.last, "types": None, "imported": True}
        rows = [*rows, *await fetch_rows(connection, EVENTS, parameters)] if first <= span.last else rows
        for row in rows[: -self.MOST_EVENTS]:
            self._decoded.pop(row["position"], None)
        self._rows = rows[-self.MOST_EVENTS :]

    def rows(self, span: PositionRange) -> Sequence[Row]:
        """Return the rows of log.event for a range that the tail covers."""
        skipped = span.first - self._rows[0]["position"]
        return self._rows[skipped : skipped + span.events]

    def types_and_kinds(self, span: PositionRange) -> tuple[set[str], set[str]]:
        """Return the event types, and the kinds of the streams, in a range that the tail covers."""
        if self._types_and_kinds[0] != span:
            rows = self.rows(span)
            self._types_and_kinds = (
                span,
                {row["type"] for row in rows},
                {kind_of(row["stream"]) for row in rows},
            )
        return self._types_and_kinds[1:]

    def decoded(self, row: Row) -> Recorded:
        """Return the event of a row of log.event, decoded at most once."""
        event = self._decoded.get(row["position"])
        if event is None:
            event = self._decoded[row["position"]] = recorded(row)
        return event


@dataclass(slots=True)
class Batch:
    """The events of a range of positions, for one consumer.

    `shares_transaction`: the batch is a short one at the end of the log, and other consumers get it in the
    same transaction; on its connection sequential scans are off and plans are cached.
    """

    connection: Connection
    span: PositionRange
    tail: Tail = field(default_factory=Tail)
    shares_transaction: bool = False

    async def events(self, types: Collection[str] | None = None, *, imported: bool = True) -> list[Recorded]:
        """Return the batch's events of these types, in order; with `imported=False` without those that were
        imported from another system's history.
        """
        if self.tail.covers(self.span):
            return [self.tail.decoded(row) for row in self._rows(types) if imported or is_live(row)]
        parameters = self._query_parameters(types=None if types is None else list(types), imported=imported)
        return [recorded(row) for row in await fetch_rows(self.connection, EVENTS, parameters)]

    async def streams(self, kinds: Collection[str]) -> dict[str, StreamActivity]:
        """Return the streams of these kinds that have events in the batch."""
        if not self.tail.covers(self.span):
            rows = await fetch_rows(self.connection, STREAMS, self._query_parameters(kinds=list(kinds)))
            return {row["stream"]: StreamActivity(row["here"], row["new"]) for row in rows}
        stream_activities: dict[str, StreamActivity] = {}
        for row in self.tail.rows(self.span):
            name = row["stream"]
            if kind_of(name) in kinds:
                activity = stream_activities.get(name)
                here = is_live(row) or (activity is not None and activity.has_live_events)
                stream_activities[name] = StreamActivity(
                    here, row["version"] == 1 or (activity is not None and activity.is_new)
                )
        return stream_activities

    def may_concern(self, types: frozenset[str] | None, kinds: frozenset[str] | None) -> bool:
        """Return whether the batch may have events of one of these types on streams of one of these kinds;
        None: any type, any kind.
        """
        if (types is None and kinds is None) or not self.tail.covers(self.span):
            return True
        batch_types, batch_kinds = self.tail.types_and_kinds(self.span)
        return (types is None or not types.isdisjoint(batch_types)) and (
            kinds is None or not kinds.isdisjoint(batch_kinds)
        )

    def _rows(self, types: Collection[str] | None) -> Iterable[Row]:
        rows = self.tail.rows(self.span)
        return rows if types is None else [row for row in rows if row["type"] in types]

    def _query_parameters(self, **more: Any) -> dict[str, Any]:
        return {"first": self.span.first, "last": self.span.last, **more}


def is_live(row: Row) -> bool:
    """Return whether the event was recorded here, not imported from another system's history."""
    return not row["source"].startswith(IMPORT_PREFIX)
