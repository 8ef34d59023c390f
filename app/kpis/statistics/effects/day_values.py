"""Effects on means, quantiles and shares of cases, whose verdict follows the value that people read.

Where the logarithms of the cases spread alike in both windows, a mean and a median fall by the same part as
the geometric mean, which a few long cases hardly move: then its ratio decides. Where they do not, a mean can
stay the same while most cases become shorter, and only the interval of the value itself decides. Cases of
zero have no logarithm: the ratio is that of the others, and decides only if zeros are equally frequent.

The variance allows for the year before (see `long_run`). The interval of a mean is skewed as its cases are
(Hall, Journal of the Royal Statistical Society B 54, 1992, 221-228). Geometric means weigh a day with many
cases as a random effect does, so that a storm counts for less than all of its cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, isfinite, log, sqrt

import numpy as np

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.day_cases import EACH_LEVEL, HALF, SIGNS, end, in_order, relative_of, wilson
from app.kpis.statistics.effects.days import (
    Days,
    Values,
    Variance,
    added,
    p_value,
    quantile,
    reach,
    sums_by_day,
    variance_of,
)
from app.kpis.statistics.effects.effect import (
    LEAST_CASES,
    LEVEL,
    ComparedWindow,
    EffectEstimate,
    GeometricEffect,
)
from app.kpis.statistics.effects.long_run import (
    WIDER,
    DayStretch,
    has_history,
    long_run_variance,
    stretch_of,
)
from app.kpis.statistics.effects.samples import DayCases

P90 = 0.9
#: An estimate that is skewed less is taken as symmetric.
SYMMETRIC = 1e-9


@dataclass(frozen=True, slots=True)
class WindowPart:
    """The cases of a window, or of the history, as arrays."""

    values: Values
    weights: Values
    days: Days

    def chosen(self, condition: np.ndarray) -> WindowPart:
        """Return the cases that meet the condition."""
        return WindowPart(self.values[condition], self.weights[condition], self.days[condition])


#: Figure of a window: its value, and the contribution of each case to its distance from the true value.
Figure = Callable[[WindowPart], tuple[float, Values]]


@dataclass(frozen=True, slots=True)
class ComparedScope:
    """The cases of a scope, or of the control: both windows, and the year before the first."""

    before: WindowPart
    after: WindowPart
    history: WindowPart

    @property
    def windows_in_time(self) -> tuple[WindowPart, WindowPart, WindowPart]:
        """All cases, in the order of time."""
        return self.history, self.before, self.after

    def mapped(self, change: Callable[[WindowPart], WindowPart]) -> ComparedScope:
        """Return the scope with other cases in each part."""
        return ComparedScope(change(self.before), change(self.after), change(self.history))


@dataclass(frozen=True, slots=True)
class Level:
    """A figure of one window, less that of the control if there is one, with its variance and the skewness of
    its estimate.
    """

    value: float
    variance: Variance
    skewness: float

    def ends(self, level: float) -> tuple[float, float]:
        """Return the interval, skewed as the estimate is."""
        if not isfinite(self.variance.variance):
            return -inf, inf
        deviation, reaching = sqrt(self.variance.variance), quantile(level, self.variance.freedom)
        low, high = (self.value - deviation * self._unskewed(by) for by in (reaching, -reaching))
        return low, high

    def _unskewed(self, by: float) -> float:
        skewness = self.skewness
        if abs(skewness) < SYMMETRIC:
            return by
        return 3 / skewness * float(np.cbrt(1 + skewness * (by - skewness / 6)) - 1)


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both windows, and of each window of each scope. `is_known`: by the year before."""

    before: Level
    after: Level
    sides: tuple[Level, ...]
    is_known: bool

    @property
    def effect(self) -> float:
        """The figure after less that before."""
        return self.after.value - self.before.value

    @property
    def variance(self) -> Variance:
        """The variance of the effect; both windows share the history, so its freedom counts once."""
        both = added(self.before.variance, self.after.variance)
        return Variance(both.variance, min(self.before.variance.freedom, self.after.variance.freedom))

    def differs(self) -> bool:
        """Return whether the figure differs between the windows."""
        variance = self.variance
        return isfinite(variance.variance) and abs(self.effect) > reach(variance, LEVEL)

    def joined(self, level: float) -> tuple[float, float]:
        """Return the interval of the effect from those of both windows (Newcombe, method 10)."""
        (low, high), (low_after, high_after) = self.before.ends(level), self.after.ends(level)
        below = sqrt((self.after.value - low_after) ** 2 + (high - self.before.value) ** 2)
        above = sqrt((high_after - self.after.value) ** 2 + (self.before.value - low) ** 2)
        return self.effect - below, self.effect + above


def mean_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the means (of cases with weights: of the ratios of sums); of four windows less
    that of the control.
    """
    scopes = _scopes(samples)
    method = _method(samples, EffectMethod.mean_by_day, EffectMethod.mean_by_day_did)
    if scopes is None:
        return _nothing(method, samples)
    compared = _compare(scopes, mean_of_cases)
    ends = [side.ends(EACH_LEVEL) for side in compared.sides]
    return _estimate(method, samples, scopes, compared, compared.joined(EACH_LEVEL), ends)


def median_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the medians; of four windows less that of the control."""
    return _quantile_effect(samples, HALF, EffectMethod.median_by_day, EffectMethod.median_by_day_did)


def p90_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the 90th percentiles; of four windows less that of the control."""
    return _quantile_effect(samples, P90, EffectMethod.p90_by_day, EffectMethod.p90_by_day_did)


def _quantile_effect(
    samples: Sequence[DayCases], share: float, of_two: EffectMethod, of_four: EffectMethod
) -> EffectEstimate:
    """Return the effect on a quantile; its interval follows from that of the share below it (Woodruff, JASA
    47, 1952, 635-646).
    """
    scopes, method = _scopes(samples), _method(samples, of_two, of_four)
    if scopes is None:
        return _nothing(method, samples)

    def below(part: WindowPart) -> tuple[float, Values]:
        middle = float(np.quantile(part.values, share))
        counted = (part.values < middle) + HALF * (part.values == middle)
        return middle, (counted - counted.mean()) / len(counted)

    compared = _compare(scopes, below)
    ends = [
        _woodruff(part, share, side.variance)
        for part, side in zip(_windows(scopes), compared.sides, strict=True)
    ]
    effect, low, high = _joined([side.value for side in compared.sides], ends)
    return _estimate(method, samples, scopes, compared, (low, high), ends, effect=effect)


def share_effect(samples: Sequence[DayCases]) -> EffectEstimate:
    """Return the difference of the shares; of four windows less that of the control."""
    scopes = _scopes(samples)
    method = _method(samples, EffectMethod.share_by_day, EffectMethod.share_by_day_did)
    if scopes is None:
        return _nothing(method, samples)
    compared, windows = _compare(scopes, mean_of_cases), _windows(scopes)
    ends = [_wilson(part, side) for part, side in zip(windows, compared.sides, strict=True)]
    effect, low, high = _joined([side.value for side in compared.sides], ends)
    variance = compared.variance
    if len(samples) == len(SIGNS):
        # A day's influence on scope and control alike is no effect; the rest is no less than chance.
        apart = reach(Variance(max(variance.variance, sum(map(_binomial, windows))), variance.freedom), LEVEL)
        low, high = effect - apart, effect + apart
    sides = tuple(
        ComparedWindow(side.value, end(low), end(high), round(part.weights.sum()), days=_days(part))
        for part, side, (low, high) in zip(windows, compared.sides, ends, strict=True)
    )
    return EffectEstimate(
        method,
        effect,
        end(low),
        end(high),
        IntervalMethod.days,
        sides,
        TestMethod.days,
        p_value(effect, variance),
        level=LEVEL,
        follows_value=True,
        is_widened=not compared.is_known,
    )


def variance_between_alike(window: DayCases) -> tuple[bool, Variance | None]:
    """Return the variance of the difference between the window and another one like it, and whether that is
    one of logarithms, else of parts of the value; None: the window has too few cases.
    """
    scopes = _scopes([window, replace(window, history=None)])
    if scopes is None or len(window.values) < LEAST_CASES:
        return False, None
    if window.by_parts:
        above = scopes[0].mapped(lambda part: part.chosen(part.values > 0)).mapped(_logarithms)
        if len(above.before.values) >= LEAST_CASES:
            return True, _compare([_weighed_by_day(above)], _weighted_mean).variance
    compared = _compare(scopes, mean_of_cases)
    mean, variance = compared.before.value, compared.variance
    return False, Variance(variance.variance / mean**2, variance.freedom) if mean else None


def _method(samples: Sequence[DayCases], of_two: EffectMethod, of_four: EffectMethod) -> EffectMethod:
    return of_four if len(samples) == len(SIGNS) else of_two


def _scopes(samples: Sequence[DayCases]) -> list[ComparedScope] | None:
    """Return the scope, and the control if there is one; None if a window has no cases."""
    if not all(sum(sample.weights) for sample in samples):
        return None
    empty = DayCases((), (), ())
    return [
        ComparedScope(*(WindowPart(*in_order(cases)) for cases in (before, after, before.history or empty)))
        for before, after in zip(samples[::2], samples[1::2], strict=True)
    ]


def _windows(scopes: Sequence[ComparedScope]) -> list[WindowPart]:
    return [part for scope in scopes for part in (scope.before, scope.after)]


def mean_of_cases(part: WindowPart) -> tuple[float, Values]:
    """Return the mean of the cases; with weights, the ratio of the sums."""
    weight = part.weights.sum()
    mean = float((part.values.sum()) / weight)
    return mean, (part.values - mean * part.weights) / weight


def _compare(scopes: Sequence[ComparedScope], figure: Figure) -> Compared:
    """Return the figure of all windows with its variance, by the year before if it is known."""
    figures = [
        [figure(part) if len(part.values) else (0.0, part.values) for part in scope.windows_in_time]
        for scope in scopes
    ]
    stretches = [
        [
            stretch_of(part.days, parts)
            for part, (_, parts) in zip(scope.windows_in_time, of_scope, strict=True)
        ]
        for scope, of_scope in zip(scopes, figures, strict=True)
    ]
    is_known = all(has_history(of_scope[0]) for of_scope in stretches)

    def level(window: int, chosen: Sequence[int]) -> Level:
        of_window = [figures[place][window] for place in chosen]
        days = [scopes[place].windows_in_time[window].days for place in chosen]
        value = of_window[0][0] - (of_window[1][0] if len(of_window) > 1 else 0.0)
        signed = np.concatenate([sign * parts for sign, (_, parts) in zip((1, -1), of_window, strict=False)])
        variance = _variance_of(
            [parts for _, parts in of_window],
            days,
            [stretches[place] for place in chosen] if is_known else None,
        )
        square = float((signed**2).sum())
        return Level(value, variance, float((signed**3).sum()) / square**1.5 if square else 0.0)

    both = range(len(scopes))
    sides = [level(window, (place,)) for place in both for window in (1, 2)]
    return Compared(level(1, both), level(2, both), tuple(sides), is_known)


def _variance_of(
    parts: Sequence[Values], days: Sequence[Days], stretches: Sequence[Sequence[DayStretch]] | None
) -> Variance:
    """Return the variance of a sum of the cases' parts; without history by the window alone, and wider."""
    chances = [float((part**2).sum()) * len(part) / max(len(part) - 1, 1) for part in parts]
    if stretches is not None:
        return long_run_variance(chances, stretches)
    sums = sums_by_day(days[0], parts[0])
    if len(parts) > 1:
        sums = sums.without_control(sums_by_day(days[1], parts[1]))
    alone = variance_of(sums)
    return Variance(max(alone.variance, sum(chances)) * WIDER**2, alone.freedom)


def _estimate(
    method: EffectMethod,
    samples: Sequence[DayCases],
    scopes: Sequence[ComparedScope],
    compared: Compared,
    interval: tuple[float, float],
    ends: Sequence[tuple[float, float]],
    *,
    effect: float | None = None,
) -> EffectEstimate:
    """Return the estimate of a figure of cases with a number."""
    windows = _windows(scopes)
    sides = tuple(
        _side(part, side.value, bounds)
        for part, side, bounds in zip(windows, compared.sides, ends, strict=True)
    )
    medians = [side.median for side in sides]
    first, second = medians[:2]
    return EffectEstimate(
        method,
        compared.effect if effect is None else effect,
        end(interval[0]),
        end(interval[1]),
        IntervalMethod.days,
        sides,
        TestMethod.days if method in {EffectMethod.mean_by_day, EffectMethod.mean_by_day_did} else None,
        p_value(compared.effect, compared.variance)
        if method in {EffectMethod.mean_by_day, EffectMethod.mean_by_day_did}
        else None,
        None if first is None or second is None else second - first,
        level=EACH_LEVEL,
        relative=relative_of([(part.values, part.weights, part.days) for part in windows]),
        geometric=_geometric(scopes) if samples[0].by_parts else None,
        follows_value=True,
        is_widened=not compared.is_known,
    )


def _side(part: WindowPart, value: float, ends: tuple[float, float]) -> ComparedWindow:
    is_weighed = bool((part.weights != 1).any())
    return ComparedWindow(
        value,
        end(ends[0]),
        end(ends[1]),
        len(part.values),
        None if is_weighed else float(np.median(part.values)),
        None if is_weighed else float(np.mean(part.values == 0)),
        _days(part),
        p90=None if is_weighed else float(np.quantile(part.values, P90)),
    )


def _days(part: WindowPart) -> int:
    return len(np.unique(part.days))


def _geometric(scopes: Sequence[ComparedScope]) -> GeometricEffect | None:
    """Return the ratio of the geometric means, after over before; of four windows the ratio of ratios. None
    if a window has too few cases above zero.
    """
    above = [scope.mapped(lambda part: part.chosen(part.values > 0)) for scope in scopes]
    if any(len(part.values) < LEAST_CASES for part in _windows(above)):
        return None
    logarithms = [scope.mapped(_logarithms) for scope in above]
    weighed = _compare([_weighed_by_day(scope) for scope in logarithms], _weighted_mean)
    apart = reach(weighed.variance, LEVEL)
    decides = not any(_zeros_differ(scope) for scope in scopes) and not any(
        _spread_differs(scope) for scope in logarithms
    )
    return GeometricEffect(
        exp(weighed.effect),
        exp(weighed.effect - apart) if isfinite(apart) else None,
        exp(weighed.effect + apart) if isfinite(apart) else None,
        LEVEL,
        decides=decides,
    )


def _logarithms(part: WindowPart) -> WindowPart:
    return replace(part, values=np.asarray(np.log(part.values)))


def _zeros_differ(scope: ComparedScope) -> bool:
    """Return whether cases of zero are more frequent in one of the windows."""
    zeros = scope.mapped(lambda part: replace(part, values=1.0 * (part.values == 0)))
    return (
        bool(zeros.before.values.any() or zeros.after.values.any())
        and _compare([zeros], mean_of_cases).differs()
    )


def _spread_differs(scope: ComparedScope) -> bool:
    """Return whether the cases spread differently in both windows (Brown and Forsythe, JASA 69, 1974,
    364-367, the ratio of the mean deviations from the median).
    """

    def deviations(part: WindowPart) -> tuple[float, Values]:
        apart = np.abs(part.values - np.median(part.values)) if len(part.values) else part.values
        mean = float(apart.mean())
        return (log(mean), (apart - mean) / len(apart) / mean) if mean else (0.0, np.zeros(len(apart)))

    return _compare([scope], deviations).differs()


def _weighed_by_day(scope: ComparedScope) -> ComparedScope:
    """Return the cases with weights by which the mean is that of days as random effects: the variance between
    days is that of an analysis of variance over all parts (Searle, Linear Models, 1971, section 11.1).
    """
    within = between = freedom = freedom_between = scaled = 0.0
    for part in scope.windows_in_time:
        if not len(part.values):
            continue
        _, places = np.unique(part.days, return_inverse=True)
        sizes = np.bincount(places)
        means = np.bincount(places, weights=part.values) / sizes
        mean = part.values.mean()
        of_days = float((sizes * (means - mean) ** 2).sum())
        between += of_days
        within += float(((part.values - mean) ** 2).sum()) - of_days
        freedom += len(part.values) - len(sizes)
        freedom_between += len(sizes) - 1
        scaled += len(part.values) - float((sizes**2).sum()) / len(part.values)
    own = within / freedom if freedom else 0.0
    shared = max((between - freedom_between * own) / scaled, 0.0) if scaled else 0.0

    def weighed(part: WindowPart) -> WindowPart:
        if not own or not len(part.values):
            return part
        _, places = np.unique(part.days, return_inverse=True)
        sizes = np.bincount(places)[places]
        return replace(part, weights=np.asarray(own / (own + sizes * shared), np.float64))

    return scope.mapped(weighed)


def _weighted_mean(part: WindowPart) -> tuple[float, Values]:
    """Return the weighted mean of values; unlike a ratio of sums, weights multiply values."""
    weight = part.weights.sum()
    mean = float((part.values * part.weights).sum() / weight)
    return mean, (part.values - mean) * part.weights / weight


def _woodruff(part: WindowPart, share: float, variance: Variance) -> tuple[float, float]:
    apart = reach(variance, EACH_LEVEL)
    if not isfinite(apart):
        return -inf, inf
    low, high = (float(np.quantile(part.values, min(max(share + by, 0), 1))) for by in (-apart, apart))
    return low, high


def _wilson(part: WindowPart, side: Level) -> tuple[float, float]:
    """Return Wilson's interval of as many cases as they are worth."""
    share, cases, variance = side.value, float(part.weights.sum()), side.variance
    if not isfinite(variance.variance):
        return -inf, inf
    chance = share * (1 - share) / cases
    worth = cases / max(variance.variance / chance, 1) if chance else cases
    return wilson(share, worth, quantile(LEVEL, variance.freedom))


def _binomial(part: WindowPart) -> float:
    """Return the variance of a share by chance alone; for 0 or 1 as if half a case differed."""
    cases = float(part.weights.sum())
    share = (float(part.values.sum()) + HALF) / (cases + 1)
    return share * (1 - share) / cases


def _joined(values: Sequence[float], ends: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the effect and its interval from those of the windows (Newcombe, Statistics in Medicine 17,
    1998, 873-890, method 10; of four Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702).
    """
    effect = below = above = 0.0
    for sign, value, (low, high) in zip(SIGNS, values, ends, strict=False):
        down, up = value - low, high - value
        effect += sign * value
        below += (down if sign > 0 else up) ** 2
        above += (up if sign > 0 else down) ** 2
    return effect, effect - sqrt(below), effect + sqrt(above)


def _nothing(method: EffectMethod, samples: Sequence[DayCases]) -> EffectEstimate:
    sides = tuple(ComparedWindow(None, None, None, len(sample.values)) for sample in samples)
    return EffectEstimate(method, None, None, None, IntervalMethod.days, sides, follows_value=True)
