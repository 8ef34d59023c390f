"""Surroundings of an effect: the rank of its baseline, the trend before it, and another mix of cases.

It loads the library of statistics: nothing that starts the service imports this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import log
from operator import itemgetter

from app.kpis.answers import answer
from app.kpis.answers.series import cases_of, value_of
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Aggregate, Basis
from app.kpis.effects.cases_of_windows import BY_CASE, WindowCases
from app.kpis.effects.content import (
    BaselineOutcome,
    EffectResult,
    EffectScale,
    EffectSide,
    EffectWarning,
    WarningCode,
)
from app.kpis.effects.questions import EffectQuestions
from app.kpis.effects.records import MeasuredFigure
from app.kpis.questions.question import KpiQuestion
from app.kpis.statistics.effects.codes import CLAIMS, EffectMethod
from app.kpis.statistics.effects.effect import Better
from app.kpis.statistics.effects.long_run import LEAST_WINDOWS
from app.kpis.statistics.effects.surroundings import (
    MOST_WINDOWS,
    BaselineRank,
    mix_shift,
    rank_of,
    step_of,
    trend_of,
    windows_with_value,
)
from app.platform.db import Connection

YEAR = timedelta(days=365)
#: The scope's own change makes up at least this part of an effect; the control's level is another one if it
#: is so many times as high, or as low.
HALF, OTHER_LEVEL = 0.5, 2.0
#: The effect on these is one on a mean, which can be standardised to another mix.
OF_MEANS = frozenset({EffectMethod.mean_by_day, EffectMethod.share_by_day})


@dataclass(frozen=True, slots=True)
class EarlierWindows:
    """The figure of the windows of the year before, in the order of time, and of durations their medians.
    Those without cases are left out. `begins` are the beginnings of those with a value, and `possible` is how
    many windows there are.
    """

    values: tuple[float, ...]
    medians: tuple[float, ...]
    possible: int
    length: timedelta
    begins: tuple[datetime, ...] = ()

    @property
    def a_year(self) -> float:
        """Return how many windows of that length make a year."""
        return YEAR / self.length


@dataclass(frozen=True, slots=True)
class EarlierOfScopes:
    """The earlier windows of the scope, and of the control if there is one."""

    scope: EarlierWindows
    control: EarlierWindows | None


async def earlier_of_scopes(
    connection: Connection, questions: EffectQuestions, restarted_at: datetime | None
) -> EarlierOfScopes:
    """Return the windows before the baseline of the scope and of the control. Raises CannotAnswer."""
    control = questions.control_before
    return EarlierOfScopes(
        await _earlier_windows(connection, questions.before, questions.figure, restarted_at),
        None
        if control is None
        else await _earlier_windows(connection, control, questions.figure, restarted_at),
    )


async def _earlier_windows(
    connection: Connection, question: KpiQuestion, figure: MeasuredFigure, restarted_at: datetime | None
) -> EarlierWindows:
    """Return the windows before the baseline that do not overlap, since the limits restarted."""
    begin, end = question.bounds[0], question.bounds[-1]
    length = end - begin
    possible = min(YEAR // length, MOST_WINDOWS)
    if restarted_at is not None:
        possible = min(possible, (begin - restarted_at) // length)
    if not possible or question.kpi.basis is Basis.standing:
        return EarlierWindows((), (), 0, length)
    bounds = tuple(begin - place * length for place in range(possible, -1, -1))
    cells = await answer.count(connection, replace(question, bounds=bounds), question.now, most=possible)
    values, medians, begins = list[float](), list[float](), list[datetime]()
    for period in range(1, possible + 1):
        figures = cells.get((period, ()), Figures())
        value = value_of(question.kpi, figures)
        if figures.elapsed is not None:
            medians.append(float(figures.elapsed.median))
            if figure is MeasuredFigure.p90:
                value = figures.elapsed.p90
        if value is not None and cases_of(question.kpi, figures):
            values.append(float(value))
            begins.append(bounds[period - 1])
    return EarlierWindows(tuple(values), tuple(medians), possible, length, tuple(begins))


def baseline_of(
    before: WindowCases, earlier: EarlierWindows, side: EffectSide, better: Better | None
) -> BaselineOutcome | None:
    """Return the place of the baseline among the windows before it; None: there are too few."""
    if side.value is None or before.longer_than is not None:
        return None
    rank = rank_of(side.value, earlier.values, better or "less")
    if rank is None:
        return None
    return BaselineOutcome(rank=rank.rank, windows=rank.windows, usual=rank.usual, expected=rank.expected)


def warnings_of_baseline(
    baseline: BaselineOutcome | None, earlier: EarlierWindows, result: EffectResult, better: Better | None
) -> list[EffectWarning]:
    """Warn of a baseline that returns to the usual by itself, of a value after that was there before, of a
    trend or a step that the baseline follows, and of too short a past.
    """
    warnings = list[EffectWarning]()
    if baseline is None:
        is_short = earlier.possible >= LEAST_WINDOWS and len(earlier.values) < LEAST_WINDOWS
        if is_short and all(warning.code is not WarningCode.short_history for warning in result.warnings):
            warnings.append(EffectWarning(code=WarningCode.short_history))
    moved = _moved_before(earlier)
    reached = _value_reached(result)
    if baseline is None or reached is None:
        return [*warnings, *moved]
    value, after = reached
    rank = BaselineRank(**baseline.model_dump())
    # A trend goes on, and does not return: one expectation is enough.
    if not moved and better is not None and rank.is_unusual(value, after):
        code = WarningCode.unusual_baseline if rank.is_worse(value, better) else WarningCode.good_baseline
        warnings.append(EffectWarning(code=code, before=value, after=baseline.expected))
    times = windows_with_value(value, after, earlier.values)
    if times and result.verdict in CLAIMS:
        warnings.append(EffectWarning(code=WarningCode.seen_before, times=times))
    return [*warnings, *moved]


def _moved_before(earlier: EarlierWindows) -> list[EffectWarning]:
    """Warn of a trend in the windows before the baseline, or of a step to another level."""
    for values in (earlier.values, earlier.medians):
        place = step_of(values)
        trend = trend_of(values, earlier.a_year)
        if trend is not None:
            return [EffectWarning(code=WarningCode.trend_before, share=trend)]
        if place is not None and values is earlier.values:
            return [EffectWarning(code=WarningCode.step_before, at=earlier.begins[place])]
    return []


def _value_reached(result: EffectResult) -> tuple[float, float] | None:
    """Return the value of the baseline, and that to which the effect leads from there; None without them."""
    value, effect = result.before.value, result.effect
    if value is None or effect is None:
        return None
    return value, value * effect if result.scale is EffectScale.ratio else value + effect


def warnings_of_control(earlier: EarlierWindows | None, result: EffectResult) -> list[EffectWarning]:
    """Warn of an effect that the control made: it moved and the scope did not, its baseline was unusual, or
    its level is another one.
    """
    first, second = result.control_before, result.control_after
    if earlier is None or first is None or second is None or result.verdict not in CLAIMS:
        return []
    if first.compared is None or second.compared is None:
        return []
    warnings = list[EffectWarning]()
    share = share_of_scope(result)
    if share is not None and share < HALF:
        warnings.append(EffectWarning(code=WarningCode.control_moved, before=first.value, after=second.value))
    rank = None if first.value is None else rank_of(first.value, earlier.values, "less")
    if rank is not None and first.value and second.value and rank.is_unusual(first.value, second.value):
        warnings.append(
            EffectWarning(code=WarningCode.unusual_control, before=first.value, after=rank.expected)
        )
    decides = result.geometric is not None and result.geometric.decides
    level = result.before.compared
    if result.scale is EffectScale.difference and not decides and level and first.compared:
        factor = max(level / first.compared, first.compared / level)
        if factor >= OTHER_LEVEL:
            warnings.append(
                EffectWarning(code=WarningCode.control_differs, before=result.before.value, after=first.value)
            )
    return warnings


def share_of_scope(result: EffectResult) -> float | None:
    """Return the part of a difference in differences that the scope's own change makes up; None without an
    effect.
    """
    before, after, effect = result.before.compared, result.after.compared, result.effect
    if before is None or after is None or effect is None:
        return None
    geometric = result.geometric
    if geometric is not None and geometric.decides:
        effect, is_ratio = geometric.ratio, True
    else:
        is_ratio = result.scale is EffectScale.ratio
    if is_ratio:
        if min(before, after, effect) <= 0 or effect == 1:
            return None
        return log(after / before) / log(effect)
    return (after - before) / effect if effect else None


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
