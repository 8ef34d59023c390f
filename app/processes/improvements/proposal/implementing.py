"""Step 8 of improvements: minor ones are implemented at once."""

from __future__ import annotations

from app.kernel.actions.context import ActionContext
from app.processes.improvements.proposal.payloads import (
    FinishImprovement,
    ImplementImprovement,
)
from app.processes.improvements.records import Improvement


def implement(improvement: Improvement, body: ImplementImprovement, ctx: ActionContext) -> None:
    """Implement the minor improvement, by its plan."""
    improvement.project.implementation_plan = body.plan


def finish(improvement: Improvement, body: FinishImprovement, ctx: ActionContext) -> None:
    """Finish the improvement's implementation: its effect is measured from now on."""
    improvement.project.implemented_what = body.what
