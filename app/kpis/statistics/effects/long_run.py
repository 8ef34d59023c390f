"""How much a figure varies from window to window, by the days of the year before and of both windows.

A breakdown lasts for days and a bad week follows a bad week; a window of four weeks shows little of that. So
the variance is the long-run variance of the daily sums (Bartlett's kernel: Newey and West, Econometrica 55,
1987, 703-708) over the year before the baseline and both windows, each less its own mean. The bandwidth is
whole weeks, so that the weekly cycle adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from app.kpis.statistics.effects.days import Days, Values, Variance

#: The days over which cases may have something in common; the fewest days and cases to learn it from.
BANDWIDTH, LEAST_HISTORY, LEAST_HISTORY_CASES = 21, 84, 40
#: The degrees of freedom at frequency zero are those of so many independent stretches of a bandwidth
#: (Priestley, Spectral Analysis and Time Series, 1981, section 6.2.3).
FREEDOM = 1.5
#: With too little history the standard error is multiplied by this.
WIDER = 1.5
#: Fewer earlier windows show nothing about how much windows differ.
LEAST_WINDOWS = 6


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
