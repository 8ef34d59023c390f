"""The XmR charts of a series whose limits restart at marked changes: one chart for each stretch between them.

Runs do not go over a re-basing. A stretch of fewer than LEAST_VALUES values has no limits, and one of fewer
than LEAST_CERTAIN has provisional ones: with so few values the limits still move by a quarter (Wheeler,
Advanced Topics in Statistical Process Control, 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.kpis.statistics.behaviour import Chart, Signal, chart

#: With fewer values limits are provisional.
LEAST_CERTAIN = 12


@dataclass(frozen=True, slots=True)
class Stretch:
    """The chart of the values from index `first` up to but not including `last`."""

    first: int
    last: int
    chart: Chart

    @property
    def provisional(self) -> bool:
        """True if there are limits, but computed from few values."""
        return self.chart.centre is not None and self.last - self.first < LEAST_CERTAIN


def stretches(values: Sequence[float], breaks: Sequence[int]) -> list[Stretch]:
    """Return the charts between the indices `breaks`, each of which begins a new stretch; empty for an empty
    series.
    """
    places = sorted(
        {0, len(values), *(break_place for break_place in breaks if 0 < break_place < len(values))}
    )
    return [Stretch(first, last, chart(values[first:last])) for first, last in pairwise(places)]


def signals_of(parts: Sequence[Stretch]) -> list[list[Signal]]:
    """Return the rules that each value of the series meets in its own stretch."""
    return [rules for part in parts for rules in part.chart.signals]


def moving_ranges(values: Sequence[float], parts: Sequence[Stretch]) -> list[float | None]:
    """Return how much each value differs from the one before in its stretch; of the first of each None."""
    ranges: list[float | None] = []
    for part in parts:
        stretch_values = values[part.first : part.last]
        ranges += [None, *(abs(later - earlier) for earlier, later in pairwise(stretch_values))]
    return ranges
