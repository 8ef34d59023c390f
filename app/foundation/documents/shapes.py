"""Schemas of the documents that records have made."""

from __future__ import annotations

from app.api.records.child_rows import ChildListing
from app.api.records.shapes import OutputModel
from app.foundation.documents.records import (
    DocumentEntry,
    DocumentSection,
)


class DocumentOut(OutputModel, of=DocumentEntry):
    """A document that a record has made, as listed in the register."""


class DocumentSectionOut(OutputModel, of=DocumentSection):
    """The text of an edition of a document under one heading."""


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
