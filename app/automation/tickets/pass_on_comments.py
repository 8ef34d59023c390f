"""Copies public comments and files on a duplicate to its original; those of another customer for staff."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.common.children import Attachment, Visibility
from app.common.personal import Ciphertext
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, stream
from app.log.read import stream_events
from app.platform.db import Connection
from app.processes.incidents.customer_boundary import passed_on_visibility
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import PassOnAttachmentIncident, PassOnCommentIncident
from app.processes.incidents.queries import duplicate_attachment, duplicate_comment, duplicates_among
from app.ticketing.records import Comment

PASSED_ON = frozenset({"incident.comment_passed_on", "incident.attachment_passed_on"})
OF_FILES = frozenset({"incident.attached", "incident.attachment_passed_on"})
COPIED = (
    "incident.commented",
    "incident.comment_corrected",
    "incident.comment_passed_on",
    "incident.attached",
    "incident.attachment_passed_on",
)
MARKED = "incident.marked_duplicate"
#: Field of the payload by which a copy is recognised, of a file (True) and of a comment (False).
_NAMED_BY = {True: "content", False: "text_key"}


async def select_duplicates(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of incidents that are duplicates."""
    duplicates = await duplicates_among(connection, [id_of(event.stream) for event in events])
    return [event for event in events if id_of(event.stream) in duplicates]


async def pass_on_comments(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action that copies a comment or a file on a duplicate to the original incident; of an
    incident that becomes a duplicate, those that copy what all who see it could read there before.

    Along a chain of duplicates the copy keeps the number of the incident that it was first added to, and
    that incident's customer decides who may read it.
    """
    if event.type == MARKED:
        async for earlier in _earlier_copies(ledger, event):
            yield earlier
    elif (copy := await _copy(ledger, event)) is not None:
        yield copy


async def _copy(ledger: Ledger, event: Recorded) -> RuleConsequence | None:
    # Comments by staff for staff stay there. A copy for staff goes on along the chain.
    if event.staff_only and event.type not in PASSED_ON:
        return None
    of_file, key = event.type in OF_FILES, _row_of(event)
    find = duplicate_attachment if of_file else duplicate_comment
    on_duplicate = await find(ledger.db, id_of(event.stream), id_of(key))
    if on_duplicate is None:
        return None
    then = await record_at_version(ledger.db, LIFECYCLE, event.stream, event.version)
    original = on_duplicate["original_id"]
    if then.duplicate_of_id != original:
        return None
    visibility = await passed_on_visibility(ledger, _number(event, on_duplicate), original)
    return None if visibility is None else await _copy_for(ledger, event, on_duplicate, visibility)


async def _earlier_copies(ledger: Ledger, marked: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the copies of public comments on the incident before it became a duplicate, in their order, if
    the customer of both is the same. Comments copied by an earlier mark are left out.
    """
    before = await stream_events(ledger.db, marked.stream, up_to_version=marked.version)
    original = (await record_at_version(ledger.db, LIFECYCLE, marked.stream, marked.version)).duplicate_of_id
    # A correction takes the place of the comment.
    newest = {_row_of(event): event for event in before if event.type in COPIED}
    if original is None or not newest:
        return
    copied = {
        event.payload[_NAMED_BY[event.type in OF_FILES]]
        for event in await stream_events(ledger.db, stream(LIFECYCLE.record.KIND, original))
        if event.type in PASSED_ON
    }
    visible: dict[str, Visibility | None] = {}
    for key, event in newest.items():
        of_file = event.type in OF_FILES
        find = duplicate_attachment if of_file else duplicate_comment
        row = await find(ledger.db, id_of(marked.stream), id_of(key))
        if row is None or row["original_id"] != original or row["visibility"] != Visibility.public:
            continue
        number = _number(event, row)
        if number not in visible:
            visible[number] = await passed_on_visibility(ledger, number, original)
        if visible[number] is not Visibility.public:
            continue
        copy = await _copy_for(ledger, event, row, Visibility.public)
        named_by = _NAMED_BY[of_file]
        if copy is not None and copy.body.model_dump(mode="json")[named_by] not in copied:
            yield replace(copy, about=id_of(key))


def _row_of(event: Recorded) -> str:
    """Return the key of the comment or file that the event writes."""
    (key,) = event.rows_set(Attachment.KIND if event.type in OF_FILES else Comment.KIND)
    return key


def _number(event: Recorded, on_duplicate: dict[str, Any]) -> str:
    return str(event.payload.get("number", on_duplicate["number"]))


async def _copy_for(
    ledger: Ledger, event: Recorded, on_duplicate: dict[str, Any], visibility: Visibility
) -> RuleConsequence | None:
    number, original = _number(event, on_duplicate), on_duplicate["original_id"]
    if event.type in OF_FILES:
        file = await _attachment(ledger, number, visibility, on_duplicate)
        return None if file is None else RuleConsequence("incident", "pass_on_attachment", original, file)
    # The text of a comment that was passed on begins with a number; that in the payload does not.
    text = event.payload.get("text") or event.rows_set(Comment.KIND)[_row_of(event)]["text"]
    words = text, on_duplicate["folded"]
    comment = await _comment(ledger, number, visibility, on_duplicate["author_id"], words)
    return None if comment is None else RuleConsequence("incident", "pass_on_comment", original, comment)


async def _comment(
    ledger: Ledger,
    number: str,
    visibility: Visibility,
    author: UUID | None,
    words: tuple[str | None, str | None],
) -> PassOnCommentIncident | None:
    """Return the comment to add, `words` being its text and its folded part; None if it cannot be read any
    more, or its author is not known.
    """
    if words[0] is None or author is None:
        return None
    encrypted, *folded = [Ciphertext(each) for each in words if each is not None]
    texts = await ledger.vault.texts([encrypted, *folded])
    if texts[encrypted] is None:  # withdrawn, or its author erased
        return None
    return PassOnCommentIncident.model_validate(
        {
            "number": number,
            "author": str(author),
            "text": texts[encrypted],
            "folded": texts[folded[0]] if folded else None,
            "text_key": encrypted.key_id,
            "visibility": visibility,
        }
    )


async def _attachment(
    ledger: Ledger, number: str, visibility: Visibility, row: dict[str, object]
) -> PassOnAttachmentIncident | None:
    """Return the file to add; None if it cannot be read any more, or its author is unknown."""
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
    (*COPIED, MARKED),
    pass_on_comments,
    select_duplicates,
)
