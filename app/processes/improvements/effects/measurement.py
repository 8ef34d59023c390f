"""Measuring the effect of an improvement on its target KPIs: in the pilot, at the evaluation, and of the
benefits afterwards.

The effects are computed above this module (`effects.py`), and come with the command as `MeasuredTargets`; the
command stores each as a record of its own, which never changes, and names it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import PreparationRefused, caller_check
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.kpis.effects.lifecycle import MeasuredEffect, MeasureKpiEffect
from app.kpis.effects.records import KpiEffect
from app.kpis.questions.periods import months_after
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.log.events import stream
from app.processes.improvements.effects.payloads import MeasureEffectsImprovement
from app.processes.improvements.effects.records import ImprovementMeasurement, MeasurementOccasion
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.records import Improvement, ImprovementState

#: The occasions on which benefits are measured again, by the months since the improvement was standardised.
BENEFIT_OCCASIONS = {
    3: MeasurementOccasion.month_3,
    6: MeasurementOccasion.month_6,
    12: MeasurementOccasion.month_12,
}


#: Months of which benefits are measured: those before the due date.
BENEFIT_MONTHS = 3


@dataclass(frozen=True, slots=True)
class MeasuredOccasion:
    """The occasion of a measurement, and the window after that belongs to it."""

    occasion: MeasurementOccasion
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTarget:
    """The measured effect on one target KPI: the question, the id of the new record, and the result."""

    name: str
    question: MeasureKpiEffect
    effect_id: UUID
    effect: MeasuredEffect
    value: str | None
    promised: str | None
    promise: PromiseVerdict | None
    is_kept: bool | None
    change: str | None = None
    goal: str | None = None
    goal_met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTargets:
    """The measured effects on all target KPIs of an improvement, at one log position."""

    occasion: MeasurementOccasion
    pilot_round: int | None
    from_at: datetime
    until_at: datetime
    position: int
    targets: tuple[MeasuredTarget, ...]


def occasion_of(improvement: Improvement, now: datetime, zone: tzinfo) -> MeasuredOccasion:
    """Return what is measured now: the pilot, the evaluation, or the benefit that is due. Raises
    PreparationRefused if it is too early, or all was measured.
    """
    if improvement.state is ImprovementState.piloting:
        assert improvement.pilot.pilot_started_at is not None
        begin = max(
            improvement.pilot.pilot_started_at,
            improvement.pilot.pilot_begins_at or improvement.pilot.pilot_started_at,
        )
        end = min(now, improvement.pilot.pilot_ends_at or now)
        return _checked(MeasuredOccasion(MeasurementOccasion.pilot, begin, end))
    if improvement.state is ImprovementState.evaluating:
        assert improvement.implemented_at is not None
        return _checked(MeasuredOccasion(MeasurementOccasion.evaluation, improvement.implemented_at, now))
    due_at = improvement.next_benefit_due_at
    if due_at is None:
        raise PreparationRefused("benefits_measured")
    if due_at > now:
        raise PreparationRefused("benefit_not_due", {"due_at": due_at})
    months = next(m for m in BENEFIT_OCCASIONS if m > (improvement.benefit_months or 0))
    return MeasuredOccasion(BENEFIT_OCCASIONS[months], months_after(due_at, -BENEFIT_MONTHS, zone), due_at)


def _checked(occasion: MeasuredOccasion) -> MeasuredOccasion:
    if occasion.begin >= occasion.end:
        raise PreparationRefused("window_not_begun", {"begin_at": occasion.begin})
    return occasion


@caller_check
async def check_measurable(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse to measure too early, or without a target KPI. Raises PreparationRefused."""
    occasion_of(improvement, ctx.now, ctx.settings.zone)
    targets = await reads.children(ImprovementTarget, improvement)
    if all(target.dropped_at is not None for target in targets):
        raise PreparationRefused("no_target_kpis")


@dataclass(frozen=True, slots=True)
class EarlierMeasurements:
    """The log positions at which the effects were measured before, on the same occasion."""

    positions: frozenset[int]


async def earlier_measurements(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> EarlierMeasurements:
    """Find when the effects were measured before on this occasion, in this round of a pilot. Frequent looks
    find something by chance, so they are counted.
    """
    same_occasion = {"occasion": occasion_of(improvement, ctx.now, ctx.settings.zone).occasion.value}
    measurements = await reads.children(ImprovementMeasurement, improvement, **same_occasion)
    is_pilot = improvement.state is ImprovementState.piloting
    return EarlierMeasurements(
        frozenset(
            measurement.position
            for measurement in measurements
            if measurement.position is not None
            and (not is_pilot or measurement.pilot_round == improvement.pilot.pilot_rounds)
        )
    )


def measure_effects(improvement: Improvement, body: MeasureEffectsImprovement, ctx: ActionContext) -> None:
    """Measure the improvement's effects, on all target KPIs: of the pilot, at the evaluation, or as benefits
    after 3, 6 and 12 months.
    """
    measured = ctx.prepared(MeasuredTargets)
    times = ctx.prepared(EarlierMeasurements).positions
    is_pilot = measured.occasion is MeasurementOccasion.pilot
    for target in measured.targets:
        ctx.outcome.add(
            ImprovementMeasurement(
                id=ctx.new_id(),
                record=improvement.row_key,
                occasion=measured.occasion,
                pilot_round=measured.pilot_round,
                target=target.name,
                kpi=target.effect.kpi,
                effect_id=target.effect_id,
                verdict=EffectVerdict(target.effect.verdict),
                promise=target.promise,
                effect=target.value,
                promised_effect=target.promised,
                kept=target.is_kept,
                from_at=measured.from_at,
                until_at=measured.until_at,
                agreed_until_at=improvement.pilot.pilot_ends_at if is_pilot else None,
                times=len(times - {measured.position}) + 1,
                change=target.change,
                goal=target.goal,
                goal_met=target.goal_met,
                position=measured.position,
                measured_at=ctx.occurred_at,
            )
        )
    improvement.evaluation.measured_occasion = measured.occasion
    improvement.evaluation.measured_position = measured.position
    improvement.evaluation.measured_at = ctx.occurred_at
    months = next((m for m, occasion in BENEFIT_OCCASIONS.items() if occasion is measured.occasion), None)
    if months is not None:
        following = next((m for m in BENEFIT_OCCASIONS if m > months), None)
        assert improvement.standardised_at is not None
        improvement.benefit_months = months
        improvement.next_benefit_due_at = (
            None
            if following is None
            else months_after(improvement.standardised_at, following, ctx.settings.zone)
        )


def effect_commands(
    improvement: Improvement, body: MeasureEffectsImprovement, ctx: ActionContext
) -> list[RelatedPart]:
    """Return the commands that store the effects."""
    measured = ctx.prepared(MeasuredTargets)
    return [
        RelatedPart(stream(KpiEffect.KIND, target.effect_id), target.question, (target.effect,))
        for target in measured.targets
    ]


STORE_EFFECTS = RelatedCommands(action="measure", field="targets", parts=effect_commands, permitted=True)


def note_faded(improvement: Improvement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Note the improvement's faded benefit: less than 80 % of the judged effect is left."""
    improvement.outcome.faded_at = ctx.occurred_at


def faded_follow_up(
    improvement: Improvement, body: Payload, ctx: ActionContext
) -> tuple[str, Payload] | None:
    """Return the action that follows a measurement in which a benefit is not kept; None if all are."""
    faded = any(target.is_kept is False for target in ctx.prepared(MeasuredTargets).targets)
    return ("note_faded", EmptyPayload()) if faded else None
