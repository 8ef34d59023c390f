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

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, isfinite, log, sqrt

import numpy as np

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.day_cases import EACH_LEVEL, HALF, SIGNS, end, in_order, relative_of, wilson
from app.kpis.statistics.effects.days import Values, Variance, p_value, quantile, reach
from app.kpis.statistics.effects.effect import (
    LEAST_CASES,
    LEVEL,
    ComparedWindow,
    EffectEstimate,
    GeometricEffect,
)
from app.kpis.statistics.effects.long_run import (
    Compared,
    ComparedScope,
    Level,
    WindowPart,
    compare_figures,
    mean_of_cases,
)
from app.kpis.statistics.effects.samples import DayCases

P90 = 0.9


def mean_effect(samples: Sequence[DayCases], *, by_windows: bool = False) -> EffectEstimate:
    """Return the difference of the means (of cases with weights: of the ratios of sums); of four windows less
    that of the control.
    """
    scopes = _scopes(samples, by_windows=by_windows)
    method = _method(samples, EffectMethod.mean_by_day, EffectMethod.mean_by_day_did)
    if scopes is None:
        return _nothing(method, samples)
    compared = compare_figures(scopes, mean_of_cases)
    ends = [side.ends(EACH_LEVEL) for side in compared.sides]
    return _estimate(method, samples, scopes, compared, compared.joined(EACH_LEVEL), ends)


def median_effect(samples: Sequence[DayCases], *, by_windows: bool = False) -> EffectEstimate:
    """Return the difference of the medians; of four windows less that of the control."""
    methods = EffectMethod.median_by_day, EffectMethod.median_by_day_did
    return _quantile_effect(samples, HALF, methods, by_windows=by_windows)


def p90_effect(samples: Sequence[DayCases], *, by_windows: bool = False) -> EffectEstimate:
    """Return the difference of the 90th percentiles; of four windows less that of the control."""
    methods = EffectMethod.p90_by_day, EffectMethod.p90_by_day_did
    return _quantile_effect(samples, P90, methods, by_windows=by_windows)


def _quantile_effect(
    samples: Sequence[DayCases],
    share: float,
    methods: tuple[EffectMethod, EffectMethod],
    *,
    by_windows: bool,
) -> EffectEstimate:
    """Return the effect on a quantile; its interval follows from that of the share below it (Woodruff, JASA
    47, 1952, 635-646).
    """
    scopes, method = _scopes(samples, by_windows=by_windows), _method(samples, *methods)
    if scopes is None:
        return _nothing(method, samples)

    def below(part: WindowPart) -> tuple[float, Values]:
        middle = float(np.quantile(part.values, share))
        counted = (part.values < middle) + HALF * (part.values == middle)
        return middle, (counted - counted.mean()) / len(counted)

    def below_usual(part: WindowPart, scope: ComparedScope) -> float:
        usual = np.quantile(scope.history.values, share)
        return float(np.mean((part.values < usual) + HALF * (part.values == usual)))

    compared = compare_figures(scopes, below, below_usual)
    ends = [
        _woodruff(part, share, side.variance)
        for part, side in zip(_windows(scopes), compared.sides, strict=True)
    ]
    effect, low, high = _joined([side.value for side in compared.sides], ends)
    return _estimate(method, samples, scopes, compared, (low, high), ends, effect=effect)


def share_effect(samples: Sequence[DayCases], *, by_windows: bool = False) -> EffectEstimate:
    """Return the difference of the shares; of four windows less that of the control."""
    scopes = _scopes(samples, by_windows=by_windows)
    method = _method(samples, EffectMethod.share_by_day, EffectMethod.share_by_day_did)
    if scopes is None:
        return _nothing(method, samples)
    compared, windows = compare_figures(scopes, mean_of_cases), _windows(scopes)
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
    scopes = _scopes([window, replace(window, history=None)], by_windows=True)
    if scopes is None or len(window.values) < LEAST_CASES:
        return False, None
    if window.by_parts:
        above = scopes[0].mapped(lambda part: part.chosen(part.values > 0)).mapped(_logarithms)
        if len(above.before.values) >= LEAST_CASES:
            return True, compare_figures([_weighed_by_day(above)], _weighted_mean).variance
    compared = compare_figures(scopes, mean_of_cases)
    mean, variance = compared.before.value, compared.variance
    return False, Variance(variance.variance / mean**2, variance.freedom) if mean else None


def _method(samples: Sequence[DayCases], of_two: EffectMethod, of_four: EffectMethod) -> EffectMethod:
    return of_four if len(samples) == len(SIGNS) else of_two


def _scopes(samples: Sequence[DayCases], *, by_windows: bool) -> list[ComparedScope] | None:
    """Return the scope, and the control if there is one; None if a window has no cases."""
    if not all(sum(sample.weights) for sample in samples):
        return None
    empty = DayCases((), (), ())
    scopes = []
    for before, after in zip(samples[::2], samples[1::2], strict=True):
        first, second, history = (
            WindowPart(*in_order(cases)) for cases in (before, after, before.history or empty)
        )
        earlier = _earlier_windows(history, _window_of(before)) if by_windows else None
        scopes.append(ComparedScope(first, second, history, earlier))
    return scopes


def _window_of(before: DayCases) -> tuple[int, int]:
    """Return the first day of the window and its number of days."""
    first, last = min(before.days), max(before.days)
    return before.window or (first, last - first + 1)


def _earlier_windows(history: WindowPart, window: tuple[int, int]) -> tuple[WindowPart, ...]:
    """Return the whole windows of the history that are as long as the one after it, the newest first."""
    begin, length = window
    number = max(begin - int(history.days.min()), 0) // length if len(history.days) else 0
    places = (begin - 1 - history.days) // length
    return tuple(history.chosen(places == place) for place in range(number))


def _windows(scopes: Sequence[ComparedScope]) -> list[WindowPart]:
    return [part for scope in scopes for part in (scope.before, scope.after)]


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
        geometric=_geometric(scopes, jointly=scopes[0].earlier is not None) if samples[0].by_parts else None,
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


def _geometric(scopes: Sequence[ComparedScope], *, jointly: bool) -> GeometricEffect | None:
    """Return the ratio of the geometric means, after over before; of four windows the ratio of ratios. None
    if a window has too few cases above zero. `jointly`: zeros and the spread of the scope count less those of
    the control, as the ratio does.
    """
    above = [scope.mapped(lambda part: part.chosen(part.values > 0)) for scope in scopes]
    if any(len(part.values) < LEAST_CASES for part in _windows(above)):
        return None
    logarithms = [scope.mapped(_logarithms) for scope in above]
    weighed = compare_figures([_weighed_by_day(scope) for scope in logarithms], _weighted_mean)
    apart = reach(weighed.variance, LEVEL)
    apart_from_each_other = [scopes] if jointly else [[scope] for scope in scopes]
    of_logarithms = [logarithms] if jointly else [[scope] for scope in logarithms]
    decides = not any(map(_zeros_differ, apart_from_each_other)) and not any(
        map(_spread_differs, of_logarithms)
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


def _zeros_differ(scopes: Sequence[ComparedScope]) -> bool:
    """Return whether cases of zero are more frequent in one of the windows."""
    zeros = [scope.mapped(lambda part: replace(part, values=1.0 * (part.values == 0))) for scope in scopes]
    return (
        any(part.values.any() for part in _windows(zeros)) and compare_figures(zeros, mean_of_cases).differs()
    )


def _spread_differs(scopes: Sequence[ComparedScope]) -> bool:
    """Return whether the cases spread differently in both windows (Brown and Forsythe, JASA 69, 1974,
    364-367, the ratio of the mean deviations from the median).
    """

    def deviations(part: WindowPart) -> tuple[float, Values]:
        apart = np.abs(part.values - np.median(part.values)) if len(part.values) else part.values
        mean = float(apart.mean())
        return (log(mean), (apart - mean) / len(apart) / mean) if mean else (0.0, np.zeros(len(apart)))

    return compare_figures(scopes, deviations).differs()


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
