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
from app.kpis.statistics.effects.effect import LEVEL, ComparedWindow, Effect, RelativeEffect
from app.kpis.statistics.effects.samples import DayCases

#: Of two intervals that may each tell an effect: together they are wrong as seldom as one at LEVEL.
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


def mean_effect(samples: Sequence[DayCases]) -> Effect:
    """Return the difference of the means (of cases with weights: of the ratios of sums) between two windows;
    of four less that of the control.
    """
    sides = _sides(samples, _mean)
    if sides is None:
        return _nothing(_method(samples, EffectMethod.mean_by_day, EffectMethod.mean_by_day_did), samples)
    effect, of = _effect(sides), _difference(sides)
    apart = reach(of, EACH_LEVEL)
    return Effect(
        _method(samples, EffectMethod.mean_by_day, EffectMethod.mean_by_day_did),
        effect,
        end(effect - apart),
        end(effect + apart),
        IntervalMethod.days,
        tuple(_window(one) for one in sides),
        TestMethod.days,
        p_value(effect, of),
        _difference_of_medians(sides),
        level=EACH_LEVEL,
        relative=relative_effect(sides),
    )


def median_effect(samples: Sequence[DayCases]) -> Effect:
    """Return the difference of the medians between two windows; of four less that of the control."""
    method = _method(samples, EffectMethod.median_by_day, EffectMethod.median_by_day_did)
    sides = _sides(samples, _median)
    if sides is None:
        return _nothing(method, samples)
    low, high = _joined(sides)
    return Effect(
        method,
        _effect(sides),
        end(low),
        end(high),
        IntervalMethod.days,
        tuple(_window(one) for one in sides),
        difference_of_medians=_difference_of_medians(sides),
        level=EACH_LEVEL,
        relative=relative_effect(sides),
    )


def share_effect(samples: Sequence[DayCases]) -> Effect:
    """Return the difference of the shares between two windows; of four less that of the control."""
    method = _method(samples, EffectMethod.share_by_day, EffectMethod.share_by_day_did)
    sides = _sides(samples, _share)
    if sides is None:
        return _nothing(method, samples)
    effect, of = _effect(sides), _difference(sides)
    low, high = _joined(sides)
    if len(sides) == len(SIGNS):
        # What a day does to scope and control alike is no effect; what is left is not less than chance.
        by_chance = sum(_binomial(one) for one in sides)
        apart = reach(Variance(max(of.variance, by_chance), of.freedom), LEVEL)
        low, high = effect - apart, effect + apart
    return Effect(
        method,
        effect,
        end(low),
        end(high),
        IntervalMethod.days,
        tuple(
            ComparedWindow(
                one.compared, end(one.low), end(one.high), round(one.weights.sum()), days=len(one.by_day.days)
            )
            for one in sides
        ),
        TestMethod.days,
        p_value(effect, of),
        level=LEVEL,
    )


def _method(samples: Sequence[DayCases], of_two: EffectMethod, of_four: EffectMethod) -> EffectMethod:
    return of_four if len(samples) == len(SIGNS) else of_two


def _sides(
    samples: Sequence[DayCases], compared: Callable[[Values, Values, Days], Cases]
) -> list[Cases] | None:
    """Return all windows, or None if one has no cases."""
    if not all(sum(one.weights) for one in samples):
        return None
    return [compared(*_in_order(one)) for one in samples]


def _in_order(of: DayCases) -> tuple[Values, Values, Days]:
    """Return values, weights and days: in an order that does not depend on how they were read, as sums do."""
    values, weights = np.asarray(of.values, np.float64), np.asarray(of.weights, np.float64)
    days = np.asarray(of.days, np.int64)
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
    of = variance_of(by_day)
    if of.variance == inf:
        return Cases(values, weights, days, share, -inf, inf, by_day)
    chance = share * (1 - share) / cases
    worth = cases / max(of.variance / chance, 1) if chance else cases
    low, high = wilson(share, worth, quantile(LEVEL, of.freedom))
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
    """Return the share of pairs in which a case after has less than one before, ties half; of four windows
    less that of the control. None for cases with weights: a pair of them says nothing.
    """
    if any(_are_weighed(one) for one in sides):
        return None
    value, (before, after) = _placed(*sides[:2])
    if len(sides) < len(SIGNS):
        of = added(variance_of(before), variance_of(after))
        low, high = _around(value, of, min(len(before.days), len(after.days)))
        return RelativeEffect(value, end(low), end(high), HALF)
    control, (control_before, control_after) = _placed(*sides[2:])
    of = added(
        variance_of(before.without_control(control_before)), variance_of(after.without_control(control_after))
    )
    apart = reach(of, EACH_LEVEL)
    return RelativeEffect(value - control, end(value - control - apart), end(value - control + apart), 0.0)


def _placed(before: Cases, after: Cases) -> tuple[float, tuple[DaySums, DaySums]]:
    """Return the share of pairs, and what each day of both windows adds to it."""
    first, second = np.sort(before.values), np.sort(after.values)
    more = _part_below(second, before.values)
    less = 1 - _part_below(first, after.values)
    share = float(more.mean())
    sums = (
        sums_by_day(of.days, (placed - share) / len(placed)) for of, placed in ((before, more), (after, less))
    )
    one, other = sums
    return share, (one, other)


def _part_below(ordered: Values, values: Values) -> Values:
    """Return, for each value, the part of the ordered ones that are less, those that are equal half."""
    below, until = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + until) / (2 * len(ordered)))


def _around(share: float, of: Variance, days: int) -> tuple[float, float]:
    """Return the interval of a share of pairs: Wilson's, of as many pairs as it is worth. Where all of one
    side are less than all of the other, nothing is seen to vary: then it is worth one for each day.
    """
    if of.variance == inf:
        return -inf, inf
    worth = share * (1 - share) / of.variance if of.variance and 0 < share < 1 else float(days)
    return wilson(share, worth, quantile(EACH_LEVEL, of.freedom))


def _effect(sides: Sequence[Cases]) -> float:
    return sum(sign * one.compared for sign, one in zip(SIGNS, sides, strict=False))


def _difference(sides: Sequence[Cases]) -> Variance:
    """Return the variance of the effect: what a day does to scope and control alike is not in it."""
    before, after = (one.by_day for one in sides[:2])
    if len(sides) == len(SIGNS):
        before, after = before.without_control(sides[2].by_day), after.without_control(sides[3].by_day)
    return added(variance_of(before), variance_of(after))


def _joined(sides: Sequence[Cases]) -> tuple[float, float]:
    """Return the interval of the effect from those of the windows (Newcombe, Statistics in Medicine 17, 1998,
    873-890, method 10; for four Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702).
    """
    below = above = 0.0
    for sign, one in zip(SIGNS, sides, strict=False):
        down, up = one.compared - one.low, one.high - one.compared
        below += (down if sign > 0 else up) ** 2
        above += (up if sign > 0 else down) ** 2
    effect = _effect(sides)
    return effect - sqrt(below), effect + sqrt(above)


def _binomial(of: Cases) -> float:
    """Return the variance that a share has by chance alone; of none or all as if half a case differed."""
    cases = float(of.weights.sum())
    share = (float(of.values.sum()) + HALF) / (cases + 1)
    return share * (1 - share) / cases


def _difference_of_medians(sides: Sequence[Cases]) -> float | None:
    if any(_are_weighed(one) for one in sides):
        return None
    return float(np.median(sides[1].values) - np.median(sides[0].values))


def _are_weighed(of: Cases) -> bool:
    """Return whether the cases have weights: then a case's number by itself says nothing."""
    return bool((of.weights != 1).any())


def _window(of: Cases) -> ComparedWindow:
    is_weighed = _are_weighed(of)
    return ComparedWindow(
        of.compared,
        end(of.low),
        end(of.high),
        len(of.values),
        None if is_weighed else float(np.median(of.values)),
        None if is_weighed else float(np.mean(of.values == 0)),
        len(of.by_day.days),
    )


def _nothing(method: EffectMethod, samples: Sequence[DayCases]) -> Effect:
    sides = tuple(ComparedWindow(None, None, None, len(one.values)) for one in samples)
    return Effect(method, None, None, None, IntervalMethod.days, sides)


def end(of: float) -> float | None:
    """Return the end of an interval; None: it has no such end."""
    return of if isfinite(of) else None
