"""The KPIs that a case counts in, period by period: the drill-down read from the case.

The rows are those of `counted_rows`, asked for the one case alone. So a figure lists a case exactly if the
case names that figure, with the same number.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.cases.drill_down import CLOCK_COLUMN, ORDER, counted_rows
from app.kpis.declaration.kpi import Aggregate, Basis
from app.kpis.facts.backlog import stretch_table
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.questions.periods import Grain, first_day, next_period, start_of
from app.kpis.questions.question import FIRST_YEAR, LAST_YEAR, KpiQuestion
from app.platform.db import Connection, Database

#: All time: every fact lies between these.
ALL_TIME = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC))
SPAN = "select min(since), least(max(until), %(now)s) from {table} where case_id = %(case_id)s"
OF_PHASES = " and phase = any(%(phases)s)"


@dataclass(frozen=True, slots=True)
class CountedIn:
    """A KPI that counts a case in the period of the question, the instant that decided it, and the number
    that the case brings. The members of what is counted of it, and of why nothing else counts it, are those
    of KpiCase.
    """

    question: KpiQuestion
    decided_at: datetime
    measure: int
    excluded: str | None
    state: str | None
    revision: str | None
    clock: UUID | None
    metric: str | None


@dataclass(frozen=True, slots=True)
class CountedCase:
    """Everything that a case counts in, the newest period first, as of a position of the log."""

    counted_in: Sequence[CountedIn]
    position: int
    lag_seconds: float


async def counted_in(db: Database, questions: Sequence[KpiQuestion], case_id: UUID) -> CountedCase:
    """Return where the case counts, of the questions, whose periods are all that there are of their grain up
    to now; their bounds are not looked at. Raises DatabaseGone.
    """
    counted: list[CountedIn] = []
    async with snapshot_connection(db) as connection:
        position, lag_seconds = await facts_position(connection)
        for question in questions:
            async for period in _questions(connection, replace(question, case_id=case_id)):
                statement = await counted_rows(connection, period, period.now)
                rows = await fetch(
                    connection, SqlStatement(f"{statement.text} {ORDER}", statement.parameters)
                )
                counted += [_counted(period, row) for row in rows]
    counted.sort(key=lambda each: each.question.bounds[0], reverse=True)
    return CountedCase(counted, position, lag_seconds)


def _counted(question: KpiQuestion, row: tuple[Any, ...]) -> CountedIn:
    """Return the content of a row of `counted_rows`. A fact counts in the period of its instant."""
    if question.bounds == ALL_TIME:
        question = replace(question, bounds=_period_of(question, row[1]))
    _, decided_at, measure, excluded, *_, state, revision, _ = row[:CLOCK_COLUMN]
    clock, metric, _ = row[CLOCK_COLUMN:]
    return CountedIn(question, decided_at, measure, excluded, state, revision, clock, metric)


async def _questions(connection: Connection, question: KpiQuestion) -> AsyncIterator[KpiQuestion]:
    """Yield the questions that together have every period in which the case can count: one about all time if
    the instant of a fact decides the period, else one for each period in which the case was open or down.
    """
    kpi = question.kpi
    if kpi.basis is not Basis.standing and not kpi.is_of_outages:
        yield replace(question, bounds=ALL_TIME)
        return
    parameters: dict[str, Any] = {"case_id": question.case_id, "now": question.now}
    if kpi.still_open is None:
        text = SPAN.format(table="kpi.incident_outage")
    else:
        text = SPAN.format(table=stretch_table(kpi)) + OF_PHASES
        parameters["phases"] = list(kpi.still_open.stretches.phases)
    ((since, until),) = await fetch(connection, SqlStatement(text, parameters))
    if since is None:
        return
    if kpi.aggregate is Aggregate.of_allowance:  # what is used of a year's budget is so to its end
        until = _period_of(replace(question, grain=Grain.year), until)[1] - datetime.resolution
    for bounds in _periods(question, since, min(until, question.now)):
        yield replace(question, bounds=bounds)


def _periods(question: KpiQuestion, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the periods of the question's grain from the one of an instant to that of a later one."""
    bounds = _period_of(question, since)
    while bounds[0] <= until:
        yield bounds
        bounds = _period_of(question, bounds[1])


def _period_of(question: KpiQuestion, instant: datetime) -> tuple[datetime, datetime]:
    """Return the period of the question's grain in which the instant lies."""
    first = first_day(question.grain, instant.astimezone(question.zone).date())
    return start_of(first, question.zone), start_of(next_period(question.grain, first), question.zone)
