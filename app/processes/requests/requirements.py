"""Actions on requirements: the requester confirms them, and may change them later."""

from __future__ import annotations

from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.people.records import Group
from app.kernel.actions.context import ActionContext
from app.processes.requests.payloads import (
    ChangeRequirementsRequest,
    ConfirmRequirementsRequest,
)
from app.processes.requests.preparation import CurrentCriteria
from app.processes.requests.records import Criterion, Request


def confirm_requirements(request: Request, body: ConfirmRequirementsRequest, ctx: ActionContext) -> None:
    """Confirm the request's requirements: they are recorded as the requester has confirmed them."""
    request.acceptance_group_id = ctx.required_ref(Group, "acceptance_group").id
    request.requirements_confirmed_at = body.confirmed_at
    supersede(DocumentClass.SN, ctx)
    texts = (
        (Heading.background, body.background),
        (Heading.functional, body.functional),
        (Heading.performance, body.performance),
        (Heading.interfaces, body.interfaces),
        (Heading.data, body.data),
    )
    file_document(request, DocumentClass.SN, texts, ctx)
    for earlier in ctx.prepared(CurrentCriteria).criteria:
        ctx.change(earlier).dropped_at = ctx.occurred_at
    for place, criterion in enumerate(body.criteria, start=1):
        row = Criterion(
            id=ctx.new_id(),
            record=request.row_key,
            place=place,
            text=criterion.text,
            shown_by=criterion.shown_by,
            added_at=ctx.occurred_at,
        )
        ctx.add(row)


def change_requirements(request: Request, body: ChangeRequirementsRequest, ctx: ActionContext) -> None:
    """Change the request's requirements: it is analysed again, and a new solution must be proposed."""
    request.solution_id = None
    request.next_report_due_at = None
