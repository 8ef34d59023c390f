"""Actions of implementation: plan milestones and tasks, report progress, check quality."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.money import Amount, Currency
from app.common.people import Person
from app.common.records import StaffOnly
from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.actions.actor_policy import RecordDuty as PartIn
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Payload, ShortText
from app.processes.requests.preparation import CurrentChecks
from app.processes.requests.records import QualityCheck, Request
from app.ticketing.projects import actions, planning
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
    begin_reporting,
    names_no_milestone,
    plan_project,
)
from app.ticketing.work import tasks
from app.ticketing.work.tasks import CompleteTask

#: The implementers of a request, who may neither check its quality nor accept it.
implementer = PartIn("implementer", "实施人", ("doer_ids",))


class BeginImplementationRequest(Payload):
    """The plan of the implementation: milestones, tasks, cost and how often progress is reported."""

    plan: FreeText | None = Field(default=None, description="What is to be said of the plan besides.")
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The steps of the plan, in order."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What is to be done, and by whom."
    )
    planned_cost: Annotated[Amount, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="What it may cost, as 1250.00: for staff and those who accept it."
    )
    currency: Annotated[Currency, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="In which currency (ISO 4217), as CNY."
    )
    report_every_days: int = Field(
        default=14, ge=1, le=MOST_DAYS, strict=True, description="How often progress is reported, in days."
    )

    @model_validator(mode="after")
    def _check_consistent(self) -> BeginImplementationRequest:
        if names_no_milestone(self.milestones, self.tasks):
            raise PydanticCustomError("no_such_milestone", "a task is for a milestone that is not there")
        if (self.planned_cost is None) != (self.currency is None):
            raise PydanticCustomError("both_of_an_amount", "give an amount and its currency, or neither")
        return self


def begin_implementation(request: Request, body: BeginImplementationRequest, ctx: ActionContext) -> None:
    """Begin the request's implementation, planned in milestones and tasks."""
    supersede(DocumentClass.IM, ctx)
    # Milestones and tasks are child records of their own: only free text goes into the sealed document.
    file_document(request, DocumentClass.IM, [(Heading.plan, body.plan)], ctx)
    # A test report covers only the checks of its own plan, so a new plan supersedes it.
    supersede(DocumentClass.TE, ctx)
    for earlier in ctx.prepared(CurrentChecks).checks:
        ctx.change(earlier).dropped_at = ctx.occurred_at
    assignees = plan_project(request, body.milestones, body.tasks, ctx)
    _add_implementers(request, *(person.id for person in assignees))
    request.planned_cost, request.currency = body.planned_cost, body.currency
    begin_reporting(request, body.report_every_days, ctx)


class ReportProgressRequest(ReportProgress):
    """The progress of the implementation, its cost, and obstacles."""


def report_progress(request: Request, body: ReportProgressRequest, ctx: ActionContext) -> None:
    """Report the request's progress: how far its implementation is, and what stands in its way."""
    actions.report_progress(request, body, ctx)
    if body.problems:
        _add_implementers(request, *(owner.id for owner in actions.problem_owners(body, ctx)))


def add_issue(
    request: Request, title: str, owner: Person | None, due_at: datetime, ctx: ActionContext
) -> None:
    """Add a task that resolves an issue; its owner counts as an implementer and cannot check quality."""
    planning.add_issue(request, title, owner, due_at, ctx)
    if owner is not None:
        _add_implementers(request, owner.id)


def complete_task(request: Request, body: CompleteTask, ctx: ActionContext) -> None:
    """Complete a task of the request."""
    tasks.complete_task(request, body, ctx)
    # Whoever completes another person's task is an implementer, too. Implementers exist once there is a plan.
    if request.doer_ids is not None and ctx.caller.person_id is not None:
        _add_implementers(request, ctx.caller.person_id)


def _add_implementers(request: Request, *persons: UUID) -> None:
    request.doer_ids = sorted({*map(str, persons), *(request.doer_ids or ())})


class CheckQualityRequest(Payload):
    """The result of a quality check at one checkpoint."""

    checkpoint: ShortText = Field(description="What was checked: the same words for the same checkpoint.")
    passed: bool = Field(strict=True, description="Whether it is as it should be.")
    findings: FreeText = Field(description="What was found.")


def check_quality(request: Request, body: CheckQualityRequest, ctx: ActionContext) -> None:
    """Check the quality of the request, by a person who did not implement it."""
    entry = file_document(request, DocumentClass.TE, [(Heading.findings, body.findings)], ctx)
    made = QualityCheck(
        id=ctx.new_id(),
        record=request.row_key,
        document_id=entry.id,
        checkpoint=body.checkpoint,
        passed=body.passed,
        checker_id=ctx.caller.person_id,
        checked_at=ctx.occurred_at,
    )
    ctx.add(made)
