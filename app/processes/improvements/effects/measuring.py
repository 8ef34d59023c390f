"""Computing the effects of an improvement on its target KPIs, all at one position of the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.common.records import from_row
from app.kernel.actions.refusals import PreparationRefused
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import (
    LARGEST_ANSWER,
    count,
    resolve_filters,
    snapshot_connection,
    wait_for_facts,
)
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Direction
from app.kpis.effects.content import EffectResult, EffectScale
from app.kpis.effects.lifecycle import EffectWindow, MeasuredEffect, MeasureKpiEffect, PromisedEffect
from app.kpis.effects.measuring import measure_together
from app.kpis.effects.questions import EffectQuestions, questions_of
from app.kpis.effects.records import PromisedAs
from app.kpis.effects.warnings import Circumstances
from app.kpis.questions.question import NO_VALUE
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod
from app.log.canonical import instant
from app.log.ids import uuid7
from app.platform.db import Connection
from app.processes.improvements.effects.measurement import (
    MeasuredOccasion,
    MeasuredTarget,
    MeasuredTargets,
    occasion_of,
)
from app.processes.improvements.effects.promises import better_by
from app.processes.improvements.effects.records import ImprovementMeasurement, MeasurementOccasion
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.records import Improvement, ImprovementState

Filters = dict[Dimension, tuple[str, ...]]

#: A benefit is kept if so much of the judged effect is still there (25-improvement, Benefits; KPI 57).
KEPT_PERCENT = 80
MOST_VALUES = 50
TARGETS = """
select * from fold.improvement_target where record = %s and dropped_at is null order by name"""
BASELINES = "select * from fold.kpi_baseline where record = %s order by frozen_at, id"
JUDGED = """
select m.*, e.result from fold.improvement_measurement m join fold.kpi_effect e on e.id = m.effect_id
where m.record = %s and m.position = %s"""


@dataclass(frozen=True, slots=True)
class _Target:
    """A target KPI with its baseline, and the judged effect on it if there was one."""

    target: ImprovementTarget
    baseline: KpiBaseline
    judged: EffectResult | None


async def measure_targets(ledger: Ledger, improvement: Improvement, now: datetime) -> MeasuredTargets:
    """Measure the effect on all target KPIs, for what the improvement's state calls for, up to the caller's
    own writes.

    Raises PreparationRefused if there is nothing to measure, or it is too early; WrongValue for what cannot
    be asked, DatabaseGone.
    """
    occasion = occasion_of(improvement, now, ZoneInfo(ledger.settings.time_zone))
    await wait_for_facts(ledger.db)
    targets = await _load_targets(ledger, improvement)
    if not targets:
        raise PreparationRefused("no_target_kpis")
    questions_by_target = [
        await _effect_questions(ledger, improvement, occasion, target, now) for target in targets
    ]
    effects = await measure_together(
        ledger.db,
        [
            (questions, body, _circumstances(improvement, occasion, target))
            for target, (questions, body) in zip(targets, questions_by_target, strict=True)
        ],
        now,
    )
    return MeasuredTargets(
        occasion=occasion.occasion,
        pilot_round=improvement.pilot.pilot_rounds
        if occasion.occasion is MeasurementOccasion.pilot
        else None,
        from_at=occasion.begin,
        until_at=occasion.end,
        position=effects[0].position,
        targets=tuple(
            _measured_target(
                target, body, effect, improvement.rollout.rollout_goal or improvement.default_goal
            )
            for target, (_, body), effect in zip(targets, questions_by_target, effects, strict=True)
        ),
    )


def _circumstances(improvement: Improvement, occasion: MeasuredOccasion, target: _Target) -> Circumstances:
    """Return the recorded times of an effect that its question does not contain: the start, the freezing of
    the baseline and the agreed end.
    """
    is_pilot = occasion.occasion is MeasurementOccasion.pilot
    return Circumstances(
        began_at=improvement.pilot.pilot_started_at or improvement.implemented_at,
        frozen_at=target.baseline.frozen_at,
        agreed_end_at=improvement.pilot.pilot_ends_at if is_pilot else None,
    )


async def _load_targets(ledger: Ledger, improvement: Improvement) -> list[_Target]:
    name = improvement.row_key
    targets = [from_row(ImprovementTarget, row) for row in await ledger.db.rows(TARGETS, (name,))]
    # The newest baseline of a name counts: a rewritten proposal froze the baselines again.
    baselines = {
        baseline.name: baseline
        for baseline in (from_row(KpiBaseline, row) for row in await ledger.db.rows(BASELINES, (name,)))
    }
    judged = {}
    if improvement.state is ImprovementState.standardised:
        for row in await ledger.db.rows(JUDGED, (name, improvement.judged_position)):
            measurement = from_row(ImprovementMeasurement, row)
            judged[measurement.target] = EffectResult.model_validate(row["result"])
    return [_Target(target, baselines[target.name], judged.get(target.name)) for target in targets]


async def _effect_questions(
    ledger: Ledger, improvement: Improvement, occasion: MeasuredOccasion, measured: _Target, now: datetime
) -> tuple[EffectQuestions, MeasureKpiEffect]:
    """Return the questions about a target KPI, and the payload that stores the effect."""
    baseline, target = measured.baseline, measured.target
    assert baseline.begins_at is not None
    assert baseline.ends_at is not None
    assert target.kpi is not None
    kpi = KPIS[target.kpi]
    scope = _filters(baseline.scope)
    control: Filters | None = None
    is_pilot = occasion.occasion is MeasurementOccasion.pilot
    if is_pilot:
        of_all, cut = scope, _filters(improvement.pilot.pilot_scope)
        scope = of_all | cut
        if improvement.pilot.pilot_control is not None:
            control = of_all | _filters(improvement.pilot.pilot_control)
    body = MeasureKpiEffect(
        kpi=target.kpi,
        before=_window(baseline.begins_at, baseline.ends_at),
        after=_window(occasion.begin, occasion.end),
        tz=baseline.zone,
        scope=scope,
        control=control,
        promised=_promised_of(target),
        change=improvement.number,
    )
    questions = questions_of(ledger.settings, kpi, body, now)
    if is_pilot and control is None:
        async with snapshot_connection(ledger.db) as connection:
            control = await _others(connection, questions, of_all, cut)
        if control is not None:
            body = body.model_copy(update={"control": control})
            questions = questions_of(ledger.settings, kpi, body, now)
    return questions, body


async def _others(
    connection: Connection, questions: EffectQuestions, of_all: Filters, cut: Filters
) -> Filters | None:
    """Return the filters of the cases outside the pilot: the other values of the first dimension that it is
    cut by, those with most cases first if they are many, or None.
    """
    dimension = next(iter(cut), None)
    if dimension is None or dimension not in questions.kpi.dimensions:
        return None
    other_filters = {**of_all, **{name: values for name, values in cut.items() if name is not dimension}}
    cases_by_value: dict[str, int] = {}
    for question in (questions.before, questions.after):
        whole_question = replace(question, filters=other_filters, by=(dimension,))
        figures = await count(connection, whole_question, question.now, most=LARGEST_ANSWER)
        for (_, (value,)), figure in figures.items():
            if value is not None:  # unowned cases are not a party to compare with
                cases_by_value[str(value)] = cases_by_value.get(str(value), 0) + figure.cases
    # Figures name teams by their ids, and pilots by their keys.
    pilot = await resolve_filters(connection, replace(questions.before, filters={dimension: cut[dimension]}))
    inside = {NO_VALUE if value is None else str(value) for value in pilot[dimension]}
    outside = sorted(
        (name for name in cases_by_value if name not in inside),
        key=lambda name: (-cases_by_value[name], name),
    )
    return {**other_filters, dimension: tuple(outside[:MOST_VALUES])} if outside else None


def _measured_target(
    target: _Target, body: MeasureKpiEffect, effect: MeasuredEffect, goal: str | None
) -> MeasuredTarget:
    result = EffectResult.model_validate(effect.result)
    direction = KPIS[effect.kpi].direction
    change = better_by(direction, result.relative_change)
    promised = result.promised
    assert target.target.name is not None
    return MeasuredTarget(
        name=target.target.name,
        question=body,
        effect_id=uuid7(),
        effect=effect,
        value=None if result.effect is None else repr(result.effect),
        promised=None if promised is None else repr(promised.effect),
        promise=None if promised is None else promised.reached,
        is_kept=benefit_is_kept(direction, target.judged, result),
        change=None if change is None else repr(change),
        goal=goal,
        goal_met=None if change is None or goal is None else change >= float(goal),
    )


def benefit_is_kept(direction: Direction, judged: EffectResult | None, result: EffectResult) -> bool | None:
    """Return whether 80 % of the judged effect is still there; None if nothing was judged, there is no
    figure, or the judged effect was no benefit: what had become worse is not kept by staying as bad.

    A pilot's effect is a difference in differences, and the benefit a plain one: both are compared on the
    scale of their KPI, as the change of a ratio from 1, or of a difference from 0.
    """
    if judged is None or judged.effect is None or result.effect is None:
        return None
    nothing = 1.0 if judged.scale is EffectScale.ratio else 0.0
    before, after = _effect_on_value(judged) - nothing, _effect_on_value(result) - nothing
    worse = {Direction.up: before < 0, Direction.down: before > 0, Direction.none: False}
    if before == 0 or worse[direction]:
        return None
    return after / before * 100 >= KEPT_PERCENT


def _effect_on_value(result: EffectResult) -> float:
    """Return the effect on the KPI's own value. Version 1 compared durations by their shift or medians: such
    an effect is no number that a later one, of means, could be held to.
    """
    assert result.effect is not None
    sides = (result.before, result.after, result.control_before, result.control_after)
    values = [side.value for side in sides if side is not None and side.value is not None]
    pairs = [after - before for before, after in zip(values[::2], values[1::2], strict=True)]
    is_shift = WITHOUT_CONTROL[result.method] is EffectMethod.duration
    return pairs[0] - sum(pairs[1:]) if is_shift and pairs else result.effect


def _promised_of(target: ImprovementTarget) -> PromisedEffect | None:
    if target.promised is None:
        return None
    return PromisedEffect(change=target.promised, of=target.promised_as or PromisedAs.relative)


def _window(begin: datetime, end: datetime) -> EffectWindow:
    return EffectWindow.model_validate({"from": instant(begin), "to": instant(end)})


def _filters(scope: Mapping[str, Any] | None) -> Filters:
    return {Dimension(name): tuple(values) for name, values in (scope or {}).items()}
