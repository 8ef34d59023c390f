"""Schemas of the documents that records have made."""

from __future__ import annotations

from typing import Any

from app.api.listings.child_listings import ChildListing
from app.api.records.shapes import OutputModel, Renderer
from app.foundation.documents.keeping.records import (
    DocumentAccessRequest,
    DocumentAcknowledgement,
    DocumentLoan,
    DocumentReader,
)
from app.foundation.documents.records import (
    DocumentEntry,
    DocumentSection,
)


class DocumentOut(OutputModel, of=DocumentEntry):
    """A document of a record, as listed in the register."""


class DocumentSectionOut(OutputModel, of=DocumentSection):
    """The text of an edition of a document under one heading."""


class DocumentAcknowledgementOut(OutputModel, of=DocumentAcknowledgement):
    """A person who must acknowledge a document, or has acknowledged it."""


class DocumentAccessRequestOut(OutputModel, of=DocumentAccessRequest):
    """A person's request to see a document."""


class DocumentReaderOut(OutputModel, of=DocumentReader):
    """A person who may see a document for a period."""


class DocumentLoanOut(OutputModel, of=DocumentLoan):
    """A paper copy of a document that is lent."""


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


def _own_unless_staff(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of the rows about persons that the caller may see: all for staff, else own."""
    if renderer.caller.is_staff_for(record):
        return "true"
    parameters["me"] = renderer.caller.person_id
    return "r.person_id = %(me)s"


def _staff_only(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: paper copies are the business of staff."""
    return "true" if renderer.caller.is_staff_for(record) else "false"


#: Lists of what happens to documents that are kept.
KEPT_LISTINGS = (
    ChildListing(
        "document_acknowledgements",
        DocumentAcknowledgement,
        "asked_at",
        DocumentAcknowledgementOut,
        "the persons who must acknowledge the documents of a record: staff see all of them, other "
        "callers only themselves",
        _own_unless_staff,
    ),
    ChildListing(
        "document_access_requests",
        DocumentAccessRequest,
        "requested_at",
        DocumentAccessRequestOut,
        "the requests to see documents of a record: staff see all of them, other callers only their own",
        _own_unless_staff,
    ),
    ChildListing(
        "document_readers",
        DocumentReader,
        "granted_at",
        DocumentReaderOut,
        "the persons who may see documents of a record for a period: staff see all of them, other "
        "callers only themselves",
        _own_unless_staff,
    ),
    ChildListing(
        "document_loans",
        DocumentLoan,
        "lent_at",
        DocumentLoanOut,
        "the paper copies of a record's documents that were lent. Only staff see them",
        _staff_only,
    ),
)
