"""Filing a document: its entry in the register and its sections, beside the record whose action writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.common.tickets import Ticket
from app.foundation.documents.records import (
    DocumentClass,
    DocumentEntry,
    DocumentSection,
    DocumentState,
    Heading,
)
from app.kernel.look import Look
from app.kernel.moment import Moment

#: What stands beside every record that makes documents.
CHILDREN = (DocumentEntry, DocumentSection)
#: What a document says: under which heading, which words; those without words are left out.
Said = Iterable[tuple[Heading, str | None]]


@dataclass(frozen=True, slots=True)
class OnFile:
    """The documents that the record has made before, the oldest first."""

    documents: tuple[DocumentEntry, ...]


async def on_file(look: Look, ticket: Ticket, body: object, at: Moment) -> OnFile:
    """Finds the documents that the record has made before, for `file`, `publish` and `supersede`."""
    return OnFile(tuple(await look.children(DocumentEntry, ticket)))


def file(
    ticket: Ticket,
    of_class: DocumentClass,
    said: Said,
    at: Moment,
    *,
    state: DocumentState = DocumentState.published,
) -> DocumentEntry:
    """A new document under the number that the action has drawn, with what it says; or, where the record has
    a draft of that class, the next edition of that one.
    """
    entry = draft_of(of_class, at)
    if entry is not None:
        entry = at.change(entry)
        entry.edition = (entry.edition or 0) + 1
        entry.author_id = at.caller.person_id
    else:
        assert at.document_number is not None, "the row of the table says of which class its document is"
        entry = DocumentEntry(
            id=at.new_id(),
            record=ticket.row_key,
            number=at.document_number,
            document_class=of_class,
            title=ticket.title,
            state=state,
            edition=1,
            author_id=at.caller.person_id,
            drafted_at=at.occurred_at,
            published_at=at.occurred_at if state is DocumentState.published else None,
        )
        at.add(entry)
    sections = [(heading, text) for heading, text in said if text is not None]
    for place, (heading, text) in enumerate(sections, start=1):
        section = DocumentSection(
            id=at.new_id(),
            record=ticket.row_key,
            document_id=entry.id,
            edition=entry.edition,
            place=place,
            heading=heading,
            text=text,
            written_at=at.occurred_at,
        )
        at.add(section)
    return entry


def draft_of(of_class: DocumentClass, at: Moment) -> DocumentEntry | None:
    """The record's document of that class that does not count yet, if there is one."""
    return _newest(of_class, DocumentState.drafted, at)


def published(of_class: DocumentClass, at: Moment) -> DocumentEntry | None:
    """The record's newest document of that class that counts, if there is one."""
    return _newest(of_class, DocumentState.published, at)


def publish(of_class: DocumentClass, at: Moment) -> None:
    """The draft of that class counts from now on."""
    entry = draft_of(of_class, at)
    assert entry is not None, f"a document of class {of_class} was filed before"
    entry = at.change(entry)
    entry.state = DocumentState.published
    entry.published_at = at.occurred_at


def supersede(of_class: DocumentClass, at: Moment) -> None:
    """What there was of that class does not count any more."""
    for entry in at.prepared(OnFile).documents:
        if entry.document_class is of_class and entry.state is DocumentState.published:
            gone = at.change(entry)
            gone.state = DocumentState.superseded
            gone.superseded_at = at.occurred_at


def _newest(of_class: DocumentClass, state: DocumentState, at: Moment) -> DocumentEntry | None:
    found = [
        entry
        for entry in at.prepared(OnFile).documents
        if entry.document_class is of_class and entry.state is state
    ]
    return found[-1] if found else None
