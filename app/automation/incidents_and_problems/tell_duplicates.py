"""Notifies the requesters and followers of an incident's duplicates of its progress and its resolution."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.histories.history import fold, record_at_version
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, stream
from app.platform.db import Connection
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import OriginalProgress, TellProgressIncident
from app.processes.incidents.queries import duplicates_of, untold_duplicates, with_duplicates
from app.processes.incidents.records import ENDED, OPEN, Incident

PAGE_SIZE = 500
MARKED_DUPLICATE = "incident.marked_duplicate"
CLOSED = "incident.closed"
PROGRESS = {
    "incident.acknowledged": OriginalProgress.acknowledged,
    "incident.started": OriginalProgress.started,
    "incident.held": OriginalProgress.held,
    "incident.resumed": OriginalProgress.resumed,
    "incident.update_posted": OriginalProgress.updated,
    "incident.reopened": OriginalProgress.reopened,
    "incident.cancelled": OriginalProgress.cancelled,
}


async def select_duplicates_and_originals(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of incidents that are duplicates or have duplicates."""
    incidents = await with_duplicates(connection, [id_of(event.stream) for event in events])
    return [event for event in events if event.type == MARKED_DUPLICATE or id_of(event.stream) in incidents]


async def tell_duplicates(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the notification of each duplicate; it triggers the rule again for duplicates of the duplicate.
    An incident marked after the resolution of its original is notified at once. Tools that know only open and
    closed resolve by closing.
    """
    if event.type == MARKED_DUPLICATE:
        if await _was_resolved(ledger, event):
            yield _tell_resolved(id_of(event.stream))
        return
    if event.type in PROGRESS:
        async for consequence in _tell_progress(ledger, event):
            yield consequence
        return
    if event.type == CLOSED and not await _was_open(ledger, event):
        return
    after: UUID | None = None
    original = id_of(event.stream)
    # Duplicates that were marked since are notified when the rule comes to their marks.
    while duplicates := await duplicates_of(
        ledger.db, original, position=event.position, after=after, limit=PAGE_SIZE
    ):
        for duplicate in duplicates:
            yield _tell_resolved(duplicate)
        after = duplicates[-1]


async def _tell_progress(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the notifications of all duplicates whose requesters do not follow the incident: those who do
    are notified of its own steps.
    """
    incident = id_of(event.stream)
    body = TellProgressIncident(progress=PROGRESS[event.type])
    after: UUID | None = None
    while duplicates := await untold_duplicates(
        ledger.db, incident, position=event.position, after=after, limit=PAGE_SIZE
    ):
        for duplicate in duplicates:
            yield RuleConsequence("incident", "tell_progress", duplicate, body)
        after = duplicates[-1]


def _tell_resolved(duplicate: UUID) -> RuleConsequence:
    return RuleConsequence("incident", "tell_resolved", duplicate, EmptyPayload())


async def _was_open(ledger: Ledger, event: Recorded) -> bool:
    """Return whether the incident was open just before the event."""
    if not event.is_observed or event.version == 1:  # the action closes what is resolved
        return False
    return (await record_at_version(ledger.db, LIFECYCLE, event.stream, event.version - 1)).state in OPEN


async def _was_resolved(ledger: Ledger, event: Recorded) -> bool:
    """Return whether the original was resolved before the incident was marked as its duplicate, so that the
    event of its resolution did not reach the duplicate.
    """
    original = stream("incident", UUID(event.data["set"][event.stream]["duplicate_of_id"]))
    events = await read.stream_events(ledger.db, original)
    then = fold(
        Incident, original, [past_event for past_event in events if past_event.position < event.position]
    )
    return then is not None and then.state in ENDED and then.duplicate_of_id is None


RULE = Rule(
    "tell_duplicates",
    ("incident.resolved", CLOSED, "incident.original_resolved", MARKED_DUPLICATE, *PROGRESS),
    tell_duplicates,
    select_duplicates_and_originals,
)
