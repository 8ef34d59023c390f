"""Confidence intervals (95 %) of shares, counts and differences of counts.

Those of counts are quantiles that scipy computes. It takes half a second to load, so it is loaded for the
first such interval: `load` does that outside the event loop.
"""

from __future__ import annotations

import asyncio
from functools import cache, lru_cache
from math import hypot, sqrt

LEVEL = 0.95
#: The normal quantile that leaves 2.5 % on each side.
Z = 1.959963984540054
TAIL = (1 - LEVEL) / 2

Bounds = tuple[float, float]


async def load() -> None:
    """Load what the intervals of counts need, unless it is loaded, without holding up the event loop."""
    if not _import_scipy.cache_info().currsize:
        await asyncio.to_thread(_import_scipy)


@cache
def _import_scipy() -> None:
    import scipy.special  # noqa: F401, PLC0415  # slow to load


def wilson(numerator: float, denominator: float) -> Bounds:
    """Return the score interval of a share (Wilson, JASA 22, 1927, 209-212). It stays between 0 and 1."""
    assert 0 <= numerator <= denominator
    assert denominator > 0
    share, square = numerator / denominator, Z * Z / denominator
    middle = share + square / 2
    reach = sqrt(square * (share * (1 - share) + square / 4))
    low = (middle - reach) / (1 + square) if numerator else 0.0
    high = (middle + reach) / (1 + square) if numerator < denominator else 1.0
    return low, high


def difference_of_shares(share: tuple[int, int], before: tuple[int, int]) -> Bounds:
    """Return the interval of a share minus another one, each as its cases and those that it is of (Newcombe,
    Statistics in Medicine 17, 1998, 873-890, method 10).
    """
    (low, high), (low_before, high_before) = wilson(*share), wilson(*before)
    value, value_before = share[0] / share[1], before[0] / before[1]
    difference = value - value_before
    below, above = (
        hypot(value - low, high_before - value_before),
        hypot(high - value, value_before - low_before),
    )
    return difference - below, difference + above


@lru_cache(maxsize=8192)
def poisson(count: int) -> Bounds:
    """Return the exact interval of a count's expectation (Garwood, Biometrika 28, 1936, 437-442).

    Its bounds are quantiles of gamma distributions whose shapes are the count and the count plus one.
    """
    from scipy.special import gammaincinv  # noqa: PLC0415  # slow to load

    assert count >= 0
    low = gammaincinv(count, TAIL) if count else 0.0
    return float(low), float(gammaincinv(count + 1, 1 - TAIL))


def score(total: int, cases: int, worst: int = 1, best: int = 5) -> Bounds:
    """Return an interval of the mean of scores from `worst` to `best`, given their sum.

    Numbers between two bounds vary most if they are always one of the two: so Wilson's interval of the share
    that the mean would be then is wide enough, whatever the scores are.
    """
    reach = best - worst
    low, high = wilson((total - worst * cases) / reach, cases)
    return worst + reach * low, worst + reach * high


@lru_cache(maxsize=8192)
def poisson_ratio(count: int, other: int) -> Bounds:
    """Return the exact interval of the ratio of the expectations of two counts, the second of which is not 0.

    Given both together, the first is binomial (Przyborowski and Wilenski, Biometrika 31, 1940, 313-323); the
    interval of its share is that of Clopper and Pearson (Biometrika 26, 1934, 404-413), whose bounds are
    quantiles of beta distributions.
    """
    from scipy.special import betaincinv  # noqa: PLC0415  # slow to load

    assert count >= 0
    assert other > 0
    low = float(betaincinv(count, other + 1, TAIL)) if count else 0.0
    # The share of the other count, for that of the first is close to 1 if the other is small.
    rest = float(betaincinv(other, count + 1, TAIL))
    return low / (1 - low), (1 - rest) / rest


def poisson_difference(count: int, less: int) -> Bounds:
    """Return the interval of the difference between the expectations of two counts.

    From the exact intervals of both, by the method of variance estimates recovery (Zou and Donner, Statistics
    in Medicine 27, 2008, 1693-1702): the distance of each bound combines the distances of the counts' own
    bounds. Like theirs, its coverage tends to be above the nominal level rather than below.
    """
    (low, high), (less_low, less_high) = poisson(count), poisson(less)
    difference = count - less
    return difference - hypot(count - low, less_high - less), difference + hypot(
        high - count, less - less_low
    )
