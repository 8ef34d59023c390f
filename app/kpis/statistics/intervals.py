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


def wilson(numerator: int, denominator: int) -> Bounds:
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
