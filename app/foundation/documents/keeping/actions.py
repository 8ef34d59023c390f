"""Actions on documents that are kept: written once, and mounted on the lifecycle table of any kind that files
documents.

    LIFECYCLE = Lifecycle(..., children=(..., *DOCUMENTS), rows=(
        ...,
        *document_actions(KeptDocuments(kind="meeting", any=(State.minuted,))),
    ))

A record whose process goes on may still write further editions of what it has published, so `archivable`
names the states in which it does not; without it, all states do.

Each names the document, one of the record's, which may be left out if the record has only one. The names of
the actions are explicit: `archive_document`, `request_document_access`; and those of the events begin with
`document_`: `training.document_archived`. A document that is a record itself has neither: `archive`,
`document.archived`; and its state is that of its row (`archived`, `destroyed`).

Destroyed content is unreadable: its sections and files are removed, and the keys that belong to them alone
are destroyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Unpack

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.common.records import ChildRecord, CodeEnum
from app.foundation.documents.keeping import checks
from app.foundation.documents.keeping.payloads import (
    AcknowledgeDocument,
    DestroyDocument,
    DocumentReason,
    EndDocumentAccess,
    FlagLoanDocument,
    GrantDocumentAccess,
    LendDocument,
    OfDocument,
    RefuseDocumentAccess,
    RequestDocumentAccess,
    ReturnDocument,
)
from app.foundation.documents.keeping.preparation import (
    Access,
    Acknowledgement,
    ChosenDocument,
    DocumentContent,
    access,
    chosen_document,
    document_content,
    doomed_keys,
    own_acknowledgement,
)
from app.foundation.documents.keeping.records import (
    DocumentAccessRequest,
    DocumentAcknowledgement,
    DocumentLoan,
    DocumentReader,
)
from app.foundation.documents.keeping.retention import retained_until
from app.foundation.documents.records import DocumentEntry, DocumentState
from app.foundation.process_spec import ActionRows
from app.kernel.actions.actor_policy import ActorPolicy, anybody, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import (
    STAYS,
    Action,
    ActionOptions,
    Keys,
    StrangersPolicy,
    Unchanged,
    action,
)
from app.log.events import kind_of


@dataclass(frozen=True, kw_only=True)
class KeptDocuments:
    """The kind of the records whose documents are kept, and `any` of their states in which there can be one.

    `archivable` are the states from which a document is archived, since it is no longer written. For a
    document that is a record: `published` and `held` are its states in which it is in force and can be held;
    `archived` and `destroyed` the states that follow. `grants` are the people who grant access, and
    `notifies` those who are notified of a request for it, besides quality managers; `strangers` are the
    people who may ask although they do not see the record.
    """

    kind: str
    any: Iterable[CodeEnum]
    published: Iterable[CodeEnum] | None = None
    held: Iterable[CodeEnum] | None = None
    archivable: Iterable[CodeEnum] | None = None
    archived: CodeEnum | Unchanged = STAYS
    destroyed: CodeEnum | Unchanged = STAYS
    grants: ActorPolicy = quality_manager
    notifies: tuple[RecipientRule, ...] = ()
    strangers: StrangersPolicy | None = None

    @property
    def is_record(self) -> bool:
        """Return whether the document is the record."""
        return isinstance(self.archived, CodeEnum)

    def row(
        self,
        apply: Callable[..., None],
        zh: str,
        come_from: Iterable[CodeEnum],
        to: CodeEnum | Unchanged,
        policy: ActorPolicy,
        happened: str,
        **more: Unpack[ActionOptions],
    ) -> Action[Any, Any]:
        """Return the row of that function: named, and described, by whether the document is the record."""

        @wraps(apply)
        def act(record: Any, body: Any, ctx: ActionContext) -> None:
            apply(record, body, ctx)

        event = f"{self.kind}.{happened}" if self.is_record else f"{self.kind}.document_{happened}"
        if self.is_record:
            act.__doc__ = (apply.__doc__ or "").replace("the record's document", "the document")
        act.__name__ = _name_of(apply, is_record=self.is_record)
        return action(act, zh, come_from, to, policy, event, **more)


def _name_of(apply: Callable[..., None], *, is_record: bool) -> str:
    name = apply.__name__.removesuffix("_")
    if is_record:
        return name
    verb, _, noun = name.rpartition("_")
    return f"{verb}_document_{noun}" if verb else f"{name}_document"


def name_of(apply: Callable[..., None], row: ChildRecord) -> str:
    """Return the name of the action of that function on the record that the row belongs to."""
    return _name_of(apply, is_record=kind_of(row.record or "") == "document")


def acknowledge(record: Any, body: AcknowledgeDocument, ctx: ActionContext) -> None:
    """Acknowledge the record's document: the caller has read it."""
    entry, awaited = ctx.prepared(ChosenDocument).entry, ctx.prepared(Acknowledgement).row
    if awaited is not None:
        ctx.outcome.change(awaited).acknowledged_at = ctx.occurred_at
        return
    ctx.outcome.add(
        DocumentAcknowledgement(
            id=ctx.new_id(),
            record=record.row_key,
            document_id=entry.id,
            edition=entry.edition,
            person_id=ctx.caller.person_id,
            asked_at=ctx.occurred_at,
            acknowledged_at=ctx.occurred_at,
        )
    )


def request_access(record: Any, body: RequestDocumentAccess, ctx: ActionContext) -> None:
    """Request access to the record's document, with the purpose."""
    ctx.outcome.add(
        DocumentAccessRequest(
            id=ctx.new_id(),
            record=record.row_key,
            document_id=ctx.prepared(ChosenDocument).entry.id,
            person_id=ctx.caller.person_id,
            purpose=body.purpose,
            requested_at=ctx.occurred_at,
        )
    )


def grant_access(record: Any, body: GrantDocumentAccess, ctx: ActionContext) -> None:
    """Grant access to the record's document, to a person for a period. An earlier period ends."""
    person, rows = ctx.required_ref(Person, "person"), ctx.prepared(Access)
    for request in rows.requests:
        if request.person_id == person.id:
            ctx.outcome.change(request).granted_at = ctx.occurred_at
    for reader in rows.readers:
        if reader.person_id == person.id and reader.document_id == ctx.prepared(ChosenDocument).entry.id:
            ctx.outcome.remove(reader)
    ctx.outcome.add(
        DocumentReader(
            id=ctx.new_id(),
            record=record.row_key,
            document_id=ctx.prepared(ChosenDocument).entry.id,
            person_id=person.id,
            granted_by_id=ctx.caller.person_id,
            granted_at=ctx.occurred_at,
            until_at=body.until_at,
        )
    )


def refuse_access(record: Any, body: RefuseDocumentAccess, ctx: ActionContext) -> None:
    """Refuse access to the record's document, to a person who requested it."""
    person = ctx.required_ref(Person, "person")
    for request in ctx.prepared(Access).requests:
        if request.person_id == person.id:
            refused = ctx.outcome.change(request)
            refused.refused_at, refused.refusal_reason = ctx.occurred_at, body.refusal_reason


def end_access(record: Any, body: EndDocumentAccess, ctx: ActionContext) -> None:
    """End access to the record's document: a person's period of access is over."""
    ctx.outcome.remove(ctx.required_ref(DocumentReader, "reader"))


def lend(record: Any, body: LendDocument, ctx: ActionContext) -> None:
    """Lend the record's document, as a paper copy."""
    ctx.outcome.add(
        DocumentLoan(
            id=ctx.new_id(),
            record=record.row_key,
            document_id=ctx.prepared(ChosenDocument).entry.id,
            place=body.place,
            borrower_id=ctx.required_ref(Person, "borrower").id,
            lent_at=ctx.occurred_at,
            until_at=body.until_at,
        )
    )


def return_(record: Any, body: ReturnDocument, ctx: ActionContext) -> None:
    """Return the record's document: a paper copy was brought back."""
    ctx.outcome.change(ctx.required_ref(DocumentLoan, "loan")).returned_at = ctx.occurred_at


def flag_loan(record: Any, body: FlagLoanDocument, ctx: ActionContext) -> None:
    """Flag the record's document as overdue: a paper copy was not returned in time."""
    ctx.outcome.change(ctx.required_ref(DocumentLoan, "loan")).overdue_at = ctx.occurred_at


def archive(record: Any, body: DocumentReason, ctx: ActionContext) -> None:
    """Archive the record's document: its retention period begins."""
    entry = _changed_entry(ctx)
    entry.state = DocumentState.archived
    entry.archived_at, entry.archive_reason = ctx.occurred_at, body.reason
    entry.retained_until_at = retained_until(entry.document_class, entry.importance, ctx.occurred_at)


def hold(record: Any, body: DocumentReason, ctx: ActionContext) -> None:
    """Put the record's document on hold: for a legal reason it is not destroyed, even after its retention
    period.
    """
    entry = _changed_entry(ctx)
    entry.held_at, entry.hold_reason = ctx.occurred_at, body.reason
    entry.destruction_asked_at = entry.destruction_asked_by_id = None


def release_hold(record: Any, body: DocumentReason, ctx: ActionContext) -> None:
    """Release the record's document from hold: it may be destroyed after its retention period again."""
    entry = _changed_entry(ctx)
    entry.held_at = entry.hold_reason = None


def warn_of_retention(record: Any, body: OfDocument, ctx: ActionContext) -> None:
    """Warn about the record's document: its retention period ends soon."""
    _changed_entry(ctx).retention_warned_at = ctx.occurred_at


def ask_destruction(record: Any, body: OfDocument, ctx: ActionContext) -> None:
    """Ask to destroy the record's document, as the first of two persons."""
    entry = _changed_entry(ctx)
    entry.destruction_asked_at, entry.destruction_asked_by_id = ctx.occurred_at, ctx.caller.person_id


def destroy(record: Any, body: DestroyDocument, ctx: ActionContext) -> None:
    """Destroy the record's document, as the second of two persons: it can no longer be read."""
    entry = _changed_entry(ctx)
    entry.state = DocumentState.destroyed
    entry.destroyed_at, entry.destroyed_by_id = ctx.occurred_at, ctx.caller.person_id
    for row in ctx.prepared(DocumentContent).rows:
        ctx.outcome.remove(row)


def _changed_entry(ctx: ActionContext) -> DocumentEntry:
    return ctx.outcome.change(ctx.prepared(ChosenDocument).entry)


_MANAGERS = frozenset({Role.quality_manager})
ACCESS_ASKED = (RecipientRule(NoticeType.document_access_requested, roles=_MANAGERS),)
LOAN_OVERDUE = (RecipientRule(NoticeType.document_loan_overdue, roles=_MANAGERS),)
RETENTION_ENDS = (RecipientRule(NoticeType.document_retention_ends, roles=_MANAGERS),)


# fmt: off
def document_actions(spec: KeptDocuments) -> ActionRows:
    """Return the rows of the lifecycle table for documents that are kept."""
    row, chosen, people = spec.row, (chosen_document,), anybody.for_people()
    published, archivable = spec.published or spec.any, spec.archivable or spec.any
    held, archived = spec.held or spec.any, (spec.archived,) if isinstance(spec.archived, CodeEnum) else spec.any
    managers = quality_manager.for_people()
    content = (*chosen, document_content, doomed_keys)
    return (
        #   action             中文            from        to              who          event
        row(acknowledge,       "确认已读",     published,  STAYS,          people,      "acknowledged",
            prepare=(*chosen, own_acknowledgement), wrong=(checks.not_published, checks.acknowledged_already)),
        row(request_access,    "申请查阅",     published,  STAYS,          people,      "access_requested",
            prepare=(*chosen, access), wrong=(checks.not_published, checks.requested_already), keys=Keys.TEXTS,
            notifies=(*spec.notifies, *ACCESS_ASKED), strangers=spec.strangers),
        row(grant_access,      "授权查阅",     published,  STAYS,          spec.grants.in_person(), "access_granted",
            prepare=(*chosen, access), wrong=(checks.not_published, checks.grants_own_secret, checks.grant_invalid)),
        row(refuse_access,     "不予查阅",     spec.any,   STAYS,          spec.grants.in_person(), "access_refused",
            prepare=(*chosen, access), wrong=(checks.access_not_requested, checks.nobody_requests), keys=Keys.TEXTS),
        row(end_access,        "查阅到期",     spec.any,   STAYS,          rule,        "access_ended", wrong=(checks.access_not_over,)),
        row(lend,              "借出",         published,  STAYS,          managers,    "lent",
            prepare=chosen, wrong=(checks.not_published, checks.loan_invalid)),
        row(return_,           "归还",         spec.any,   STAYS,          managers,    "returned", wrong=(checks.returned_already,)),
        row(flag_loan,         "标记逾期未还", spec.any,   STAYS,          rule,        "loan_overdue",
            wrong=(checks.returned_already, checks.loan_flagged), notifies=LOAN_OVERDUE),
        row(archive,           "归档",         archivable, spec.archived,  managers,    "archived",
            prepare=chosen, wrong=(checks.not_archivable,), keys=Keys.TEXTS),
        row(hold,              "法律保留",     held,       STAYS,          managers,    "held",
            prepare=chosen, wrong=(checks.document_on_hold,), keys=Keys.TEXTS),
        row(release_hold,      "解除保留",     held,       STAYS,          managers,    "hold_released",
            prepare=chosen, wrong=(checks.document_not_on_hold,), keys=Keys.TEXTS),
        row(warn_of_retention, "提醒保存期将满", archived,   STAYS,          rule,        "retention_warned",
            prepare=chosen, wrong=(checks.not_archived, checks.warned_already), notifies=RETENTION_ENDS),
        row(ask_destruction,   "提请销毁",     archived,   STAYS,          managers,    "destruction_asked",
            prepare=chosen, wrong=(checks.not_archived, checks.retention_not_over, checks.destruction_asked_already)),
        row(destroy,           "销毁",         archived,   spec.destroyed, managers,    "destroyed",
            prepare=content, wrong=(checks.not_archived, checks.retention_not_over, checks.not_by_two), keys=Keys.DOOMED),
    )
# fmt: on

#: The names of these actions on records that file documents.
KEPT_ACTIONS = frozenset(row.name for row in document_actions(KeptDocuments(kind="any", any=())))
