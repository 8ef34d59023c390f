"""What is wanted: the requirements that the requester confirms, and what becomes otherwise later."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import Refers
from app.foundation.documents.filing import file, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.people.records import Group
from app.kernel.bodies import LONGEST_LIST, Body, Few, Instant, Part, Reference, Words
from app.kernel.moment import Moment
from app.processes.requests.preparation import CurrentCriteria
from app.processes.requests.records import Criterion, Request, Showing


class AcceptanceCriterion(Part):
    """Something that must be met for what is made to be accepted."""

    text: Words = Field(description="What must be met.")
    shown_by: Showing = Field(description="How it will be shown.")


class ConfirmRequirementsRequest(Body):
    """What is wanted, as the requester confirms it."""

    background: Words = Field(description="Background and goal.")
    functional: Words = Field(description="What it must do.")
    performance: Words = Field(description="How fast, how much, how reliably.")
    interfaces: Words = Field(description="What it must work with.")
    data: Words = Field(description="Which data it needs, and which it gives.")
    heard: Annotated[tuple[Annotated[Reference, Refers("person")], ...], Few] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Those of the business side who were heard: ids."
    )
    criteria: Annotated[tuple[AcceptanceCriterion, ...], Few] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What must be met for it to be accepted."
    )
    acceptance_group: Annotated[Reference, Refers("group")] = Field(
        description="Who accepts it: the key or id of a group."
    )
    confirmed_at: Instant = Field(description="When the requester confirmed all of this.")


def confirm_requirements(request: Request, body: ConfirmRequirementsRequest, at: Moment) -> None:
    """What is wanted is written down and confirmed by the requester."""
    request.acceptance_group_id = at.named(Group, "acceptance_group").id
    request.requirements_confirmed_at = body.confirmed_at
    supersede(DocumentClass.SN, at)
    said = (
        (Heading.background, body.background),
        (Heading.functional, body.functional),
        (Heading.performance, body.performance),
        (Heading.interfaces, body.interfaces),
        (Heading.data, body.data),
    )
    file(request, DocumentClass.SN, said, at)
    for earlier in at.prepared(CurrentCriteria).criteria:
        at.change(earlier).dropped_at = at.occurred_at
    for place, criterion in enumerate(body.criteria, start=1):
        made = Criterion(
            id=at.new_id(),
            record=request.row_key,
            place=place,
            text=criterion.text,
            shown_by=criterion.shown_by,
            added_at=at.occurred_at,
        )
        at.add(made)


class ChangeRequirementsRequest(Body):
    """What is wanted otherwise."""

    changed: Words = Field(description="What has changed.")
    reason: Words = Field(description="Why.")


def change_requirements(request: Request, body: ChangeRequirementsRequest, at: Moment) -> None:
    """Something else is wanted: it is analysed anew, and a new solution is proposed."""
    request.solution_id = None
    request.next_report_due_at = None
