"""Documents that records have made, as clients see them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.shapes import OutputModel, PersonStub
from app.foundation.documents.records import DocumentClass, DocumentState, Heading


class DocumentOut(OutputModel):
    """A document that a record has made, as the register has it."""

    id: UUID
    number: str = Field(description="Its class, the year, and a sequence: `SN2026001`.")
    document_class: DocumentClass
    title: str | None
    state: DocumentState
    edition: int = Field(description="How often it was submitted.")
    author: PersonStub | None = Field(description="Who has written the latest edition.")
    drafted_at: datetime
    published_at: datetime | None
    superseded_at: datetime | None


class DocumentSectionOut(OutputModel):
    """What an edition of a document says under one heading."""

    id: UUID
    document_id: UUID
    edition: int
    place: int
    heading: Heading
    text: str | None = Field(description="Null when its author was erased.")
    written_at: datetime


class DocumentPage(OutputModel):
    """The documents of a record, the first made first."""

    items: list[DocumentOut]
    next_cursor: str | None


class DocumentSectionPage(OutputModel):
    """What the documents of a record say, the first written first."""

    items: list[DocumentSectionOut]
    next_cursor: str | None
