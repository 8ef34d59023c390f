"""Checks of actions on kept documents, beyond state and role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.common.people import STAFF_ROLES, Person, Role
from app.foundation.documents.keeping.payloads import (
    DocumentReason,
    EndDocumentAccess,
    FlagLoanDocument,
    GrantDocumentAccess,
    LendDocument,
    OfDocument,
    RefuseDocumentAccess,
    ReturnDocument,
)
from app.foundation.documents.keeping.preparation import Access, Acknowledgement, ChosenDocument
from app.foundation.documents.keeping.records import DocumentLoan, DocumentReader
from app.foundation.documents.records import Confidentiality, DocumentState
from app.foundation.people.lookups import is_member
from app.kernel.access.audience_rules import MEMBER, PERSON
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import ROW_TOKENS
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import ConflictingDuty, WrongValue, caller_check

#: A secret document is not given to others by its author alone, nor for more than so many days.
SECRET_AUTHOR = RecordDuty("author of the secret document", "涉密文件作者", ())
SECRET_DAYS = 184
#: The first of the two who destroy a document; no field of the record names them.
DESTRUCTION_ASKER = RecordDuty("first of the two who destroy it", "提出销毁的人", ())
#: States of a document that can be archived.
ARCHIVABLE = (DocumentState.published, DocumentState.superseded)


@caller_check
async def not_published(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> str | None:
    """Refuse if the document is not published (`document_not_published`)."""
    published = ctx.prepared(ChosenDocument).entry.state is DocumentState.published
    return None if published else "document_not_published"


@caller_check
async def acknowledged_already(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse who has acknowledged this edition (`acknowledged_already`)."""
    row = ctx.prepared(Acknowledgement).row
    return None if row is None or row.acknowledged_at is None else "acknowledged_already"


@caller_check
async def requested_already(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse who waits for an answer to an earlier request (`access_requested_already`)."""
    waiting = {row.person_id for row in ctx.prepared(Access).requests}
    return "access_requested_already" if ctx.caller.person_id in waiting else None


async def access_not_requested(
    reads: ReadContext, record: Any, body: RefuseDocumentAccess, ctx: ActionContext
) -> str | None:
    """Refuse to answer a person who waits for no answer (`access_not_requested`)."""
    person = ctx.required_ref(Person, "person")
    waiting = {row.person_id for row in ctx.prepared(Access).requests}
    return None if person.id in waiting else "access_not_requested"


@caller_check
async def nobody_requests(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse without a waiting request (`access_not_requested`)."""
    return None if ctx.prepared(Access).requests else "access_not_requested"


@caller_check
async def grants_own_secret(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> None:
    """Refuse the author of a secret document, who must not decide alone about its readers."""
    entry = ctx.prepared(ChosenDocument).entry
    is_author = ctx.caller.person_id in {entry.author_id, getattr(record, "author_id", None)}
    if entry.confidentiality is Confidentiality.secret and is_author:
        raise ConflictingDuty(SECRET_AUTHOR)


async def grant_invalid(
    reads: ReadContext, record: Any, body: GrantDocumentAccess, ctx: ActionContext
) -> None:
    """Refuse a time that is over. For a secret document, also refuse a person who is not staff, and a long
    time.
    """
    _check_ahead(body, ctx)
    entry, person = ctx.prepared(ChosenDocument).entry, ctx.required_ref(Person, "person")
    if entry.confidentiality is not Confidentiality.secret:
        return
    if not await reads.holding(STAFF_ROLES, record, [person.id]):
        raise WrongValue(pointer="/person", because="secret_for_staff")
    if body.until_at > ctx.now + timedelta(days=SECRET_DAYS):
        words = {"days": str(SECRET_DAYS)}
        raise WrongValue(words, pointer="/until_at", because="access_too_long")


async def access_not_over(
    reads: ReadContext, record: Any, body: EndDocumentAccess, ctx: ActionContext
) -> str | None:
    """Refuse to end the time before its end (`not_due_yet`)."""
    until_at = ctx.required_ref(DocumentReader, "reader").until_at
    return "not_due_yet" if until_at is not None and ctx.now < until_at else None


async def loan_invalid(reads: ReadContext, record: Any, body: LendDocument, ctx: ActionContext) -> None:
    """Refuse a time that is over, and a borrower who may not read a document that is not internal."""
    _check_ahead(body, ctx)
    borrower = ctx.required_ref(Person, "borrower")
    if ctx.prepared(ChosenDocument).entry.confidentiality in (None, Confidentiality.internal):
        return
    sees = {f"{kind}:{borrower.id}" for kind in (PERSON, *ROW_TOKENS)}
    teams = [token.removeprefix(f"{MEMBER}:") for token in ctx.audience if token.startswith(f"{MEMBER}:")]
    readers = {Role.quality_manager, Role.auditor}
    may_read = (
        bool(sees & ctx.audience)
        or await is_member(reads, borrower, teams)
        or bool(await reads.holding(readers, record, [borrower.id]))
    )
    if not may_read:
        raise WrongValue(pointer="/borrower", because="may_not_read")


def _check_ahead(body: GrantDocumentAccess | LendDocument, ctx: ActionContext) -> None:
    if body.until_at <= ctx.now:
        raise WrongValue(pointer="/until_at", because="not_ahead")


@caller_check
async def returned_already(
    reads: ReadContext, record: Any, body: ReturnDocument, ctx: ActionContext
) -> str | None:
    """Refuse a copy that is back (`returned_already`)."""
    returned_at = ctx.required_ref(DocumentLoan, "loan").returned_at
    return None if returned_at is None else "returned_already"


async def loan_flagged(reads: ReadContext, record: Any, body: FlagLoanDocument, ctx: ActionContext) -> None:
    """Refuse a copy that is flagged (`flagged_already`)."""
    if ctx.required_ref(DocumentLoan, "loan").overdue_at is not None:
        raise WrongValue(pointer="/loan", because="flagged_already")


@caller_check
async def not_archivable(
    reads: ReadContext, record: Any, body: DocumentReason, ctx: ActionContext
) -> str | None:
    """Refuse what is neither published nor superseded (`document_not_published`)."""
    entry = ctx.prepared(ChosenDocument).entry
    return None if entry.state in ARCHIVABLE else "document_not_published"


@caller_check
async def not_archived(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> str | None:
    """Refuse what is not archived (`document_not_archived`)."""
    archived = ctx.prepared(ChosenDocument).entry.state is DocumentState.archived
    return None if archived else "document_not_archived"


@caller_check
async def document_on_hold(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse what is held, or destroyed (`document_held`, `document_destroyed`)."""
    entry = ctx.prepared(ChosenDocument).entry
    if entry.state is DocumentState.destroyed:
        return "document_destroyed"
    return None if entry.held_at is None else "document_held"


@caller_check
async def document_not_on_hold(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse what nothing holds (`document_not_held`)."""
    return "document_not_held" if ctx.prepared(ChosenDocument).entry.held_at is None else None


@caller_check
async def retention_not_over(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse to destroy before the retention is over, or while a legal hold is on the document
    (`retention_not_over`, `document_held`).
    """
    entry = ctx.prepared(ChosenDocument).entry
    if entry.held_at is not None:
        return "document_held"
    if entry.retained_until_at is None or ctx.now < entry.retained_until_at:
        return "retention_not_over"
    return None


@caller_check
async def destruction_asked_already(
    reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext
) -> str | None:
    """Refuse to ask for the destruction again (`destruction_asked_already`)."""
    asked_at = ctx.prepared(ChosenDocument).entry.destruction_asked_at
    return None if asked_at is None else "destruction_asked_already"


@caller_check
async def not_by_two(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> str | None:
    """Refuse a destruction without a request (`destruction_not_asked`), or by the person who requested it."""
    entry = ctx.prepared(ChosenDocument).entry
    if entry.destruction_asked_at is None:
        return "destruction_not_asked"
    if ctx.caller.person_id is None or ctx.caller.person_id == entry.destruction_asked_by_id:
        raise ConflictingDuty(DESTRUCTION_ASKER)
    return None


async def warned_already(reads: ReadContext, record: Any, body: OfDocument, ctx: ActionContext) -> str | None:
    """Refuse to announce the end of the retention again (`warned_already`)."""
    return None if ctx.prepared(ChosenDocument).entry.retention_warned_at is None else "warned_already"
