"""Reads that actions on improvement plans need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.common.people import Role
from app.foundation.decisions.preparation import Matter, NewDecision, new_decision, question_of
from app.kernel.actor_policy import RecordDuty
from app.kernel.context import ActionContext
from app.kernel.reads import ReadContext
from app.kpis.baselines.records import KpiBaseline
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanPoint,
    ImprovementPlanStep,
    ImprovementPlanTarget,
)

if TYPE_CHECKING:
    from app.foundation.decisions.actions import AskDecision

#: Whoever has written the plan does not vote on it.
plan_author = RecordDuty("author of the plan", "计划起草人", ("owner_id", "co_author_ids"))


PLAN = Matter(
    duties=(plan_author,),
    fields=("title", "year", "direction", "vision", "drivers", "present_state", "best_practice"),
    children=("improvement_plan_target", "improvement_plan_point", "improvement_plan_step"),
    electors=frozenset({Role.committee_member}),
)


@dataclass(frozen=True, slots=True)
class KnownContents:
    """The targets of a plan with their baselines, its first points and its schedule."""

    targets: tuple[ImprovementPlanTarget, ...] = ()
    baselines: tuple[KpiBaseline, ...] = ()
    points: tuple[ImprovementPlanPoint, ...] = ()
    steps: tuple[ImprovementPlanStep, ...] = ()


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


async def plan_question(
    reads: ReadContext, plan: ImprovementPlan, body: AskDecision, ctx: ActionContext
) -> NewDecision:
    """Prepare the question to the committee; whoever has written the plan does not vote."""
    return await new_decision(reads, plan, question_of(body, ctx), PLAN, ctx)


async def adjustment_question(
    reads: ReadContext, plan: ImprovementPlan, body: AskDecision, ctx: ActionContext
) -> NewDecision:
    """Prepare the question to the committee; whoever proposes the adjustment has written it, and does not
    vote either.
    """
    question = replace(question_of(body, ctx), without_asker=True)
    return await new_decision(reads, plan, question, PLAN, ctx)
