"""Samples for comparison: the cases of a window, by the kind of KPI. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShareSample:
    """The cases that count, of all cases: 0 ≤ numerator ≤ denominator."""

    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class ValueSample:
    """The number of each case, such as its seconds or its score."""

    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class RatioSample:
    """A sample whose value is a ratio of sums, such as costs over budgets: `values` holds a number of each
    case, and `weights`, in the same order, its weight (above 0).
    """

    values: Sequence[float]
    weights: Sequence[float]


@dataclass(frozen=True, slots=True)
class RateSample:
    """Events, and what they are divided by (above 0 if there are events), such as days. `is_inverse`: the
    value is the exposure per event instead, as of a time between failures.
    """

    events: int
    exposure: float
    is_inverse: bool = False


@dataclass(frozen=True, slots=True)
class DayCases:
    """The number and the weight of each case, and the day that it belongs to, as the ordinal of its date. A
    share is the number of the cases that count (1, else 0) over their weights.

    `history` are the cases of the year before the baseline; only the window before has them. `by_parts`: the
    cases are durations or amounts, of which a part is saved, and not points of a scale. `window` is the first
    day of the window and its number of days; None: those of its cases.
    """

    values: Sequence[float]
    weights: Sequence[float]
    days: Sequence[int]
    history: DayCases | None = None
    by_parts: bool = False
    window: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DayCounts:
    """The events of each day of a window, also of those without any, and what they are divided by.
    `is_inverse` as in `RateSample`; `history` as in `DayCases`. `holidays` are days on which the calendars of
    the services are closed, although other days of the same weekday are open.
    """

    events: Sequence[float]
    exposures: Sequence[float]
    days: Sequence[int]
    is_inverse: bool = False
    history: DayCounts | None = None
    holidays: frozenset[int] = frozenset()


#: Samples of methods that treat cases as independent; and samples of all methods.
IndependentSample = ShareSample | ValueSample | RatioSample | RateSample
Sample = IndependentSample | DayCases | DayCounts


def size_of(sample: Sample) -> int:
    """Return the number of cases; of a rate that of events."""
    if isinstance(sample, ShareSample):
        return sample.denominator
    if isinstance(sample, DayCounts):
        return round(sum(sample.events))
    return sample.events if isinstance(sample, RateSample) else len(sample.values)
