"""Texts of imported rows that are longer than a field: comments on the case continue them."""

from __future__ import annotations

from collections.abc import Mapping

from app.common.children import Visibility
from app.common.personal import PersonalKey
from app.exchange.people import KnownPerson
from app.kernel.actions.made_fit import fit_paragraph
from app.kernel.actions.payloads import LONGEST_PARAGRAPH
from app.kernel.commands.encrypting import key_row
from app.kernel.histories.observe import ObservedEvent
from app.log.canonical import instant
from app.log.events import stream
from app.log.histories import History
from app.log.ids import uuid7
from app.ticketing.records import Comment

#: Room for the line above a continuation.
_HEADING = 100


def long_texts(texts: Mapping[str, str | None], longest: Mapping[str, int]) -> dict[str, str]:
    """Return the texts that are longer than their fields, made fit except for their length."""
    return {
        field: fit_paragraph(text, len(text)).text
        for field, text in texts.items()
        if text is not None and len(text) > longest[field]
    }


def continue_texts(
    history: History,
    command: int,
    case: str,
    event: ObservedEvent,
    texts: Mapping[str, str],
    *,
    owner: KnownPerson,
    key: PersonalKey,
) -> None:
    """Add comments with the whole of these texts to an event that sets their fields, each under a key of its
    own, as if the owner of the words had written them.
    """
    changed = event.data["set"].get(case, {})
    for field in sorted(texts.keys() & changed.keys()):
        room = LONGEST_PARAGRAPH - _HEADING
        pieces = [texts[field][begin : begin + room] for begin in range(0, len(texts[field]), room)]
        for number, piece in enumerate(pieces, 1):
            text_key, wrapped = key.wrap_new_key(uuid7())
            ((key_table, row),) = key_row(text_key.id, owner.id, key.id, wrapped)
            history.row(command, key_table, row)
            comment_id = uuid7()
            fields = {
                "author_id": str(owner.id),
                "record": case,
                "text": text_key.encrypt(f"{field} ({number}/{len(pieces)})\n\n{piece}"),
                "visibility": Visibility.public.value,
                "written_at": instant(event.occurred_at),
            }
            event.data["set"][stream(Comment.KIND, comment_id)] = fields
            envelope = {
                "id": str(comment_id),
                "version": event.version,
                "changed_at": fields["written_at"],
            }
            history.row(command, f"fold.{Comment.KIND}", envelope | fields)
