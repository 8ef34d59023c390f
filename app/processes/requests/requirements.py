"""Actions on requirements: the requester confirms them, and may change them later."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import ForeignRef
from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.people.records import Group
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
)
from app.processes.requests.preparation import CurrentCriteria
from app.processes.requests.records import Criterion, Request, VerificationMethod


class AcceptanceCriterion(PayloadPart):
    """A criterion that must be met for the request to be accepted."""

    text: FreeText = Field(description="What must be met.")
    shown_by: VerificationMethod = Field(description="How it will be shown.")


class ConfirmRequirementsRequest(Payload):
    """The requirements that the requester confirms, with acceptance criteria and group."""

    background: FreeText = Field(description="Background and goal.")
    functional: FreeText = Field(description="What it must do.")
    performance: FreeText = Field(description="How fast, how much, how reliably.")
    interfaces: FreeText = Field(description="What it must work with.")
    data: FreeText = Field(description="Which data it needs, and which it gives.")
    heard: Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Those of the business side who were heard: ids."
    )
    criteria: Annotated[tuple[AcceptanceCriterion, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What must be met for it to be accepted."
    )
    acceptance_group: Annotated[Reference, ForeignRef("group")] = Field(
        description="Who accepts it: the key or id of a group."
    )
    confirmed_at: Instant = Field(description="When the requester confirmed all of this.")


def confirm_requirements(request: Request, body: ConfirmRequirementsRequest, ctx: ActionContext) -> None:
    """Confirm the request's requirements: they are recorded as the requester has confirmed them."""
    request.acceptance_group_id = ctx.required_ref(Group, "acceptance_group").id
    request.requirements_confirmed_at = body.confirmed_at
    supersede(DocumentClass.SN, ctx)
    said = (
        (Heading.background, body.background),
        (Heading.functional, body.functional),
        (Heading.performance, body.performance),
        (Heading.interfaces, body.interfaces),
        (Heading.data, body.data),
    )
    file_document(request, DocumentClass.SN, said, ctx)
    for earlier in ctx.prepared(CurrentCriteria).criteria:
        ctx.change(earlier).dropped_at = ctx.occurred_at
    for place, criterion in enumerate(body.criteria, start=1):
        made = Criterion(
            id=ctx.new_id(),
            record=request.row_key,
            place=place,
            text=criterion.text,
            shown_by=criterion.shown_by,
            added_at=ctx.occurred_at,
        )
        ctx.add(made)


class ChangeRequirementsRequest(Payload):
    """The change of the requirements, and its reason."""

    changed: FreeText = Field(description="What has changed.")
    reason: FreeText = Field(description="Why.")


def change_requirements(request: Request, body: ChangeRequirementsRequest, ctx: ActionContext) -> None:
    """Change the request's requirements: it is analysed again, and a new solution must be proposed."""
    request.solution_id = None
    request.next_report_due_at = None
