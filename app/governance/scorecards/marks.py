"""Marks and scores: how figures, weights and points become them (pure).

Everything is computed with decimals, so that a recount by the log gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.governance.scorecards.records import RaterPart, ScorecardDimension

FULL, HUNDREDTHS = Decimal(100), Decimal("0.01")
#: The scores that raters give.
LOWEST, HIGHEST = 1, 5
#: A mean of fewer peers would reveal a single mark.
FEWEST_PEERS = 2


@dataclass(frozen=True, slots=True)
class Weights:
    """Content of an edition: the weights of dimensions and of raters, in any unit, and its points and
    line.
    """

    dimensions: Mapping[ScorecardDimension, int]
    parts: Mapping[RaterPart, int]
    points_per_mark: int
    line: int


@dataclass(frozen=True, slots=True)
class MarkedFigure:
    """The marks of a figure in its dimension: of a KPI, or of raters in a part."""

    dimension: ScorecardDimension
    mark: Decimal
    part: RaterPart | None = None


@dataclass(frozen=True, slots=True)
class ScoredCard:
    """The marks by dimension, as far as anything is known, and the score; None: nothing is known."""

    marks: Mapping[ScorecardDimension, Decimal]
    score: Decimal | None
    below_line: bool


def rounded(number: Decimal) -> Decimal:
    """Return the number with two digits; halves go up."""
    return number.quantize(HUNDREDTHS, ROUND_HALF_UP)


def mark_of_value(value: Decimal, best: Decimal, worst: Decimal) -> Decimal:
    """Return the marks of a KPI's value: 100 at `best` and beyond, 0 at `worst` and beyond."""
    return rounded(min(FULL, max(Decimal(0), FULL * (value - worst) / (best - worst))))


def mark_of_rating(mean: Decimal) -> Decimal:
    """Return the marks of a mean of ratings: 0 of the lowest, 100 of the highest."""
    return rounded(FULL * (mean - LOWEST) / (HIGHEST - LOWEST))


def known_by_log(figures: Iterable[MarkedFigure]) -> frozenset[ScorecardDimension]:
    """Return the dimensions that the log knows: their ratings do not count."""
    return frozenset(figure.dimension for figure in figures if figure.part is None)


def score_of(figures: Sequence[MarkedFigure], points: int, weights: Weights) -> ScoredCard:
    """Return the marks of each dimension, and the score: their mean by weight, less what points take away.

    A dimension is marked by its KPIs, each alike, or else by its ratings, by the weights of their parts. A
    part without a value is left out, with its weight.
    """
    by_log = known_by_log(figures)
    marks: dict[ScorecardDimension, Decimal] = {}
    for dimension in ScorecardDimension:
        of_it = [figure for figure in figures if figure.dimension is dimension]
        parts = [
            (figure.mark, 1 if figure.part is None else weights.parts[figure.part])
            for figure in of_it
            if (figure.part is None) is (dimension in by_log)
        ]
        mean = _mean(parts)
        if mean is not None:
            marks[dimension] = rounded(mean)
    total = _mean([(mark, weights.dimensions[dimension]) for dimension, mark in marks.items()])
    if total is None:
        return ScoredCard(marks, None, below_line=False)
    score = rounded(max(Decimal(0), total - Decimal(points) / weights.points_per_mark))
    return ScoredCard(marks, score, below_line=score < weights.line)


def _mean(weighted: Sequence[tuple[Decimal, int]]) -> Decimal | None:
    """Return the mean by weight; None if there is no weight."""
    weight = sum(weight for _, weight in weighted)
    return sum((mark * weight for mark, weight in weighted), Decimal(0)) / weight if weight else None
