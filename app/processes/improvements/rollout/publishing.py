"""Checks of the step that publishes the changed process."""

from __future__ import annotations

from app.foundation.process_definitions.lookups import editions_of
from app.foundation.process_definitions.records import DefinitionState
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.improvements.pilot.checks import raise_all
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.payloads import CompleteRolloutStepImprovement
from app.processes.improvements.rollout.preparation import RolloutSteps
from app.processes.improvements.rollout.records import RolloutStepName


async def check_published(
    reads: ReadContext, improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse publications without a number, ones that take effect on another day than the cutover, and, for a
    process that is defined here, ones of anything but an edition of its definition.
    """
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
    await _check_edition(reads, improvement, body, ctx)


async def _check_edition(
    reads: ReadContext, improvement: Improvement, body: CompleteRolloutStepImprovement, ctx: ActionContext
) -> None:
    """Refuse if the process has a definition here, and no edition of it that takes effect on that day is
    named (`no_edition_published`).
    """
    editions = [] if improvement.process is None else await editions_of(reads, improvement.process)
    if not editions:
        return
    zone = ctx.settings.zone
    assert body.effective_at is not None
    day = body.effective_at.astimezone(zone).date()
    for edition in editions:
        is_named = edition.state is DefinitionState.published and edition.document_number in body.numbers
        if is_named and edition.effective_at and edition.effective_at.astimezone(zone).date() == day:
            return
    words = {"process": improvement.process or "", "day": day.isoformat()}
    raise WrongValue(words, pointer="/numbers", because="no_edition_published")
