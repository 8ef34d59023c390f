"""Rows beside a document: who must acknowledge it, who asked for it, who may see it for a time, paper copies
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, ForeignRef, optional, required


class DocumentAcknowledgement(ChildRecord):
    """A person who must acknowledge a document, or has done so; for whom it is a document to read."""

    KIND: ClassVar[str] = "document_acknowledgement"
    AUDIENCE_KIND: ClassVar[str] = "acknowledger"
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ("acknowledged_at",)

    document_id: UUID | None = required("The document: its id.")
    edition: int | None = required("The edition that is acknowledged.")
    person_id: Annotated[
        UUID | None, ForeignRef("person"), Responsible(NoticeType.document_to_acknowledge)
    ] = required("The person who must read it.")
    asked_at: datetime | None = required("Time at which they were asked to.")
    acknowledged_at: datetime | None = optional(
        "Time at which they said that they have read it; null: they have not."
    )


class DocumentAccessRequest(ChildRecord):
    """A person's request to see a document."""

    KIND: ClassVar[str] = "document_access_request"

    document_id: UUID | None = required("The document: its id.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The person who asks.")
    purpose: Annotated[str | None, Personal()] = required("The purpose, in the words of whoever asks.")
    requested_at: datetime | None = required("Time of the request.")
    granted_at: datetime | None = optional("Time at which it was granted; null: it was not.")
    refused_at: datetime | None = optional("Time at which it was refused; null: it was not.")
    refusal_reason: Annotated[str | None, Personal()] = optional("The reason for which it was refused.")


class DocumentReader(ChildRecord):
    """A person who may see a document for a time, and the record that has made it."""

    KIND: ClassVar[str] = "document_reader"
    AUDIENCE_KIND: ClassVar[str] = "reader"

    document_id: UUID | None = required("The document: its id.")
    person_id: Annotated[
        UUID | None, ForeignRef("person"), Responsible(NoticeType.document_access_granted)
    ] = required("The person who may see it.")
    granted_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who granted it.")
    granted_at: datetime | None = required("Beginning of the time.")
    until_at: datetime | None = required("End of the time.", examples=["2199-01-31T00:00:00Z"])


class DocumentLoan(ChildRecord):
    """A paper copy of a document that is lent."""

    KIND: ClassVar[str] = "document_loan"

    document_id: UUID | None = required("The document: its id.")
    place: str | None = required("The place where the copy is kept.", examples=["Shelf 4, room 2.017"])
    borrower_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.document_lent)] = (
        required("The person whom it is lent to.", examples=["me"])
    )
    lent_at: datetime | None = required("Time at which it was lent.")
    until_at: datetime | None = required("Time by which it is to be back.", examples=["2199-01-31T00:00:00Z"])
    overdue_at: datetime | None = optional("Time at which it was flagged as overdue; null: it was not.")
    returned_at: datetime | None = optional("Time at which it came back; null: it is lent.")


#: Child records of what is kept, which each kind that files documents has.
KEPT_CHILDREN = (DocumentAcknowledgement, DocumentAccessRequest, DocumentReader, DocumentLoan)
