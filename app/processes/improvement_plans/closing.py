"""Closing a plan: the result of each target is computed, and kept."""

from __future__ import annotations

from pydantic import Field

from app.common.components import example_includes
from app.foundation.decisions.closing import withdraw_open_decisions
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Payload
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.progress import PlanProgress
from app.processes.improvement_plans.records import ImprovementPlan


class CloseImprovementPlan(Payload, of=ImprovementPlan):
    """The lessons of the plan, and the reason if its year is not over."""

    model_config = example_includes("reason")
    lessons: FreeText
    reason: FreeText | None = Field(
        default=None,
        description="Reason for closing the plan early; required before the end of its year.",
        examples=["The department was merged. 部门合并。"],
    )


def close(plan: ImprovementPlan, body: CloseImprovementPlan, ctx: ActionContext) -> None:
    """Close the plan: the result of each target is computed and stored."""
    progress = ctx.prepared(PlanProgress)
    for target in ctx.prepared(KnownContents).targets:
        result = progress.target_named(target.name)
        if result is not None:
            after = ctx.outcome.change(target)
            after.result_value, after.result_compared = result.value, result.compared
            after.result_cases, after.result_share = result.cases, result.share
            after.result_met = result.met
    plan.result_position = progress.position
    plan.lessons = body.lessons
    plan.close_reason = body.reason
    plan.next_review_due_at = plan.review_overdue_at = None
    plan.assessment_due_at = plan.assessment_overdue_at = None
    plan.adjustment_id = None
    withdraw_open_decisions(ctx)
