"""Notifies those of a scheduled change that another change, or a freeze, has taken its window, too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from app.db import Connection
from app.kernel.history import record_at_version
from app.kernel.ledger import Ledger
from app.kernel.rules import Consequence, Rule
from app.log.events import Recorded, id_of, kind_of
from app.processes.changes.queries import versions_of_scheduled
from app.processes.changes.records import Change, Freeze
from app.processes.changes.scheduling import NoteOverlapChange

STARTED, RESCHEDULED = "change.started", "change.rescheduled"
FREEZE_MOVED = "freeze.moved"
#: The field of the record that names what it was scheduled or declared over, by kind.
OVERLAPPED_FIELDS = {Change.KIND: "overrides", Freeze.KIND: "hit_change_ids"}


async def select_overlapping(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events that name what they overlap, and those of moved windows, which may leave that as it
    was.
    """
    return [
        event
        for event in events
        if event.type in (RESCHEDULED, FREEZE_MOVED)
        or event.set_fields.get(OVERLAPPED_FIELDS[kind_of(event.stream)])
    ]


async def tell_overlapped_changes(ledger: Ledger, event: Recorded) -> AsyncIterator[Consequence]:
    """Yield the notification of each change that the event overlaps and that still waits for its window."""
    overlapped = await _overlapped_by(ledger, event)
    # Those that it was scheduled over know; the start tells those whose windows are hit only now.
    if event.type == STARTED and overlapped:
        overlapped -= await _overlapped_by(ledger, event, before=True)
    if not overlapped:
        return
    body = NoteOverlapChange.model_validate({kind_of(event.stream): str(id_of(event.stream))})
    for change_id, version in (await versions_of_scheduled(ledger.db, overlapped)).items():
        yield Consequence(Change.KIND, "note_overlap", change_id, body, if_match=version)


async def _overlapped_by(ledger: Ledger, event: Recorded, *, before: bool = False) -> set[UUID]:
    """Return the ids of the changes that the record of the event overlaps since the event, or just before."""
    version = event.version - 1 if before else event.version
    kind = kind_of(event.stream)
    record: Any = await record_at_version(ledger.db, ledger.lifecycles[kind], event.stream, version)
    named = getattr(record, OVERLAPPED_FIELDS[kind]) or ()
    if kind == Freeze.KIND:
        return {UUID(one) for one in named}
    return {id_of(one) for one in named if kind_of(one) == Change.KIND}


RULE = Rule(
    "tell_overlapped_changes",
    ("change.scheduled", RESCHEDULED, STARTED, "freeze.declared", FREEZE_MOVED),
    tell_overlapped_changes,
    select_overlapping,
)
