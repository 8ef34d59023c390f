"""Evidence of an improvement: no document serves two steps of a rollout, and none elsewhere two improvements."""

from __future__ import annotations

from app.foundation.own_numbers import digits_of, folded_number
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.improvements.effects.payloads import StandardiseImprovement
from app.processes.improvements.pilot.payloads import StartPilotImprovement
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.payloads import (
    AskHandOverImprovement,
    CompleteRolloutStepImprovement,
    FixImprovement,
)
from app.processes.improvements.rollout.preparation import RolloutSteps

#: Numbers elsewhere that other improvements name, among those with the same digits. One that was reverted
#: leaves its documents to the one that replaces it.
NAMED_ELSEWHERE = """
select n.number from (
  select record, external_numbers from fold.improvement_outcome
  union all select record, external_numbers from fold.pilot_readiness
  union all select record, external_numbers from fold.rollout_step) e
join fold.improvement i on e.record = 'improvement/' || i.id, unnest(e.external_numbers) n(number)
where i.id <> %(improvement)s and i.state <> 'reverted'
  and regexp_replace(normalize(n.number, NFKC), '[^0-9]', '', 'g') = any(%(digits)s)"""
_GUARD = Unguarded("Of two improvements that name one document at once, the log shows both.")


async def evidence_of_other(
    reads: ReadContext,
    improvement: Improvement,
    body: CompleteRolloutStepImprovement | FixImprovement,
    ctx: ActionContext,
) -> None:
    """Refuse a document that is the evidence of another step (`evidence_of_other`)."""
    kept_as = {"numbers": "evidence_numbers", "external_numbers": "external_numbers"}
    for step in ctx.prepared(RolloutSteps).steps:
        for name, kept in kept_as.items():
            used = {folded_number(number) for number in getattr(step, kept) or ()}
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
    parameters = {"improvement": improvement.id, "digits": digits}
    rows = await reads.rows(NAMED_ELSEWHERE, parameters, guard=_GUARD)
    used = {folded_number(row["number"]) for row in rows}
    for n, number in enumerate(body.external_numbers):
        if folded_number(number) in used:
            pointer, because = f"/external_numbers/{n}", "evidence_of_other_improvement"
            raise WrongValue({"number": number}, pointer=pointer, because=because)
