"""Filing of documents: the entry in the register and its sections, as child records of the record whose
action writes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.common.records import Record
from app.foundation.documents.keeping.records import KEPT_CHILDREN
from app.foundation.documents.records import (
    DocumentClass,
    DocumentEntry,
    DocumentSection,
    DocumentState,
    Heading,
)
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import caller_check

#: Child records of every record that makes documents.
CHILDREN = (DocumentEntry, DocumentSection, *KEPT_CHILDREN)
#: The sections of a document: headings and their texts; sections without text are left out.
SectionTexts = Iterable[tuple[Heading, str | None]]


class Documented(Protocol):
    """A record that makes documents: they are called as it is."""

    title: str | None

    @property
    def row_key(self) -> str:
        """The name of its stream."""


@dataclass(frozen=True, slots=True)
class OnFile:
    """The documents that the record has made so far, the oldest first."""

    documents: tuple[DocumentEntry, ...]


@caller_check
async def load_documents(reads: ReadContext, record: Record, body: object, ctx: ActionContext) -> OnFile:
    """Find the documents that the record has made before, for `file_document`, `publish_draft` and
    `supersede`.
    """
    return OnFile(tuple(await reads.children(DocumentEntry, record)))


def file_document(
    record: Documented,
    of_class: DocumentClass,
    texts: SectionTexts,
    ctx: ActionContext,
    *,
    state: DocumentState = DocumentState.published,
) -> DocumentEntry:
    """Return a new document of the class `of_class` with its sections (`texts`), under the number that the
    action has drawn; or, if the record has a draft of that class, the next edition of the draft.
    """
    entry = draft_of(of_class, ctx)
    if entry is not None:
        entry = ctx.outcome.change(entry)
        entry.edition = (entry.edition or 0) + 1
        entry.author_id = ctx.caller.person_id
    else:
        number = ctx.assigned.document_numbers.get(of_class, ctx.assigned.document_number)
        assert number is not None, "the row of the table says of which class its document is"
        entry = DocumentEntry(
            id=ctx.new_id(),
            record=record.row_key,
            number=number,
            document_class=of_class,
            title=record.title,
            state=state,
            edition=1,
            author_id=ctx.caller.person_id,
            drafted_at=ctx.occurred_at,
            published_at=ctx.occurred_at if state is DocumentState.published else None,
        )
        ctx.outcome.add(entry)
    _add_sections(record, entry, texts, ctx)
    return entry


def next_edition(
    record: Documented,
    of_class: DocumentClass,
    texts: SectionTexts,
    ctx: ActionContext,
    *,
    author_id: UUID | None,
) -> DocumentEntry:
    """Return the record's published document of that class, in its next edition with these sections. The
    author is given explicitly: a document that follows from a vote was not written by the last voter.
    """
    published = published_document(of_class, ctx)
    assert published is not None, f"a document of class {of_class} was published before"
    entry = ctx.outcome.change(published)
    entry.edition = (entry.edition or 0) + 1
    entry.author_id = author_id or entry.author_id
    entry.published_at = ctx.occurred_at
    _add_sections(record, entry, texts, ctx)
    return entry


def revise_published(
    record: Documented, of_class: DocumentClass, texts: SectionTexts, ctx: ActionContext
) -> DocumentEntry:
    """Return the record's published document of that class, in its next edition with these sections, which is
    a draft until it is published.
    """
    entry = next_edition(record, of_class, texts, ctx, author_id=ctx.caller.person_id)
    entry.state = DocumentState.drafted
    return entry


def _add_sections(record: Documented, entry: DocumentEntry, texts: SectionTexts, ctx: ActionContext) -> None:
    sections = [(heading, text) for heading, text in texts if text is not None]
    for place, (heading, text) in enumerate(sections, start=1):
        section = DocumentSection(
            id=ctx.new_id(),
            record=record.row_key,
            document_id=entry.id,
            edition=entry.edition,
            place=place,
            heading=heading,
            written_at=ctx.occurred_at,
        )
        section.text = text  # as it is: a text of the record's own is encrypted, and stays under its key
        ctx.outcome.add(section)


def draft_of(of_class: DocumentClass, ctx: ActionContext) -> DocumentEntry | None:
    """Return the record's draft of that class, if there is one."""
    return _newest(of_class, DocumentState.drafted, ctx)


def published_document(of_class: DocumentClass, ctx: ActionContext) -> DocumentEntry | None:
    """Return the record's newest published document of that class, if there is one."""
    return _newest(of_class, DocumentState.published, ctx)


def publish_draft(of_class: DocumentClass, ctx: ActionContext) -> None:
    """Publish the draft of that class."""
    entry = draft_of(of_class, ctx)
    assert entry is not None, f"a document of class {of_class} was filed before"
    entry = ctx.outcome.change(entry)
    entry.state = DocumentState.published
    entry.published_at = ctx.occurred_at


def supersede(of_class: DocumentClass, ctx: ActionContext) -> None:
    """Mark the record's published documents of that class as superseded."""
    for entry in ctx.prepared(OnFile).documents:
        if entry.document_class is of_class and entry.state is DocumentState.published:
            superseded = ctx.outcome.change(entry)
            superseded.state = DocumentState.superseded
            superseded.superseded_at = ctx.occurred_at


def _newest(of_class: DocumentClass, state: DocumentState, ctx: ActionContext) -> DocumentEntry | None:
    entries = [
        entry
        for entry in ctx.prepared(OnFile).documents
        if entry.document_class is of_class and entry.state is state
    ]
    return entries[-1] if entries else None
