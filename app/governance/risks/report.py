"""The report on risks in a period, and how they lie on the matrix: all levels by one matrix, the one that was
in force at its end (pure).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.common.priorities.risk_level import RiskLevel
from app.governance.risks.lookups import RiskHistory
from app.governance.risks.records import RiskKind
from app.governance.risks.scale import POINTS, USUAL, RiskMove, RiskResponse, Scale, move

#: The periods of the trend, with the one of the report.
TREND_PERIODS = 6
#: Levels as the report lists them; None: the risk was not assessed.
LEVELS = (RiskLevel.high, RiskLevel.medium, RiskLevel.low, None)
#: An assessment: its time, likelihood and impact.
Assessed = tuple[datetime, tuple[int, int]]


class RiskCounts(OutputModel):
    """The numbers of open risks at a point in time, by level."""

    counted_at: datetime = Field(description="Time for which the risks were counted.")
    high: int = Field(description="Number of risks with the level high.")
    medium: int = Field(description="Number of risks with the level medium.")
    low: int = Field(description="Number of risks with the level low.")
    unassessed: int = Field(description="Number of risks that were not assessed by then.")


class ReportedRisk(OutputModel):
    """A risk in the report."""

    number: str = Field(description="Number by which people know the risk.")
    title: str = Field(description="Title of the risk.")
    risk_level: RiskLevel | None = Field(
        description="Level of the risk at the end of the period; null if it was not assessed."
    )


class ReportedOpenRisk(ReportedRisk):
    """A risk that is open at the end of the period, with what a reader needs to judge it."""

    kind: RiskKind | None = Field(description="Field in which the risk lies.")
    cause: str | None = Field(description="Cause of the risk; null if its author was erased.")
    response: RiskResponse | None = Field(description="Response to the risk; null until it is treated.")
    owner: str | None = Field(description="Name of the owner; null if the owner was erased.")


class ReportedMove(ReportedRisk):
    """A reassessment that changed the level of a risk."""

    level_before: RiskLevel = Field(description="Level before the reassessment, by the same matrix.")
    assessed_at: datetime = Field(description="Time of the reassessment.")


class ReportedWarning(OutputModel):
    """A warning of an indicator."""

    number: str = Field(description="Number by which people know the risk.")
    kpi: str = Field(description="Key of the KPI.")
    threshold: str = Field(description="Threshold of the indicator.")
    reading: str = Field(description="Value at which the threshold was reached.")
    warned_at: datetime = Field(description="Time at which the indicator warned.")
    cleared_at: datetime | None = Field(description="Time at which the warning cleared; null if it has not.")


class ReportedOccurrence(OutputModel):
    """An occurrence of a risk."""

    number: str = Field(description="Number by which people know the risk.")
    happened_at: datetime = Field(description="Time of the occurrence.")
    loss: str | None = Field(description="Loss; null if not recorded.")
    currency: str | None = Field(description="Currency of the loss; null if not recorded.")


class OccupiedCell(OutputModel):
    """A cell of the risk matrix, with the open risks that belong to it."""

    likelihood: int = Field(description="Likelihood, from 1 (rare) to 5 (almost certain).")
    impact: int = Field(description="Impact, from 1 (slight) to 5 (disastrous).")
    risk_level: RiskLevel = Field(description="Level of the cell.")
    risks: list[str] = Field(description="Numbers of the risks in the cell.")


class RiskReport(OutputModel):
    """The risks of a period. All levels follow from one matrix, so that changes of the matrix do not show as
    changes of risks.
    """

    from_at: datetime = Field(description="Beginning of the period.")
    until_at: datetime = Field(description="End of the period, exclusive.")
    matrix: str | None = Field(
        description="Number of the matrix for all levels; null for the default matrix."
    )
    by_level: RiskCounts = Field(description="Open risks at the end of the period, by level.")
    open: list[ReportedOpenRisk] = Field(
        description="Risks that are open at the end of the period, the highest level first."
    )
    new: list[ReportedRisk] = Field(description="Risks that were identified in the period.")
    closed: list[ReportedRisk] = Field(description="Risks that were closed in the period.")
    up: list[ReportedMove] = Field(description="Reassessments that raised a level.")
    down: list[ReportedMove] = Field(description="Reassessments that lowered a level.")
    warnings: list[ReportedWarning] = Field(description="Warnings of indicators in the period.")
    occurrences: list[ReportedOccurrence] = Field(description="Occurrences in the period.")
    losses: dict[str, str] = Field(description="Sum of the losses, by currency.")
    trend: list[RiskCounts] = Field(
        description="Open risks at the ends of the last six periods of this length, the oldest first."
    )
    cells: list[OccupiedCell] = Field(
        description="Cells of the matrix that have open risks at the end of the period."
    )


@dataclass(frozen=True, slots=True)
class _Book:
    """The risks with their assessments in order, and the scale of the report."""

    risks: Sequence[Mapping[str, Any]]
    assessments: Mapping[UUID, Sequence[Assessed]]
    scale: Scale

    def place(self, risk: Mapping[str, Any], instant: datetime) -> tuple[int, int] | None:
        """Return likelihood and impact as they were assessed last before the instant."""
        places = [
            place for assessed_at, place in self.assessments.get(risk["id"], ()) if assessed_at < instant
        ]
        return places[-1] if places else None

    def level(self, risk: Mapping[str, Any], instant: datetime) -> RiskLevel | None:
        """Return the level at the instant; None: the risk was not assessed by then."""
        place = self.place(risk, instant)
        return None if place is None else self.scale[place]

    def open_at(self, instant: datetime) -> list[Mapping[str, Any]]:
        """Return the risks that were open at the instant."""
        return [
            risk
            for risk in self.risks
            if risk["identified_at"] < instant and (risk["closed_at"] is None or risk["closed_at"] >= instant)
        ]

    def counts(self, instant: datetime) -> RiskCounts:
        """Return the numbers of open risks at the instant, by level."""
        levels = Counter(self.level(risk, instant) for risk in self.open_at(instant))
        return RiskCounts(
            counted_at=instant,
            high=levels[RiskLevel.high],
            medium=levels[RiskLevel.medium],
            low=levels[RiskLevel.low],
            unassessed=levels[None],
        )


def report_of(history: RiskHistory, begin: datetime, end: datetime) -> RiskReport:
    """Return the report on the period."""
    book = _book_of(history)
    moves = _moves(book, begin, end)
    length = end - begin
    return RiskReport(
        from_at=begin,
        until_at=end,
        matrix=None if history.matrix is None else history.matrix.number,
        by_level=book.counts(end),
        open=_open_risks(book, end),
        new=_reported(book, end, [risk for risk in book.risks if risk["identified_at"] >= begin]),
        closed=_reported(
            book, end, [risk for risk in book.risks if risk["closed_at"] and begin <= risk["closed_at"] < end]
        ),
        up=moves[RiskMove.up],
        down=moves[RiskMove.down],
        warnings=[ReportedWarning(**row) for row in history.warnings],
        occurrences=[ReportedOccurrence(**row) for row in history.occurrences],
        losses=_losses(history.occurrences),
        trend=[book.counts(end - periods * length) for periods in reversed(range(TREND_PERIODS))],
        cells=_cells(book, end),
    )


def _book_of(history: RiskHistory) -> _Book:
    assessments: dict[UUID, list[Assessed]] = defaultdict(list)
    for row in history.assessments:
        assessments[row["risk"]].append((row["assessed_at"], (row["likelihood"], row["impact"])))
    return _Book(history.risks, assessments, scale_of(history))


def _reported(book: _Book, end: datetime, risks: Sequence[Mapping[str, Any]]) -> list[ReportedRisk]:
    return [
        ReportedRisk(number=risk["number"], title=risk["title"], risk_level=book.level(risk, end))
        for risk in risks
    ]


def _open_risks(book: _Book, end: datetime) -> list[ReportedOpenRisk]:
    risks = [
        ReportedOpenRisk(
            number=risk["number"],
            title=risk["title"],
            risk_level=book.level(risk, end),
            **{name: risk.get(name) for name in ("kind", "cause", "response", "owner")},
        )
        for risk in book.open_at(end)
    ]
    return sorted(risks, key=lambda risk: LEVELS.index(risk.risk_level))


def _moves(book: _Book, begin: datetime, end: datetime) -> dict[RiskMove, list[ReportedMove]]:
    """Return the reassessments of the period by which a level has moved."""
    moves: dict[RiskMove, list[ReportedMove]] = {each: [] for each in RiskMove}
    for risk in book.risks:
        for (_, before), (assessed_at, after) in pairwise(book.assessments.get(risk["id"], ())):
            if assessed_at >= begin:
                moved = ReportedMove(
                    number=risk["number"],
                    title=risk["title"],
                    risk_level=book.scale[after],
                    level_before=book.scale[before],
                    assessed_at=assessed_at,
                )
                moves[move(book.scale[before], book.scale[after])].append(moved)
    return {each: sorted(rows, key=lambda moved: moved.assessed_at) for each, rows in moves.items()}


def _losses(occurrences: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in occurrences:
        if row["loss"] is not None:
            sums[row["currency"]] += Decimal(row["loss"])
    return {currency: str(sums[currency]) for currency in sorted(sums)}


def _cells(book: _Book, end: datetime) -> list[OccupiedCell]:
    numbers: dict[tuple[int, int], list[str]] = defaultdict(list)
    for risk in book.open_at(end):
        place = book.place(risk, end)
        if place is not None:
            numbers[place].append(risk["number"])
    return [
        OccupiedCell(
            likelihood=likelihood,
            impact=impact,
            risk_level=book.scale[likelihood, impact],
            risks=numbers[likelihood, impact],
        )
        for likelihood in POINTS
        for impact in POINTS
        if (likelihood, impact) in numbers
    ]


def scale_of(history: RiskHistory) -> Scale:
    """Return the scale of the report."""
    return USUAL if history.matrix is None else history.matrix.scale
