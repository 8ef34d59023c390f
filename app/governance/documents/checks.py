"""Checks of actions on documents, beyond state and role."""

from __future__ import annotations

from app.foundation.documents.records import Confidentiality
from app.governance.documents.payloads import ConfirmDocument, DraftDocument, PublishDocument
from app.governance.documents.records import ControlledDocument
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue


async def draft_invalid(
    reads: ReadContext, document: ControlledDocument, body: DraftDocument, ctx: ActionContext
) -> None:
    """Refuse what is not internal and has no readers."""
    if body.confidentiality is not Confidentiality.internal and not (body.readers or body.reader_teams):
        raise WrongValue(pointer="/readers", because="missing")


async def publication_invalid(
    reads: ReadContext, document: ControlledDocument, body: PublishDocument, ctx: ActionContext
) -> None:
    """Refuse a review that is not ahead, and a document that replaces itself."""
    if (
        ctx.refs(ControlledDocument, "replaces")
        and ctx.required_ref(ControlledDocument, "replaces").id == document.id
    ):
        raise WrongValue(pointer="/replaces", because="replaces_itself")
    _check_review(body, ctx)


async def confirmation_invalid(
    reads: ReadContext, document: ControlledDocument, body: ConfirmDocument, ctx: ActionContext
) -> None:
    """Refuse a next review that is not ahead."""
    _check_review(body, ctx)


def _check_review(body: PublishDocument | ConfirmDocument, ctx: ActionContext) -> None:
    if body.review_due_at <= ctx.now:
        raise WrongValue(pointer="/review_due_at", because="not_ahead")
