"""Effects on durations: the shift by Hodges and Lehmann, with the interval of order statistics.

Hodges and Lehmann, Estimates of location based on rank tests, Annals of Mathematical Statistics 34 (1963),
598-611: the median of all differences between a value after and one before. Its interval reaches from the
k-th smallest to the k-th largest difference, k from the distribution of Mann and Whitney's U (Lehmann,
Nonparametrics, 1975). Differences are counted, not listed: ten thousand cases a side have a hundred million.
"""

from __future__ import annotations

from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.effect import ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.samples import ValueSample

Values = NDArray[np.float64]
#: The normal quantile of LEVEL, as the worked cases have it.
QUANTILE = 1.96
#: So many differences are listed at once, at most.
LISTED = 1_000_000


def summary_of(sample: ValueSample) -> ComparedWindow:
    """Return the median with the interval of its order statistics."""
    ordered = np.sort(np.asarray(sample.values, dtype=np.float64))
    cases = len(ordered)
    if not cases:
        return ComparedWindow(None, None, None, 0)
    place = max(floor(cases / 2 - QUANTILE * sqrt(cases) / 2), 1)
    return ComparedWindow(float(np.median(ordered)), float(ordered[place - 1]), float(ordered[-place]), cases)


def duration_effect(before: ValueSample, after: ValueSample) -> EffectEstimate:
    """Return the shift from before to after, with Mann and Whitney's test."""
    sides = first, second = summary_of(before), summary_of(after)
    if first.compared is None or second.compared is None:
        return EffectEstimate(EffectMethod.duration, None, None, None, IntervalMethod.order_statistics, sides)
    x, y = (np.sort(np.asarray(sample.values, dtype=np.float64)) for sample in (before, after))
    pairs = len(x) * len(y)
    place = max(floor(pairs / 2 - QUANTILE * _deviation_of_u(x, y)), 1)
    low, high = kth_difference(x, y, place), kth_difference(x, y, pairs - place + 1)
    middle = [kth_difference(x, y, nth) for nth in {(pairs + 1) // 2, pairs // 2 + 1}]
    test = stats.mannwhitneyu(y, x, alternative="two-sided", method="asymptotic", use_continuity=True)
    alike = x[0] == x[-1] == y[0] == y[-1]
    return EffectEstimate(
        EffectMethod.duration,
        sum(middle) / len(middle),
        low,
        high,
        IntervalMethod.order_statistics,
        sides,
        TestMethod.mann_whitney,
        1.0 if alike else float(test.pvalue),
        second.compared - first.compared,
        float(test.statistic),
    )


def _deviation_of_u(x: Values, y: Values) -> float:
    """Return the standard deviation of U if nothing differs, corrected for ties."""
    cases = len(x) + len(y)
    _, counts = np.unique(np.concatenate([x, y]), return_counts=True)
    ties = counts.astype(np.float64)
    tied = float((ties**3 - ties).sum()) / (cases * (cases - 1))
    return sqrt(max(len(x) * len(y) / 12 * (cases + 1 - tied), 0.0))


def kth_difference(x: Values, y: Values, nth: int) -> float:
    """Return the nth smallest (from 1) of all differences of a y less an x; both are sorted.

    It narrows down between which values it lies, until few enough are left to list.
    """

    def places(bound: float) -> NDArray[np.intp]:
        """For each x, how many of its differences are at most the bound."""
        return np.searchsorted(y, x + bound, side="right")

    low, high = float(y[0] - x[-1]) - 1.0, float(y[-1] - x[0])
    under, until = places(low), np.full(len(x), len(y))
    while True:
        below = int(under.sum())
        if int(until.sum()) - below <= LISTED:
            left = np.concatenate(
                [
                    y[begin:end] - duration
                    for duration, begin, end in zip(x, under, until, strict=True)
                    if end > begin
                ]
            )
            return float(np.partition(left, nth - below - 1)[nth - below - 1])
        middle = low + (high - low) / 2
        if not low < middle < high:
            # All that is left are ties of one difference.
            some = until > under
            return float((y[until[some] - 1] - x[some]).max())
        difference_places = places(middle)
        if int(difference_places.sum()) >= nth:
            high, until = middle, difference_places
        else:
            low, under = middle, difference_places
