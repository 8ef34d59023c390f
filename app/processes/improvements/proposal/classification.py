"""Steps 7 and 8 of improvements: the committee classifies them, and minor ones are implemented at once."""

from __future__ import annotations

from app.kernel.actions.context import ActionContext
from app.processes.improvements.proposal.payloads import (
    ClassifyImprovement,
    FinishImprovement,
    ImplementImprovement,
)
from app.processes.improvements.proposal.selection import keep_freeze_exception
from app.processes.improvements.records import Improvement, ImprovementSize


def classify(improvement: Improvement, body: ClassifyImprovement, ctx: ActionContext) -> None:
    """Classify the improvement: as major or minor by its criteria, with its kind and priority."""
    improvement.size = body.size_or_default
    improvement.improvement_kind = body.kind
    improvement.proposal.size_reason = body.size_reason
    improvement.proposal.size_criteria = [criterion.value for criterion in body.criteria]
    improvement.proposal.to_pilot = body.to_pilot or improvement.size is ImprovementSize.major
    improvement.impact, improvement.urgency = body.impact, body.urgency
    # Without one, the priority follows from both (`decide`).
    improvement.priority = body.priority
    improvement.proposal.classified_at = ctx.occurred_at


def implement(improvement: Improvement, body: ImplementImprovement, ctx: ActionContext) -> None:
    """Implement the minor improvement, by its plan."""
    improvement.project.implementation_plan = body.plan
    keep_freeze_exception(improvement, body)


def finish(improvement: Improvement, body: FinishImprovement, ctx: ActionContext) -> None:
    """Finish the improvement's implementation: its effect is measured from now on."""
    improvement.project.implemented_what = body.what
