"""Measuring an effect: the cases of both windows from one snapshot, then statistics in a thread of their
own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.declaration.kpi import Direction, Kpi
from app.kpis.effects.cases_of_windows import (
    WindowCases,
    cases_of_window,
    cases_of_windows_as_of,
    method_of,
)
from app.kpis.effects.content import (
    EffectResult,
    EffectScale,
    EffectSide,
    EffectWarning,
    PromisedOutcome,
    RelativeOutcome,
    WarningCode,
    as_stored,
)
from app.kpis.effects.lifecycle import CompareWindows, MeasuredEffect, PromisedEffect
from app.kpis.effects.questions import EffectQuestions, wrong_value
from app.kpis.effects.records import PromisedAs
from app.kpis.effects.warnings import Circumstances, warnings_of
from app.kpis.questions.question import CannotAnswer
from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod
from app.kpis.statistics.effects.effect import RATIOS, Better, ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.samples import RateSample
from app.platform.db import Connection, Database

if TYPE_CHECKING:
    from collections.abc import Sequence

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Windows:
    """What a method compares of the windows, in the order before, after, and those of the control if there is
    one. `method` is that without a control.
    """

    method: EffectMethod
    before: WindowCases
    after: WindowCases
    control: tuple[WindowCases, WindowCases] | None


async def measure(
    db: Database, questions: EffectQuestions, body: CompareWindows, now: datetime
) -> MeasuredEffect:
    """Measure the effect that is asked for, as of the position of the facts.

    Raises WrongValue for what cannot be measured, DatabaseGone.
    """
    (measured_effect,) = await measure_together(db, [(questions, body, Circumstances())], now)
    return measured_effect


async def measure_together(
    db: Database, comparisons: Sequence[tuple[EffectQuestions, CompareWindows, Circumstances]], now: datetime
) -> list[MeasuredEffect]:
    """Measure several effects in their order, all of them as of one position of the facts, with what is known
    of each besides. Raises as `measure` does.
    """
    loaded = []
    async with snapshot_connection(db) as connection:
        position, _ = await facts_position(connection)
        for questions, body, circumstances in comparisons:
            windows = await load_windows(connection, questions, method_of(questions.kpi))
            warned = await warnings_of(
                connection,
                questions,
                windows.before,
                windows.after,
                replace(circumstances, change=body.change),
            )
            loaded.append((windows, warned))
    measured = []
    for (questions, body, _), (windows, warnings) in zip(comparisons, loaded, strict=True):
        result = await asyncio.to_thread(compare, windows, position, RESAMPLES, body.promised, warnings)
        measured.append(_measured(questions, position, result, now))
    return measured


def _measured(
    questions: EffectQuestions, position: int, result: EffectResult, now: datetime
) -> MeasuredEffect:
    first = questions.before
    return MeasuredEffect(
        kpi=questions.kpi.key,
        windows=questions.windows,
        zone=first.zone.key,
        currency=first.currency,
        reopen_days=first.reopen_days,
        position=position,
        seed=position,
        resamples=RESAMPLES,
        verdict=result.verdict.value,
        result=as_stored(result.model_dump(mode="json")),
        measured_at=now,
    )


async def load_windows(
    connection: Connection,
    effect_questions: EffectQuestions,
    method: EffectMethod,
    position: int | None = None,
) -> Windows:
    """Return what the method compares of all windows, by the facts or as of `position`. Raises WrongValue."""

    places = (("before", "scope"), ("after", "scope"), ("before", "control"), ("after", "control"))
    questions = [effect_questions.before, effect_questions.after]
    if effect_questions.control_before is not None and effect_questions.control_after is not None:
        questions += [effect_questions.control_before, effect_questions.control_after]
    if position is not None:
        try:
            windows_cases = await cases_of_windows_as_of(connection, questions, method, position)
        except CannotAnswer as error:
            raise wrong_value(error, *places[0]) from error
    else:
        windows_cases = []
        for question, place in zip(questions, places, strict=False):
            try:
                windows_cases.append(await cases_of_window(connection, question, method))
            except CannotAnswer as error:
                raise wrong_value(error, *place) from error
    before, after, *control = windows_cases
    return Windows(method, before, after, (control[0], control[1]) if control else None)


def compare(
    windows: Windows,
    seed: int,
    resamples: int,
    promised: PromisedEffect | None,
    warnings: Sequence[EffectWarning],
    version: int | None = None,
) -> EffectResult:
    """Compare the windows by their method and this version of it (None: the newest); the same seed gives the
    same result.
    """
    from app.kpis.statistics.effects import compare as statistics  # noqa: PLC0415  # scipy is slow to load
    from app.kpis.statistics.effects.days import LEAST_DAYS  # noqa: PLC0415  # scipy is slow to load

    before, after, method = windows.before, windows.after, windows.method
    version = statistics.newest_version(method) if version is None else version
    all_windows = (before, after, *(windows.control or ()))
    first, second, *control = (window_cases.sample(method) for window_cases in all_windows)
    effect = statistics.compare(
        method,
        first,
        second,
        (control[0], control[1]) if control else None,
        seed=seed,
        resamples=resamples,
        version=version,
    )
    sides = [
        _side(window_cases, side, method)
        for window_cases, side in zip(all_windows, effect.sides, strict=True)
    ]
    effect_warnings = list(warnings)
    if effect.interval_by is IntervalMethod.percentile and not control:
        effect_warnings.append(EffectWarning(code=WarningCode.percentile))
    days = [side.days for side in sides if side.days is not None]
    if days and min(days) < LEAST_DAYS:
        effect_warnings.append(EffectWarning(code=WarningCode.few_days, days=min(days)))
    of_compared = statistics.version_of(method, version).is_of_compared
    return EffectResult(
        method=effect.method,
        method_version=version,
        scale=EffectScale.ratio if effect.method in RATIOS else EffectScale.difference,
        before=sides[0],
        after=sides[1],
        control_before=sides[2] if control else None,
        control_after=sides[3] if control else None,
        effect=effect.effect,
        low=effect.low,
        high=effect.high,
        level=effect.level,
        interval_by=effect.interval_by,
        relative_change=effect.relative_change,
        relative=_relative(effect),
        difference_of_medians=effect.difference_of_medians,
        test=effect.test,
        p_value=effect.p_value,
        verdict=effect.verdict(better_of(before.question.kpi)),
        promised=_promised(effect, before, promised, of_compared=of_compared),
        warnings=effect_warnings,
    )


def _relative(effect: EffectEstimate) -> RelativeOutcome | None:
    relative_effect = effect.relative
    if relative_effect is None:
        return None
    return RelativeOutcome(
        value=relative_effect.value,
        low=relative_effect.low,
        high=relative_effect.high,
        no_effect=relative_effect.no_effect,
    )


def better_of(kpi: Kpi) -> Better:
    """Return the way the KPI improves; one without a direction is taken to improve by falling."""
    return "more" if kpi.direction is Direction.up else "less"


def _side(window: WindowCases, side: ComparedWindow, method: EffectMethod) -> EffectSide:
    sample = window.sample(EffectMethod.rate) if method in RATIOS else None
    return EffectSide(
        value=window.value,
        cases=side.cases,
        compared=side.compared,
        low=side.low,
        high=side.high,
        exposure=sample.exposure if isinstance(sample, RateSample) else None,
        median=side.median,
        zeros=side.zeros,
        days=side.days,
    )


def _promised(
    effect: EffectEstimate, before: WindowCases, promised: PromisedEffect | None, *, of_compared: bool
) -> PromisedOutcome | None:
    """Return what was promised on the scale of the effect; None if nothing was, or nothing is before.

    A part is of the KPI's own value before, or by the first versions of methods `of_compared`: of what is
    compared of the window before, as the median of a duration. An amount is in the unit of that value.
    """
    if promised is None:
        return None
    change, part_of = float(promised.change), effect.sides[0].compared if of_compared else before.value
    is_part, is_ratio = promised.of is PromisedAs.relative, effect.method in RATIOS
    if is_part == is_ratio:
        needed = 1 + change if is_ratio else change
    elif is_part:
        needed = change * (part_of or 0)
    else:
        needed = 1 + change / before.value if before.value else 1
    # A part of nothing is no promise.
    none = 1 if is_ratio else 0
    return None if needed == none else PromisedOutcome(effect=needed, reached=effect.reaches(needed))
