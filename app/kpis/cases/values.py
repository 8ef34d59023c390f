"""Contribution of each case to a KPI in a window, at a position of the log.

The selection of facts is the one that figures and drill-down read (`query.selected_facts`), and the value of
any part of the cases follows from them as a point's does. So a figure, its list, an effect, and the figure
without a team or a case cannot differ. At another position than that of the facts, the raw definitions give
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kpis.answers import as_of
from app.kpis.answers.answer import resolve_filters, with_budgets
from app.kpis.declaration.figures import Cut, Distribution, Figures, distribution
from app.kpis.declaration.kpi import Aggregate, Basis, Kpi
from app.kpis.facts import backlog, query
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import WEIGHTED_AGGREGATES, SqlStatement
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.statistics.survival import kaplan_meier
from app.platform.db import Connection

#: The most cases of one window.
MOST_CASES = 200_000


@dataclass(frozen=True, slots=True)
class CaseValue:
    """Contribution of a case: its number, its share of the divisor (see `query.weight_column`), the instant
    at which its time began (see `query.began_column`), and its values in the requested dimensions.

    A case that counts more than once, as by each of its resolutions, has as many.
    """

    case_id: UUID
    value: int
    weight: int
    began_at: datetime
    cut: Cut


async def case_values(
    connection: Connection, question: KpiQuestion, now: datetime, position: int | None = None
) -> list[CaseValue]:
    """Return what each case brings in the question's whole time: by the facts, or as of `position`.

    The connection sees one snapshot (see `answer.snapshot_connection`). Raises CannotAnswer if there are more
    than MOST_CASES, or if a past answer takes too long. KPIs of outages have no such cases.
    """
    assert not question.kpi.is_of_outages
    if position is not None:
        (values,) = await case_values_as_of(connection, [question], now, position)
        return values
    filters = await resolve_filters(connection, question)
    if question.kpi.basis is Basis.standing:
        instant = min(question.bounds[-1], now)
        rows = await fetch(connection, _bounded(backlog.case_values(question, filters, instant)))
    else:
        budgeted = await with_budgets(connection, question)
        rows = await fetch(connection, _bounded(query.case_values(budgeted, filters)))
    return _values_of(rows)


async def case_values_as_of(
    connection: Connection, questions: Sequence[KpiQuestion], now: datetime, position: int
) -> list[list[CaseValue]]:
    """Return what `case_values` does of several questions about one KPI, which reads the log once."""
    windows = [
        as_of.CaseWindow(
            question=question,
            filters=await resolve_filters(connection, question),
            instant=min(question.bounds[-1], now),
            most=MOST_CASES + 1,
        )
        for question in questions
    ]
    return [_values_of(rows) for rows in await as_of.case_values(connection, windows, position)]


def _values_of(rows: Sequence[tuple[Any, ...]]) -> list[CaseValue]:
    if len(rows) > MOST_CASES:
        raise CannotAnswer("from", "too_many_cases", most=str(MOST_CASES))
    return [
        CaseValue(case_id, value, weight, began_at, tuple(cut))
        for case_id, value, weight, began_at, *cut in rows
    ]


def _bounded(statement: SqlStatement) -> SqlStatement:
    return replace(statement, text=f"{statement.text} limit {MOST_CASES + 1}")


def figures_of(kpi: Kpi, values: Sequence[CaseValue], total_figures: Figures) -> Figures:
    """Return the figures of these cases; what is no sum over cases, as days, is that of `total_figures`."""
    if kpi.basis is Basis.standing:
        figures = replace(
            total_figures, open_cases=len(values), total=sum(case_value.value for case_value in values)
        )
    else:
        figures = replace(
            total_figures, cases=len(values), total=sum(case_value.value for case_value in values)
        )
    if kpi.is_timed or kpi.is_of_ages:
        figures.elapsed = _distribution(
            sorted(case_value.value for case_value in values),
            counts_zeros=kpi.is_timed and not kpi.is_of_ages,
        )
    if kpi.aggregate is Aggregate.kaplan_meier:
        figures.survival = (
            kaplan_meier((case_value.value, bool(case_value.weight)) for case_value in values)
            if values
            else None
        )
    if kpi.aggregate in WEIGHTED_AGGREGATES:
        figures.secondary = Figures(cases=len(values), total=sum(case_value.weight for case_value in values))
    return figures


def _distribution(ordered: Sequence[int], *, counts_zeros: bool) -> Distribution | None:
    """Return the distribution of the seconds; None without cases. Percentiles as PostgreSQL's
    percentile_cont: interpolated between the two nearest cases.
    """
    if not ordered:
        return None
    median, p90 = (percentile(ordered, share) for share in (0.5, 0.9))
    zeros = sum(number <= 0 for number in ordered) if counts_zeros else None
    return distribution(sum(ordered) / len(ordered), median, p90, ordered[-1], zeros)


def percentile(ordered: Sequence[int], share: float) -> float:
    """Return the value below which that share of the ordered values lies."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
