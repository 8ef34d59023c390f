"""Evidence of an improvement. No document serves two steps of a rollout, and no document of another system
serves two improvements.
"""

from __future__ import annotations

from app.foundation.own_numbers import digits_of, folded_number
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.improvements.effects.payloads import StandardiseImprovement
from app.processes.improvements.lookups import numbers_of_others
from app.processes.improvements.pilot.payloads import StartPilotImprovement
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.payloads import (
    AskHandOverImprovement,
    CompleteRolloutStepImprovement,
    FixImprovement,
)
from app.processes.improvements.rollout.preparation import RolloutSteps


async def evidence_of_other(
    reads: ReadContext,
    improvement: Improvement,
    body: CompleteRolloutStepImprovement | FixImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a document that is the evidence of another step (`evidence_of_other`)."""
    kept_as = {"numbers": "evidence_numbers", "external_numbers": "external_numbers"}
    for step in ctx.prepared(RolloutSteps).steps:
        for name, field in kept_as.items():
            used = {folded_number(number) for number in getattr(step, field) or ()}
            for n, number in enumerate(getattr(body, name)):
                if step.step is not body.step and folded_number(number) in used:
                    raise WrongValue({"number": number}, pointer=f"/{name}/{n}", because="evidence_of_other")


async def evidence_of_other_improvement(
    reads: ReadContext,
    improvement: Improvement,
    body: StartPilotImprovement
    | CompleteRolloutStepImprovement
    | AskHandOverImprovement
    | StandardiseImprovement
    | FixImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a number elsewhere that another improvement names (`evidence_of_other_improvement`)."""
    if not body.external_numbers:
        return
    digits = [digits_of(number) for number in body.external_numbers]
    used = {folded_number(number) for number in await numbers_of_others(reads, improvement.id, digits)}
    for n, number in enumerate(body.external_numbers):
        if folded_number(number) in used:
            pointer, because = f"/external_numbers/{n}", "evidence_of_other_improvement"
            raise WrongValue({"number": number}, pointer=pointer, because=because)
