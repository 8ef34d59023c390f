"""Checks of the measurement on which an improvement is judged."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check
from app.processes.improvements.effects.payloads import EvaluateImprovement
from app.processes.improvements.preparation import NewestEffect
from app.processes.improvements.records import Improvement


@caller_check
async def effect_is_missing(
    reads: ReadContext, record: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse a judgement before the effect on all target KPIs was measured (`effect_is_missing`)."""
    newest = ctx.prepared(NewestEffect)
    if newest.position is None or newest.missing:
        raise PreparationRefused("effect_is_missing", {"targets": ", ".join(newest.missing)})


async def not_the_newest_measurement(
    reads: ReadContext, improvement: Improvement, body: EvaluateImprovement, ctx: ActionContext
) -> None:
    """Refuse a judgement on another measurement than the newest (`not_the_newest_measurement`)."""
    newest = ctx.prepared(NewestEffect)
    if body.position != newest.position:
        words = {"position": str(newest.position)}
        raise WrongValue(words, pointer="/position", because="not_the_newest_measurement")


#: The checks of the measurement that is judged.
MEASURED = (effect_is_missing, not_the_newest_measurement)
