"""Values that actions on kept documents load beforehand: the document, its rows, the keys of its texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.children import Attachment
from app.common.personal import Ciphertext
from app.common.records import Record, codecs
from app.foundation.documents.keeping.lookups import keys_in_stream, keys_of_texts
from app.foundation.documents.keeping.payloads import OfDocument
from app.foundation.documents.keeping.records import (
    DocumentAccessRequest,
    DocumentAcknowledgement,
    DocumentReader,
)
from app.foundation.documents.records import DocumentEntry, DocumentSection
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext, DoomedKeys
from app.kernel.actions.refusals import WrongValue, caller_check


@dataclass(frozen=True, slots=True)
class ChosenDocument:
    """The document that the payload names, or the only one that the record has."""

    entry: DocumentEntry


@caller_check
async def chosen_document(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> ChosenDocument:
    """Find the document. Raises WrongValue if the payload leaves it out and the record does not have exactly
    one.
    """
    named = ctx.ref(DocumentEntry, "document")
    if named is not None:
        return ChosenDocument(named)
    is_staff = ctx.caller.is_staff_for(record)
    entries = [
        entry for entry in await reads.children(DocumentEntry, record) if is_staff or not entry.for_staff
    ]
    if len(entries) != 1:
        raise WrongValue(pointer="/document", because="missing")
    return ChosenDocument(entries[0])


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The caller's acknowledgement of the document's edition, done or awaited; None if it is not required."""

    row: DocumentAcknowledgement | None


@caller_check
async def own_acknowledgement(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> Acknowledgement:
    """Find the caller's acknowledgement of the document as it stands."""
    entry = ctx.prepared(ChosenDocument).entry
    rows = await reads.children(DocumentAcknowledgement, record, document_id=entry.id)
    me = ctx.caller.person_id
    own = [row for row in rows if row.person_id == me and row.edition == entry.edition]
    return Acknowledgement(own[0] if own else None)


@dataclass(frozen=True, slots=True)
class Access:
    """The open requests for the document, and those who may see it for a time."""

    requests: tuple[DocumentAccessRequest, ...]
    readers: tuple[DocumentReader, ...]


@caller_check
async def access(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> Access:
    """Find the requests for the document that are open, and its readers for a time."""
    entry = ctx.prepared(ChosenDocument).entry
    requests = await reads.children(DocumentAccessRequest, record, document_id=entry.id)
    readers = await reads.children(DocumentReader, record)
    open_requests = (row for row in requests if row.granted_at is None and row.refused_at is None)
    return Access(tuple(open_requests), tuple(readers))


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """The child records that hold what stands in the document, which go with it."""

    rows: tuple[Record, ...]


async def document_content(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> DocumentContent:
    """Find the sections of the document, in all editions; of a document that is a record its files, too."""
    entry = ctx.prepared(ChosenDocument).entry
    rows: list[Record] = [*await reads.children(DocumentSection, record, document_id=entry.id)]
    if entry.id == record.id:
        rows += await reads.children(Attachment, record)
    return DocumentContent(tuple(rows))


async def doomed_keys(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> DoomedKeys:
    """Find the keys that are destroyed with the document: keys that only its sections, and texts about the
    document, use; for a document that is a record, the keys of all texts and files in the events of the
    record. A text under the key of its author keeps that key; the row of the text is removed anyway.
    """
    entry = ctx.prepared(ChosenDocument).entry
    if entry.id == record.id:
        return DoomedKeys(await keys_in_stream(reads, record.row_key))
    keys = {key for row in (entry, *ctx.prepared(DocumentContent).rows) for key in _keys_in(row)}
    return DoomedKeys(await keys_of_texts(reads, keys))


def _keys_in(row: Record) -> set[UUID]:
    """Return the ids of the keys that encrypt texts of the row; a file has the key that encrypts its name."""
    values = [getattr(row, name) for name, codec in codecs(type(row)).items() if codec.personal]
    return {Ciphertext(text).key_id for text in values if text is not None}
