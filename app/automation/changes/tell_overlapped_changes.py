"""Notifies those of a scheduled change that another change, or a freeze, has taken its window, too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.platform.db import Connection
from app.processes.changes.payloads import NoteOverlapChange
from app.processes.changes.policies.records import Freeze
from app.processes.changes.queries import scheduled_changes
from app.processes.changes.records import Change

STARTED, RESCHEDULED = "change.started", "change.rescheduled"
FREEZE_MOVED = "freeze.moved"
#: The field with the records that a change was scheduled over, or a freeze declared over, by kind.
OVERLAPPED_FIELDS = {Change.KIND: "overrides", Freeze.KIND: "hit_change_ids"}


async def select_overlapping(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events that set the names of overlapped records, and those of moved windows, which may leave
    these names unchanged.
    """
    return [
        event
        for event in events
        if event.type in (RESCHEDULED, FREEZE_MOVED)
        or event.set_fields.get(OVERLAPPED_FIELDS[kind_of(event.stream)])
    ]


async def tell_overlapped_changes(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the notification of each change that the event overlaps and that still waits for its window."""
    other = await _record_at(ledger, event, event.version)
    overlapped = _overlapped_by(other)
    # Owners of overlapped changes were notified when this change was scheduled; its start notifies the owners
    # of newly overlapped ones.
    if event.type == STARTED and overlapped:
        overlapped -= _overlapped_by(await _record_at(ledger, event, event.version - 1))
    for change in await scheduled_changes(ledger.db, overlapped) if overlapped else ():
        overlap = {kind_of(event.stream): str(id_of(event.stream)), **_overlap(change, other)}
        body = NoteOverlapChange.model_validate(overlap)
        yield RuleConsequence(Change.KIND, "note_overlap", change["id"], body, if_match=change["version"])


async def _record_at(ledger: Ledger, event: Recorded, version: int) -> Any:
    """Return the record of the event in that version."""
    lifecycle = ledger.lifecycles[kind_of(event.stream)]
    return await record_at_version(ledger.db, lifecycle, event.stream, version)


def _overlapped_by(record: Any) -> set[UUID]:
    """Return the ids of the changes that the change or the freeze overlaps."""
    named = getattr(record, OVERLAPPED_FIELDS[record.KIND]) or ()
    if record.KIND == Freeze.KIND:
        return {UUID(change_id) for change_id in named}
    return {id_of(stream) for stream in named if kind_of(stream) == Change.KIND}


def _overlap(change: Mapping[str, Any], other: Any) -> dict[str, datetime]:
    """Return begin and end of the overlap of the change's window with the other record, or nothing if they do
    not overlap.
    """
    begins, ends = (
        (other.from_at, other.until_at)
        if other.KIND == Freeze.KIND
        else (other.booked_from_at, other.booked_until_at)
    )
    begin = max(change["window_from_at"], begins or change["window_from_at"])
    end = min(change["window_until_at"], ends or change["window_until_at"])
    return {"overlap_from_at": begin, "overlap_until_at": end} if begin < end else {}


RULE = Rule(
    "tell_overlapped_changes",
    ("change.scheduled", RESCHEDULED, STARTED, "freeze.declared", FREEZE_MOVED),
    tell_overlapped_changes,
    select_overlapping,
)
