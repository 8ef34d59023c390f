"""Resumes incidents and requests that wait for a change once it is closed, rejected or cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from app.common.tickets import HoldReason
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.platform.db import Connection, fetch_rows
from app.processes.changes.records import OPEN
from app.ticketing.records import Link

KINDS = ("incident", "request")
#: Tickets whose hold names one of the changes.
NAMED = """
select '{kind}' as kind, t.id, t.version, t.held_for_change_id as change_id, t.state_since from fold.{kind} t
where t.held_for_change_id = any(%(ids)s) and t.hold_reason = %(reason)s"""
#: Tickets whose hold names no change, and that are linked to one of the changes but to no change that is
#: still open.
LINKED = """
select '{kind}', t.id, t.version, split_part(l.record, '/', 2)::uuid, t.state_since
from fold.{link} l join fold.{kind} t on t.id = split_part(l.other, '/', 2)::uuid
where l.record = any(%(streams)s) and l.other like '{kind}/%%'
and t.hold_reason = %(reason)s and t.held_for_change_id is null
and not exists (
  select from fold.{link} o join fold.change c on c.id = split_part(o.other, '/', 2)::uuid
  where o.record = '{kind}/' || t.id and o.other like 'change/%%' and c.state = any(%(open)s))"""
WAITING = " union ".join(
    query.format(kind=kind, link=Link.KIND) for kind in KINDS for query in (NAMED, LINKED)
)


async def select_awaited(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of changes that tickets wait for."""
    rows = await fetch_rows(connection, WAITING, _parameters(events))
    awaited = {row["change_id"] for row in rows}
    return [event for event in events if id_of(event.stream) in awaited]


async def resume_after_change(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the resumption of each ticket that has waited for the change since before it ended."""
    for row in await ledger.db.rows(WAITING, _parameters([event])):
        since: datetime | None = row["state_since"]
        if since is None or since <= event.occurred_at:
            yield RuleConsequence(row["kind"], "resume", row["id"], EmptyPayload(), if_match=row["version"])


def _parameters(events: Sequence[Recorded]) -> dict[str, Any]:
    return {
        "ids": [id_of(event.stream) for event in events],
        "streams": [event.stream for event in events],
        "reason": HoldReason.awaiting_change.value,
        "open": [state.value for state in OPEN],
    }


RULE = Rule(
    "resume_after_change",
    ("change.reviewed", "change.cancelled", "change.rejected"),
    resume_after_change,
    select_awaited,
)
