"""Schemas of the documents that records have made."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.shapes import OutputModel, PersonStub
from app.foundation.documents.records import (
    DocumentClass,
    DocumentEntry,
    DocumentSection,
    DocumentState,
    Heading,
)


class DocumentOut(OutputModel):
    """A document that a record has made, as listed in the register."""

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
    """The text of an edition of a document under one heading."""

    id: UUID
    document_id: UUID
    edition: int
    place: int
    heading: Heading
    text: str | None = Field(description="Null when its author was erased.")
    written_at: datetime


DOCUMENTS = ChildListing(
    "documents",
    DocumentEntry,
    "drafted_at",
    DocumentOut,
    "the documents of a record, in the order in which they were made",
)
DOCUMENT_SECTIONS = ChildListing(
    "document_sections",
    DocumentSection,
    "written_at",
    DocumentSectionOut,
    "the sections of a record's documents, in the order in which they were written",
)
