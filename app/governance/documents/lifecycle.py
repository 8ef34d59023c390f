"""Lifecycle of documents: drafted, reviewed by a tier, countersigned, published, kept and destroyed.

drafted ─► in_review ─► approved ─► published ─► superseded ─► archived ─► destroyed
   ▲           │                        │              └─ published, too ─► archived
   └───────────┴──── revised ───────────┘
"""

from __future__ import annotations

from app.common.children import Attachment, Visibility
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Caller, Person, Role
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import add_prepared_decision, tallied
from app.foundation.decisions.preparation import NewDecision
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.keeping.records import DocumentAcknowledgement
from app.foundation.documents.records import Confidentiality, DocumentEntry
from app.foundation.documents.records import DocumentState as State
from app.foundation.people.records import Team
from app.governance.documents import checks, tiers
from app.governance.documents.face import FACE
from app.governance.documents.payloads import (
    ConfirmDocument,
    CountersignDocument,
    DraftDocument,
    PublishDocument,
    ReadDocument,
    ReviewDocument,
    ReviseDocument,
    SubmitDocument,
    SupersedeDocument,
)
from app.governance.documents.preparation import (
    COUNTERSIGNATURE,
    REVIEW,
    Countersigning,
    FiledDocument,
    ReplacedDocument,
    countersigning,
    document_author,
    filed_document,
    replaced_document,
    review_question,
)
from app.governance.documents.records import ControlledDocument, DocumentVersion
from app.governance.documents.versions import next_draft, next_published
from app.kernel.access.audience_rules import ANY_VALUE, to_members, to_persons, to_staff
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.actions.actor_policy import author, decision, quality_manager, rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, Keys, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import Rules

#: Fields of the register entry that match the document.
SHARED = ("title", "subclass", "importance", "confidentiality", "external_number", "version_label", "edition")


def draft(document: ControlledDocument, body: DraftDocument, ctx: ActionContext) -> None:
    """Draft a document, with its first file."""
    copy_fields(document, body, ctx)
    document.number = ctx.assigned.document_numbers[body.document_class]
    document.author_id, document.drafted_at = ctx.caller.person_id, ctx.occurred_at
    entry = DocumentEntry(
        id=document.id,
        record=document.row_key,
        number=document.number,
        document_class=document.document_class,
        author_id=document.author_id,
        drafted_at=ctx.occurred_at,
    )
    ctx.outcome.add(entry)
    _add_version(document, body, entry, ctx)


def revise(document: ControlledDocument, body: ReviseDocument, ctx: ActionContext) -> None:
    """Revise the document: its next version is a draft, and the current version stays in force."""
    document.title, document.tier = body.title or document.title, body.tier or document.tier
    team = ctx.ref(Team, "team")
    document.team_id = document.team_id if team is None else team.id
    _add_version(document, body, ctx.outcome.change(ctx.prepared(FiledDocument).entry), ctx)


def _add_version(
    document: ControlledDocument,
    body: DraftDocument | ReviseDocument,
    entry: DocumentEntry,
    ctx: ActionContext,
) -> None:
    """Add the next version with its file, and copy the document's values to the entry."""
    upload = ctx.input.upload
    assert upload is not None, "the payload names one"
    document.edition = (document.edition or 0) + 1
    document.version_label = next_draft(document.version_label)
    document.attachment_id = upload.id
    ctx.outcome.add(
        Attachment(
            id=upload.id,
            record=document.row_key,
            author_id=ctx.caller.person_id,
            name=body.name,
            visibility=Visibility.public,
            attached_at=ctx.occurred_at,
            media_type=upload.media_type,
            size=upload.size,
            sha256=upload.sha256,
        )
    )
    ctx.outcome.add(
        DocumentVersion(
            id=ctx.new_id(),
            record=document.row_key,
            edition=document.edition,
            label=document.version_label,
            state=State.drafted,
            attachment_id=upload.id,
            author_id=ctx.caller.person_id,
            written_at=ctx.occurred_at,
            media_type=upload.media_type,
            size=upload.size,
            sha256=upload.sha256,
        )
    )
    for name in SHARED:
        setattr(entry, name, getattr(document, name))
    entry.state = State.drafted


def _enter(state: State, ctx: ActionContext) -> DocumentEntry:
    """Return the entry in that state."""
    entry = ctx.outcome.change(ctx.prepared(FiledDocument).entry)
    entry.state = state
    return entry


def submit(document: ControlledDocument, body: SubmitDocument, ctx: ActionContext) -> None:
    """Submit the document to its reviewers, with a summary of the changes."""
    ctx.outcome.change(ctx.prepared(FiledDocument).newest).changes = body.changes
    document.review_outcome = None
    _ask_reviewers(document, ctx.prepared(NewDecision), ctx)
    _enter(State.in_review, ctx)


def _ask_reviewers(document: ControlledDocument, question: NewDecision, ctx: ActionContext) -> None:
    add_prepared_decision(question, ctx)
    document.decision_id = question.decision.id


def review(document: ControlledDocument, body: ReviewDocument, ctx: ActionContext) -> None:
    """Review the document: the reviewers of its tier have decided. Departments then countersign it, if
    required.
    """
    question = ctx.prepared(Countersigning).question
    if question is not None:
        _ask_reviewers(document, question, ctx)
    else:
        _conclude(document, body.outcome, ctx)


def countersign(document: ControlledDocument, body: CountersignDocument, ctx: ActionContext) -> None:
    """Countersign the document: the departments have decided."""
    _conclude(document, body.outcome, ctx)


def _conclude(document: ControlledDocument, outcome: DecisionOutcome, ctx: ActionContext) -> None:
    document.review_outcome = outcome
    _enter(_reviewed_state(document), ctx)


def _reviewed_state(document: ControlledDocument) -> State:
    """Return the state after a decision: without an outcome, the departments are asked now."""
    return State.in_review if document.review_outcome is None else _countersigned_state(document)


def _countersigned_state(document: ControlledDocument) -> State:
    return State.approved if document.review_outcome is DecisionOutcome.approved else State.drafted


def publish(document: ControlledDocument, body: PublishDocument, ctx: ActionContext) -> None:
    """Publish the document's newest version: it replaces the previous one."""
    filed = ctx.prepared(FiledDocument)
    copy_fields(document, body, ctx)
    document.review_overdue_at = None
    document.version_label = document.published_label = next_published(document.version_label)
    for before in filed.versions[:-1]:
        if before.state is State.published:
            superseded = ctx.outcome.change(before)
            superseded.state, superseded.superseded_at = State.superseded, ctx.occurred_at
    version = ctx.outcome.change(filed.newest)
    version.label, version.state = document.version_label, State.published
    version.published_at, version.effective_at = ctx.occurred_at, body.effective_at
    entry = _enter(State.published, ctx)
    entry.version_label, entry.published_at = document.version_label, ctx.occurred_at
    entry.review_due_at = body.review_due_at
    for person in dict.fromkeys(person.id for person in ctx.refs(Person, "acknowledged_by")):
        ctx.outcome.add(
            DocumentAcknowledgement(
                id=ctx.new_id(),
                record=document.row_key,
                document_id=entry.id,
                edition=document.edition,
                person_id=person,
                asked_at=ctx.occurred_at,
            )
        )


def confirm(document: ControlledDocument, body: ConfirmDocument, ctx: ActionContext) -> None:
    """Confirm the document until its next review: it is still correct."""
    copy_fields(document, body, ctx)
    document.review_overdue_at = None
    ctx.outcome.change(ctx.prepared(FiledDocument).entry).review_due_at = body.review_due_at


def flag_review(document: ControlledDocument, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the document's review as overdue."""
    document.review_overdue_at = ctx.occurred_at


def supersede(document: ControlledDocument, body: SupersedeDocument, ctx: ActionContext) -> None:
    """Supersede the document: another one takes its place."""
    _enter(State.superseded, ctx).superseded_at = ctx.occurred_at


def read(document: ControlledDocument, body: ReadDocument, ctx: ActionContext) -> None:
    """Read the document: its content was given to a reader."""


def requestable_by(document: ControlledDocument, caller: Caller) -> bool:
    """Return whether the caller may request the document although they do not see it: staff know which
    restricted documents are in force; a secret document is unknown to people who may not see it.
    """
    is_listed = document.confidentiality is Confidentiality.restricted and document.state is State.published
    return is_listed and caller.is_staff and caller.person_id is not None


def _what_follows(document: ControlledDocument, decided: Decision) -> tuple[str, Payload] | None:
    """Return the action that a decision of reviewers or departments leads to."""
    if document.state is not State.in_review:
        return None
    name = countersign if decided.decision is DecisionKind.document_countersignature else review
    return name.__name__, tallied(decided)


def _return_to_author(document: ControlledDocument, ctx: ActionContext) -> None:
    """Return the entry to its author, since the question to the reviewers was withdrawn."""
    _enter(State.drafted, ctx)


VOTES = decisions.DecisionSpec(
    kind="document",
    any=(State.in_review,),
    matters=(REVIEW, COUNTERSIGNATURE),
    outcome=_what_follows,
    after_withdrawal={State.in_review: State.drafted},
    restore=_return_to_author,
    prepare_restore=(filed_document,),
)
KEPT_DOCUMENTS = KeptDocuments(
    kind="document",
    any=(State.published, State.superseded, State.archived),
    published=(State.published,),
    held=tuple(state for state in State if state is not State.destroyed),
    archivable=(State.published, State.superseded),
    archived=State.archived,
    destroyed=State.destroyed,
    grants=author | quality_manager,
    notifies=(RecipientRule(NoticeType.document_access_requested, field="author_id"),),
    strangers=requestable_by,
)
SUPERSEDE = RelatedCommand(
    action="supersede",
    field="replaces",
    record=lambda ctx: ctx.prepared(ReplacedDocument).stream or (),
    body=lambda document, body: SupersedeDocument(successor=document.id),
    permitted=True,
)
REVIEWED = Branch(_reviewed_state, (State.approved, State.drafted, State.in_review))
COUNTERSIGNED = Branch(_countersigned_state, (State.approved, State.drafted))
TO_AUTHOR = (RecipientRule(NoticeType.document_reviewed, field="author_id"),)
TO_MANAGERS = (RecipientRule(NoticeType.document_review_due, roles=frozenset({Role.quality_manager})),)
IN_WRITING = (State.drafted, State.published)
filed = (filed_document,)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="document", plural="documents", zh="文件", record=ControlledDocument,
    face=FACE,
    access=KindAccess(oversight=frozenset({Role.auditor})),
    # Readers see a document from its first publication: until then, its text is not approved.
    visible=(
        to_persons("author_id"), to_staff(confidentiality=Confidentiality.internal),
        to_persons("reader_ids", published_label=ANY_VALUE), to_members("reader_team_ids", published_label=ANY_VALUE),
    ),
    children=(*decisions.CHILDREN, *DOCUMENTS, DocumentVersion, Attachment),
    lookup=Lookup(searched_fields=("title",)), rules=Rules(change_check=decisions.not_while_decided(VOTES)),
    rows=(
        #      action       中文        from               to                who                       event
        action(draft,       "起草",     NEW_RECORD,        State.drafted,    staff,                    "document.drafted",
               keys=Keys.UPLOADS, documents=lambda _, body: (body.document_class,), prepare=(tiers.reviewing_lead,),
               wrong=(checks.file_is_empty, checks.draft_invalid, tiers.drafted_tier_invalid), supplies=tiers.with_tier),
        action(revise,      "修订",     IN_WRITING,        State.drafted,    author | quality_manager, "document.revised",
               keys=Keys.UPLOADS, prepare=filed, wrong=(checks.file_is_empty, tiers.revised_tier_invalid,)),
        action(submit,      "提交",     [State.drafted],   State.in_review,  author | quality_manager, "document.submitted",
               keys=Keys.TEXTS, prepare=(*filed, review_question)),
        action(review,      "评审",     [State.in_review], REVIEWED,         decision,                 "document.reviewed",
               prepare=(*filed, countersigning), notifies=TO_AUTHOR),
        action(countersign, "会签",     [State.in_review], COUNTERSIGNED,    decision,                 "document.countersigned",
               prepare=filed, notifies=TO_AUTHOR),
        action(publish,     "发布",     [State.approved],  State.published,  quality_manager,          "document.published",
               prepare=(*filed, replaced_document), wrong=(checks.wrote_a_version, checks.publication_invalid),
               segregate_from=(document_author,), related=SUPERSEDE),
        action(confirm,     "确认有效", [State.published], STAYS,            quality_manager,          "document.confirmed",
               prepare=filed, wrong=(checks.wrote_a_version, checks.confirmation_invalid), segregate_from=(document_author,)),
        action(flag_review, "标记复审逾期", [State.published], STAYS,            rule,                     "document.review_overdue",
               due=DueAt("review_due_at", "flag_document_reviews", unless="review_overdue_at"), notifies=TO_MANAGERS),
        action(supersede,   "取代",     [State.published], State.superseded, rule,                     "document.superseded", prepare=filed),
        action(read,        "阅读",     State,             STAYS,            rule,                     "document.read", staff_only=True),
        *document_actions(KEPT_DOCUMENTS),
        *decisions.rows(VOTES),
    ),
)
# fmt: on
