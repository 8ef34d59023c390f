"""Surroundings of an effect: the rank of its baseline, the trend before it, and another mix of cases.

It loads the library of statistics: nothing that starts the service imports this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from operator import itemgetter

from app.kpis.answers import answer
from app.kpis.answers.series import cases_of, value_of
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Aggregate, Basis
from app.kpis.effects.cases_of_windows import BY_CASE, WindowCases
from app.kpis.effects.content import (
    BaselineOutcome,
    EffectResult,
    EffectSide,
    EffectWarning,
    WarningCode,
)
from app.kpis.effects.questions import EffectQuestions
from app.kpis.effects.records import MeasuredFigure
from app.kpis.statistics.effects.codes import EffectMethod
from app.kpis.statistics.effects.effect import Better
from app.kpis.statistics.effects.surroundings import (
    LEAST_WINDOWS,
    MOST_WINDOWS,
    BaselineRank,
    mix_shift,
    rank_of,
    trend_of,
)
from app.platform.db import Connection

YEAR = timedelta(days=365)
#: The effect on these is one on a mean, which can be standardised to another mix.
OF_MEANS = frozenset({EffectMethod.mean_by_day, EffectMethod.share_by_day})


@dataclass(frozen=True, slots=True)
class EarlierWindows:
    """The figure of the windows of the year before, in the order of time, and of durations their medians.
    Those without cases are left out. `possible` is how many windows a year has.
    """

    values: tuple[float, ...]
    medians: tuple[float, ...]
    possible: int
    length: timedelta

    @property
    def a_year(self) -> float:
        """Return how many windows of that length make a year."""
        return YEAR / self.length


async def earlier_windows(connection: Connection, questions: EffectQuestions) -> EarlierWindows:
    """Return the windows before the baseline that do not overlap. Raises CannotAnswer."""
    question = questions.before
    begin, end = question.bounds[0], question.bounds[-1]
    length = end - begin
    possible = min(YEAR // length, MOST_WINDOWS)
    if not possible or question.kpi.basis is Basis.standing:
        return EarlierWindows((), (), 0, length)
    bounds = tuple(begin - place * length for place in range(possible, -1, -1))
    cells = await answer.count(connection, replace(question, bounds=bounds), question.now, most=possible)
    values, medians = list[float](), list[float]()
    for period in range(1, possible + 1):
        figures = cells.get((period, ()), Figures())
        value = value_of(question.kpi, figures)
        if figures.elapsed is not None:
            medians.append(float(figures.elapsed.median))
            if questions.figure is MeasuredFigure.p90:
                value = figures.elapsed.p90
        if value is not None and cases_of(question.kpi, figures):
            values.append(float(value))
    return EarlierWindows(tuple(values), tuple(medians), possible, length)


def baseline_of(
    before: WindowCases, earlier: EarlierWindows, side: EffectSide, better: Better
) -> BaselineOutcome | None:
    """Return the place of the baseline among the windows before it; None: there are too few."""
    if side.value is None or before.longer_than is not None:
        return None
    rank = rank_of(side.value, earlier.values, better)
    if rank is None:
        return None
    return BaselineOutcome(rank=rank.rank, windows=rank.windows, usual=rank.usual, expected=rank.expected)


def warnings_of_baseline(
    baseline: BaselineOutcome | None,
    earlier: EarlierWindows,
    result: EffectResult,
) -> list[EffectWarning]:
    """Warn of a baseline among the worst, of a trend that it lies in, and of too short a past."""
    warnings, side = list[EffectWarning](), result.before
    if baseline is None:
        is_short = earlier.possible >= LEAST_WINDOWS and len(earlier.values) < LEAST_WINDOWS
        if is_short and all(warning.code is not WarningCode.short_history for warning in result.warnings):
            warnings.append(EffectWarning(code=WarningCode.short_history))
    elif side.value is not None and BaselineRank(**baseline.model_dump()).is_unusual(
        side.value, side.value if result.after.value is None else result.after.value
    ):
        warnings.append(
            EffectWarning(code=WarningCode.unusual_baseline, before=side.value, after=baseline.expected)
        )
    series = [(earlier.values, side.value), (earlier.medians, side.median)]
    trends = [
        trend
        for values, last in series
        if last is not None and (trend := trend_of([*values, last], earlier.a_year)) is not None
    ]
    if trends:
        warnings.append(EffectWarning(code=WarningCode.trend_before, share=trends[0]))
    return warnings


def warnings_of_mix(before: WindowCases, after: WindowCases, method: EffectMethod) -> list[EffectWarning]:
    """Warn of the dimension whose other mix makes up most of the effect, if there is one."""
    kpi, dimensions = before.question.kpi, before.cut_by
    if method not in BY_CASE or not dimensions or kpi.aggregate is Aggregate.availability:
        return []
    (cuts, values), (later_cuts, later_values) = before.cut_cases(method), after.cut_cases(method)
    shifts = []
    for place, dimension in enumerate(dimensions):
        shift = mix_shift(
            [cut[place] for cut in cuts], [cut[place] for cut in later_cuts], (values, later_values)
        )
        if shift is not None:
            shifts.append((shift.difference, dimension, shift))
    if not shifts:
        return []
    _, dimension, shift = max(shifts, key=itemgetter(0))
    return [
        EffectWarning(
            code=WarningCode.different_mix,
            dimension=dimension,
            share=shift.share,
            standardised=shift.effect if method in OF_MEANS else None,
        )
    ]
