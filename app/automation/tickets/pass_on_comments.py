"""Copies public comments and files on a duplicate to its original; those of another customer for staff."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from app.common.children import Attachment, Visibility
from app.common.personal import Ciphertext
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.platform.db import Connection
from app.processes.incidents.customer_boundary import passed_on_visibility
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import PassOnAttachmentIncident, PassOnCommentIncident
from app.processes.incidents.queries import duplicate_attachment, duplicate_comment, duplicates_among
from app.ticketing.records import Comment

PASSED_ON = frozenset({"incident.comment_passed_on", "incident.attachment_passed_on"})
OF_FILES = frozenset({"incident.attached", "incident.attachment_passed_on"})


async def select_duplicates(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of incidents that are duplicates."""
    duplicates = await duplicates_among(connection, [id_of(event.stream) for event in events])
    return [event for event in events if id_of(event.stream) in duplicates]


async def pass_on_comments(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action that copies a comment or a file on a duplicate to the original incident.

    Along a chain of duplicates the copy keeps the number of the incident that it was first added to, and
    that incident's customer decides who may read it.
    """
    # What staff wrote for staff stays there. A copy for staff goes on along the chain.
    if event.staff_only and event.type not in PASSED_ON:
        return
    of_file = event.type in OF_FILES
    ((key, _),) = event.rows_set(Attachment.KIND if of_file else Comment.KIND).items()
    find = duplicate_attachment if of_file else duplicate_comment
    on_duplicate = await find(ledger.db, id_of(event.stream), id_of(key))
    if on_duplicate is None:
        return
    then = await record_at_version(ledger.db, LIFECYCLE, event.stream, event.version)
    original = on_duplicate["original_id"]
    if then.duplicate_of_id != original:
        return
    number = event.payload.get("number", on_duplicate["number"])
    visibility = await passed_on_visibility(ledger, number, original)
    if visibility is None:
        return
    if of_file:
        file = await _attachment(ledger, number, visibility, on_duplicate)
        if file is not None:
            yield RuleConsequence("incident", "pass_on_attachment", original, file)
        return
    words = event.payload.get("text") or event.rows_set(Comment.KIND)[key]["text"]
    comment = await _comment(ledger, number, visibility, on_duplicate["author_id"], words)
    if comment is not None:
        yield RuleConsequence("incident", "pass_on_comment", original, comment)


async def _comment(
    ledger: Ledger, number: str, visibility: Visibility, author: UUID, words: str
) -> PassOnCommentIncident | None:
    """Return the comment to add; None if it cannot be read any more."""
    # The text of a comment that was passed on begins with a number; that in the payload does not.
    encrypted = Ciphertext(words)
    text = (await ledger.vault.texts([encrypted]))[encrypted]
    if text is None:  # withdrawn, or its author erased
        return None
    return PassOnCommentIncident(
        number=number, author=str(author), text=text, text_key=encrypted.key_id, visibility=visibility
    )


async def _attachment(
    ledger: Ledger, number: str, visibility: Visibility, row: dict[str, object]
) -> PassOnAttachmentIncident | None:
    """Return the file to add; None if it cannot be read any more, or nobody is known who attached it."""
    encrypted = Ciphertext(str(row["name"]))
    name = (await ledger.vault.texts([encrypted]))[encrypted]
    if name is None or row["author_id"] is None:
        return None
    return PassOnAttachmentIncident.model_validate(
        {
            "number": number,
            "author": str(row["author_id"]),
            "name": name,
            "content": row["content_id"] or row["id"],
            "visibility": visibility,
            "text_key": encrypted.key_id,
            **{field: row[field] for field in ("media_type", "size", "sha256")},
        }
    )


RULE = Rule(
    "pass_on_comments",
    (
        "incident.commented",
        "incident.comment_corrected",
        "incident.comment_passed_on",
        "incident.attached",
        "incident.attachment_passed_on",
    ),
    pass_on_comments,
    select_duplicates,
)
