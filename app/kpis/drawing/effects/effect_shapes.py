"""Content of the drawings of a measured effect, as plain values (pure).

The behaviour chart of an effect is a `BehaviourFigure` with shades, a moment, limits that are carried on, and
others.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.kpis.declaration.marks import Tendency

#: With more cases, bands of tenths are drawn instead of dots.
MOST_DOTS = 400
NAMED_CASES = 3


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A value and its interval (None: that end is open; both None: no interval), with the number of its
    cases, if that is shown. `value` None: it could not be computed.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    cases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFigure:
    """The interval figure of an effect. `title` is its sentence, `warnings` stand beneath.

    `sides` are the values before and after, in the unit of the KPI. `differences` are what they differ by, on
    an axis of their own: one row, or of a pilot that of the pilot, that of the others, and last the
    difference of both. `ratio`: they are ratios, and 1 is no effect. `level` is that of the intervals,
    `promised` is in their scale. `tendency` is that of the last difference: neither, if there is no evidence.
    """

    title: str
    sides: tuple[IntervalRow, ...]
    differences: tuple[IntervalRow, ...]
    ratio: bool = False
    level: float = 0.95
    promised: float | None = None
    tendency: Tendency = Tendency.neither
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StripCase:
    """A case with its number and its value."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class StripGroup:
    """The cases of a window."""

    label: str
    cases: tuple[StripCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesFigure:
    """Every case of an effect on a logarithmic axis, one strip for each window."""

    title: str
    groups: tuple[StripGroup, ...]
