"""Resumes a ticket that waits for its requester once they comment or attach a file, through any channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from app.common.tickets import HoldReason
from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.platform.db import Connection, fetch_rows

#: The kinds of tickets whose holds have a reason.
KINDS = ("incident", "request")
WAITING = " union all ".join(
    f"select '{kind}/' || id as stream from fold.{kind} where id = any(%(ids)s) and hold_reason = %(reason)s"
    for kind in KINDS
)


async def select_waiting(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of tickets that wait for their requester."""
    parameters = {
        "ids": [id_of(event.stream) for event in events],
        "reason": HoldReason.awaiting_requester.value,
    }
    waiting = {row["stream"] for row in await fetch_rows(connection, WAITING, parameters)}
    return [event for event in events if event.stream in waiting]


async def resume_at_answer(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the resumption of the ticket if the event is by its requester and after the hold began. The
    question of the hold is no answer, though a requester who is staff may ask it themselves: it is of the
    same time.
    """
    if event.staff_only:
        return
    kind, record_id = kind_of(event.stream), id_of(event.stream)
    loaded = await load(ledger.db, ledger.lifecycles[kind], str(record_id))
    if loaded is None or loaded.record.hold_reason is not HoldReason.awaiting_requester:
        return
    ticket, theirs = loaded.record, f"person:{loaded.record.requester_id}"
    waited = ticket.state_since is not None and ticket.state_since < event.occurred_at
    if waited and theirs in (event.actor, event.on_behalf_of):
        yield RuleConsequence(kind, "resume", record_id, EmptyPayload(), if_match=ticket.version)


RULE = Rule(
    "resume_at_answer",
    tuple(f"{kind}.{event}" for kind in KINDS for event in ("commented", "attached")),
    resume_at_answer,
    select_waiting,
)
