"""Differences in differences: the effect in the scope less that in the control, over the same windows.

For durations it is one of medians, for means one of means, for shares one of shares; for rates the ratio of
ratios, on a logarithmic scale. The interval is that of percentiles of the bootstrap by case. A resample of n
cases has its share, median or count drawn from its exact distribution (binomial, order statistics of a
uniform sample, Poisson).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.kpis.statistics.effects import durations, means, rates, shares
from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod
from app.kpis.statistics.effects.effect import ComparedWindow, EffectEstimate, is_empty
from app.kpis.statistics.effects.samples import (
    IndependentSample,
    RateSample,
    RatioSample,
    ShareSample,
    ValueSample,
)

Values = NDArray[np.float64]
METHOD = {
    EffectMethod.share: EffectMethod.share_did,
    EffectMethod.duration: EffectMethod.duration_did,
    EffectMethod.mean: EffectMethod.mean_did,
    EffectMethod.rate: EffectMethod.rate_did,
}
#: A resample without any event has half of one: its logarithm would have no end.
LEAST_EVENTS = 0.5


def difference_in_differences(
    method: EffectMethod, samples: Sequence[IndependentSample], *, seed: int, resamples: int
) -> EffectEstimate:
    """Return the difference in differences of the windows before and after, and those of the control."""
    generator = np.random.Generator(np.random.PCG64(seed))
    did = METHOD[method]
    if is_empty(*samples):
        sides = tuple(_side(method, sample) for sample in samples)
        return EffectEstimate(did, None, None, None, IntervalMethod.percentile, sides)
    drawn = [_resampled(method, sample, generator, resamples) for sample in samples]
    sides = tuple(
        means.summary_of(means.cases_of(sample), values)
        if method is EffectMethod.mean and isinstance(sample, ValueSample | RatioSample)
        else _side(method, sample)
        for sample, values in zip(samples, drawn, strict=True)
    )
    compared = [np.array([side.compared], dtype=np.float64) for side in sides]
    effect = _combined(method, compared)
    low, high = means.percentiles(_combined(method, drawn))
    return EffectEstimate(did, float(effect[0]), low, high, IntervalMethod.percentile, sides)


def _combined(method: EffectMethod, side_values: Sequence[Values]) -> Values:
    before, after, control_before, control_after = side_values
    if method is EffectMethod.rate:
        return np.asarray(after / before / (control_after / control_before))
    return np.asarray((after - before) - (control_after - control_before))


def _side(method: EffectMethod, sample: IndependentSample) -> ComparedWindow:
    if isinstance(sample, ShareSample):
        return shares.summary_of(sample)
    if isinstance(sample, RateSample):
        return rates.summary_of(sample)
    if method is EffectMethod.duration and isinstance(sample, ValueSample):
        return durations.summary_of(sample)
    return ComparedWindow(None, None, None, len(sample.values))


def _resampled(
    method: EffectMethod, sample: IndependentSample, generator: np.random.Generator, resamples: int
) -> Values:
    """Return what is compared of so many resamples of the cases."""
    if isinstance(sample, ShareSample):
        share = sample.numerator / sample.denominator
        return generator.binomial(sample.denominator, share, resamples) / sample.denominator
    if isinstance(sample, RateSample):
        events = np.maximum(generator.poisson(sample.events, resamples), LEAST_EVENTS)
        rate = events / sample.exposure
        return np.asarray(1 / rate if sample.is_inverse else rate)
    if method is EffectMethod.duration and isinstance(sample, ValueSample):
        return _resampled_medians(np.sort(np.asarray(sample.values, float)), generator, resamples)
    return means.resampled_means(means.cases_of(sample), generator, resamples)


def _resampled_medians(ordered: Values, generator: np.random.Generator, resamples: int) -> Values:
    """Return the medians of so many resamples of the values.

    The middle of n draws is at the place that the middle of n uniform numbers points to: that has a beta
    distribution, and the next one follows by the smallest of those that are larger.
    """
    cases = len(ordered)
    place = (cases + 1) // 2
    lower = generator.beta(place, cases - place + 1, resamples)

    def at(uniform: Values) -> Values:
        return ordered[np.minimum((uniform * cases).astype(np.intp), cases - 1)]

    if cases % 2:
        return np.asarray(at(lower))
    upper = lower + (1 - lower) * generator.beta(1, cases - place, resamples)
    return np.asarray((at(lower) + at(upper)) / 2)
