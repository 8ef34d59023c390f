"""Effects on means: the difference of two means, or of two ratios of sums, resampled.

Interval: the bootstrap, bias corrected and accelerated (Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 14), of two samples as in scipy.stats.bootstrap; by plain percentiles where the
correction cannot be had. Test: permutations of all cases over both windows, as in
scipy.stats.permutation_test.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy import special

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.effect import LEVEL, ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.samples import RatioSample, ValueSample

Values = NDArray[np.float64]
#: With few different cases, the number of draws of each case is drawn instead of the case of each draw.
FEW_DIFFERENT = 256
#: So many draws are held at once, at most: as many as a cache holds.
CHUNK = 250_000
#: Statistics that differ by less, relatively, are equal: sums of the same numbers in another order.
SLACK = 1e-9


def cases_of(sample: ValueSample | RatioSample) -> Values:
    """Return the number and the weight of each case, a row each."""
    weights = sample.weights if isinstance(sample, RatioSample) else np.ones(len(sample.values))
    return np.column_stack([np.asarray(sample.values, float), np.asarray(weights, float)])


def mean_effect(
    before: ValueSample | RatioSample, after: ValueSample | RatioSample, *, seed: int, resamples: int
) -> EffectEstimate:
    """Return the difference of the means, after less before; the same seed gives the same numbers."""
    first, second = cases_of(before), cases_of(after)
    if not len(first) or not len(second):
        sides = (ComparedWindow(None, None, None, len(first)), ComparedWindow(None, None, None, len(second)))
        return EffectEstimate(EffectMethod.mean, None, None, None, IntervalMethod.percentile, sides)
    effect = float(_mean(second) - _mean(first))
    # Each has a stream of random numbers of its own, so that they can be drawn side by side.
    streams = [
        np.random.Generator(np.random.PCG64(seed_sequence))
        for seed_sequence in np.random.SeedSequence(seed).spawn(3)
    ]
    with ThreadPoolExecutor() as pool:
        tested = pool.submit(_permutation_p, first, second, effect, streams[2], resamples)
        drawing = [
            pool.submit(resampled_means, seed_sequence, stream, resamples)
            for seed_sequence, stream in zip((first, second), streams, strict=False)
        ]
        means = [seed_sequence.result() for seed_sequence in drawing]
        p_value = tested.result()
    drawn = means[1] - means[0]
    low, high, interval_by = _bca(drawn, effect, _acceleration(first, second))
    return EffectEstimate(
        EffectMethod.mean,
        effect,
        low,
        high,
        interval_by,
        (summary_of(first, means[0]), summary_of(second, means[1])),
        TestMethod.permutation,
        p_value,
    )


def summary_of(cases: Values, means: Values) -> ComparedWindow:
    """Return the mean of a window with its interval of percentiles."""
    low, high = percentiles(means)
    return ComparedWindow(float(_mean(cases)), low, high, len(cases))


def percentiles(drawn: Values) -> tuple[float, float]:
    """Return the ends of the middle LEVEL of what was drawn."""
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _mean(cases: Values) -> float:
    total, weight = cases.sum(axis=0)
    return float(total / weight)


def resampled_means(cases: Values, generator: np.random.Generator, resamples: int) -> Values:
    """Return the means of so many samples of the same size, drawn from the cases with replacement."""
    different, counts = np.unique(cases, axis=0, return_counts=True)
    if len(different) <= FEW_DIFFERENT:
        drawn = generator.multinomial(len(cases), counts / len(cases), size=resamples)
        return _ratio(drawn @ different)

    numbers, weights = np.ascontiguousarray(cases.T)

    def draw(number: int) -> Values:
        places = generator.integers(0, len(cases), size=(number, len(cases)))
        return _ratio(np.column_stack([numbers.take(places).sum(axis=1), _weights(weights, places)]))

    return _in_chunks(draw, resamples, len(cases))


def _weights(weights: Values, places: NDArray[np.int64]) -> Values:
    if weights.min() == weights.max():
        return np.full(len(places), weights[0] * places.shape[1])
    return np.asarray(weights.take(places).sum(axis=1))


def _ratio(sums: Values) -> Values:
    return np.asarray(sums[:, 0] / sums[:, 1])


def _in_chunks(draw: Callable[[int], Values], resamples: int, cases: int) -> Values:
    """Return what `draw` returns of so many resamples, drawn in parts of bounded memory."""
    at_once = max(CHUNK // cases, 1)
    parts = [draw(min(at_once, resamples - done)) for done in range(0, resamples, at_once)]
    return np.concatenate(parts)


def _acceleration(first: Values, second: Values) -> float:
    """Return the acceleration by the jackknife over both samples; nan if nothing varies."""
    above, below = 0.0, 0.0
    for cases, sign in ((first, -1.0), (second, 1.0)):
        number = len(cases)
        if number < 2:  # one case cannot be left out
            return nan
        left = cases.sum(axis=0) - cases
        without = sign * left[:, 0] / left[:, 1]
        influence = (number - 1) * (without.mean() - without)
        above += float((influence**3).sum()) / number**3
        below += float((influence**2).sum()) / number**2
    return above / (6 * below**1.5) if below else nan


def _bca(drawn: Values, effect: float, acceleration: float) -> tuple[float, float, IntervalMethod]:
    """Return the corrected interval; that of percentiles where the correction is not finite."""
    share = float(((drawn < effect).mean() + (drawn <= effect).mean()) / 2)
    bias = float(special.ndtri(share))
    ends = []
    for level in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        normal = bias + float(special.ndtri(level))
        ends.append(float(special.ndtr(bias + normal / (1 - acceleration * normal))))
    if not np.isfinite(bias) or not np.isfinite(ends).all():
        return *percentiles(drawn), IntervalMethod.percentile
    low, high = np.quantile(drawn, ends)
    return float(low), float(high), IntervalMethod.bca


def _permutation_p(
    first: Values, second: Values, effect: float, generator: np.random.Generator, resamples: int
) -> float:
    """Return twice the smaller share of permutations whose effect is at least as far to that side."""
    drawn = _permuted_effects(first, second, generator, resamples)
    slack = SLACK * abs(effect)
    tails = ((drawn <= effect + slack).sum(), (drawn >= effect - slack).sum())
    return float(min(2 * (min(tails) + 1) / (resamples + 1), 1.0))


def _permuted_effects(
    first: Values, second: Values, generator: np.random.Generator, resamples: int
) -> Values:
    """Return the effects of so many permutations of all cases over both windows."""
    pooled = np.concatenate([first, second])
    pooled_sum = pooled.sum(axis=0)
    different, counts = np.unique(pooled, axis=0, return_counts=True)
    if len(different) <= FEW_DIFFERENT:
        drawn = generator.multivariate_hypergeometric(counts, len(second), size=resamples)
        sums = drawn @ different
    else:
        sums = _in_chunks_of_sums(pooled, len(second), generator, resamples)
    return np.asarray(_ratio(sums) - _ratio(pooled_sum - sums))


def _in_chunks_of_sums(pooled: Values, size: int, generator: np.random.Generator, resamples: int) -> Values:
    """Return the sums of so many parts of that size, drawn without replacement.

    Each case is drawn by itself with the same chance; then so many cases as are too many or too few, chosen
    evenly, leave or join. All parts of the size are equally likely, and few cases are drawn one by one.
    """
    at_once = max(CHUNK // len(pooled), 1)
    chance = np.float32(size / len(pooled))
    parts = []
    for done in range(0, resamples, at_once):
        number = min(at_once, resamples - done)
        drawn = generator.random((number, len(pooled)), dtype=np.float32) < chance
        sums = drawn.astype(np.float64) @ pooled
        for row, excess in enumerate((drawn.sum(axis=1) - size).tolist()):
            if excess:
                candidates = np.flatnonzero(drawn[row] if excess > 0 else ~drawn[row])
                moved = generator.choice(candidates, abs(excess), replace=False, shuffle=False)
                sums[row] -= np.sign(excess) * pooled[moved].sum(axis=0)
        parts.append(sums)
    return np.concatenate(parts)
