"""Payloads of actions on documents that are kept, of whatever record."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.foundation.documents.keeping.records import DocumentAccessRequest, DocumentLoan, DocumentReader
from app.foundation.documents.records import DocumentEntry
from app.kernel.actions.payloads import (
    FreeText,
    Payload,
    PlaceName,
    Reference,
    WithinThreeYears,
    WithinYear,
)


class ChosenDocumentRef(ChildRef):
    """Marks the field that names a document, which may be left out where the record has only one."""

    needed = True


class OfDocument(Payload):
    """A document of the record."""

    document: Annotated[UUID, ChosenDocumentRef(DocumentEntry)] | None = Field(
        default=None, description="Identifier of the document; may be left out if the record has only one."
    )


class AcknowledgeDocument(OfDocument):
    """The document that the caller has read."""


class RequestDocumentAccess(OfDocument, of=DocumentAccessRequest):
    """The purpose for which the caller wants to see a document."""

    purpose: FreeText = Field(examples=["For the audit of this year. 年度审计需要。"])


class GrantDocumentAccess(OfDocument, of=DocumentReader):
    """The person who may see a document, and the end of the period."""

    person: Annotated[
        Reference,
        ForeignRef("person", GivenDuty.participation),
        Responsible(NoticeType.document_access_granted),
    ] = Field(examples=["me"])
    until_at: WithinThreeYears


class RefuseDocumentAccess(OfDocument):
    """The person whose request to see a document is refused, and the reason."""

    person: Annotated[
        Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.document_access_refused)
    ] = Field(examples=["me"], description="Person who requested access.")
    refusal_reason: FreeText = Field(
        description="Reason for the refusal, addressed to the person who requested access.",
        examples=["The summary says all that the audit needs. 审计所需内容见摘要。"],
    )


class EndDocumentAccess(Payload):
    """The period of access that ends."""

    reader: Annotated[UUID, ChildRef(DocumentReader)] = Field(
        description="Identifier of the entry with the person's access."
    )


class LendDocument(OfDocument, of=DocumentLoan):
    """A paper copy to lend: its place, the borrower, and the return date."""

    place: PlaceName
    borrower: Annotated[
        Reference, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.document_lent)
    ]
    until_at: WithinYear


class ReturnDocument(Payload):
    """A paper copy that was returned."""

    loan: Annotated[UUID, ChildRef(DocumentLoan)] = Field(description="Identifier of the loan.")


class FlagLoanDocument(ReturnDocument):
    """A paper copy that was not returned in time, and its borrower if they are still active."""

    borrower: (
        Annotated[
            Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.document_loan_overdue)
        ]
        | None
    ) = Field(default=None, description="Borrower to be notified; left out if they are no longer active.")


class DestroyDocument(OfDocument):
    """The document that the second person destroys."""


class DocumentReason(OfDocument):
    """The reason for an action on a document."""

    reason: FreeText = Field(
        description="Reason for the action.",
        examples=["A lawsuit needs it. 诉讼需要。"],
    )
