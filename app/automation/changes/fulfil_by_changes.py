"""Fulfils a request of a catalogue item that opens a change once its change is closed as successful, or
notifies its requester of another outcome.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from app.common.tickets import HoldReason
from app.foundation.services.records import ItemOpens
from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.platform.db import Connection, Row, fetch_rows
from app.processes.changes.records import OPEN as OPEN_CHANGES
from app.processes.changes.records import Change
from app.processes.requests.payloads import FulfilRequest, NoteChangeEndedRequest
from app.processes.requests.records import OPEN, RequestState
from app.ticketing.change_endings import ENDED_AS_MADE, ending_of

#: The states of a request in which it can be fulfilled.
FULFILLABLE = frozenset({RequestState.assessed, RequestState.in_progress})
RESUMED = "request.resumed"
#: The open requests of items that open a change, by the changes that are made for them.
ASKED_REQUESTS = """
select c.id as change_id, c.number, c.backed_out_at, r.id as request_id, r.version, r.state, r.hold_reason,
  exists (
    select from fold.change o where o.request_id = r.id and o.state = any(%(open_changes)s)
  ) as more_to_come
from fold.change c join fold.request r on r.id = c.request_id
join fold.catalogue_item i on i.key = r.item and i.opens = %(opens)s
where (c.id = any(%(ids)s) or c.request_id = any(%(ids)s)) and r.state = any(%(open)s)
order by c.closed_at desc nulls last, c.id"""


async def select_asked(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of changes that requests have opened, and of such requests."""
    rows = await fetch_rows(connection, ASKED_REQUESTS, _parameters(events))
    ids = {row[name] for row in rows for name in ("change_id", "request_id")}
    return [event for event in events if id_of(event.stream) in ids]


async def fulfil_by_changes(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the fulfilment of the request if its change is made and no other one is to come, or the note of
    how the change has ended. A request that is on hold is fulfilled when it is resumed.
    """
    for row in await ledger.db.rows(ASKED_REQUESTS, _parameters([event])):
        change = await _change(ledger, row["change_id"])
        ending = ending_of(change)
        is_made = ending in ENDED_AS_MADE
        if ending is None or (is_made and row["more_to_come"]):
            continue
        if is_made and row["state"] in FULFILLABLE:
            yield _fulfilment(row)
            return
        if kind_of(event.stream) == Change.KIND and not _is_informed(row, event, is_made=is_made):
            body = NoteChangeEndedRequest(change=str(change.id), outcome=ending)
            yield RuleConsequence("request", "note_change_ended", row["request_id"], body, about=change.id)


def _is_informed(row: Row, event: Recorded, *, is_made: bool) -> bool:
    """Return whether the requester needs no note of the change's end: they were notified when it was backed
    out, or the request waits for it and is resumed now.
    """
    if is_made:
        return bool(row["hold_reason"] == HoldReason.awaiting_change)
    return event.type == "change.reviewed" and row["backed_out_at"] is not None


def _fulfilment(row: Row) -> RuleConsequence:
    body = FulfilRequest(delivered=f"{row['number']} was made. 变更 {row['number']} 已实施。")
    return RuleConsequence("request", "fulfil", row["request_id"], body, if_match=row["version"])


async def _change(ledger: Ledger, change_id: UUID) -> Change:
    loaded = await load(ledger.db, ledger.lifecycles[Change.KIND], str(change_id))
    assert loaded is not None, "its row was read"
    change: Change = loaded.record
    return change


def _parameters(events: Sequence[Recorded]) -> dict[str, Any]:
    return {
        "ids": [id_of(event.stream) for event in events],
        "opens": ItemOpens.change.value,
        "open": [state.value for state in OPEN],
        "open_changes": [state.value for state in OPEN_CHANGES],
    }


RULE = Rule(
    "fulfil_by_changes",
    ("change.reviewed", "change.cancelled", "change.rejected", "change.backed_out", RESUMED),
    fulfil_by_changes,
    select_asked,
)
