"""Confidence intervals (95 %) of shares, counts and differences of counts."""

from __future__ import annotations

from functools import lru_cache
from math import exp, hypot, inf, lgamma, log, sqrt

LEVEL = 0.95
#: The normal quantile that leaves 2.5 % on each side.
Z = 1.959963984540054
TAIL = (1 - LEVEL) / 2
#: Newton's method doubles the correct digits with each step; from its starting point four steps are usual.
MOST_STEPS = 50
EPSILON = 1e-12
TINY = 1e-300

Bounds = tuple[float, float]


def wilson(numerator: float, denominator: int) -> Bounds:
    """Return the score interval of a share (Wilson, JASA 22, 1927, 209-212). It stays between 0 and 1."""
    assert 0 <= numerator <= denominator
    assert denominator > 0
    share, square = numerator / denominator, Z * Z / denominator
    middle = share + square / 2
    reach = sqrt(square * (share * (1 - share) + square / 4))
    low = (middle - reach) / (1 + square) if numerator else 0.0
    high = (middle + reach) / (1 + square) if numerator < denominator else 1.0
    return low, high


@lru_cache(maxsize=8192)
def poisson(count: int) -> Bounds:
    """Return the exact interval of a count's expectation (Garwood, Biometrika 28, 1936, 437-442).

    Its bounds are quantiles of gamma distributions whose shapes are the count and the count plus one.
    """
    assert count >= 0
    low = _gamma_quantile(count, TAIL, -Z) if count else 0.0
    return low, _gamma_quantile(count + 1, 1 - TAIL, Z)


def score(total: int, cases: int, worst: int = 1, best: int = 5) -> Bounds:
    """Return an interval of the mean of scores from `worst` to `best`, given their sum.

    Of numbers between two bounds none vary more than those that are always one of the two: so Wilson's
    interval of the share that the mean would be then is wide enough, whatever the scores are.
    """
    reach = best - worst
    low, high = wilson((total - worst * cases) / reach, cases)
    return worst + reach * low, worst + reach * high


@lru_cache(maxsize=8192)
def poisson_ratio(count: int, other: int) -> Bounds:
    """Return the exact interval of the ratio of the expectations of two counts, the second of which is not 0.

    Given both together, the first is binomial (Przyborowski and Wilenski, Biometrika 31, 1940, 313-323); the
    interval of its share is that of Clopper and Pearson (Biometrika 26, 1934, 404-413).
    """
    assert count >= 0
    assert other > 0
    low = _beta_quantile(TAIL, count, other + 1) if count else 0.0
    high = _beta_quantile(1 - TAIL, count + 1, other)
    return low / (1 - low), high / (1 - high)


def _beta_quantile(share: float, a: int, b: int) -> float:
    """Return the quantile `share` of a beta distribution, by bisection: each step halves the error."""
    low, high = 0.0, 1.0
    while high - low > EPSILON * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if _beta_below(a, b, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_below(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz and
    Stegun, 26.5.8; Lentz's method), which converges fast below the mean; above it from the other end.
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_below(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    fraction, n, change = d, 0, 0.0
    while abs(change - 1) > EPSILON / 10:
        n += 1
        for term in (
            n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n)),
            -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1)),
        ):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            change = c * d
            fraction *= change
    return front * fraction


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


def _gamma_quantile(shape: int, share: float, normal: float) -> float:
    """Return the quantile `share` of a gamma distribution of scale 1; `normal` is the normal quantile.

    Newton's method on the distribution's logarithm, starting from Wilson and Hilferty's cube-root
    approximation.
    """
    ninth = 1 / (9 * shape)
    x = shape * max(1 - ninth + normal * sqrt(ninth), 0.01) ** 3
    for _ in range(MOST_STEPS):
        below = _gamma_below(shape, x)
        density = exp((shape - 1) * log(x) - x - lgamma(shape))
        step = (log(below) - log(share)) * below / density
        following = x - step if step < x else x / 2
        if abs(following - x) <= EPSILON * x:
            return following
        x = following
    return x


def _gamma_below(shape: int, x: float) -> float:
    """Return the regularised lower incomplete gamma function P(shape, x): by its series where that converges
    fast, else by the continued fraction of the upper one (Abramowitz and Stegun, 6.5.29 and 6.5.31; Lentz's
    method).
    """
    front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        n = shape
        while term > total * EPSILON / 10:
            n += 1
            term *= x / n
            total += term
        return front * total
    b = x + 1 - shape
    c, d = inf, 1 / b
    fraction, n, change = d, 0, 0.0
    while abs(change - 1) > EPSILON / 10:
        n += 1
        a = -n * (n - shape)
        b += 2
        d = 1 / _not_zero(a * d + b)
        c = _not_zero(b + a / c)
        change = c * d
        fraction *= change
    return 1 - front * fraction


def _not_zero(number: float) -> float:
    return number if abs(number) > TINY else TINY
