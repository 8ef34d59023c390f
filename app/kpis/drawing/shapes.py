"""Content of charts as plain values: one behaviour chart (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kpis.declaration.kpi import Comparator, Direction, Kpi, TargetValue
from app.kpis.declaration.marks import Tendency
from app.kpis.questions.periods import Grain
from app.kpis.statistics.behaviour import Signal

#: Largest number of points of a chart: more could not be distinguished.
MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """A period of a chart, its value (None: no value), whether it is not over, its target, the rules by which
    it is a signal, the tendency of these, and its difference from the value before.
    """

    begin: datetime
    end: datetime
    value: float | None
    running: bool = False
    target: TargetValue | None = None
    signals: tuple[Signal, ...] = ()
    tendency: Tendency = Tendency.neither
    moving_range: float | None = None


@dataclass(frozen=True, slots=True)
class ChartLimits:
    """Limits drawn over the points from index `first` to `last`, both included. `values` is of how many they
    are; `carried`: they are those of an earlier time, drawn on. `moving_range` and `upper_range` are those of
    the moving ranges.
    """

    first: int
    last: int
    centre: float
    low: float
    high: float
    values: int
    provisional: bool = False
    carried: bool = False
    moving_range: float = 0.0
    upper_range: float = 0.0


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A vertical line at an instant, with its name."""

    instant: datetime
    name: str


@dataclass(frozen=True, slots=True)
class MomentGroup:
    """The moments of the period at that index, under one letter: what happened, in words."""

    place: int
    letter: str
    text: str


@dataclass(frozen=True, slots=True)
class ChartShade:
    """A shaded stretch of time, with its name."""

    begin: datetime
    end: datetime
    name: str


@dataclass(frozen=True, slots=True)
class ChartExplanation:
    """The explanation of the signal of a rule that was met in the period beginning at `begin`."""

    begin: datetime
    rule: Signal
    text: str


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """Values of other cases, as a thin grey line: one for each point of the chart."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourFigure:
    """A behaviour chart. `scope` describes its cases, empty: all. `values` is the number of finished periods
    with a value since limits count. `title` replaces the sentence that the chart finds by itself.
    """

    kpi: Kpi
    grain: Grain
    points: tuple[ChartPoint, ...]
    limits: tuple[ChartLimits, ...]
    values: int
    scope: str = ""
    rebases: tuple[ChartMark, ...] = ()
    explanations: tuple[ChartExplanation, ...] = ()
    shades: tuple[ChartShade, ...] = ()
    moment: ChartMark | None = None
    moments: tuple[ChartMark, ...] = ()
    left_out: str = ""
    control: ChartSeries | None = None
    title: str | None = None

    @property
    def direction(self) -> Direction:
        """Return the direction in which values are better."""
        return self.kpi.direction


@dataclass(frozen=True, slots=True)
class SignalGroup:
    """Points that are signals by one rule, one after another on one side of the mean, from index `first` to
    `last`; `explanation` is people's explanation of them, if any.
    """

    rule: Signal
    first: int
    last: int
    above: bool
    tendency: Tendency
    explanation: str | None


#: Codes of the sentences that describe the relation of a value to a target.
COMPARATORS = {
    Comparator.lt: "below",
    Comparator.le: "at_most",
    Comparator.gt: "above",
    Comparator.ge: "at_least",
}
