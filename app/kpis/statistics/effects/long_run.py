"""How much a figure varies from window to window, by the days of the year before and of both windows.

A breakdown lasts for days and a bad week follows a bad week; a window of four weeks shows little of that. So
the variance is the long-run variance of the daily sums (Bartlett's kernel: Newey and West, Econometrica 55,
1987, 703-708) over the year before the baseline and both windows, each less its own mean. The bandwidth is
whole weeks, so that the weekly cycle adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np

from app.kpis.statistics.effects.days import (
    Days,
    Values,
    Variance,
    added,
    quantile,
    reach,
    sums_by_day,
    variance_of,
)
from app.kpis.statistics.effects.effect import LEVEL

#: The days over which cases may have something in common; the fewest days and cases to learn it from.
BANDWIDTH, LEAST_HISTORY, LEAST_HISTORY_CASES = 21, 84, 40
#: The degrees of freedom at frequency zero are those of so many independent stretches of a bandwidth
#: (Priestley, Spectral Analysis and Time Series, 1981, section 6.2.3).
FREEDOM = 1.5
#: With too little history the standard error is multiplied by this.
WIDER = 1.5
#: Fewer earlier windows show nothing about how much windows differ.
LEAST_WINDOWS = 6
#: An estimate that is skewed less is taken as symmetric.
SYMMETRIC = 1e-9
#: An earlier window of fewer cases shows nothing.
LEAST_OF_WINDOW = 5


@dataclass(frozen=True, slots=True)
class DayStretch:
    """The days of the history or of a window: what each adds beyond the mean, in units of its deviation, and
    the number of independent cases that it has.
    """

    sums: Values
    cases: float


def stretch_of(days: Days, parts: Values) -> DayStretch:
    """Return the stretch of cases by their days and their deviations from the mean of all of them."""
    scale = sqrt(float((parts**2).mean())) if len(parts) else 0.0
    if not scale:
        return DayStretch(np.zeros(0), 0.0)
    return summed_stretch(days, parts / scale, len(parts))


def summed_stretch(days: Days, parts: Values, cases: float) -> DayStretch:
    """Return the stretch of parts that are in units of their deviation already."""
    return DayStretch(np.bincount(days - days.min(), weights=parts).astype(np.float64), cases)


def has_history(history: DayStretch) -> bool:
    """Return whether the history is long enough to learn from."""
    return len(history.sums) >= LEAST_HISTORY and history.cases >= LEAST_HISTORY_CASES


def long_run_variance(chances: Sequence[float], stretches: Sequence[Sequence[DayStretch]]) -> Variance:
    """Return the variance of a figure of a window, less that of the control if there is one.

    `chances` are the variances of scope and control if each case came by itself: their sum is the least.
    `stretches` are those of each, in the order of time.
    """
    joined = [np.concatenate([stretch.sums for stretch in scope]) for scope in stretches]
    number = min(map(len, joined))
    series = np.zeros(number)
    for sign, chance, sums, scope in zip((1, -1), chances, joined, stretches, strict=False):
        cases = sum(stretch.cases for stretch in scope)
        if cases:
            series += sign * sqrt(chance / cases) * sums[len(sums) - number :]
    variance = float((series**2).sum())
    for lag in range(1, min(BANDWIDTH, number)):
        variance += 2 * (1 - lag / BANDWIDTH) * float((series[lag:] * series[:-lag]).sum())
    variance *= _lost_to_means([len(stretch.sums) for stretch in stretches[0]])
    return Variance(max(variance, sum(chances)), max(FREEDOM * number / BANDWIDTH, 1.0))


def not_below(variance: Variance, of_windows: Sequence[float]) -> Variance:
    """Return the variance, at least that of the same figure between earlier windows of the same length: a
    whole month can be quicker or slower, which a bandwidth of three weeks shows only in part.
    """
    if len(of_windows) < LEAST_WINDOWS:
        return variance
    return Variance(max(variance.variance, float(np.var(of_windows, ddof=1))), variance.freedom)


def _lost_to_means(lengths: Sequence[int]) -> float:
    """Return by how much the variance is too small because each stretch is less its own mean."""
    ratios = [(length, min(BANDWIDTH / length, 1.0)) for length in lengths if length]
    left = sum(length * (1 - ratio + ratio**2 / 3) for length, ratio in ratios)
    return sum(length for length, _ in ratios) / left if left else 1.0


@dataclass(frozen=True, slots=True)
class WindowPart:
    """The cases of a window, or of the history, as arrays."""

    values: Values
    weights: Values
    days: Days

    def chosen(self, condition: np.ndarray) -> WindowPart:
        """Return the cases that meet the condition."""
        return WindowPart(self.values[condition], self.weights[condition], self.days[condition])


#: Figure of a window: its value, and the contribution of each case to its distance from the true value.
Figure = Callable[[WindowPart], tuple[float, Values]]


@dataclass(frozen=True, slots=True)
class ComparedScope:
    """The cases of a scope, or of the control: both windows, and the year before the first. `earlier` are the
    windows of that year which are as long as the first, the newest first; None: by versions without them.
    """

    before: WindowPart
    after: WindowPart
    history: WindowPart
    earlier: tuple[WindowPart, ...] | None = None

    @property
    def windows_in_time(self) -> tuple[WindowPart, WindowPart, WindowPart]:
        """All cases, in the order of time."""
        return self.history, self.before, self.after

    def mapped(self, change: Callable[[WindowPart], WindowPart]) -> ComparedScope:
        """Return the scope with other cases in each part."""
        earlier = None if self.earlier is None else tuple(map(change, self.earlier))
        return ComparedScope(change(self.before), change(self.after), change(self.history), earlier)


#: Figure of an earlier window of the scope, on the scale of its variance.
EarlierFigure = Callable[[WindowPart, ComparedScope], float]


@dataclass(frozen=True, slots=True)
class Level:
    """A figure of one window, less that of the control if there is one, with its variance and the skewness of
    its estimate.
    """

    value: float
    variance: Variance
    skewness: float

    def ends(self, level: float) -> tuple[float, float]:
        """Return the interval, skewed as the estimate is."""
        if not isfinite(self.variance.variance):
            return -inf, inf
        deviation, reaching = sqrt(self.variance.variance), quantile(level, self.variance.freedom)
        low, high = (self.value - deviation * self._unskewed(by) for by in (reaching, -reaching))
        return low, high

    def _unskewed(self, by: float) -> float:
        skewness = self.skewness
        if abs(skewness) < SYMMETRIC:
            return by
        return 3 / skewness * float(np.cbrt(1 + skewness * (by - skewness / 6)) - 1)


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both windows, and of each window of each scope. `is_known`: by the year before."""

    before: Level
    after: Level
    sides: tuple[Level, ...]
    is_known: bool

    @property
    def effect(self) -> float:
        """The figure after less that before."""
        return self.after.value - self.before.value

    @property
    def variance(self) -> Variance:
        """The variance of the effect; both windows share the history, so its freedom counts once."""
        both = added(self.before.variance, self.after.variance)
        return Variance(both.variance, min(self.before.variance.freedom, self.after.variance.freedom))

    def differs(self) -> bool:
        """Return whether the figure differs between the windows."""
        variance = self.variance
        return isfinite(variance.variance) and abs(self.effect) > reach(variance, LEVEL)

    def joined(self, level: float) -> tuple[float, float]:
        """Return the interval of the effect from those of both windows (Newcombe, method 10)."""
        (low, high), (low_after, high_after) = self.before.ends(level), self.after.ends(level)
        below = sqrt((self.after.value - low_after) ** 2 + (high - self.before.value) ** 2)
        above = sqrt((high_after - self.after.value) ** 2 + (self.before.value - low) ** 2)
        return self.effect - below, self.effect + above


def mean_of_cases(part: WindowPart) -> tuple[float, Values]:
    """Return the mean of the cases; with weights, the ratio of the sums."""
    weight = part.weights.sum()
    mean = float((part.values.sum()) / weight)
    return mean, (part.values - mean * part.weights) / weight


def compare_figures(
    scopes: Sequence[ComparedScope], figure: Figure, earlier: EarlierFigure | None = None
) -> Compared:
    """Return the figure of all windows with its variance, by the year before if it is known. `earlier` is the
    figure of earlier windows if the variance has another scale than the figure.
    """
    figures = [
        [figure(part) if len(part.values) else (0.0, part.values) for part in scope.windows_in_time]
        for scope in scopes
    ]
    stretches = [
        [
            stretch_of(part.days, parts)
            for part, (_, parts) in zip(scope.windows_in_time, of_scope, strict=True)
        ]
        for scope, of_scope in zip(scopes, figures, strict=True)
    ]
    is_known = all(has_history(of_scope[0]) for of_scope in stretches)

    def level(window: int, chosen: Sequence[int]) -> Level:
        of_window = [figures[place][window] for place in chosen]
        days = [scopes[place].windows_in_time[window].days for place in chosen]
        value = of_window[0][0] - (of_window[1][0] if len(of_window) > 1 else 0.0)
        signed = np.concatenate([sign * parts for sign, (_, parts) in zip((1, -1), of_window, strict=False)])
        variance = _variance_of(
            [parts for _, parts in of_window],
            days,
            [stretches[place] for place in chosen] if is_known else None,
        )
        variance = not_below(variance, _of_earlier([scopes[place] for place in chosen], figure, earlier))
        square = float((signed**2).sum())
        return Level(value, variance, float((signed**3).sum()) / square**1.5 if square else 0.0)

    both = range(len(scopes))
    sides = [level(window, (place,)) for place in both for window in (1, 2)]
    return Compared(level(1, both), level(2, both), tuple(sides), is_known)


def _of_earlier(
    scopes: Sequence[ComparedScope], figure: Figure, earlier: EarlierFigure | None
) -> list[float]:
    """Return the figure of each earlier window, less that of the control; those of a few cases are left
    out.
    """
    figures = []
    for parts in zip(*(scope.earlier or () for scope in scopes), strict=False):
        if min(len(part.values) for part in parts) < LEAST_OF_WINDOW:
            continue
        values = [
            figure(part)[0] if earlier is None else earlier(part, scope)
            for part, scope in zip(parts, scopes, strict=True)
        ]
        figures.append(values[0] - (values[1] if len(values) > 1 else 0.0))
    return figures


def _variance_of(
    parts: Sequence[Values], days: Sequence[Days], stretches: Sequence[Sequence[DayStretch]] | None
) -> Variance:
    """Return the variance of a sum of the cases' parts; without history by the window alone, and wider."""
    chances = [float((part**2).sum()) * len(part) / max(len(part) - 1, 1) for part in parts]
    if stretches is not None:
        return long_run_variance(chances, stretches)
    sums = sums_by_day(days[0], parts[0])
    if len(parts) > 1:
        sums = sums.without_control(sums_by_day(days[1], parts[1]))
    alone = variance_of(sums)
    return Variance(max(alone.variance, sum(chances)) * WIDER**2, alone.freedom)
