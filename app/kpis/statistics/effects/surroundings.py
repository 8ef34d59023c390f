"""Surroundings of an effect: the place of the baseline in the year before it, the trend that it lies in, the
mix of cases in both windows, and the smallest effect that could be seen. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import exp, expm1, isfinite, sqrt

import numpy as np
from scipy import special, stats

from app.kpis.statistics.effects.day_counts import variance_between_alike as variance_of_rates
from app.kpis.statistics.effects.day_values import variance_between_alike as variance_of_values
from app.kpis.statistics.effects.days import quantile
from app.kpis.statistics.effects.effect import LEVEL, Better
from app.kpis.statistics.effects.samples import DayCases, DayCounts

#: Fewer windows in the year before show nothing, and more than this are not examined.
LEAST_WINDOWS, MOST_WINDOWS = 6, 24
#: A baseline in the worst quarter of the windows is an unusual one.
WORST = 0.25
#: The next window is never expected to be as the baseline is: so much of its deviation stays at most.
MOST_DEVIATION_LEFT = 0.9
#: Share of an effect that deserves a warning if something else explains it; and the probability below which
#: chance does not explain a different mix.
OF_EFFECT, MIX_BY_CHANCE = 0.25, 0.1
#: The share of effects of the smallest size that would be seen.
POWER = 0.8


@dataclass(frozen=True, slots=True)
class BaselineRank:
    """The place of the baseline among the windows of its length in the year before and itself, the worst
    being 1; and the value that a return to the usual alone would give.
    """

    rank: int
    windows: int
    usual: float
    expected: float

    def is_unusual(self, baseline: float, after: float) -> bool:
        """Return whether the baseline is among the worst, or is worse than usual and a return to the usual
        makes up a part of the effect.
        """
        if self.rank <= max(WORST * self.windows, 1):
            return True
        effect, by_itself = after - baseline, self.expected - baseline
        return bool(effect) and by_itself / effect >= OF_EFFECT and self.rank <= self.windows / 2


def rank_of(baseline: float, before: Sequence[float], better: Better) -> BaselineRank | None:
    """Return the rank of the baseline among the windows before it, in the order of time; None: too few."""
    if len(before) < LEAST_WINDOWS:
        return None
    worse = sum(value > baseline if better == "less" else value < baseline for value in before)
    values = np.array([*before, baseline])
    deviations = values - values.mean()
    square = float((deviations**2).sum())
    alike = float((deviations[1:] * deviations[:-1]).sum()) / square if square else 0.0
    correlation = min(max(alike, 0.0), MOST_DEVIATION_LEFT)
    usual = float(np.mean(before))
    return BaselineRank(worse + 1, len(values), usual, usual + correlation * (baseline - usual))


def trend_of(values: Sequence[float], windows_of_year: float) -> float | None:
    """Return by which part the values change in a year, by a straight line through them or their logarithms;
    None: too few, or no trend beyond chance.
    """
    if len(values) < LEAST_WINDOWS or len(set(values)) == 1:
        return None
    positive = min(values) > 0
    line = stats.linregress(range(len(values)), np.log(values) if positive else values)
    if line.pvalue > 1 - LEVEL:
        return None
    change = float(line.slope) * windows_of_year
    if positive:
        return exp(min(change, 50.0)) - 1
    mean = float(np.mean(values))
    return change / abs(mean) if mean else None


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

    Groups without cases after keep their mean.
    """
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


def smallest_seen(window: DayCases | DayCounts, better: Better) -> float | None:
    """Return the smallest change, as a part of the value, that POWER of such effects would show: between the
    window and another with the same cases. None: even a value of zero, or of twice as much, would not show.
    """
    is_logarithmic, variance = (
        (True, variance_of_rates(window)) if isinstance(window, DayCounts) else variance_of_values(window)
    )
    if variance is None or not isfinite(variance.variance):
        return None
    apart = (quantile(LEVEL, variance.freedom) + float(special.ndtri(POWER))) * sqrt(variance.variance)
    change = (expm1(-apart) if better == "less" else expm1(apart)) if is_logarithmic else apart
    change = abs(change) if better == "more" else -abs(change)
    return change if abs(change) < 1 else None
