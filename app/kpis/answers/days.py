"""The days that figures are divided by: those of periods, and the person-days of cases per agent and day."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from app.kpis.declaration.figures import Figures, PointKey
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts import agent_days
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import Filters
from app.kpis.facts.rota_days import rota_days
from app.kpis.questions import periods
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection


def add_days(question: KpiQuestion, figures: dict[PointKey, Figures]) -> None:
    """Set each period's elapsed days up to now; without cuts, add figures for the periods without cases."""
    days = [
        periods.elapsed_days(begin, min(end, question.now), question.zone)
        for begin, end in pairwise(question.bounds)
    ]
    for period, number in enumerate(days, 1):
        if number and not question.by:
            figures.setdefault((period, ()), Figures())
    for (period, _), cell in figures.items():
        cell.days = days[period - 1]


async def add_agent_days(
    connection: Connection, question: KpiQuestion, filters: Filters, figures: dict[PointKey, Figures]
) -> None:
    """Add to the figures the number of cases that ended and the number of person-days: those on the rota, and
    without a rota those with work.
    """
    rota = await rota_days(connection, question, filters)
    ((first, last),) = await fetch(connection, agent_days.SELECT_DAY_RANGE)
    if first is not None:
        parts = agent_days.day_parts(question, first, last)
        for period, *cut, days, cases in await fetch(
            connection, agent_days.whole_days(question, filters, parts, rota)
        ):
            cell = figures.setdefault((period, tuple(cut)), Figures())
            cell.days, cell.cases, cell.total = days, cases, cases
        for period, *cut, cases in await fetch(connection, agent_days.edge_cases(question, filters)):
            cell = figures.setdefault((period, tuple(cut)), Figures())
            cell.cases, cell.total = cell.cases + cases, cell.total + cases
    for place, number in rota.days.items():
        cell = figures.setdefault(place, Figures())
        cell.rota_days, cell.days = number, cell.days + number


def end_instants(question: KpiQuestion, now: datetime) -> list[datetime]:
    """Return the instant of the end state (its end, or now) of every period that has begun."""
    return [min(end, now) for begin, end in pairwise(question.bounds) if begin < now]


def empty_figures(kpi: Kpi, *, begun: bool) -> Figures:
    """Return the figures of a period without cases. For a number per day 0 is a value, whatever the days."""
    return Figures(
        open_cases=0 if kpi.still_open is not None and begun else None,
        days=1 if kpi.aggregate is Aggregate.per_day and begun else 0,
    )
