"""Reads that actions on improvement plans need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.foundation.decisions.matters import ChildDuty, Matter
from app.foundation.decisions.preparation import question_preparation
from app.foundation.decisions.records import DecisionKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kpis.baselines.records import KpiBaseline
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanPoint,
    ImprovementPlanReview,
    ImprovementPlanStep,
    ImprovementPlanTarget,
)

#: Authors of the plan, and people who have taken on steps of it, do not vote on it.
plan_author = RecordDuty("author of the plan", "计划起草人", ("owner_id", "co_author_ids"))


PLAN = Matter(
    decision=DecisionKind.improvement_plan,
    duties=(plan_author,),
    child_duties=(ChildDuty("improvement_plan_step", "person_id"),),
    fields=("title", "year", "direction", "vision", "drivers", "present_state", "best_practice"),
    children=("improvement_plan_target", "improvement_plan_point", "improvement_plan_step"),
    carried_out=("outcome", "done_at", "overdue_at"),
)
#: The person who proposes an adjustment is its author.
ADJUSTMENT = replace(PLAN, decision=DecisionKind.plan_adjustment, without_asker=True)
CLOSING = replace(PLAN, decision=DecisionKind.plan_closing, without_asker=True)
plan_question = question_preparation(PLAN)
adjustment_question = question_preparation(ADJUSTMENT)
closing_question = question_preparation(CLOSING)


@dataclass(frozen=True, slots=True)
class KnownContents:
    """The targets of a plan with their baselines, its first points and its schedule."""

    targets: tuple[ImprovementPlanTarget, ...] = ()
    baselines: tuple[KpiBaseline, ...] = ()
    points: tuple[ImprovementPlanPoint, ...] = ()
    steps: tuple[ImprovementPlanStep, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanReviews:
    """The reviews of a plan."""

    rows: tuple[ImprovementPlanReview, ...]


async def plan_reviews(
    reads: ReadContext, plan: ImprovementPlan, body: object, ctx: ActionContext
) -> PlanReviews:
    """Find the reviews of the plan."""
    return PlanReviews(tuple(await reads.children(ImprovementPlanReview, plan)))


async def known_contents(
    reads: ReadContext, plan: ImprovementPlan, body: object, ctx: ActionContext
) -> KnownContents:
    """Find the contents that the plan has."""
    return KnownContents(
        tuple(await reads.children(ImprovementPlanTarget, plan)),
        tuple(await reads.children(KpiBaseline, plan)),
        tuple(await reads.children(ImprovementPlanPoint, plan)),
        tuple(await reads.children(ImprovementPlanStep, plan)),
    )
