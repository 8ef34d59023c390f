"""Reads for the pages of documents: a document of a record, with its latest edition's sections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.api.records.shapes import Renderer
from app.common.records import from_row
from app.foundation.documents.pages import PrintedDocument, PrintedSection
from app.foundation.documents.past import WrittenEdition, find_edition
from app.foundation.documents.records import DocumentEntry, DocumentSection
from app.kernel.actions.refusals import NotFound
from app.kernel.histories.history import fold
from app.kernel.ledger import Ledger
from app.log.events import stream
from app.log.read import stream_events

DOCUMENT = "select * from fold.document_entry where record = %s and number = %s"
SECTIONS = """
select * from fold.document_section where document_id = %s and edition = %s order by place, id"""


@dataclass(frozen=True, slots=True)
class DecryptedDocument:
    """Texts and names of persons, as they can still be read."""

    texts: dict[str, str | None]
    names: dict[UUID, str | None]

    def text(self, encrypted: str | None) -> str | None:
        """Return the text; None if it is missing, or its author was erased."""
        return None if encrypted is None else self.texts.get(str(encrypted))

    def name(self, person: UUID | None) -> str | None:
        """Return the person's name; None if there is no such person, or they were erased."""
        return None if person is None else self.names.get(person)


async def decrypt(
    ledger: Ledger, encrypted: Iterable[str | None], persons: Iterable[UUID | None] = ()
) -> DecryptedDocument:
    """Read the texts, and the names of the persons, at once."""
    ids = {person for person in persons if person is not None}
    named = await ledger.directory.names(ids) if ids else {}
    texts = await ledger.vault.texts(
        [*(str(text) for text in encrypted if text is not None), *map(str, named.values())]
    )
    return DecryptedDocument(texts, {person: texts.get(str(name)) for person, name in named.items()})


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document to print, and the events of its edition in the log."""

    printed: PrintedDocument
    edition: WrittenEdition


async def load_document(
    renderer: Renderer, record: Any, number: str, edition: int | None = None
) -> LoadedDocument:
    """Return the record's document with that number, in its newest edition or in the given one. Raises
    NotFound if it does not exist, or the caller may not see it.
    """
    ledger = renderer.ledger
    row = await ledger.db.row(DOCUMENT, (record.row_key, number))
    entry = None if row is None else from_row(DocumentEntry, row)
    if entry is None or (entry.for_staff and not renderer.caller.is_staff_for(record)):
        raise NotFound()
    newest = entry.edition or 1
    if edition is not None and not 1 <= edition <= newest:
        raise NotFound()
    wanted_edition = edition or newest
    events = await stream_events(ledger.db, record.row_key)
    found_edition = find_edition(events, entry.id, wanted_edition)
    if wanted_edition < newest:
        entry = _entry_then(entry, found_edition)
    rows = await ledger.db.rows(SECTIONS, (entry.id, wanted_edition))
    is_staff = renderer.caller.is_staff_for(record)
    sections = [from_row(DocumentSection, row) for row in rows]
    sections = [section for section in sections if is_staff or not section.for_staff]
    decrypted = await decrypt(ledger, [section.text for section in sections], [entry.author_id])
    written = [section.written_at for section in sections if section.written_at is not None]
    written_at = max(written, default=entry.drafted_at)
    assert written_at is not None
    printed = PrintedDocument(
        entry=entry,
        record_number=record.number,
        record_title=record.title or "",
        record_noun=renderer.lifecycle.kind,
        author=decrypted.name(entry.author_id),
        written_at=written_at,
        zone=ZoneInfo(ledger.settings.time_zone),
        sections=[
            PrintedSection(section.heading, decrypted.text(section.text))
            for section in sections
            if section.heading is not None
        ],
        recorded_at=found_edition.written.recorded_at,
        position=found_edition.written.position,
        newest_edition=newest,
    )
    return LoadedDocument(printed, found_edition)


def _entry_then(entry: DocumentEntry, edition: WrittenEdition) -> DocumentEntry:
    """Return the entry of the document as it was when that edition was the newest last."""
    last = edition.ended
    events = [event for event in edition.events if last is None or event.version < last.version]
    name = stream(DocumentEntry.KIND, entry.id)
    entry_then = fold(DocumentEntry, name, events)
    assert entry_then is not None, "the edition was there"
    return entry_then
