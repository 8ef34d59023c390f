"""Effects on rates: the ratio of two rates of events by exposure, exactly.

Given how many events there are in both windows, those after are binomial: so the interval of Clopper and
Pearson (1934) on their share gives that of the ratio, and the binomial test that of no effect (Lehmann and
Romano, Testing Statistical Hypotheses, 2005, section 4.5).
"""

from __future__ import annotations

from dataclasses import replace

from scipy import special, stats

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.effect import LEVEL, ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.samples import RateSample
from app.kpis.statistics.intervals import poisson

TAIL = (1 - LEVEL) / 2


def summary_of(sample: RateSample) -> ComparedWindow:
    """Return the rate with its exact Poisson interval; of an inverse the exposure per event."""
    if not sample.exposure:
        return ComparedWindow(None, None, None, sample.events)
    low, high = (bound / sample.exposure for bound in poisson(sample.events))
    rate = sample.events / sample.exposure
    if sample.is_inverse:
        return ComparedWindow(_inverse(rate), _inverse(high), _inverse(low), sample.events)
    return ComparedWindow(rate, low, high, sample.events)


def _inverse(rate: float) -> float | None:
    return 1 / rate if rate else None


def rate_effect(before: RateSample, after: RateSample) -> EffectEstimate:
    """Return the ratio of the rates, after over before, with the conditional binomial test."""
    if before.is_inverse:
        # The ratio of two inverses is the ratio of the rates the other way round.
        turned = rate_effect(replace(after, is_inverse=False), replace(before, is_inverse=False))
        return replace(turned, sides=(summary_of(before), summary_of(after)))
    sides = summary_of(before), summary_of(after)
    events = before.events + after.events
    if not before.exposure or not after.exposure or not events:
        return EffectEstimate(EffectMethod.rate, None, None, None, IntervalMethod.clopper_pearson, sides)
    exposures = before.exposure / after.exposure
    low, high = (
        float(special.betaincinv(after.events, before.events + 1, TAIL)) if after.events else 0.0,
        float(special.betaincinv(after.events + 1, before.events, 1 - TAIL)) if before.events else 1.0,
    )
    share = after.exposure / (before.exposure + after.exposure)
    return EffectEstimate(
        EffectMethod.rate,
        after.events / before.events * exposures if before.events else None,
        low / (1 - low) * exposures,
        high / (1 - high) * exposures if before.events else None,
        IntervalMethod.clopper_pearson,
        sides,
        TestMethod.conditional_binomial,
        float(stats.binomtest(after.events, events, share).pvalue),
    )
