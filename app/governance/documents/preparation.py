"""Values that actions on documents load beforehand: their entry, their versions, and who reviews them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.foundation.decisions.matters import Matter
from app.foundation.decisions.motions import question_of
from app.foundation.decisions.preparation import NewDecision, Question, new_decision, question_preparation
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome
from app.foundation.documents.records import DocumentEntry
from app.governance.documents.payloads import PublishDocument, ReviewDocument
from app.governance.documents.records import ControlledDocument, DocumentVersion
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import caller_check

document_author = RecordDuty("author", "作者", ("author_id",))
_WRITTEN = ("title", "attachment_id")
#: Authors of any version of the document are not asked to review it.
REVIEW = Matter(decision=DecisionKind.document_review, duties=(document_author,), fields=_WRITTEN)
COUNTERSIGNATURE = Matter(
    decision=DecisionKind.document_countersignature, duties=(document_author,), fields=_WRITTEN
)
review_question = question_preparation(REVIEW)


@dataclass(frozen=True, slots=True)
class FiledDocument:
    """The document's entry in the register, and its versions, the oldest first."""

    entry: DocumentEntry
    versions: tuple[DocumentVersion, ...]

    @property
    def newest(self) -> DocumentVersion:
        """The newest version."""
        return self.versions[-1]


@caller_check
async def filed_document(
    reads: ReadContext, document: ControlledDocument, body: object, ctx: ActionContext
) -> FiledDocument:
    """Find the document's entry and its versions."""
    (entry,) = await reads.children(DocumentEntry, document)
    versions = await reads.children(DocumentVersion, document)
    return FiledDocument(entry, tuple(sorted(versions, key=lambda version: version.edition or 0)))


@dataclass(frozen=True, slots=True)
class Countersigning:
    """The question to the departments that countersign; None without such departments, or if it was not
    approved.
    """

    question: NewDecision | None


async def countersigning(
    reads: ReadContext, document: ControlledDocument, body: ReviewDocument, ctx: ActionContext
) -> Countersigning:
    """Put the question to the leads of the departments that countersign, once the reviewers have approved."""
    if body.outcome is not DecisionOutcome.approved or not document.countersigning_team_ids:
        return Countersigning(None)
    decision = await reads.child(Decision, document, id=document.decision_id)
    text = "" if decision is None else question_of(decision)
    return Countersigning(await new_decision(reads, document, Question(text, COUNTERSIGNATURE), ctx))


@dataclass(frozen=True, slots=True)
class ReplacedDocument:
    """The stream of the document that the published one replaces, or None."""

    stream: str | None


async def replaced_document(
    reads: ReadContext, document: ControlledDocument, body: PublishDocument, ctx: ActionContext
) -> ReplacedDocument:
    """Find the document whose place it takes."""
    other: Any = ctx.ref(ControlledDocument, "replaces")
    return ReplacedDocument(None if other is None else other.row_key)
