"""How much a figure varies when the cases of a day are alike: sums by day, never single cases, are what
varies.

Tickets come in storms, a public holiday makes all cases of its day alike, and so does a bad Monday. A figure
is written as a sum over days (its linearisation: Binder, International Statistical Review 51, 1983,
279-292), days are compared with the same weekday, and what neighbouring days have in common is added (Newey
and West, Econometrica 55, 1987, 703-708), since holidays and breakdowns last longer than a day. Degrees of
freedom are those of Satterthwaite and Welch.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

Values = NDArray[np.float64]
Days = NDArray[np.int64]
#: With fewer days on a side, an effect carries a warning.
LEAST_DAYS = 8
#: So many days further what a day has in common with others is looked for, where there are LEAST_DAYS.
NEIGHBOURS = 3
WEEK, WORKDAYS = 7, 5


@dataclass(frozen=True, slots=True)
class Variance:
    """The variance of a figure, and how many degrees of freedom it was estimated with."""

    variance: float
    freedom: float


@dataclass(frozen=True, slots=True)
class DaySums:
    """Contribution of each day to the distance of a figure from the true one; `days` are ordinals in their
    order.
    """

    days: Days
    sums: Values

    def without_control(self, control: DaySums) -> DaySums:
        """Return what each day adds to the figure less the control's, of the same time."""
        days = np.concatenate([self.days, control.days])
        return sums_by_day(days, np.concatenate([self.sums, -control.sums]))


def sums_by_day(days: Days, parts: Values) -> DaySums:
    """Return the sums of the cases' parts by day."""
    different, places = np.unique(days, return_inverse=True)
    sums = np.bincount(places, weights=parts, minlength=len(different)).astype(np.float64)
    return DaySums(different, sums)


def weekdays_of(days: Days) -> Days:
    """Return the weekdays of ordinals, Monday being 0."""
    return (days + 6) % WEEK


def variance_of(day_sums: DaySums) -> Variance:
    """Return the variance of a sum over days; infinite for fewer than two days."""
    number = len(day_sums.days)
    if number < 2:  # nothing to compare the only day with
        return Variance(inf, 1.0)
    groups = _groups(day_sums.days)
    sizes = np.bincount(groups)
    means = np.bincount(groups, weights=day_sums.sums) / np.maximum(sizes, 1)
    with np.errstate(divide="ignore"):
        left = (day_sums.sums - means[groups]) * np.sqrt(sizes / (sizes - 1))[groups]
    variance = alone = float((left**2).sum())
    if number >= LEAST_DAYS:
        alike = np.zeros(int(day_sums.days[-1] - day_sums.days[0]) + 1)
        alike[day_sums.days - day_sums.days[0]] = left
        for lag in range(1, NEIGHBOURS + 1):
            together = float((alike[lag:] * alike[:-lag]).sum())
            variance += 2 * (1 - lag / (NEIGHBOURS + 1)) * together
    return Variance(max(alone, variance), float(number - np.count_nonzero(sizes)))


def _groups(days: Days) -> Days:
    """Return the group of days that each is compared in: its weekday; or workday and weekend, or all, where
    a day would be the only one of its group.
    """
    weekdays = weekdays_of(days)
    for groups in (weekdays, (weekdays >= WORKDAYS).astype(np.int64)):
        sizes = np.bincount(groups)
        if sizes[sizes > 0].min() > 1:
            return groups
    return np.zeros(len(days), dtype=np.int64)


def added(first: Variance, second: Variance) -> Variance:
    """Return the variance of the sum of two figures that vary apart."""
    together = first.variance + second.variance
    if together in (0.0, inf):
        return Variance(together, min(first.freedom, second.freedom))
    parts = first.variance**2 / first.freedom + second.variance**2 / second.freedom
    return Variance(together, together**2 / parts)


def quantile(level: float, freedom: float) -> float:
    """Return how many standard deviations an interval at the level reaches to either side."""
    return float(special.stdtrit(freedom, (1 + level) / 2))


def reach(variance: Variance, level: float) -> float:
    """Return how far the interval at the level reaches to either side; infinite where nothing is known."""
    return inf if variance.variance == inf else quantile(level, variance.freedom) * sqrt(variance.variance)


def p_value(effect: float, variance: Variance) -> float | None:
    """Return the two-sided p of no effect; None where nothing varies, or all that is known is one day."""
    if variance.variance in (0.0, inf):
        return None
    return float(2 * special.stdtr(variance.freedom, -abs(effect) / sqrt(variance.variance)))
