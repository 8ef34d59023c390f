"""Effects on rates that allow for storms: the ratio of two rates of events, weekdays compared with weekdays.

The rate of each weekday and the ratio are those of Poisson regression. The number of effective events follows
from the additional variation of the days, compared with independent events (McCullagh and Nelder, Generalized
Linear Models, 1989, section 6.2). The interval is the exact one for that number (see `rates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np
from scipy import special

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.day_cases import SIGNS
from app.kpis.statistics.effects.days import (
    WEEK,
    Days,
    DaySums,
    Values,
    Variance,
    added,
    p_value,
    quantile,
    reach,
    variance_of,
    weekdays_of,
)
from app.kpis.statistics.effects.effect import LEVEL, ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.long_run import (
    WIDER,
    DayStretch,
    has_history,
    long_run_variance,
    not_below,
    summed_stretch,
)
from app.kpis.statistics.effects.samples import DayCounts

TAIL = (1 - LEVEL) / 2
NORMAL = float(special.ndtri(1 - TAIL))
#: Shorter windows show nothing about weekdays.
LEAST_WEEKDAYS = 2 * WEEK
#: So often the rates of weekdays and the ratio are fitted to each other: they agree long before.
FITS = 20
#: A logarithm needs some events: zero events count as half an event.
LEAST_EVENTS = 0.5


@dataclass(frozen=True, slots=True)
class _Counts:
    """The days of a window: events, what they are divided by, and that as the window's weekdays have it."""

    events: Values
    exposures: Values
    days: Days
    alike: Values
    #: By the method of history: the days before and of both windows; empty: there is too little history.
    stretches: tuple[DayStretch, ...] | None = None
    #: The variance of the logarithm of the rate between earlier windows of the same length; 0: not compared.
    between_windows: float = 0.0

    @property
    def total(self) -> float:
        return float(self.events.sum())

    @property
    def rate(self) -> float:
        """The events by exposure, as if the windows had the same weekdays."""
        return self.total / float(self.alike.sum())

    @property
    def by_day(self) -> DaySums:
        """Events of each day beyond the expectation for its weekday."""
        order = np.argsort(self.days)
        return DaySums(self.days[order], (self.events - self.rate * self.alike)[order])

    @property
    def variance(self) -> Variance:
        """The variance of the number of events."""
        if not self.stretches:
            return _widened(variance_of(self.by_day), is_wide=self.stretches is not None)
        events = max(self.total, LEAST_EVENTS)
        variance = long_run_variance([events], [self.stretches])
        return replace(variance, variance=max(variance.variance, self.between_windows * events**2))

    def logarithmic_variance(self, control: _Counts) -> Variance:
        """Return the variance of the logarithm of the rate less that of the control."""
        counted = [counts.stretches for counts in (self, control)]
        if not counted[0] or not counted[1]:
            variance = variance_of(self.logarithmic.without_control(control.logarithmic))
            return _widened(variance, is_wide=counted[0] is not None)
        chances = [1 / max(counts.total, LEAST_EVENTS) for counts in (self, control)]
        variance = long_run_variance(chances, [stretches for stretches in counted if stretches])
        return replace(variance, variance=max(variance.variance, self.between_windows))

    @property
    def logarithmic(self) -> DaySums:
        """Contribution of each day to the logarithm of the rate."""
        day_sums = self.by_day
        return DaySums(day_sums.days, day_sums.sums / max(self.total, LEAST_EVENTS))


def rate_effect(
    samples: Sequence[DayCounts], *, by_history: bool = False, by_windows: bool = False
) -> EffectEstimate:
    """Return the ratio of the rates, after over before; of four windows the ratio of ratios. `by_history`:
    the variance is that of the year before and both windows. `by_windows`: it is not below that between
    windows of that year, and holidays are compared with holidays.
    """
    method = EffectMethod.rate_by_day if len(samples) < len(SIGNS) else EffectMethod.rate_by_day_did
    if not all(sum(sample.exposures) for sample in samples) or not any(
        sum(sample.events) for sample in samples
    ):
        return EffectEstimate(method, None, None, None, IntervalMethod.days, tuple(map(_window, samples)))
    scopes = list(zip(samples[::2], samples[1::2], strict=True))
    pairs = [_alike(*scope, by_holidays=by_windows) for scope in scopes]
    if by_history:
        pairs = [
            _with_history(*pair, sample.history) for pair, sample in zip(pairs, samples[::2], strict=True)
        ]
    if by_windows:
        between = _between_windows([scope[0] for scope in scopes])
        pairs = [(replace(a, between_windows=between), replace(b, between_windows=between)) for a, b in pairs]
    effect, low, high, p = _ratio(*pairs[0]) if len(pairs) == 1 else _ratio_of_ratios(*pairs[0], *pairs[1])
    if samples[0].is_inverse:
        # The ratio of two inverses is that of the rates the other way round.
        effect, low, high = (_inverse(sample) for sample in (effect, high, low))
    sides = tuple(map(_window, samples))
    is_widened = any(counts.stretches == () for pair in pairs for counts in pair)
    return EffectEstimate(
        method,
        effect,
        low,
        high,
        IntervalMethod.days,
        sides,
        TestMethod.days,
        p,
        follows_value=by_history,
        is_widened=is_widened,
    )


def variance_between_alike(window: DayCounts) -> Variance | None:
    """Return the variance of the logarithm of the ratio between the window and another one like it; None: the
    window has no events.
    """
    if not any(window.events) or not any(window.exposures):
        return None
    between = _between_windows([window])
    pair = [
        replace(counts, between_windows=between)
        for counts in _with_history(*_alike(window, window, by_holidays=True), window.history)
    ]
    return added(*(_logarithmic(_of_logarithm(counts), [counts]) for counts in pair))


def _between_windows(scopes: Sequence[DayCounts]) -> float:
    """Return the variance of the logarithm of the rate, less that of the control, between windows of the
    history that are as long as the one after it; 0: there are too few.
    """
    logarithms = []
    for counts in scopes:
        begin, length = min(counts.days), len(counts.days)
        history = counts.history or DayCounts((), (), ())
        places = (begin - 1 - np.asarray(history.days, np.int64)) // length
        number = len(history.days) // length
        events, exposures = (
            np.bincount(places, weights=np.asarray(sums, float), minlength=number)[:number]
            for sums in (history.events, history.exposures)
        )
        has_exposure = exposures > 0
        rates = np.maximum(events, LEAST_EVENTS) / np.where(has_exposure, exposures, 1.0)
        logarithms.append(np.where(has_exposure, np.log(rates), np.nan))
    windows = min(map(len, logarithms))
    apart = logarithms[0][:windows] - (logarithms[1][:windows] if len(logarithms) > 1 else 0.0)
    return not_below(Variance(0.0, 1.0), apart[~np.isnan(apart)].tolist()).variance


def _alike(before: DayCounts, after: DayCounts, *, by_holidays: bool = False) -> tuple[_Counts, _Counts]:
    """Return both windows, with exposures as if each weekday counted for what it has in both. `by_holidays`:
    holidays are like an eighth day of the week.
    """
    events, exposures, days = (
        [np.asarray(getattr(counts, name), kind) for counts in (before, after)]
        for name, kind in (("events", float), ("exposures", float), ("days", np.int64))
    )
    kinds = [
        _kinds_of(counts, day, by_holidays=by_holidays)
        for counts, day in zip((before, after), days, strict=True)
    ]
    factors = np.ones(WEEK + 1)
    if len(days[0]) + len(days[1]) >= LEAST_WEEKDAYS:
        counted, exposed = (
            [
                np.bincount(kind, weights=day_counts, minlength=WEEK + 1)
                for kind, day_counts in zip(kinds, them, strict=True)
            ]
            for them in (events, exposures)
        )
        ratio = 1.0
        for _ in range(FITS):
            expected = exposed[0] + ratio * exposed[1]
            factors = np.divide(counted[0] + counted[1], expected, out=np.zeros(WEEK + 1), where=expected > 0)
            first, second = (float(day_counts @ factors) for day_counts in exposed)
            if not (counted[0].sum() and counted[1].sum() and first and second):
                break
            ratio = float(counted[1].sum() / second / (counted[0].sum() / first))
    alike = [day_counts * factors[kind] for day_counts, kind in zip(exposures, kinds, strict=True)]
    if not all(float(day_counts.sum()) for day_counts in alike):
        alike = exposures
    counts, other = (_Counts(*day_counts) for day_counts in zip(events, exposures, days, alike, strict=True))
    return counts, other


def _kinds_of(counts: DayCounts, days: Days, *, by_holidays: bool) -> Days:
    """Return the weekday of each day, or WEEK for a holiday."""
    kinds = weekdays_of(days)
    if by_holidays and counts.holidays:
        kinds = np.where(np.isin(days, sorted(counts.holidays)), WEEK, kinds)
    return kinds


def _with_history(before: _Counts, after: _Counts, history: DayCounts | None) -> tuple[_Counts, _Counts]:
    """Return both windows with the days before them; empty if these are too few."""
    stretches: tuple[DayStretch, ...] = ()
    if history is not None and any(history.events) and any(history.exposures):
        events, exposures = np.asarray(history.events, float), np.asarray(history.exposures, float)
        days = np.asarray(history.days, np.int64)
        earlier = _stretch(_Counts(events, exposures, days, exposures))
        if has_history(earlier):
            stretches = (earlier, _stretch(before), _stretch(after))
    return replace(before, stretches=stretches), replace(after, stretches=stretches)


def _stretch(counts: _Counts) -> DayStretch:
    """Return the days of a window: each event counts as one, as if it came by itself."""
    day_sums = counts.by_day
    return summed_stretch(day_sums.days, day_sums.sums, counts.total)


def _widened(variance: Variance, *, is_wide: bool) -> Variance:
    return replace(variance, variance=variance.variance * WIDER**2) if is_wide else variance


def _ratio(before: _Counts, after: _Counts) -> tuple[float | None, float | None, float | None, float | None]:
    """Return the ratio with its interval and the test of no effect."""
    worth = [_worth(counts) for counts in (before, after)]
    if worth[0] is None or worth[1] is None:
        low, high = 0.0, None
    else:
        (first, exposed), (second, exposed_after) = worth[0], worth[1]
        exposure_ratio = exposed / exposed_after
        share = float(special.betaincinv(second, first + 1, TAIL)) if second else 0.0
        low = share / (1 - share) * exposure_ratio
        share = float(special.betaincinv(second + 1, first, 1 - TAIL)) if first else 1.0
        high = share / (1 - share) * exposure_ratio if share < 1 else None
    if not before.total or not after.total:
        return (0.0 if before.total else None), low, high, None
    ratio = after.rate / before.rate
    variance = added(*(_logarithmic(_of_logarithm(counts), [counts]) for counts in (before, after)))
    return ratio, low, high, p_value(log(ratio), variance)


def _worth(counts: _Counts) -> tuple[float, float] | None:
    """Return how many independent events the window's are worth, and the exposure of those; None: of a single
    day nothing is known.
    """
    variance = counts.variance
    if not np.isfinite(variance.variance):
        return None
    spread = max(variance.variance / counts.total, 1.0) if counts.total else 1.0
    spread *= (quantile(LEVEL, variance.freedom) / NORMAL) ** 2
    return counts.total / spread, float(counts.alike.sum()) / spread


def _of_logarithm(counts: _Counts) -> Variance:
    """Return the variance of the logarithm of the rate."""
    if counts.stretches is None:
        return variance_of(counts.logarithmic)
    variance = counts.variance
    return replace(variance, variance=variance.variance / max(counts.total, LEAST_EVENTS) ** 2)


def _logarithmic(variance: Variance, windows: Sequence[_Counts]) -> Variance:
    """Return the variance of a logarithm, not less than by chance."""
    by_chance = sum(1 / max(window_counts.total, LEAST_EVENTS) for window_counts in windows)
    return Variance(max(variance.variance, by_chance), variance.freedom)


def _ratio_of_ratios(
    before: _Counts, after: _Counts, control_before: _Counts, control_after: _Counts
) -> tuple[float | None, float | None, float | None, float | None]:
    """Return the ratio of ratios; what a day does to scope and control alike is not in its interval."""
    rates = [
        max(counts.total, LEAST_EVENTS) / float(counts.alike.sum())
        for counts in (before, after, control_before, control_after)
    ]
    effect = log(rates[1] / rates[0]) - log(rates[3] / rates[2])
    variance = added(
        _logarithmic(
            before.logarithmic_variance(control_before),
            (before, control_before),
        ),
        _logarithmic(after.logarithmic_variance(control_after), (after, control_after)),
    )
    apart = reach(variance, LEVEL)
    if not np.isfinite(apart):
        return exp(effect), None, None, None
    return exp(effect), exp(effect - apart), exp(effect + apart), p_value(effect, variance)


def _window(window_counts: DayCounts) -> ComparedWindow:
    """Return the rate of a window, or its inverse, with its interval."""
    total, exposure = float(sum(window_counts.events)), float(sum(window_counts.exposures))
    days = len(window_counts.days)
    if not exposure:
        return ComparedWindow(None, None, None, round(total), days=days)
    events, exposures = np.asarray(window_counts.events, float), np.asarray(window_counts.exposures, float)
    counts = _Counts(events, exposures, np.asarray(window_counts.days, np.int64), exposures)
    worth = _worth(counts)
    if worth is None:
        low, high = 0.0, None
    else:
        number, exposed = worth
        low = float(special.gammaincinv(number, TAIL)) / exposed if number else 0.0
        high = float(special.gammaincinv(number + 1, 1 - TAIL)) / exposed
    rate = total / exposure
    if window_counts.is_inverse:
        return ComparedWindow(_inverse(rate), _inverse(high), _inverse(low), round(total), days=days)
    return ComparedWindow(rate, low, high, round(total), days=days)


def _inverse(rate: float | None) -> float | None:
    return 1 / rate if rate else None
