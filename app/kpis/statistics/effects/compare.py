"""The effect between windows, by a method and its version. Pure; the same seed gives the same numbers.

A stored effect names both, and they choose the code: an old measurement always gives the same result. New
measurements use the newest version of the method of their KPI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.kpis.statistics.effects import (
    day_cases,
    day_counts,
    day_values,
    differences,
    durations,
    means,
    rates,
    shares,
)
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod
from app.kpis.statistics.effects.effect import EffectEstimate
from app.kpis.statistics.effects.samples import (
    DayCases,
    DayCounts,
    IndependentSample,
    RateSample,
    RatioSample,
    Sample,
    ShareSample,
    ValueSample,
)

RESAMPLES = 10_000
Compare = Callable[[EffectMethod, Sequence[Sample], int, int], EffectEstimate]


@dataclass(frozen=True, slots=True)
class MethodVersion:
    """A version of a method: how it compares, and what a promised part is a part of.

    `compare` takes the method without a control, the windows in their order, the seed and the number of
    resamples. `is_of_compared`: a part is one of what is compared of the window before, as its median; else
    of the KPI's own value. The verdict's rule is the effect's: by all intervals that it has.
    `follows_direction`: a KPI without a direction is higher or lower; before, it improved by falling. A
    return to the usual that explains the whole effect is no evidence.
    """

    compare: Compare
    is_of_compared: bool
    follows_direction: bool = False


def compare(
    method: EffectMethod,
    before: Sample,
    after: Sample,
    control: tuple[Sample, Sample] | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    version: int | None = None,
) -> EffectEstimate:
    """Return the effect between the windows, by the newest version of the method or the given one; with a
    `control`, less that between the same windows there.

    The samples are of the kind that the method compares (share: ShareSample, duration: ValueSample, mean:
    ValueSample or RatioSample, rate: RateSample, rate_by_day: DayCounts, others by day: DayCases).
    """
    plain = WITHOUT_CONTROL[method]
    chosen = VERSIONS[plain, newest_version(plain) if version is None else version]
    return chosen.compare(plain, (before, after, *(control or ())), seed, resamples)


def newest_version(method: EffectMethod) -> int:
    """Return the version of the method by which is measured now."""
    return max(version for version_method, version in VERSIONS if version_method is WITHOUT_CONTROL[method])


def version_of(method: EffectMethod, version: int) -> MethodVersion:
    """Return the version that a stored effect names."""
    return VERSIONS[WITHOUT_CONTROL[method], version]


def _independent(
    method: EffectMethod, samples: Sequence[Sample], seed: int, resamples: int
) -> EffectEstimate:
    """Compare cases of which each is taken as independent of all others."""
    independent = [sample for sample in samples if isinstance(sample, IndependentSample)]
    assert len(independent) == len(samples)
    before, after, *control = independent
    if control:
        return differences.difference_in_differences(method, independent, seed=seed, resamples=resamples)
    if isinstance(before, ShareSample) and isinstance(after, ShareSample):
        return shares.share_effect(before, after)
    if isinstance(before, RateSample) and isinstance(after, RateSample):
        return rates.rate_effect(before, after)
    if method is EffectMethod.duration and isinstance(before, ValueSample) and isinstance(after, ValueSample):
        return durations.duration_effect(before, after)
    assert isinstance(before, ValueSample | RatioSample)
    assert isinstance(after, ValueSample | RatioSample)
    return means.mean_effect(before, after, seed=seed, resamples=resamples)


BY_DAY = {
    EffectMethod.share_by_day: day_cases.share_effect,
    EffectMethod.median_by_day: day_cases.median_effect,
    EffectMethod.mean_by_day: day_cases.mean_effect,
}


def _by_day(method: EffectMethod, samples: Sequence[Sample], _seed: int, _resamples: int) -> EffectEstimate:
    """Compare cases of which those of a day are alike. Nothing is resampled."""
    if method is EffectMethod.rate_by_day:
        return day_counts.rate_effect([sample for sample in samples if isinstance(sample, DayCounts)])
    return BY_DAY[method]([sample for sample in samples if isinstance(sample, DayCases)])


BY_VALUE = {
    EffectMethod.share_by_day: day_values.share_effect,
    EffectMethod.median_by_day: day_values.median_effect,
    EffectMethod.p90_by_day: day_values.p90_effect,
    EffectMethod.mean_by_day: day_values.mean_effect,
}


def _by_value(method: EffectMethod, samples: Sequence[Sample], _seed: int, _resamples: int) -> EffectEstimate:
    """Compare cases by the year before, with the verdict of the value that people read."""
    if method is EffectMethod.rate_by_day:
        counts = [sample for sample in samples if isinstance(sample, DayCounts)]
        return day_counts.rate_effect(counts, by_history=True)
    return BY_VALUE[method]([sample for sample in samples if isinstance(sample, DayCases)])


def _by_windows(
    method: EffectMethod, samples: Sequence[Sample], _seed: int, _resamples: int
) -> EffectEstimate:
    """Compare cases by the year before and its windows; the control's zeros and spread count as the scope's.
    Holidays are compared with holidays.
    """
    if method is EffectMethod.rate_by_day:
        counts = [sample for sample in samples if isinstance(sample, DayCounts)]
        return day_counts.rate_effect(counts, by_history=True, by_windows=True)
    cases = [sample for sample in samples if isinstance(sample, DayCases)]
    return BY_VALUE[method](cases, by_windows=True)


#: Methods by name and version. If the result for the same cases changes, add a version and keep these.
VERSIONS = {
    **{(method, 1): MethodVersion(_independent, is_of_compared=True) for method in differences.METHOD},
    **{(method, 2): MethodVersion(_by_day, is_of_compared=False) for method in BY_DAY},
    (EffectMethod.rate_by_day, 2): MethodVersion(_by_day, is_of_compared=False),
    **{(method, 3): MethodVersion(_by_value, is_of_compared=False) for method in BY_VALUE},
    (EffectMethod.rate_by_day, 3): MethodVersion(_by_value, is_of_compared=False),
    **{
        (method, 4): MethodVersion(_by_windows, is_of_compared=False, follows_direction=True)
        for method in (*BY_VALUE, EffectMethod.rate_by_day)
    },
    (EffectMethod.rate, 4): MethodVersion(_independent, is_of_compared=True, follows_direction=True),
}
