"""Checks of actions on documents, beyond state and role."""

from __future__ import annotations

from app.foundation.documents.records import Confidentiality
from app.governance.documents.payloads import (
    ConfirmDocument,
    DraftDocument,
    PublishDocument,
    ReviseDocument,
)
from app.governance.documents.preparation import FiledDocument, document_author
from app.governance.documents.records import ControlledDocument
from app.governance.documents.tiers import TIERS
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import ConflictingDuty, WrongValue, caller_check


async def draft_invalid(
    reads: ReadContext, document: ControlledDocument, body: DraftDocument, ctx: ActionContext
) -> None:
    """Refuse what is not internal and has no readers."""
    if body.confidentiality is not Confidentiality.internal and not (body.readers or body.reader_teams):
        raise WrongValue(pointer="/readers", because="missing")


async def file_is_empty(
    reads: ReadContext, document: ControlledDocument, body: DraftDocument | ReviseDocument, ctx: ActionContext
) -> None:
    """Refuse a file of no bytes, or with a content that says nothing, such as a dash."""
    upload = ctx.input.upload
    if upload is not None and (not upload.size or upload.says_nothing):
        raise WrongValue(pointer="/upload", because="nothing_to_read")


@caller_check
async def wrote_a_version(
    reads: ReadContext, document: ControlledDocument, body: object, ctx: ActionContext
) -> None:
    """Refuse the authors of all versions of the document, not only of the first one."""
    writers = {version.author_id for version in ctx.prepared(FiledDocument).versions}
    if ctx.caller.person_id in writers:
        raise ConflictingDuty(document_author)


async def publication_invalid(
    reads: ReadContext, document: ControlledDocument, body: PublishDocument, ctx: ActionContext
) -> None:
    """Refuse a review that is not ahead, or due before the document takes effect; a document that takes
    effect on a day before it was written; and one that replaces what it may not replace.
    """
    _check_review(body, ctx)
    if body.review_due_at < body.effective_at:
        raise WrongValue(pointer="/review_due_at", because="due_before_effective")
    written_at = ctx.prepared(FiledDocument).newest.written_at
    zone = ctx.settings.zone
    if written_at and body.effective_at.astimezone(zone).date() < written_at.astimezone(zone).date():
        raise WrongValue({"since": written_at}, pointer="/effective_at", because="effective_before_written")
    other = ctx.ref(ControlledDocument, "replaces")
    if other is not None:
        _check_replaced(document, other, body, ctx)


def _check_replaced(
    document: ControlledDocument, other: ControlledDocument, body: PublishDocument, ctx: ActionContext
) -> None:
    """Raise WrongValue if the document replaces itself, one of another class, or one that a higher tier has
    reviewed; and if it takes effect only later, so that nothing would be in force until then.
    """
    assert document.tier is not None
    if other.id == document.id:
        raise WrongValue(pointer="/replaces", because="replaces_itself")
    if other.document_class is not document.document_class:
        words = {"document_class": other.document_class or ""}
        raise WrongValue(words, pointer="/replaces", because="replaces_another_class")
    if other.tier is not None and TIERS.index(document.tier) < TIERS.index(other.tier):
        raise WrongValue({"tier": other.tier}, pointer="/replaces", because="replaces_higher_tier")
    if body.effective_at > ctx.now:
        raise WrongValue(pointer="/effective_at", because="replaces_before_effective")


async def confirmation_invalid(
    reads: ReadContext, document: ControlledDocument, body: ConfirmDocument, ctx: ActionContext
) -> None:
    """Refuse a next review that is not ahead."""
    _check_review(body, ctx)


def _check_review(body: PublishDocument | ConfirmDocument, ctx: ActionContext) -> None:
    if body.review_due_at <= ctx.now:
        raise WrongValue(pointer="/review_due_at", because="not_ahead")
