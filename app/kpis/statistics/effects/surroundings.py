"""Surroundings of an effect: the place of the baseline in the year before it, the trend that it lies in, the
mix of cases in both windows, and the smallest effect that could be seen. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import exp, expm1, isfinite, sqrt
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from app.kpis.statistics.effects.day_counts import variance_between_alike as variance_of_rates
from app.kpis.statistics.effects.day_values import variance_between_alike as variance_of_values
from app.kpis.statistics.effects.days import quantile
from app.kpis.statistics.effects.effect import LEVEL, Better
from app.kpis.statistics.effects.long_run import LEAST_WINDOWS
from app.kpis.statistics.effects.samples import DayCases, DayCounts

#: More windows of the year before than this are not examined.
MOST_WINDOWS = 24
#: A baseline in the worst or best quarter of the windows is an unusual one.
UNUSUAL = 0.25
#: A step leaves less of the variation than a line does, although it may begin anywhere: by so much at least.
#: It stands by itself if at most this part of the variation is left; both levels have two values at least.
STEP_OF_LINE, WITHIN_LEVELS, LEAST_OF_LEVEL = 0.75, 0.3, 2
#: The next window is never expected to be as the baseline is: so much of its deviation stays at most.
MOST_DEVIATION_LEFT = 0.9
#: Share of an effect that deserves a warning if something else explains it; and the probability below which
#: chance does not explain a different mix.
OF_EFFECT, MIX_BY_CHANCE = 0.25, 0.1
#: Groups of fewer cases in both windows together count as one group.
LEAST_OF_GROUP = 5
#: The share of effects of the smallest size that would be seen.
POWER = 0.8


@dataclass(frozen=True, slots=True)
class BaselineRank:
    """The place of the baseline among the windows of its length in the year before and itself, the worst
    being 1 and equal ones sharing the middle of their places; and the value that a return to the usual alone
    would give.
    """

    rank: int
    windows: int
    usual: float
    expected: float

    def is_unusual(self, baseline: float, after: float) -> bool:
        """Return whether a return to the usual would move the baseline towards the value after, and either
        the baseline is among the worst or the best, or the return makes up a part of the effect.
        """
        by_itself = self.by_itself(baseline, after)
        if by_itself <= 0:
            return False
        place = min(self.rank, self.windows + 1 - self.rank)
        if place <= max(UNUSUAL * self.windows, 1):
            return True
        return by_itself >= OF_EFFECT and place <= self.windows / 2

    def by_itself(self, baseline: float, after: float) -> float:
        """Return the part of the effect that a return to the usual alone would have."""
        return (self.expected - baseline) / (after - baseline) if after != baseline else 0.0

    def is_worse(self, baseline: float, better: Better) -> bool:
        """Return whether the baseline is on the worse side of the usual."""
        return (baseline > self.usual) is (better == "less")


def rank_of(baseline: float, before: Sequence[float], better: Better) -> BaselineRank | None:
    """Return the rank of the baseline among the windows before it, in the order of time; None: too few."""
    if len(before) < LEAST_WINDOWS:
        return None
    worse = sum(value > baseline if better == "less" else value < baseline for value in before)
    rank = 1 + worse + sum(value == baseline for value in before) // 2
    values = np.array([*before, baseline])
    deviations = values - values.mean()
    square = float((deviations**2).sum())
    alike = float((deviations[1:] * deviations[:-1]).sum()) / square if square else 0.0
    correlation = min(max(alike, 0.0), MOST_DEVIATION_LEFT)
    usual = float(np.mean(before))
    return BaselineRank(rank, len(values), usual, usual + correlation * (baseline - usual))


def windows_with_value(baseline: float, after: float, before: Sequence[float]) -> int:
    """Return how many of the windows before the baseline had a value as far from it as the one after, in the
    same direction.
    """
    return sum(value <= after if after < baseline else value >= after for value in before)


def trend_of(values: Sequence[float], windows_of_year: float) -> float | None:
    """Return by which part the values change in a year, by a straight line through them or their logarithms;
    None: too few, or no trend beyond chance, or a step from one level to another fits them better.
    """
    if len(values) < LEAST_WINDOWS or len(set(values)) == 1:
        return None
    levels = _levels(values)
    line = stats.linregress(range(len(values)), levels)
    if line.pvalue > 1 - LEVEL:
        return None
    left = float(((levels - line.intercept - line.slope * np.arange(len(values))) ** 2).sum())
    if _best_step(levels)[1] < left * STEP_OF_LINE:
        return None
    change = float(line.slope) * windows_of_year
    if min(values) > 0:
        return exp(min(change, 50.0)) - 1
    mean = float(np.mean(values))
    return change / abs(mean) if mean else None


def step_of(values: Sequence[float]) -> int | None:
    """Return the place of the first value after a step from one level to another; None: too few, or most of
    their variation stays within both levels.
    """
    if len(values) < LEAST_WINDOWS or len(set(values)) == 1:
        return None
    levels = _levels(values)
    place, left = _best_step(levels)
    return place if left <= WITHIN_LEVELS * float(((levels - levels.mean()) ** 2).sum()) else None


def _levels(values: Sequence[float]) -> NDArray[np.float64]:
    """Return the logarithms of the values, or the values if there are some at zero or below."""
    return np.asarray(np.log(values) if min(values) > 0 else values, np.float64)


def _best_step(levels: NDArray[np.float64]) -> tuple[int, float]:
    """Return the first place after the step that fits best, and the sum of squares that it leaves."""
    return min(
        (
            (place, float(sum(((part - part.mean()) ** 2).sum() for part in np.split(levels, [place]))))
            for place in range(LEAST_OF_LEVEL, len(levels) - LEAST_OF_LEVEL + 1)
        ),
        key=itemgetter(1),
    )


@dataclass(frozen=True, slots=True)
class MixShift:
    """How much of an effect is another mix of cases: `share` of the cases are in other groups, which makes up
    `difference`, and `effect` is the effect with the mix before.
    """

    share: float
    difference: float
    effect: float


def mix_shift(
    before: Sequence[Hashable], after: Sequence[Hashable], values: tuple[Sequence[float], Sequence[float]]
) -> MixShift | None:
    """Return the shift between the groups of the cases in both windows, and the effect on their mean as if
    each group had the share that it had before; None: the mix differs only by chance, or does not matter.

    Groups without cases after keep their mean, and small groups count as one.
    """
    before, after = _without_small_groups(before, after)
    counts = [Counter(before), Counter(after)]
    groups = list(counts[0] | counts[1])
    if len(groups) < 2 or not before or not after:  # one group has no mix
        return None
    table = np.array([[count[group] for group in groups] for count in counts], float)
    if stats.chi2_contingency(table).pvalue > MIX_BY_CHANCE:
        return None
    means = []
    for names, numbers in zip((before, after), values, strict=True):
        places = {group: place for place, group in enumerate(groups)}
        sums = np.bincount([places[name] for name in names], weights=numbers, minlength=len(groups))
        means.append(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = (total / count for total, count in zip(means, table, strict=True))
    shares = table / table.sum(axis=1, keepdims=True)
    both = (table > 0).all(axis=0)
    effect = float(np.mean(values[1]) - np.mean(values[0]))
    standardised = float((shares[0] * (second - first))[both].sum())
    if not effect or abs(effect - standardised) < OF_EFFECT * abs(effect):
        return None
    moved = float(np.abs(shares[1] - shares[0]).sum() / 2)
    return MixShift(moved, abs(effect - standardised), standardised)


def _without_small_groups(
    before: Sequence[Hashable], after: Sequence[Hashable]
) -> tuple[list[Hashable], list[Hashable]]:
    """Return the groups of the cases, those of a few cases as one: customers with a case each differ by
    chance.
    """
    counts, small_group = Counter([*before, *after]), object()
    first, second = (
        [group if counts[group] >= LEAST_OF_GROUP else small_group for group in groups]
        for groups in (before, after)
    )
    return first, second


def smallest_seen(window: DayCases | DayCounts, better: Better | None) -> float | None:
    """Return the smallest change, as a part of the value, that POWER of such effects would show: between the
    window and another with the same cases. None: even a value of zero, or of twice as much, would not show.
    """
    is_logarithmic, variance = (
        (True, variance_of_rates(window)) if isinstance(window, DayCounts) else variance_of_values(window)
    )
    if variance is None or not isfinite(variance.variance):
        return None
    apart = (quantile(LEVEL, variance.freedom) + float(special.ndtri(POWER))) * sqrt(variance.variance)
    change = (expm1(apart) if better == "more" else expm1(-apart)) if is_logarithmic else apart
    change = abs(change) if better == "more" else -abs(change)
    return change if abs(change) < 1 else None
