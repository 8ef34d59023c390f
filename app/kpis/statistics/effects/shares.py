"""Effects on shares: the difference of two proportions.

Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17
(1998), 873-890: method 10, the hybrid score interval without continuity correction.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy import stats

from app.kpis.statistics.effects.codes import EffectMethod, IntervalMethod, TestMethod
from app.kpis.statistics.effects.effect import ComparedWindow, EffectEstimate
from app.kpis.statistics.effects.samples import ShareSample
from app.kpis.statistics.intervals import wilson


def summary_of(sample: ShareSample) -> ComparedWindow:
    """Return the share with its Wilson interval."""
    if not sample.denominator:
        return ComparedWindow(None, None, None, 0)
    low, high = wilson(sample.numerator, sample.denominator)
    return ComparedWindow(sample.numerator / sample.denominator, low, high, sample.denominator)


def share_effect(before: ShareSample, after: ShareSample) -> EffectEstimate:
    """Return the difference of the shares, after less before, with Fisher's exact test."""
    sides = first, second = summary_of(before), summary_of(after)
    if first.compared is None or second.compared is None:
        return EffectEstimate(EffectMethod.share, None, None, None, IntervalMethod.newcombe, sides)
    assert first.low is not None
    assert first.high is not None
    assert second.low is not None
    assert second.high is not None
    effect = second.compared - first.compared
    below = sqrt((second.compared - second.low) ** 2 + (first.high - first.compared) ** 2)
    above = sqrt((second.high - second.compared) ** 2 + (first.compared - first.low) ** 2)
    table = [[sample.numerator, sample.denominator - sample.numerator] for sample in (before, after)]
    return EffectEstimate(
        EffectMethod.share,
        effect,
        effect - below,
        effect + above,
        IntervalMethod.newcombe,
        sides,
        TestMethod.fisher_exact,
        float(stats.fisher_exact(np.array(table)).pvalue),
    )
