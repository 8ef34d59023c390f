"""Rows next to a document: required acknowledgements, requests for it, temporary readers, paper copies
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, ForeignRef, optional, required


class DocumentAcknowledgement(ChildRecord):
    """A person who must read and acknowledge a document, or has done so."""

    KIND: ClassVar[str] = "document_acknowledgement"
    AUDIENCE_KIND: ClassVar[str] = "acknowledger"
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ("acknowledged_at",)

    document_id: UUID | None = required("Identifier of the document in the record.")
    edition: int | None = required("Number of the edition to acknowledge.")
    person_id: Annotated[
        UUID | None,
        ForeignRef("person", GivenDuty.participation),
        Responsible(NoticeType.document_to_acknowledge),
    ] = required("Person who must read the document.")
    asked_at: datetime | None = required("Time at which the person was asked to read the document.")
    acknowledged_at: datetime | None = optional(
        "Time at which the person confirmed having read the document; null until then."
    )


class DocumentAccessRequest(ChildRecord):
    """A person's request to see a document."""

    KIND: ClassVar[str] = "document_access_request"

    document_id: UUID | None = required("Identifier of the document in the record.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who requests access.")
    purpose: Annotated[str | None, Personal()] = required("Purpose, in the person's own words.")
    requested_at: datetime | None = required("Time at which the person requested access.")
    granted_at: datetime | None = optional("Time at which access was granted; null if it was not.")
    refused_at: datetime | None = optional("Time at which access was refused; null if it was not.")
    refusal_reason: Annotated[str | None, Personal()] = optional(
        "Reason for the refusal; null if access was not refused."
    )


class DocumentReader(ChildRecord):
    """A person who may see a document for a time, and the record that has made it."""

    KIND: ClassVar[str] = "document_reader"
    AUDIENCE_KIND: ClassVar[str] = "reader"

    document_id: UUID | None = required("Identifier of the document in the record.")
    person_id: Annotated[
        UUID | None,
        ForeignRef("person", GivenDuty.participation),
        Responsible(NoticeType.document_access_granted),
    ] = required("Person who may see the document.")
    granted_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who granted access.")
    granted_at: datetime | None = required("Beginning of the period of access.")
    until_at: datetime | None = required("End of the period of access.", examples=["2027-01-31T00:00:00Z"])


class DocumentLoan(ChildRecord):
    """A paper copy of a document that is lent."""

    KIND: ClassVar[str] = "document_loan"

    document_id: UUID | None = required("Identifier of the document in the record.")
    place: str | None = required("Place where the copy is kept.", examples=["Shelf 4, room 2.017"])
    borrower_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.document_lent)
    ] = required("Person who borrowed the copy.", examples=["me"])
    lent_at: datetime | None = required("Time at which the copy was lent.")
    until_at: datetime | None = required(
        "Time by which the copy must be returned.", examples=["2027-01-31T00:00:00Z"]
    )
    overdue_at: datetime | None = optional(
        "Time at which the loan was flagged as overdue; null if it was not."
    )
    returned_at: datetime | None = optional("Time at which the copy was returned; null while it is lent.")


#: Child records of what is kept, which each kind that files documents has.
KEPT_CHILDREN = (DocumentAcknowledgement, DocumentAccessRequest, DocumentReader, DocumentLoan)
