"""Checks of the step that publishes the changed process."""

from __future__ import annotations

from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.improvements.pilot.checks import raise_all
from app.processes.improvements.rollout.payloads import CompleteRolloutStepImprovement
from app.processes.improvements.rollout.preparation import RolloutSteps
from app.processes.improvements.rollout.records import RolloutStepName


def check_published(body: CompleteRolloutStepImprovement, ctx: ActionContext) -> None:
    """Refuse publications without a number, and ones that take effect on another day than the cutover."""
    wrong = []
    if not (body.numbers or body.external_numbers):
        wrong.append(WrongValue(pointer="/numbers", because="document_number_missing"))
    if body.effective_at is None:
        wrong.append(WrongValue(pointer="/effective_at", because="effective_day_missing"))
    raise_all(wrong)
    cutover_at = ctx.prepared(RolloutSteps).planned(RolloutStepName.cut_over).due_at
    assert cutover_at is not None
    assert body.effective_at is not None
    day = cutover_at.astimezone(ctx.settings.zone).date()
    if body.effective_at.astimezone(ctx.settings.zone).date() != day:
        words = {"day": day.isoformat()}
        raise WrongValue(words, pointer="/effective_at", because="not_the_cutover_day")
