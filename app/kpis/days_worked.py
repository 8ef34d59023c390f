"""The figures of cases per agent and day: the cases that ended, and the person-days that they are divided
by.
"""

from __future__ import annotations

from app.db import Connection
from app.kpis import agent_days
from app.kpis.fetching import fetch
from app.kpis.figures import Figures, PointKey
from app.kpis.query import Filters
from app.kpis.question import Question
from app.kpis.rota_days import rota_days


async def add_agent_days(
    connection: Connection, question: Question, filters: Filters, figures: dict[PointKey, Figures]
) -> None:
    """Add to the figures the number of cases that ended and the number of person-days: those on the rota, and
    where there is none those with work.
    """
    rota = await rota_days(connection, question, filters)
    ((first, last),) = await fetch(connection, agent_days.SELECT_DAY_RANGE)
    if first is not None:
        parts = agent_days.day_parts(question, first, last)
        for period, *cut, days, cases in await fetch(
            connection, agent_days.whole_days(question, filters, parts, rota)
        ):
            of = figures.setdefault((period, tuple(cut)), Figures())
            of.days, of.cases, of.total = days, cases, cases
        for period, *cut, cases in await fetch(connection, agent_days.edge_cases(question, filters)):
            of = figures.setdefault((period, tuple(cut)), Figures())
            of.cases, of.total = of.cases + cases, of.total + cases
    for place, number in rota.days.items():
        of = figures.setdefault(place, Figures())
        of.rota_days, of.days = number, of.days + number
