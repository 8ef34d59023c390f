"""Actions of implementation: plan milestones and tasks, report progress, check quality."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ForeignRef, StaffOnly
from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.people.records import Team
from app.kernel.actor_policy import RecordDuty as PartIn
from app.kernel.context import ActionContext
from app.kernel.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
    Title,
)
from app.processes.requests.preparation import CurrentChecks, CurrentMilestones, UnfinishedTasks
from app.processes.requests.records import Milestone, ProgressReport, QualityCheck, Request
from app.ticketing import tasks
from app.ticketing.records import Task
from app.ticketing.tasks import CompleteTask

#: The implementers of a request, who may neither check its quality nor accept it.
implementer = PartIn("implementer", "实施人", ("doer_ids",))
MOST_DAYS = 92


class PlannedMilestone(PayloadPart):
    """A milestone of the plan."""

    title: Title = Field(description="What is reached by then. Lists show it: name no persons here.")
    due_at: Instant = Field(description="By when.")


class PlannedTask(PayloadPart):
    """A task of the plan."""

    title: Title = Field(description="What is to be done. Lists show it: name no persons here.")
    assignee: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="By whom: a person's id, or `me`."
    )
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="For which team: its key or id; the assignee belongs to it."
    )
    milestone: int = Field(
        ge=1, le=LONGEST_LIST, strict=True, description="For which milestone: 1 the first."
    )
    due_at: Instant = Field(description="By when.")


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
        if any(task.milestone > len(self.milestones) for task in self.tasks):
            raise PydanticCustomError("no_such_milestone", "a task is for a milestone that is not there")
        if (self.planned_cost is None) != (self.currency is None):
            raise PydanticCustomError("both_of_an_amount", "give an amount and its currency, or neither")
        return self


def begin_implementation(request: Request, body: BeginImplementationRequest, ctx: ActionContext) -> None:
    """Begin the implementation, planned in milestones and tasks."""
    supersede(DocumentClass.IM, ctx)
    # Milestones and tasks are child records of their own: only free text goes into the sealed document.
    file_document(request, DocumentClass.IM, [(Heading.plan, body.plan)], ctx)
    # A test report covers only the checks of its own plan, so a new plan supersedes it.
    supersede(DocumentClass.TE, ctx)
    steps, left = ctx.prepared(CurrentMilestones).milestones, ctx.prepared(UnfinishedTasks).tasks
    for earlier in (*steps, *left, *ctx.prepared(CurrentChecks).checks):
        ctx.change(earlier).dropped_at = ctx.occurred_at
    milestones = [_milestone(request, planned, ctx) for planned in body.milestones]
    for n, planned in enumerate(body.tasks):
        team = ctx.ref(Team, f"tasks/{n}/team")
        task = Task(
            id=ctx.new_id(),
            record=request.row_key,
            title=planned.title,
            assignee_id=ctx.required_ref(Person, f"tasks/{n}/assignee").id,
            team_id=team.id if team else None,
            milestone_id=milestones[planned.milestone - 1].id,
            due_at=planned.due_at,
            added_at=ctx.occurred_at,
        )
        ctx.add(task)
    _add_implementers(
        request, *(ctx.required_ref(Person, f"tasks/{n}/assignee").id for n in range(len(body.tasks)))
    )
    request.planned_cost, request.currency = body.planned_cost, body.currency
    request.report_every_days = body.report_every_days
    request.next_report_due_at = ctx.occurred_at + timedelta(days=body.report_every_days)


def _milestone(request: Request, planned: PlannedMilestone, ctx: ActionContext) -> Milestone:
    made = Milestone(
        id=ctx.new_id(),
        record=request.row_key,
        title=planned.title,
        due_at=planned.due_at,
        done=0,
        added_at=ctx.occurred_at,
    )
    ctx.add(made)
    return made


class MilestoneProgress(PayloadPart):
    """The progress of one milestone."""

    milestone: UUID = Field(description="The milestone: its id.")
    done: int = Field(ge=0, le=100, strict=True, description="How much of it is done, in percent.")


class ReportedProblem(PayloadPart):
    """An obstacle to the implementation; it becomes a task of the request."""

    title: Title = Field(description="What must be done about it. Lists show it: name no persons here.")
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="Who sees to it: an id, or `me`."
    )
    due_at: Instant = Field(description="By when.")


class ReportProgressRequest(Payload):
    """The progress of the implementation, its cost, and obstacles."""

    milestones: Annotated[tuple[MilestoneProgress, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="How far each milestone has got that has got further."
    )
    expected_at: Instant = Field(description="When it will be delivered, as far as is known now.")
    text: FreeText | None = Field(default=None, description="What is to be said besides.")
    cost_to_date: Annotated[Amount, StaffOnly()] | None = Field(
        default=None,
        description="What was spent so far, in the currency of the plan; none: nothing. For staff.",
    )
    problems: Annotated[tuple[ReportedProblem, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What is in the way, with owner and due."
    )


def report_progress(request: Request, body: ReportProgressRequest, ctx: ActionContext) -> None:
    """Report the progress of the implementation and its obstacles."""
    due_at = request.next_report_due_at
    made = ProgressReport(
        id=ctx.new_id(),
        record=request.row_key,
        text=body.text,
        expected_at=body.expected_at,
        cost_to_date=body.cost_to_date,
        planned_cost=request.planned_cost,
        currency=request.currency,
        due_at=due_at,
        late=due_at is not None and ctx.occurred_at > due_at,
        author_id=ctx.caller.person_id,
        reported_at=ctx.occurred_at,
    )
    ctx.add(made)
    known = {milestone.id: milestone for milestone in ctx.prepared(CurrentMilestones).milestones}
    for progress in body.milestones:
        milestone = ctx.change(known[progress.milestone])
        milestone.done = progress.done
        milestone.completed_at = (milestone.completed_at or ctx.occurred_at) if progress.done == 100 else None
    for n, problem in enumerate(body.problems):
        add_issue(
            request, problem.title, ctx.required_ref(Person, f"problems/{n}/owner"), problem.due_at, ctx
        )
    request.expected_at = body.expected_at
    assert request.report_every_days is not None
    request.next_report_due_at = ctx.occurred_at + timedelta(days=request.report_every_days)


def add_issue(
    request: Request, title: str, owner: Person | None, due_at: datetime, ctx: ActionContext
) -> None:
    """Add a task that resolves an issue; its owner counts as an implementer and cannot check quality."""
    task = Task(
        id=ctx.new_id(),
        record=request.row_key,
        title=title,
        assignee_id=owner.id if owner else None,
        due_at=due_at,
        added_at=ctx.occurred_at,
    )
    ctx.add(task)
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
    """Record a quality check by a person who did not implement the request."""
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
