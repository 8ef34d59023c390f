"""The contents of a plan: drafting and revising them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.improvement import AssessmentCriterion
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ChildRecord, ForeignRef, Record, jsonb_ordered
from app.common.state_fields import EvidenceRef
from app.foundation.calendars.week import IsoDate
from app.kernel.actions.conditions import Condition
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Payload,
    PayloadPart,
    Reference,
    Statement,
    Title,
    Year,
)
from app.kpis.baselines.payloads import BaselineQuestion
from app.kpis.baselines.records import KpiBaseline
from app.kpis.effects.lifecycle import filters_of
from app.kpis.targets.lifecycle import Number
from app.log.canonical import from_instant
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanPoint,
    ImprovementPlanStep,
    ImprovementPlanTarget,
    PlanReviewInterval,
)

MOST_WEIGHT = 10
#: Fields of a target that define its question: while they stay the same, its baseline stays.
QUESTION = ("kpi", "scope")
Weight = Annotated[int, Field(ge=1, le=MOST_WEIGHT, strict=True)]
Weights = dict[AssessmentCriterion, Weight]
CoAuthors = Annotated[
    tuple[
        Annotated[
            Reference, ForeignRef("person", GivenDuty.co_authorship), Responsible(NoticeType.in_charge)
        ],
        ...,
    ],
    BoundedList,
]


#: An assessment whose result is known.
CONCLUDED = EvidenceRef("process_assessment", "concluded_at", not_done="assessment_not_concluded")
PresentAssessments = Annotated[tuple[Annotated[Reference, CONCLUDED], ...], BoundedList]


class PlannedTarget(BaselineQuestion, of=ImprovementPlanTarget):
    """A target: the value that a KPI should have by a day, compared with its baseline, and the business
    goal.
    """

    title: Title
    goal: Number = Field(
        description="Value that the KPI should reach, in its unit, as a number or a decimal text. For a "
        "KPI that is a count, it refers to a period as long as the window of the baseline.",
        examples=["5400"],
    )
    due_on: IsoDate
    business_goal: Statement


class PlannedPoint(PayloadPart, of=ImprovementPlanPoint):
    """A point to improve first."""

    title: Title
    refers_to: Annotated[tuple[Statement, ...], BoundedList] = Field(default=(), max_length=LONGEST_LIST)


class PlannedStep(PayloadPart, of=ImprovementPlanStep):
    """A step of the schedule, with its owner."""

    title: Title
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] = Field(
        description="Owner of the step: an id, or `me`.", examples=["me"]
    )
    due_on: IsoDate


Targets = Annotated[tuple[PlannedTarget, ...], BoundedList]
Points = Annotated[tuple[PlannedPoint, ...], BoundedList]
Steps = Annotated[tuple[PlannedStep, ...], BoundedList]


class ReviseImprovementPlan(Payload, of=ImprovementPlan):
    """Contents of the plan, which replace the earlier ones; contents left out stay unchanged."""

    model_config = example_includes("direction", "vision")
    title: Title | None = None
    co_authors: CoAuthors = Field(default=(), max_length=LONGEST_LIST)
    direction: FreeText | None = None
    vision: FreeText | None = None
    present_state: FreeText | None = None
    present_assessments: PresentAssessments = Field(default=(), max_length=LONGEST_LIST)
    best_practice: FreeText | None = None
    targets: Targets = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Targets of the year, each with its baseline; if left out, the targets stay.",
    )
    drivers: FreeText | None = None
    points: Points = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Points to improve first; if left out, the points stay.",
    )
    steps: Steps = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Schedule with the owner of each step; if left out, the schedule stays.",
    )
    weights: Weights | None = None
    review_interval: PlanReviewInterval | None = None

    CONDITIONS = (Condition("nothing_to_change", (), lambda body: body.model_fields_set - {"occurred_at"}),)


class DraftImprovementPlan(ReviseImprovementPlan, of=ImprovementPlan):
    """The plan of a year; its contents can be added later."""

    title: Title
    year: Year


TEXTS = ("title", "direction", "vision", "present_state", "best_practice", "drivers", "review_interval")


def draft(plan: ImprovementPlan, body: DraftImprovementPlan, ctx: ActionContext) -> None:
    """Draft an improvement plan for a year."""
    assert ctx.assigned.number is not None, "plans have numbers"
    plan.number = ctx.assigned.number
    plan.year = body.year
    plan.edition = 1
    plan.owner_id = ctx.caller.person_id
    plan.review_interval = PlanReviewInterval.quarterly
    plan.weights = _weights({})
    _apply_contents(plan, body, ctx, KnownContents())


def revise(plan: ImprovementPlan, body: ReviseImprovementPlan, ctx: ActionContext) -> None:
    """Revise the plan: the contents that are sent replace earlier ones."""
    _apply_contents(plan, body, ctx, ctx.prepared(KnownContents))


def _apply_contents(
    plan: ImprovementPlan, body: ReviseImprovementPlan, ctx: ActionContext, contents: KnownContents
) -> None:
    for name in TEXTS:
        value = getattr(body, name)
        if value is not None:
            setattr(plan, name, value)
    if body.co_authors:
        persons = ctx.refs(Person, "co_authors")
        plan.co_author_ids = list(dict.fromkeys(str(person.id) for person in persons))
    if body.present_assessments:
        ids = (str(assessment.id) for assessment in ctx.refs(Record, "present_assessments"))
        plan.present_assessment_ids = list(dict.fromkeys(ids))
    if body.weights is not None:
        plan.weights = _weights(body.weights)
    if body.targets:
        replace_rows(contents.targets, (target_row(plan, target, ctx) for target in body.targets), ctx)
    if body.points:
        replace_rows(contents.points, (_point_row(plan, point, ctx) for point in body.points), ctx)
    if body.steps:
        owners = [ctx.required_ref(Person, f"steps/{n}/owner") for n in range(len(body.steps))]
        rows = (_step_row(plan, step, person, ctx) for step, person in zip(body.steps, owners, strict=True))
        replace_rows(contents.steps, rows, ctx)


def replace_rows(before: Sequence[ChildRecord], after: Iterable[ChildRecord], ctx: ActionContext) -> None:
    """Put child records in the place of those that were there before."""
    for row in before:
        ctx.outcome.remove(row)
    for row in after:
        ctx.outcome.add(row)


def _weights(chosen: dict[AssessmentCriterion, int]) -> dict[str, Any]:
    """Return the weight of every criterion."""
    weights: dict[str, Any] = jsonb_ordered(
        {criterion.value: chosen.get(criterion, 1) for criterion in AssessmentCriterion}
    )
    return weights


def target_row(plan: ImprovementPlan, target: PlannedTarget, ctx: ActionContext) -> ImprovementPlanTarget:
    """Return the child record of a target."""
    return ImprovementPlanTarget(
        id=ctx.new_id(),
        record=plan.row_key,
        name=target.name,
        title=target.title,
        kpi=target.kpi,
        before_from=target.before.begin,
        before_to=target.before.end,
        tz=target.tz,
        scope=filters_of(target.scope),
        goal=target.goal,
        due_on=target.due_on,
        business_goal=target.business_goal,
        planned_at=ctx.occurred_at,
    )


def _point_row(plan: ImprovementPlan, point: PlannedPoint, ctx: ActionContext) -> ImprovementPlanPoint:
    return ImprovementPlanPoint(
        id=ctx.new_id(),
        record=plan.row_key,
        title=point.title,
        refers_to=list(point.refers_to) or None,
        planned_at=ctx.occurred_at,
    )


def _step_row(
    plan: ImprovementPlan, step: PlannedStep, owner: Person, ctx: ActionContext
) -> ImprovementPlanStep:
    return ImprovementPlanStep(
        id=ctx.new_id(),
        record=plan.row_key,
        title=step.title,
        person_id=owner.id,
        due_on=step.due_on,
        planned_at=ctx.occurred_at,
    )


def planned_target(row: ImprovementPlanTarget) -> PlannedTarget:
    """Return the target of a child record as it was sent."""
    return PlannedTarget.model_validate(
        {
            "name": row.name,
            "title": row.title,
            "kpi": row.kpi,
            "before": {"from": row.before_from, "to": row.before_to},
            "tz": row.tz,
            "scope": row.scope or {},
            "goal": row.goal,
            "due_on": row.due_on,
            "business_goal": row.business_goal,
        }
    )


def keeps_baseline(before: ImprovementPlanTarget, target: PlannedTarget) -> bool:
    """Return whether the target asks for the same KPI of the same cases as before, so its baseline stays."""
    was = planned_target(before)
    return all(getattr(was, name) == getattr(target, name) for name in QUESTION)


def stored_baseline(stored: dict[str, Any], plan: ImprovementPlan, row_id: UUID) -> KpiBaseline:
    """Return the baseline of a target of the plan as an adjustment keeps it, as a row with that id."""
    times = {name: from_instant(stored[name]) for name in ("begins_at", "ends_at", "frozen_at")}
    return KpiBaseline(id=row_id, record=plan.row_key, **{**stored, **times})
