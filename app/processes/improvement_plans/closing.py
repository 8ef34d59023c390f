"""Closing a plan: the results of its targets are computed and put to the committee, which closes it."""

from __future__ import annotations

from pydantic import Field

from app.common.components import example_includes
from app.common.records import jsonb_ordered
from app.foundation.decisions.payloads import AskBoard, Tallied
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.progress import PlanProgress
from app.processes.improvement_plans.records import ImprovementPlan, ImprovementPlanTarget
from app.processes.improvement_plans.submission import put_question


class CloseImprovementPlan(AskBoard, of=ImprovementPlan):
    """The lessons of the plan, and the reason if its year is not over; the committee votes on closing it."""

    model_config = example_includes("reason")
    lessons: FreeText
    reason: FreeText | None = Field(
        default=None,
        description="Reason for closing the plan early; required before the end of its year.",
        examples=["The department was merged. 部门合并。"],
    )


def close(plan: ImprovementPlan, body: CloseImprovementPlan, ctx: ActionContext) -> None:
    """Close the plan: the result of each target is stored, and the committee votes on closing it."""
    progress = ctx.prepared(PlanProgress)
    for target in ctx.prepared(KnownContents).targets:
        result = progress.target_named(target.name)
        if result is not None:
            after = ctx.outcome.change(target)
            after.result_value, after.result_compared = result.value, result.compared
            after.result_cases, after.result_share = result.cases, result.share
            after.result_met = result.met
            after.result_former = jsonb_ordered(list(result.former_goals)) or None
    plan.result_position = progress.position
    plan.lessons = body.lessons
    plan.close_reason = body.reason
    put_question(plan, ctx)


def close_by_decision(plan: ImprovementPlan, body: Tallied, ctx: ActionContext) -> None:
    """Close the plan by decision: the committee has approved its results."""
    plan.next_review_due_at = plan.review_overdue_at = None
    plan.assessment_due_at = plan.assessment_overdue_at = None


def refuse_closing(plan: ImprovementPlan, body: Tallied, ctx: ActionContext) -> None:
    """Refuse closing the plan. The plan goes on, since the committee did not approve its closing."""
    for target in ctx.prepared(KnownContents).targets:
        _clear_result(ctx.outcome.change(target))
    plan.result_position = plan.lessons = plan.close_reason = None


def _clear_result(target: ImprovementPlanTarget) -> None:
    target.result_value = target.result_compared = target.result_share = None
    target.result_cases = target.result_met = target.result_former = None
