"""Reading events of many streams at once, as far as a caller may see them.

Visibility is decided for streams instead of events, by the present heads of the streams. A stream without a
record of its own is visible to the readers of the record that it is `about`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from app.common.people import STAFF_ROLES, Caller
from app.kernel.access.naming_fields import named_in
from app.kernel.access.redaction import Viewer, viewers
from app.kernel.access.visibility import event_tokens
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.kernel.named_records import visible_streams
from app.log.events import COLUMNS, Recorded, id_of, kind_of, recorded
from app.platform.db import Database

#: Most events that one page looks at, so that no filter makes it read the whole log.
MOST_READ = 20_000
#: Up to this number, streams are read one by one; more are read in the order of the log.
MOST_STREAMS = 1_000
_SELECTED = ", ".join(f"e.{name.strip()}" for name in COLUMNS.split(","))
# The limit keeps the planner from joining all heads to a page of events: each event looks its own head up.
_FROM = """log.event e cross join lateral (
  select h.kind, coalesce(h.about, h.stream) as record,
    case when h.about is null then h.kind else o.kind end as record_kind,
    case when h.about is null then h.audience else o.audience end as audience
  from log.stream_head h left join log.stream_head o on o.stream = h.about where h.stream = e.stream limit 1
) h"""
#: Reads events, each with the kind of its stream, and the name, kind and audience of the record that the
#: stream is of, or about.
EVENTS_WITH_RECORDS = f"select {_SELECTED}, h.kind, h.record, h.record_kind, h.audience from {_FROM}"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Conditions on events; an empty condition admits all. The first time is included, the last is not."""

    kinds: Collection[str] = ()
    streams: Collection[str] = ()
    types: Collection[str] = ()
    actors: Collection[str] = ()
    occurred_from: datetime | None = None
    occurred_to: datetime | None = None


class PositionSpan(NamedTuple):
    """Positions after `low`, up to and including `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event that the caller may see, with the lifecycle of its record and their relation to that.
    `sees_named`: the caller may see the other records that it names.
    """

    event: Recorded
    lifecycle: Lifecycle[Any]
    viewer: Viewer
    sees_named: bool = True


@dataclass(frozen=True, slots=True)
class EventSlice:
    """Events in the requested order, the positions that remain, and whether the slice is empty."""

    events: list[SeenEvent]
    remaining: PositionSpan

    @property
    def is_at_end(self) -> bool:
        """Return whether nothing remains to be read."""
        return self.remaining.low >= self.remaining.high


@dataclass
class _Sight:
    """Whose events the caller sees: kinds whole, and kinds by tokens."""

    entire_kinds: list[str] = field(default_factory=list)
    by_tokens: dict[frozenset[str], list[str]] = field(default_factory=dict)

    def condition(self, parameters: dict[str, Any], kind: str, audience: str) -> str:
        """Return the SQL condition for streams of that kind with that audience."""
        conditions = []
        if self.entire_kinds:
            parameters["whole"] = self.entire_kinds
            conditions.append(f"{kind} = any(%(whole)s)")
        for n, (tokens, kinds) in enumerate(self.by_tokens.items()):
            parameters |= {f"kinds{n}": kinds, f"tokens{n}": sorted(tokens)}
            conditions.append(f"({audience} && %(tokens{n})s and {kind} = any(%(kinds{n})s))")
        return f"({' or '.join(conditions)})" if conditions else "false"


async def read_slice(
    ledger: Ledger,
    caller: Caller,
    event_filter: EventFilter,
    span: PositionSpan,
    limit: int,
    *,
    forward: bool,
) -> EventSlice:
    """Return the first events of the span that the caller may see, at most `limit`, in the log's order or
    against it. A few statements, however many events there are.
    """
    if span.low >= span.high:
        return EventSlice([], span)
    sight = _sight(ledger, caller)
    streams = list(event_filter.streams) or await _few_streams(ledger.db, sight, event_filter, span)
    looked_at = span
    if streams is None:
        looked_at = (
            PositionSpan(span.low, min(span.high, span.low + MOST_READ))
            if forward
            else PositionSpan(max(span.low, span.high - MOST_READ), span.high)
        )
    rows = await _rows(
        ledger, caller, sight, event_filter, streams, looked_at, limit=limit + 1, forward=forward
    )
    page = rows[:limit]
    if len(rows) > limit:
        last = page[-1]["position"]
        remaining = PositionSpan(last, span.high) if forward else PositionSpan(span.low, last - 1)
    elif forward:
        remaining = PositionSpan(looked_at.high, span.high)
    else:
        remaining = PositionSpan(span.low, looked_at.low)
    return EventSlice(await _seen_events(ledger, caller, page), remaining)


def _sight(ledger: Ledger, caller: Caller) -> _Sight:
    sight = _Sight()
    for lifecycle in ledger.lifecycles.values():
        shown_to = event_tokens(caller, lifecycle, agents_see=ledger.settings.agents_see)
        if shown_to is None:
            sight.entire_kinds.append(lifecycle.kind)
        elif shown_to:
            sight.by_tokens.setdefault(shown_to, []).append(lifecycle.kind)
    return sight


async def _few_streams(
    db: Database, sight: _Sight, event_filter: EventFilter, span: PositionSpan
) -> list[str] | None:
    """Return the streams to read one by one, those about a record in addition to its own; None if it is
    better to read by position: where few events remain, or the caller sees a kind whole or many streams.
    """
    kinds = set(event_filter.kinds)
    seen_kinds = kinds.intersection(sight.entire_kinds) if kinds else sight.entire_kinds
    if span.high - span.low <= MOST_READ or seen_kinds:
        return None
    parameters: dict[str, Any] = {"most": MOST_STREAMS + 1}
    of_kinds = ""
    if kinds:
        of_kinds = " and h.kind = any(%(kinds)s)"
        parameters["kinds"] = sorted(kinds)
    own = sight.condition(parameters, "h.kind", "h.audience") + of_kinds
    about = sight.condition(parameters, "o.kind", "o.audience") + of_kinds
    # In one condition for both, no index on the heads would serve.
    query = f"""select h.stream, h.version from log.stream_head h where h.about is null and {own}
      union all
      select h.stream, h.version from log.stream_head o join log.stream_head h on h.about = o.stream
      where {about} limit %(most)s"""
    rows = await db.rows(query, parameters)
    few = len(rows) <= MOST_STREAMS and sum(row["version"] for row in rows) <= MOST_READ
    return [row["stream"] for row in rows] if few else None


async def _rows(
    ledger: Ledger,
    caller: Caller,
    sight: _Sight,
    event_filter: EventFilter,
    streams: list[str] | None,
    span: PositionSpan,
    *,
    limit: int,
    forward: bool,
) -> list[dict[str, Any]]:
    parameters: dict[str, Any] = {"low": span.low, "high": span.high, "limit": limit}
    conditions = ["e.position > %(low)s and e.position <= %(high)s"]
    conditions.append(sight.condition(parameters, "h.record_kind", "h.audience"))
    for column, values in (
        ("h.kind", event_filter.kinds or None),
        ("e.stream", streams),
        ("e.type", event_filter.types or None),
        ("e.actor", event_filter.actors or None),
    ):
        if values is not None:
            name = column.replace(".", "_")
            parameters[name] = list(values)
            conditions.append(f"{column} = any(%({name})s)")
    if event_filter.occurred_from is not None:
        parameters["from"] = event_filter.occurred_from
        conditions.append("e.occurred_at >= %(from)s")
    if event_filter.occurred_to is not None:
        parameters["to"] = event_filter.occurred_to
        conditions.append("e.occurred_at < %(to)s")
    parameters["staff_kinds"] = [
        kind
        for kind, lifecycle in ledger.lifecycles.items()
        if _is_staff_of(caller, lifecycle, somewhere=True)
    ]
    conditions.append("(not e.staff_only or h.record_kind = any(%(staff_kinds)s))")
    query = f"""select {_SELECTED}, h.record from {_FROM}
      where {" and ".join(conditions)} order by e.position {"" if forward else "desc"} limit %(limit)s"""
    return await ledger.db.rows(query, parameters)


def _is_staff_of(caller: Caller, lifecycle: Lifecycle[Any], *, somewhere: bool) -> bool:
    """Return whether the caller is staff for every record of that kind, or `somewhere` for some of them."""
    return caller.is_rule or any(
        held.role in STAFF_ROLES
        and (held.process in (None, lifecycle.kind) if somewhere else held.applies_throughout(lifecycle.kind))
        for held in caller.roles
    )


async def _seen_events(ledger: Ledger, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[SeenEvent]:
    """Return the events of these rows, without those for staff only of whose record the caller is no
    staff.
    """
    by_record = [(row.pop("record"), recorded(row)) for row in rows]
    relations = await _relations(ledger, caller, {name for name, _ in by_record})
    events = [
        SeenEvent(event, ledger.lifecycles[kind_of(name)], relations[name]) for name, event in by_record
    ]
    seen_events = [event for event in events if event.viewer is Viewer.staff or not is_for_staff(event)]
    return await without_named(ledger, caller, seen_events)


async def without_named(ledger: Ledger, caller: Caller, seen_events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """Return the events, marked where they name other records that the caller may not see."""
    named = [named_in(each.lifecycle, each.event.data["set"]) for each in seen_events]
    visible = await visible_streams(ledger, caller, set().union(*named))
    return [
        each if streams <= visible else replace(each, sees_named=False)
        for each, streams in zip(seen_events, named, strict=True)
    ]


def is_for_staff(seen_event: SeenEvent) -> bool:
    """Return whether only staff may see the event."""
    event = seen_event.event
    return event.staff_only or seen_event.lifecycle.access.for_staff(event.type, event.actor)


async def _relations(ledger: Ledger, caller: Caller, names: Iterable[str]) -> dict[str, Viewer]:
    """Return the caller's relation to each of these records. Rows are read only where a role's scope, or the
    group that reviews, decides: one statement for each such kind.
    """
    relation_of: dict[str, Viewer] = {}
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(kind_of(name), []).append(name)
    for kind, of_kind in by_kind.items():
        lifecycle = ledger.lifecycles[kind]
        if _is_staff_of(caller, lifecycle, somewhere=False):
            relation_of |= dict.fromkeys(of_kind, Viewer.staff)
        elif (
            not _is_staff_of(caller, lifecycle, somewhere=True)
            and lifecycle.access.reviewer_group_field is None
        ):
            relation_of |= dict.fromkeys(of_kind, Viewer.other)
        else:
            records = await policy_records(ledger.db, lifecycle, [id_of(name) for name in of_kind])
            relations = await viewers(ledger.db, lifecycle, caller, records)
            relation_of |= {
                f"{kind}/{record.id}": viewer for record, viewer in zip(records, relations, strict=True)
            }
    return relation_of


async def policy_records(db: Database, lifecycle: Lifecycle[Any], ids: list[UUID]) -> list[Any]:
    """Return, of these records, the fields that decide who is staff for them, or reviews them."""
    fields = ("team_id", "service", "requester_id", lifecycle.access.reviewer_group_field)
    columns = [name for name in fields if name is not None and name in lifecycle.record.model_fields]
    query = f"select {', '.join(['id', *columns])} from {lifecycle.table} where id = any(%s)"
    rows = await db.rows(query, (ids,))
    return [SimpleNamespace(KIND=lifecycle.kind, **row) for row in rows]
