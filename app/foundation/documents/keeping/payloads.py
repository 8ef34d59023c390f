"""Payloads of actions on documents that are kept, of whatever record."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRef, ForeignRef
from app.foundation.documents.keeping.records import DocumentAccessRequest, DocumentLoan, DocumentReader
from app.foundation.documents.records import DocumentEntry
from app.kernel.actions.payloads import FreeText, Instant, Payload, Reference, ShortText


class OfDocument(Payload):
    """A document of the record."""

    document: Annotated[UUID, ChildRef(DocumentEntry)] | None = Field(
        default=None, description="The document: its id. May be left out if the record has one only."
    )


class AcknowledgeDocument(OfDocument):
    """The document that the caller has read."""


class RequestDocumentAccess(OfDocument, of=DocumentAccessRequest):
    """The purpose for which somebody wants to see a document."""

    purpose: FreeText = Field(examples=["For the audit of this year. 年度审计需要。"])


class GrantDocumentAccess(OfDocument, of=DocumentReader):
    """The person who may see a document, and until when."""

    person: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.document_access_granted)] = (
        Field(examples=["me"])
    )
    until_at: Instant


class RefuseDocumentAccess(OfDocument):
    """The person who is not let see a document, and why."""

    person: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.document_access_refused)] = (
        Field(examples=["me"], description="The person who asked for it.")
    )
    refusal_reason: FreeText = Field(
        description="The reason, in words to whoever asked.",
        examples=["The summary says all that the audit needs. 审计所需内容见摘要。"],
    )


class EndDocumentAccess(Payload):
    """A person's time to see a document that is over."""

    reader: Annotated[UUID, ChildRef(DocumentReader)] = Field(description="The row of that person: its id.")


class LendDocument(OfDocument, of=DocumentLoan):
    """A paper copy to lend: its place, to whom, and until when."""

    place: ShortText
    borrower: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.document_lent)]
    until_at: Instant


class ReturnDocument(Payload):
    """A paper copy that is back."""

    loan: Annotated[UUID, ChildRef(DocumentLoan)] = Field(description="The loan: its id.")


class FlagLoanDocument(ReturnDocument):
    """A paper copy that is not back in time, and the borrower, if they are still active."""

    borrower: (
        Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.document_loan_overdue)] | None
    ) = None


class DestroyDocument(OfDocument):
    """The document that the second person destroys."""


class DocumentReason(OfDocument):
    """The reason for what is done with a document."""

    reason: FreeText = Field(
        description="The reason, in the words of the person who acts.",
        examples=["A lawsuit needs it. 诉讼需要。"],
    )
