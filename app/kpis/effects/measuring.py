"""Measuring an effect: the cases of both windows from one snapshot, then statistics in a thread of their
own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.declaration.kpi import Direction, Kpi
from app.kpis.effects.cases_of_windows import (
    BY_CASE,
    WindowCases,
    cases_of_window,
    cases_of_windows_as_of,
    method_of,
)
from app.kpis.effects.content import (
    EffectHistory,
    EffectResult,
    EffectScale,
    EffectSide,
    EffectWarning,
    GeometricOutcome,
    PromisedOutcome,
    RelativeOutcome,
    WarningCode,
    as_stored,
)
from app.kpis.effects.holidays import holidays_of, restarted_before
from app.kpis.effects.lifecycle import CompareWindows, MeasuredEffect, PromisedEffect
from app.kpis.effects.questions import EffectQuestions, history_of, wrong_value
from app.kpis.effects.records import MeasuredFigure, PromisedAs
from app.kpis.effects.warnings import Circumstances, warnings_of
from app.kpis.questions.question import CannotAnswer
from app.kpis.statistics.effects.codes import CLAIMS, EffectMethod, EffectVerdict, IntervalMethod
from app.kpis.statistics.effects.effect import RATIOS, Better, ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.samples import RateSample
from app.platform.db import Connection, Database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.kpis.effects.surroundings import EarlierOfScopes
    from app.kpis.statistics.effects.compare import MethodVersion

RESAMPLES = 10_000
#: Without a control there are two windows.
PAIR = 2
#: Warnings of baselines that return to the usual by themselves.
OF_BASELINE = frozenset({WarningCode.unusual_baseline, WarningCode.good_baseline})
#: Longest time before the baseline that methods use, unless it has more cases than are read at once; and the
#: shortest useful time.
YEAR, MOST_HISTORY_CASES, LEAST_LENGTH = timedelta(days=365), 100_000, timedelta(days=84)


@dataclass(frozen=True, slots=True)
class Windows:
    """Samples of the windows for a method, in the order before, after, and those of the control if there is
    one. `method` is that without a control. `history_from` is the beginning of the method's history before
    the baseline; None without history. `restarted_at` is when the limits of the KPI restarted, if that was in
    the year before.
    """

    method: EffectMethod
    before: WindowCases
    after: WindowCases
    control: tuple[WindowCases, WindowCases] | None
    history_from: datetime | None = None
    figure: MeasuredFigure = MeasuredFigure.kpi
    restarted_at: datetime | None = None


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
    from app.kpis.effects.surroundings import earlier_of_scopes  # noqa: PLC0415  # scipy is slow to load

    loaded = []
    async with snapshot_connection(db) as connection:
        position, _ = await facts_position(connection)
        for questions, body, circumstances in comparisons:
            method = method_of(questions.kpi, questions.figure)
            windows = await load_windows(connection, questions, method)
            windows = await with_history(connection, questions, windows)
            circumstances = replace(  # noqa: PLW2901  # of this effect
                circumstances, change=body.change, restarted_at=windows.restarted_at
            )
            warned = await warnings_of(connection, questions, windows.before, windows.after, circumstances)
            earlier = await earlier_of_scopes(connection, questions, windows.restarted_at)
            loaded.append((windows, warned, earlier))
    measured = []
    for (questions, body, _), (windows, warnings, earlier) in zip(comparisons, loaded, strict=True):
        result = await asyncio.to_thread(
            compare_in_surroundings, windows, position, body.promised, warnings, earlier
        )
        measured.append(_measured(questions, position, result, now))
    return measured


def compare_in_surroundings(
    windows: Windows,
    seed: int,
    promised: PromisedEffect | None,
    warnings: Sequence[EffectWarning],
    earlier: EarlierOfScopes,
) -> EffectResult:
    """Compare the windows, and add what stands around the effect: the rank of the baseline, a trend, and
    another mix of cases.
    """
    from app.kpis.effects import surroundings  # noqa: PLC0415  # scipy is slow to load

    result = compare(windows, seed, RESAMPLES, promised, warnings)
    better = better_of(windows.before.question.kpi)
    baseline = surroundings.baseline_of(windows.before, earlier.scope, result.before, better)
    further = [
        *surroundings.warnings_of_baseline(baseline, earlier.scope, result, better),
        *surroundings.warnings_of_control(earlier.control, result),
        *surroundings.warnings_of_mix(windows.before, windows.after, windows.method),
    ]
    result = result.model_copy(update={"baseline": baseline, "warnings": [*result.warnings, *further]})
    return judged_by_surroundings(result)


def judged_by_surroundings(result: EffectResult) -> EffectResult:
    """Return the result with its verdict: an effect that a return to the usual alone would have is no
    evidence. The warnings are those of the time of the measurement.
    """
    from app.kpis.statistics.effects import compare as statistics  # noqa: PLC0415  # scipy is slow to load

    of_version = statistics.version_of(result.method, result.method_version)
    if not of_version.follows_direction or result.verdict not in CLAIMS:
        return result
    for warning in result.warnings:
        if warning.code in OF_BASELINE and share_by_itself(result, warning) >= 1:
            return result.model_copy(update={"verdict": EffectVerdict.no_evidence})
    return result


def share_by_itself(result: EffectResult, warning: EffectWarning) -> float:
    """Return the part of the effect that a return to the usual would have, by the warning about the
    baseline.
    """
    if not warning.before or warning.after is None or result.effect is None:
        return 0.0
    is_ratio = result.scale is EffectScale.ratio
    by_itself = warning.after / warning.before - 1 if is_ratio else warning.after - warning.before
    effect = result.effect - 1 if is_ratio else result.effect
    return by_itself / effect if effect else 0.0


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
    history_from: datetime | None = None,
    holidays: frozenset[date] | None = None,
) -> Windows:
    """Return what the method compares of all windows, and of the time from `history_from` up to the baseline,
    by the facts or as of `position`. `holidays` are those of a stored effect; None: by the calendars of now.
    Raises WrongValue.
    """
    places = (("before", "scope"), ("after", "scope"), ("before", "control"), ("after", "control"))
    questions = [effect_questions.before, effect_questions.after]
    if effect_questions.control_before is not None and effect_questions.control_after is not None:
        questions += [effect_questions.control_before, effect_questions.control_after]
    windows_of_effect = len(questions)
    if history_from is not None:
        questions += [history_of(window, history_from) for window in questions[::2]]
    if position is not None:
        try:
            windows_cases = await cases_of_windows_as_of(connection, questions, method, position)
        except CannotAnswer as error:
            raise wrong_value(error, *places[0]) from error
    else:
        windows_cases = []
        for question, place in zip(questions, (*places[:windows_of_effect], *places[::2]), strict=False):
            try:
                windows_cases.append(await cases_of_window(connection, question, method))
            except CannotAnswer as error:
                raise wrong_value(error, *place) from error
    if holidays is None:
        holidays = (
            await holidays_of(connection, effect_questions)
            if method is EffectMethod.rate_by_day
            else frozenset()
        )
    windows_cases = [
        replace(window, longer_than=effect_questions.longer_than, holidays=holidays)
        for window in windows_cases
    ]
    histories = windows_cases[windows_of_effect:]
    for number, history in enumerate(histories):
        windows_cases[2 * number] = replace(windows_cases[2 * number], history=history)
    before, after, *control = windows_cases[:windows_of_effect]
    pair = (control[0], control[1]) if control else None
    return Windows(method, before, after, pair, history_from, effect_questions.figure)


async def with_history(connection: Connection, questions: EffectQuestions, windows: Windows) -> Windows:
    """Return the windows with the year before the baseline since the limits of the KPI restarted, or as much
    of it as is read at once.
    """
    if windows.method is EffectMethod.rate or not windows.before.cases:
        return windows
    begin, end = windows.before.question.bounds[0], windows.before.question.bounds[-1]
    scopes = [windows.before, *(windows.control or ())[:1]]
    cases = max(window.cases for window in scopes)
    length = min(YEAR, (end - begin) * (MOST_HISTORY_CASES / cases)) if cases else YEAR
    restarted_at = await restarted_before(connection, windows.before.question)
    if restarted_at is not None and restarted_at > begin - YEAR:
        windows = replace(windows, restarted_at=restarted_at)
        length = min(length, begin - restarted_at)
    if windows.method in BY_CASE and length < LEAST_LENGTH:
        return windows
    since = begin - (length if windows.method in BY_CASE else YEAR)
    since = max(since, windows.restarted_at or since)
    if since == begin:
        return windows
    loaded = []
    for window in scopes:
        history = await cases_of_window(connection, history_of(window.question, since), windows.method)
        loaded.append(replace(window, history=replace(history, longer_than=questions.longer_than)))
    control = None if windows.control is None else (loaded[1], windows.control[1])
    return replace(windows, before=loaded[0], control=control, history_from=since)


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
    is_other = windows.figure is not MeasuredFigure.kpi
    sides = [
        _side(window_cases, side, method, is_other=is_other)
        for window_cases, side in zip(all_windows, effect.sides, strict=True)
    ]
    # A part of another figure than the KPI's value is one of that figure.
    of_compared = statistics.version_of(method, version).is_of_compared or is_other
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
        geometric=_geometric(effect),
        figure=windows.figure,
        longer_than=before.longer_than,
        history=_history(windows),
        holidays=sorted(before.holidays),
        difference_of_medians=effect.difference_of_medians,
        test=effect.test,
        p_value=effect.p_value,
        verdict=effect.verdict(_better_by(before.question.kpi, statistics.version_of(method, version))),
        promised=_promised(effect, before, promised, of_compared=of_compared),
        warnings=[*warnings, *_of_statistics(effect, sides)],
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


def _history(windows: Windows) -> EffectHistory | None:
    history = windows.before.history
    if windows.history_from is None or history is None:
        return None
    return EffectHistory(begins_at=windows.history_from, cases=history.cases)


def _of_statistics(effect: EffectEstimate, sides: Sequence[EffectSide]) -> list[EffectWarning]:
    """Warn of limits of the method for these cases."""
    from app.kpis.statistics.effects.days import LEAST_DAYS  # noqa: PLC0415  # scipy is slow to load

    effect_warnings = []
    if effect.interval_by is IntervalMethod.percentile and len(sides) == PAIR:
        effect_warnings.append(EffectWarning(code=WarningCode.percentile))
    if effect.is_widened:
        effect_warnings.append(EffectWarning(code=WarningCode.short_history))
    days = [side.days for side in sides if side.days is not None]
    if days and min(days) < LEAST_DAYS:
        effect_warnings.append(EffectWarning(code=WarningCode.few_days, days=min(days)))
    return effect_warnings


def _geometric(effect: EffectEstimate) -> GeometricOutcome | None:
    geometric = effect.geometric
    if geometric is None:
        return None
    return GeometricOutcome(
        ratio=geometric.ratio,
        low=geometric.low,
        high=geometric.high,
        level=geometric.level,
        decides=geometric.decides,
    )


def better_of(kpi: Kpi) -> Better | None:
    """Return the way the KPI improves; None: it has no direction."""
    if kpi.direction is Direction.none:
        return None
    return "more" if kpi.direction is Direction.up else "less"


def _better_by(kpi: Kpi, version: MethodVersion) -> Better | None:
    """Return the way the KPI improves for a version; by the first ones, that of a KPI without a direction is
    to fall.
    """
    better = better_of(kpi)
    return better if better is not None or version.follows_direction else "less"


def _side(window: WindowCases, side: ComparedWindow, method: EffectMethod, *, is_other: bool) -> EffectSide:
    sample = window.sample(EffectMethod.rate) if method in RATIOS else None
    return EffectSide(
        value=side.compared if is_other else window.value,
        cases=side.cases,
        compared=side.compared,
        low=side.low,
        high=side.high,
        exposure=sample.exposure if isinstance(sample, RateSample) else None,
        median=side.median,
        zeros=side.zeros,
        days=side.days,
        p90=side.p90,
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
