"""Steps 12 and 13 of improvements: the committee charters a project, its manager plans it with its pilot and
reports its progress.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ForeignRef, StaffOnly
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
)
from app.kpis.effects.lifecycle import PromisedEffect, Scope, filters_of
from app.kpis.questions.periods import months_after
from app.processes.improvements.children.records import ImprovementMember
from app.processes.improvements.preparation import TargetsOfProposal
from app.processes.improvements.records import Improvement, PilotLength
from app.ticketing.projects import actions as project_actions
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
    begin_reporting,
    names_no_milestone,
    plan_project,
)
from app.ticketing.projects.records import ProgressReport

#: The usual length of a pilot, in months: shorter and longer ones are pointed out.
SHORTEST_PILOT, USUAL_PILOT, LONGEST_PILOT = 1, 3, 6
#: What makes a pilot, of the fields of a plan: all of it, or nothing.
PILOT_FIELDS = (
    *("pilot_scope", "pilot_begins_at", "pilot_agreement", "data_gathering"),
    "expected",
)


class CharterImprovement(Payload):
    """The project's sponsor, manager and team, its resources and its budget."""

    sponsor: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="The sponsor, of the grade `management`: a person's id."
    )
    project_manager: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="Who manages the project, and holds the role: a person's id."
    )
    members: Annotated[
        tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)], ...], BoundedList
    ] = Field(min_length=1, max_length=LONGEST_LIST, description="The team: ids of persons.")
    resources: FreeText = Field(
        description="The resources that it gets.", examples=["Two engineers, a test relay."]
    )
    budget: Annotated[Amount, StaffOnly(reviewers=True)] = Field(
        description="What it may cost, as 1250.00.", examples=["12000.00"]
    )
    currency: Annotated[Currency, StaffOnly(reviewers=True)] = Field(
        description="In which currency (ISO 4217).", examples=["CNY"]
    )


def charter(improvement: Improvement, body: CharterImprovement, ctx: ActionContext) -> None:
    """Charter the improvement's project: its sponsor, its manager, its team, its resources and its budget."""
    improvement.sponsor_id = ctx.required_ref(Person, "sponsor").id
    improvement.project_manager_id = ctx.required_ref(Person, "project_manager").id
    for member in ctx.refs(Person, "members"):
        ctx.add(
            ImprovementMember(
                id=ctx.new_id(),
                record=improvement.row_key,
                person_id=member.id,
                added_at=ctx.occurred_at,
            )
        )
    improvement.project_resources = body.resources
    improvement.budget, improvement.currency = body.budget, body.currency


class ExpectedEffect(PayloadPart):
    """The effect that the pilot is expected to have on a target KPI."""

    target: RecordKey = Field(description="The key of the target.", examples=["restore-faster"])
    promised: PromisedEffect = Field(
        description="The expected size of the effect.", examples=[{"change": "-0.3", "of": "relative"}]
    )


class PlanImprovement(Payload):
    """The plan of the project: its work, its milestones, and its pilot; without one it is not approved."""

    work: FreeText = Field(description="The work.", examples=["Write the runbooks, train the desk."])
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The milestones, week by week."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What is to be done, and by whom."
    )
    report_every_days: int = Field(
        default=7, ge=1, le=MOST_DAYS, strict=True, description="How often progress is reported, in days."
    )
    pilot_scope: Scope | None = Field(
        default=None,
        description="The pilot's cases: by team, service, customer or catalogue_item, the values.",
    )
    pilot_control: Scope | None = Field(
        default=None, description="The cases that it is compared with; none: all others."
    )
    pilot_begins_at: Instant | None = Field(default=None, description="When the pilot begins.")
    pilot_ends_at: Instant | None = Field(
        default=None, description="When it ends; none: after 3 months. Usually it takes up to 6."
    )
    pilot_agreement: FreeText | None = Field(
        default=None, description="How the departments have agreed to the dates."
    )
    data_gathering: FreeText | None = Field(
        default=None, description="How its data are gathered and analysed."
    )
    expected: Annotated[tuple[ExpectedEffect, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What the pilot is expected to do to the targets."
    )

    @model_validator(mode="after")
    def _check_consistent(self) -> PlanImprovement:
        if names_no_milestone(self.milestones, self.tasks):
            raise PydanticCustomError("no_such_milestone", "a task is for a milestone that is not there")
        if any(getattr(self, name) for name in (*PILOT_FIELDS, "pilot_control", "pilot_ends_at")):
            lacking = [name for name in PILOT_FIELDS if not getattr(self, name)]
            if lacking:
                raise PydanticCustomError(
                    "pilot_is_incomplete", "the pilot lacks {fields}", {"fields": ", ".join(lacking)}
                )
        return self


def plan(improvement: Improvement, body: PlanImprovement, ctx: ActionContext) -> None:
    """Plan the improvement's project: its work, its milestones, and the pilot that the departments have
    agreed to.
    """
    improvement.work_plan = body.work
    plan_project(improvement, body.milestones, body.tasks, ctx)
    begin_reporting(improvement, body.report_every_days, ctx)
    improvement.pilot_scope = filters_of(body.pilot_scope) if body.pilot_scope else None
    improvement.pilot_control = filters_of(body.pilot_control) if body.pilot_control else None
    begins_at, ends_at = body.pilot_begins_at, body.pilot_ends_at
    if begins_at is not None and ends_at is None:
        ends_at = months_after(begins_at, USUAL_PILOT, ctx.zone)
    improvement.pilot_begins_at, improvement.pilot_ends_at = begins_at, ends_at
    improvement.pilot_length = pilot_length(begins_at, ends_at, ctx)
    improvement.pilot_agreement = body.pilot_agreement
    improvement.data_gathering = body.data_gathering
    improvement.lacking = None
    expected = {one.target: one.promised for one in body.expected}
    for target in ctx.prepared(TargetsOfProposal).targets:
        of_pilot = expected.get(target.name or "")
        after = ctx.change(target)
        after.pilot_promised = None if of_pilot is None else of_pilot.change
        after.pilot_promised_as = None if of_pilot is None else of_pilot.of


def pilot_length(
    begins_at: datetime | None, ends_at: datetime | None, ctx: ActionContext
) -> PilotLength | None:
    """Return how the pilot's length compares with the usual one; None: it has no dates."""
    if begins_at is None or ends_at is None:
        return None
    if ends_at < months_after(begins_at, SHORTEST_PILOT, ctx.zone):
        return PilotLength.short
    # A pilot that ends with the day on which the months are over is not longer.
    latest = months_after(begins_at, LONGEST_PILOT, ctx.zone) + timedelta(days=1)
    return PilotLength.long if ends_at > latest else PilotLength.usual


class ReturnPlanImprovement(Payload):
    """What is lacking in the plan."""

    lacking: FreeText = Field(description="What is lacking.", examples=["Who trains the night shift?"])


def return_plan(improvement: Improvement, body: ReturnPlanImprovement, ctx: ActionContext) -> None:
    """Return the improvement's plan, to the project manager, with what is lacking."""
    improvement.lacking = body.lacking
    improvement.kicked_off_at = None


def approve_plan(improvement: Improvement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Approve the improvement's plan, with its pilot."""


def report_progress(improvement: Improvement, body: ReportProgress, ctx: ActionContext) -> None:
    """Report the improvement's progress: milestones of its project, what was spent of the budget, and
    obstacles.
    """
    project_actions.report_progress(improvement, body, ctx)
    for made in ctx.added:
        if isinstance(made, ProgressReport):
            made.planned_cost = improvement.budget
