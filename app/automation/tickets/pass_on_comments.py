"""Copies public comments on a duplicate to its original."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from app.common.personal import Ciphertext
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.platform.db import Connection
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import PassOnCommentIncident
from app.processes.incidents.queries import duplicate_comment, duplicates_among
from app.ticketing.records import Comment


async def select_duplicates(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of incidents that are duplicates."""
    duplicates = await duplicates_among(connection, [id_of(event.stream) for event in events])
    return [event for event in events if id_of(event.stream) in duplicates]


async def pass_on_comments(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action that copies a comment on a duplicate to the original incident.

    Along a chain of duplicates the copy keeps the number of the incident first commented on.
    """
    if event.staff_only:
        return
    ((key, comment),) = event.rows_set(Comment.KIND).items()
    on_duplicate = await duplicate_comment(ledger.db, id_of(event.stream), id_of(key))
    if on_duplicate is None:
        return
    then = await record_at_version(ledger.db, LIFECYCLE, event.stream, event.version)
    if then.duplicate_of_id != on_duplicate.original_id:
        return
    # The text of a comment that was passed on begins with a number; that in the payload does not.
    encrypted = Ciphertext(event.payload.get("text") or comment["text"])
    text = (await ledger.vault.texts([encrypted]))[encrypted]
    if text is None:  # withdrawn, or its author erased
        return
    body = PassOnCommentIncident(
        number=event.payload.get("number", on_duplicate.number),
        author=str(on_duplicate.author_id),
        text=text,
        text_key=encrypted.key_id,
    )
    yield RuleConsequence("incident", "pass_on_comment", on_duplicate.original_id, body)


RULE = Rule(
    "pass_on_comments",
    ("incident.commented", "incident.comment_corrected", "incident.comment_passed_on"),
    pass_on_comments,
    select_duplicates,
)
