"""Effects on means, medians and shares that allow for days that are alike within (see `days`).

Beside the difference of two means or medians stands the relative effect: the share of pairs in which a case
after has less than one before (Brunner and Munzel, Biometrical Journal 42, 2000, 17-25), its placements
summed by day as in the analysis of clustered ROC curves (Obuchowski, Biometrics 53, 1997, 567-578). The
interval of a median follows from that of the share below it (Woodruff, JASA 47, 1952, 635-646); those of
shares are Wilson's of as many cases as they are worth (Korn and Graubard, Survey Methodology 24, 1998,
193-201). Both are put together as Newcombe does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.days import (
    Days,
    DaySums,
    Values,
    Variance,
    added,
    p_value,
    quantile,
    reach,
    sums_by_day,
    variance_of,
)
from app.kpis.statistics.effects.effect import LEVEL, ComparedWindow, EffectEstimate, RelativeEffect
from app.kpis.statistics.effects.samples import DayCases

#: Level of each of two intervals that may both show an effect: together they are wrong as rarely as one at
#: LEVEL.
EACH_LEVEL = 0.975
HALF = 0.5
#: A control is less the effect: the sign of each window, in the order of samples.
SIGNS = (-1, 1, 1, -1)


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a window as arrays, what is compared of them with its interval, and what each day adds to
    that.
    """

    values: Values
    weights: Values
    days: Days
    compared: float
    low: float
    high: float
    by_day: DaySums


def mean_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the means (of cases with weights: of the ratios of sums) between two windows;
    of four less that of the control.
    """
    sides = _sides(samples, _mean)
    if sides is None:
        return _nothing(_method(samples, EffectMethod.mean_by_day, EffectMethod.mean_by_day_did), samples)
    effect, difference = _effect(sides), _difference(sides)
    apart = reach(difference, EACH_LEVEL)
    return EffectEstimate(
        _method(samples, EffectMethod.mean_by_day, EffectMethod.mean_by_day_did),
        effect,
        end(effect - apart),
        end(effect + apart),
        IntervalMethod.days,
        tuple(_window(side) for side in sides),
        TestMethod.days,
        p_value(effect, difference),
        _difference_of_medians(sides),
        level=EACH_LEVEL,
        relative=relative_effect(sides),
    )


def median_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the medians between two windows; of four less that of the control."""
    method = _method(samples, EffectMethod.median_by_day, EffectMethod.median_by_day_did)
    sides = _sides(samples, _median)
    if sides is None:
        return _nothing(method, samples)
    low, high = _joined(sides)
    return EffectEstimate(
        method,
        _effect(sides),
        end(low),
        end(high),
        IntervalMethod.days,
        tuple(_window(side) for side in sides),
        difference_of_medians=_difference_of_medians(sides),
        level=EACH_LEVEL,
        relative=relative_effect(sides),
    )


def share_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the shares between two windows; of four less that of the control."""
    method = _method(samples, EffectMethod.share_by_day, EffectMethod.share_by_day_did)
    sides = _sides(samples, _share)
    if sides is None:
        return _nothing(method, samples)
    effect, difference = _effect(sides), _difference(sides)
    low, high = _joined(sides)
    if len(sides) == len(SIGNS):
        # A day's influence on both scope and control is not an effect; the remainder is at least as large as
        # chance.
        by_chance = sum(_binomial(side) for side in sides)
        apart = reach(Variance(max(difference.variance, by_chance), difference.freedom), LEVEL)
        low, high = effect - apart, effect + apart
    return EffectEstimate(
        method,
        effect,
        end(low),
        end(high),
        IntervalMethod.days,
        tuple(
            ComparedWindow(
                side.compared,
                end(side.low),
                end(side.high),
                round(side.weights.sum()),
                days=len(side.by_day.days),
            )
            for side in sides
        ),
        TestMethod.days,
        p_value(effect, difference),
        level=LEVEL,
    )


def _method(samples: Sequence[DayCases], of_two: EffectMethod, of_four: EffectMethod) -> EffectMethod:
    return of_four if len(samples) == len(SIGNS) else of_two


def _sides(
    samples: Sequence[DayCases], compared: Callable[[Values, Values, Days], Cases]
) -> list[Cases] | None:
    """Return all windows, or None if one has no cases."""
    if not all(sum(sample.weights) for sample in samples):
        return None
    return [compared(*in_order(sample)) for sample in samples]


def in_order(cases: DayCases) -> tuple[Values, Values, Days]:
    """Return values, weights and days: in an order that does not depend on how they were read, as sums do."""
    values, weights = np.asarray(cases.values, np.float64), np.asarray(cases.weights, np.float64)
    days = np.asarray(cases.days, np.int64)
    order = np.lexsort((weights, values, days))
    return values[order], weights[order], days[order]


def _mean(values: Values, weights: Values, days: Days) -> Cases:
    ratio = float(values.sum() / weights.sum())
    by_day = sums_by_day(days, (values - ratio * weights) / weights.sum())
    apart = reach(variance_of(by_day), EACH_LEVEL)
    return Cases(values, weights, days, ratio, ratio - apart, ratio + apart, by_day)


def _median(values: Values, weights: Values, days: Days) -> Cases:
    ordered, middle = np.sort(values), float(np.median(values))
    below = (values < middle) + HALF * (values == middle)
    by_day = sums_by_day(days, (below - below.mean()) / len(values))
    apart = reach(variance_of(by_day), EACH_LEVEL)
    low, high = -inf, inf
    if isfinite(apart):
        low, high = (float(np.quantile(ordered, min(max(HALF + by, 0), 1))) for by in (-apart, apart))
    return Cases(values, weights, days, middle, low, high, by_day)


def _share(values: Values, weights: Values, days: Days) -> Cases:
    share, cases = float(values.sum() / weights.sum()), float(weights.sum())
    by_day = sums_by_day(days, (values - share * weights) / cases)
    variance = variance_of(by_day)
    if variance.variance == inf:
        return Cases(values, weights, days, share, -inf, inf, by_day)
    chance = share * (1 - share) / cases
    worth = cases / max(variance.variance / chance, 1) if chance else cases
    low, high = wilson(share, worth, quantile(LEVEL, variance.freedom))
    return Cases(values, weights, days, share, low, high, by_day)


def wilson(share: float, cases: float, reaching: float) -> tuple[float, float]:
    """Return Wilson's interval of a share of so many cases, which may be a fraction of one; `reaching` is the
    quantile.
    """
    square = reaching**2 / cases
    apart = reaching * sqrt((share * (1 - share) + square / 4) / cases)
    low, high = ((share + square / 2 + by) / (1 + square) for by in (-apart, apart))
    return (low if share else 0.0), (high if share < 1 else 1.0)


def relative_effect(sides: Sequence[Cases]) -> RelativeEffect | None:
    """Return the share of pairs in which a case after has less than one before, ties half; for four windows
    less that of the control. None for cases with weights, whose pairs are meaningless.
    """
    if any(_are_weighed(side) for side in sides):
        return None
    value, (before, after) = _placed(*sides[:2])
    if len(sides) < len(SIGNS):
        variance = added(variance_of(before), variance_of(after))
        low, high = _around(value, variance, min(len(before.days), len(after.days)))
        return RelativeEffect(value, end(low), end(high), HALF)
    control, (control_before, control_after) = _placed(*sides[2:])
    variance = added(
        variance_of(before.without_control(control_before)), variance_of(after.without_control(control_after))
    )
    apart = reach(variance, EACH_LEVEL)
    return RelativeEffect(value - control, end(value - control - apart), end(value - control + apart), 0.0)


def relative_of(windows: Sequence[tuple[Values, Values, Days]]) -> RelativeEffect | None:
    """Return the relative effect of windows as values, weights and days."""
    return relative_effect([_mean(*window) for window in windows])


def _placed(before: Cases, after: Cases) -> tuple[float, tuple[DaySums, DaySums]]:
    """Return the share of pairs, and what each day of both windows adds to it."""
    first, second = np.sort(before.values), np.sort(after.values)
    more = _part_below(second, before.values)
    less = 1 - _part_below(first, after.values)
    share = float(more.mean())
    sums = (
        sums_by_day(day_cases.days, (placed - share) / len(placed))
        for day_cases, placed in ((before, more), (after, less))
    )
    day_sums, other = sums
    return share, (day_sums, other)


def _part_below(ordered: Values, values: Values) -> Values:
    """Return, for each value, the part of the ordered ones that are less, those that are equal half."""
    below, until = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + until) / (2 * len(ordered)))


def _around(share: float, variance: Variance, days: int) -> tuple[float, float]:
    """Return the interval of a share of pairs: Wilson's, of as many pairs as it is worth. Where all of one
    side are less than all of the other, nothing is seen to vary: then it is worth one for each day.
    """
    if variance.variance == inf:
        return -inf, inf
    worth = share * (1 - share) / variance.variance if variance.variance and 0 < share < 1 else float(days)
    return wilson(share, worth, quantile(EACH_LEVEL, variance.freedom))


def _effect(sides: Sequence[Cases]) -> float:
    return sum(sign * side.compared for sign, side in zip(SIGNS, sides, strict=False))


def _difference(sides: Sequence[Cases]) -> Variance:
    """Return the variance of the effect: what a day does to scope and control alike is not in it."""
    before, after = (side.by_day for side in sides[:2])
    if len(sides) == len(SIGNS):
        before, after = before.without_control(sides[2].by_day), after.without_control(sides[3].by_day)
    return added(variance_of(before), variance_of(after))


def _joined(sides: Sequence[Cases]) -> tuple[float, float]:
    """Return the interval of the effect from those of the windows (Newcombe, Statistics in Medicine 17, 1998,
    873-890, method 10; for four Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702).
    """
    below = above = 0.0
    for sign, side in zip(SIGNS, sides, strict=False):
        down, up = side.compared - side.low, side.high - side.compared
        below += (down if sign > 0 else up) ** 2
        above += (up if sign > 0 else down) ** 2
    effect = _effect(sides)
    return effect - sqrt(below), effect + sqrt(above)


def _binomial(day_cases: Cases) -> float:
    """Return the variance that a share has by chance alone; for a share of 0 or 1 as if half a case
    differed.
    """
    cases = float(day_cases.weights.sum())
    share = (float(day_cases.values.sum()) + HALF) / (cases + 1)
    return share * (1 - share) / cases


def _difference_of_medians(sides: Sequence[Cases]) -> float | None:
    if any(_are_weighed(side) for side in sides):
        return None
    return float(np.median(sides[1].values) - np.median(sides[0].values))


def _are_weighed(cases: Cases) -> bool:
    """Return whether the cases have weights: then a case's number by itself is meaningless."""
    return bool((cases.weights != 1).any())


def _window(cases: Cases) -> ComparedWindow:
    is_weighed = _are_weighed(cases)
    return ComparedWindow(
        cases.compared,
        end(cases.low),
        end(cases.high),
        len(cases.values),
        None if is_weighed else float(np.median(cases.values)),
        None if is_weighed else float(np.mean(cases.values == 0)),
        len(cases.by_day.days),
    )


def _nothing(method: EffectMethod, samples: Sequence[DayCases]) -> EffectEstimate:
    sides = tuple(ComparedWindow(None, None, None, len(sample.values)) for sample in samples)
    return EffectEstimate(method, None, None, None, IntervalMethod.days, sides)


def end(bound: float) -> float | None:
    """Return the end of an interval; None: it has no such end."""
    return bound if isfinite(bound) else None
