"""The events of the log that a subscription sends: what its account sees, and its filters let through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.common.people import Caller
from app.kernel.histories.feed import EventFilter, PositionSpan, SeenEvent, read_slice
from app.kernel.histories.newest import NewestEvents, Sight
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.subscriptions.records import Subscription

#: So many events are selected at once.
EVENTS_AT_ONCE = 100
#: Further events that are sent again are not counted.
MOST_COUNTED = 10_000
COUNTED_AT_ONCE = 1_000
#: Records that a tool knows, by the index external_reference_record.
KNOWN_TO_TOOL = "select record from fold.external_reference where record = any(%s) and source = %s"
STREAMS_ABOUT = "select stream, about from log.stream_head where stream = any(%s) and about is not null"


@dataclass(frozen=True, slots=True)
class Selected:
    """Events that are to be sent, the position that they reach to, and whether more may follow at once."""

    events: Sequence[SeenEvent]
    position: int
    has_more: bool


def filter_of(subscription: Subscription, streams: Collection[str] = ()) -> EventFilter:
    """Return the subscription's conditions on single events, of these streams if any are named."""
    return EventFilter(kinds=subscription.kinds or (), streams=streams, types=subscription.event_types or ())


async def select_new(
    ledger: Ledger,
    newest: NewestEvents | None,
    subscription: Subscription,
    caller: Caller,
    after: int,
    head: int,
) -> Selected:
    """Return the first events after that position, as the caller sees them: from memory, if they are still
    there, or else from the database. Raises DatabaseGone.
    """
    kept_events = None if newest is None else newest.events_after(after, EVENTS_AT_ONCE)
    if newest is None or kept_events is None:
        return await select_span(ledger, subscription, caller, PositionSpan(after, head))
    conditions, sight = filter_of(subscription), Sight(ledger, newest, caller)
    fitting = (sight.seen_event(event) for event in kept_events if event.fits(conditions))
    seen_events = [event for event in fitting if event is not None]
    return Selected(
        await _of_records(ledger, subscription, seen_events),
        after + len(kept_events),
        len(kept_events) == EVENTS_AT_ONCE,
    )


async def select_span(
    ledger: Ledger,
    subscription: Subscription,
    caller: Caller,
    span: PositionSpan,
    streams: Collection[str] = (),
    limit: int = EVENTS_AT_ONCE,
) -> Selected:
    """Return the first events of the span, of these streams if any are named. Raises DatabaseGone."""
    conditions = filter_of(subscription, streams)
    event_slice = await read_slice(ledger, caller, conditions, span, limit, forward=True)
    events = await _of_records(ledger, subscription, event_slice.events)
    return Selected(events, event_slice.remaining.low, not event_slice.is_at_end)


async def count_span(ledger: Ledger, subscription: Subscription, caller: Caller, span: PositionSpan) -> int:
    """Return the number of events of the span that would be sent, at most `MOST_COUNTED`. Raises
    DatabaseGone.
    """
    count, has_more = 0, span.low < span.high
    while has_more and count < MOST_COUNTED:
        selected = await select_span(ledger, subscription, caller, span, limit=COUNTED_AT_ONCE)
        count, has_more = count + len(selected.events), selected.has_more
        span = PositionSpan(selected.position, span.high)
    return min(count, MOST_COUNTED)


async def select_newest(
    ledger: Ledger, subscription: Subscription, caller: Caller, span: PositionSpan
) -> Sequence[SeenEvent]:
    """Return the newest events of the span that would be sent, the last first. Raises DatabaseGone."""
    event_slice = await read_slice(
        ledger, caller, filter_of(subscription), span, EVENTS_AT_ONCE, forward=False
    )
    return await _of_records(ledger, subscription, event_slice.events)


async def _of_records(
    ledger: Ledger, subscription: Subscription, events: Sequence[SeenEvent]
) -> Sequence[SeenEvent]:
    """Return the events of records that are of the subscription's services, teams and priorities now. What
    the tool of the subscription knows already stays equal there, wherever it belongs.
    """
    conditions = {
        "service": subscription.services,
        "team_id": subscription.team_ids,
        "priority": subscription.priorities,
    }
    allowed_codes = {name: set(values) for name, values in conditions.items() if values}
    if not allowed_codes or not events:
        return events
    streams = list({event.event.stream for event in events})
    abouts = {row["stream"]: row["about"] for row in await ledger.db.rows(STREAMS_ABOUT, (streams,))}
    records = {abouts.get(stream, stream) for stream in streams}
    fitting = await _fitting(ledger, records, allowed_codes)
    if subscription.source is not None:
        rows = await ledger.db.rows(KNOWN_TO_TOOL, (list(records), subscription.source))
        fitting |= {row["record"] for row in rows}
    return [event for event in events if abouts.get(event.event.stream, event.event.stream) in fitting]


async def _fitting(ledger: Ledger, records: Collection[str], allowed_codes: dict[str, set[str]]) -> set[str]:
    """Return those of the records whose fields have one of the wanted values each."""
    ids: dict[str, list[UUID]] = {}
    for record in records:
        ids.setdefault(kind_of(record), []).append(id_of(record))
    fitting: set[str] = set()
    for kind, of_kind in ids.items():
        lifecycle = ledger.lifecycles[kind]
        if not lifecycle.record.model_fields.keys() >= allowed_codes.keys():
            continue
        query = f"select id, {', '.join(allowed_codes)} from {lifecycle.table} where id = any(%s)"
        for row in await ledger.db.rows(query, (of_kind,)):
            if all(str(row[name]) in values for name, values in allowed_codes.items()):
                fitting.add(f"{kind}/{row['id']}")
    return fitting
