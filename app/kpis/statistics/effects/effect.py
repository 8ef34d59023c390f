"""The effect between two windows, or of two windows against a control: value, interval, test and verdict.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from app.kpis.statistics.effects.codes import (
    EffectMethod,
    EffectVerdict,
    IntervalMethod,
    PromiseVerdict,
    TestMethod,
)
from app.kpis.statistics.effects.samples import Sample, size_of

LEVEL = 0.95
#: Fewer cases (of a rate: events) on a side are no evidence of anything.
LEAST_CASES = 10
#: Methods whose effect is a ratio: no effect is 1. The effect of all other methods is a difference, where no
#: effect is 0.
RATIOS = frozenset(
    {EffectMethod.rate, EffectMethod.rate_did, EffectMethod.rate_by_day, EffectMethod.rate_by_day_did}
)
Better = Literal["less", "more"]


@dataclass(frozen=True, slots=True)
class ComparedWindow:
    """A window: its compared figure (share, median, mean, or rate; None without one) with its own interval
    (None for a missing end), and its number of cases. If it is given by day: the median of the cases, the
    part of them whose number is 0, and how many days have any.
    """

    compared: float | None
    low: float | None
    high: float | None
    cases: int
    median: float | None = None
    zeros: float | None = None
    days: int | None = None
    p90: float | None = None


@dataclass(frozen=True, slots=True)
class RelativeEffect:
    """The share of pairs in which a case after has less than one before, ties half; `no_effect` is 0.5. With
    a control: that share less the control's, and `no_effect` is 0. A missing end is None.
    """

    value: float
    low: float | None
    high: float | None
    no_effect: float


@dataclass(frozen=True, slots=True)
class GeometricEffect:
    """The ratio of the geometric means of the cases above zero, after over before, with its interval.
    `decides`: the cases spread alike and zeros are equally frequent, so that the value changes by the same
    part.
    """

    ratio: float
    low: float | None
    high: float | None
    level: float
    decides: bool


@dataclass(frozen=True, slots=True)
class EffectEstimate:
    """An effect with its interval at `level`; a missing end is None, such as the upper end above a rate of 0.

    `p_value` is two-sided; None with a control, where only the interval counts. `sides` are the windows:
    before, after, and those of the control. `follows_value`: the verdict is that of the value, or of the
    geometric means where these decide; else of the value and the pairs. `is_widened`: the time before is too
    short to know how much windows differ, so that the interval is wider.
    """

    method: EffectMethod
    effect: float | None
    low: float | None
    high: float | None
    interval_by: IntervalMethod
    sides: tuple[ComparedWindow, ...]
    test: TestMethod | None = None
    p_value: float | None = None
    difference_of_medians: float | None = None
    statistic: float | None = field(default=None)
    level: float = LEVEL
    relative: RelativeEffect | None = None
    geometric: GeometricEffect | None = None
    follows_value: bool = False
    is_widened: bool = False

    @property
    def no_effect(self) -> float:
        """The value of no effect."""
        return 1.0 if self.method in RATIOS else 0.0

    @property
    def relative_change(self) -> float | None:
        """The compared figure, after over before, less 1; None for a zero before."""
        before, after = self.sides[0].compared, self.sides[1].compared
        return None if not before or after is None else after / before - 1

    def verdict(self, better: Better | None) -> EffectVerdict:
        """Return the verdict on the effect, `better` being the direction in which the KPI improves (None: it
        has none): that of the value's interval, or of the relative effect, unless the two contradict each
        other.
        """
        if any(side.cases < LEAST_CASES for side in self.sides):
            return EffectVerdict.too_few_cases
        directions = {_side_of_no_effect(self.low, self.high, self.no_effect)}
        if self.follows_value:
            directions = self._of_value(*directions)
        elif self.relative is not None:
            # More pairs that are less after: the value falls.
            directions.add(
                -_side_of_no_effect(self.relative.low, self.relative.high, self.relative.no_effect)
            )
        directions.discard(0)
        if not directions:
            return EffectVerdict.no_evidence
        if len(directions) > 1:
            return EffectVerdict.mixed
        falls = directions == {-1}
        if better is None:
            return EffectVerdict.fell if falls else EffectVerdict.rose
        return EffectVerdict.improved if falls == (better == "less") else EffectVerdict.worsened

    def _of_value(self, of_value: int) -> set[int]:
        """Return which way the value went, by the geometric means where these decide: then by them, if the
        value points the same way.
        """
        geometric = self.geometric
        if geometric is None or not geometric.decides or self.effect is None:
            return {of_value}
        by_parts = _side_of_no_effect(geometric.low, geometric.high, 1.0)
        if by_parts * (self.effect - self.no_effect) < 0:
            return {by_parts, of_value} if of_value else set()
        return {by_parts}

    def reaches(self, promised: float) -> PromiseVerdict:
        """Return whether the effect reaches the promised one, which is on the same scale: in its
        direction.
        """
        if self.effect is None:
            return PromiseVerdict.missed
        falls = promised < self.no_effect
        end = self.high if falls else self.low
        if self.effect > promised if falls else self.effect < promised:
            return PromiseVerdict.missed
        beyond = end is not None and (end <= promised if falls else end >= promised)
        return PromiseVerdict.shown if beyond else PromiseVerdict.reached


def _side_of_no_effect(low: float | None, high: float | None, no_effect: float) -> int:
    """Return -1 if the interval lies below no effect, 1 if it lies above, else 0."""
    if high is not None and high < no_effect:
        return -1
    return 1 if low is not None and low > no_effect else 0


def is_empty(*samples: Sample) -> bool:
    """Return whether one of the samples has no cases."""
    return any(size_of(sample) == 0 for sample in samples)
