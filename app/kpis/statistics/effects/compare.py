"""The effect between windows, by the method of their KPI. Pure; the same seed gives the same numbers."""

from __future__ import annotations

from app.kpis.statistics.effects import differences, durations, means, rates, shares
from app.kpis.statistics.effects.codes import EffectMethod
from app.kpis.statistics.effects.effect import Effect
from app.kpis.statistics.effects.samples import RateSample, RatioSample, Sample, ShareSample, ValueSample

#: Of each method: raised when the same cases would give other numbers. An effect keeps the one it was
#: measured by.
VERSIONS = dict.fromkeys(EffectMethod, 1)
RESAMPLES = 10_000


def compare(
    method: EffectMethod,
    before: Sample,
    after: Sample,
    control: tuple[Sample, Sample] | None = None,
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> Effect:
    """Return the effect between the windows; with a `control`, less that between the same windows there.

    The samples are of the kind that the method compares (share: ShareSample, duration: ValueSample, mean:
    ValueSample or RatioSample, rate: RateSample).
    """
    if control is not None:
        return differences.difference_in_differences(
            method, (before, after, *control), seed=seed, resamples=resamples
        )
    if isinstance(before, ShareSample) and isinstance(after, ShareSample):
        return shares.share_effect(before, after)
    if isinstance(before, RateSample) and isinstance(after, RateSample):
        return rates.rate_effect(before, after)
    if method is EffectMethod.duration and isinstance(before, ValueSample) and isinstance(after, ValueSample):
        return durations.duration_effect(before, after)
    assert isinstance(before, ValueSample | RatioSample)
    assert isinstance(after, ValueSample | RatioSample)
    return means.mean_effect(before, after, seed=seed, resamples=resamples)
