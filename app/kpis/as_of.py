"""Figures as the log knew them: by the raw definitions, on the events up to a position (rule 11).

Facts know only the present. What is computed here can be recomputed by anybody who has the log up to there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import QueryCanceled

from app.db import Connection, Database
from app.kpis import periods, raw
from app.kpis.dimensions import Dimension
from app.kpis.kpi import EXCLUSIONS, Aggregate, Kpi
from app.kpis.question import CannotAnswer, Question
from app.kpis.series import Distribution, Figures, PointKey, distribution
from app.log import read

#: How long a definition may take. It reads the whole log up to there, whichever periods are asked for.
LONGEST_SECONDS = 20
LIMITS = f"set local statement_timeout = '{LONGEST_SECONDS}s'; set local enable_nestloop = off"
#: The instant at which the log stood at a position.
SELECT_RECORDED_AT = "select recorded_at from log.event where position = %s"
SELECT_OCCURRED_RANGE = "select min(occurred_at), max(occurred_at) from log.event where position <= %s"


@dataclass(frozen=True, slots=True)
class LogMoment:
    """A moment of the log: its last event then, and the instant that is taken for the present."""

    position: int
    instant: datetime


async def log_moment(db: Database, as_of: int | datetime, now: datetime) -> LogMoment:
    """The moment that is meant by a position or an instant, which lies not ahead. Raises DatabaseGone."""
    if isinstance(as_of, datetime):
        return LogMoment(await read.position_at(db, as_of), as_of)
    return LogMoment(as_of, await db.value(SELECT_RECORDED_AT, (as_of,)) or now)


async def count(
    connection: Connection,
    question: Question,
    filters: Mapping[Dimension, Sequence[str | UUID | None]],
    moments: Sequence[datetime],
    position: int,
) -> dict[PointKey, Figures]:
    """The figures of every place that has anything. `moments` are the instants of end states, as many as
    periods had begun. Raises CannotAnswer if the log is too long for this.
    """
    kpi, figures = question.kpi, dict[PointKey, Figures]()
    await connection.execute(LIMITS.encode())
    try:
        if kpi.fact is not None:
            figures = await _count_cases(connection, question, filters, position)
        if kpi.still_open is not None:
            name = raw.open_name(kpi.process, kpi.still_open)
            source = _source([name], question, filters, {"position": position, "ends": list(moments)})
            open_cells = await raw.open_cells(connection, moments, question.by, source)
            for place, standing in open_cells.items():
                of = figures.setdefault(place, Figures())
                of.open_cases, of.oldest_open_seconds = standing.cases, standing.oldest_seconds
                of.on_hold = standing.on_hold
                of.total = int(standing.numerator or 0) if kpi.is_share_of_open else of.total
                if kpi.is_of_ages:
                    of.elapsed = _distribution(
                        standing.mean, standing.median, standing.p90, of.oldest_open_seconds
                    )
            for (period, _), of in figures.items():
                if of.open_cases is None and period <= len(moments):
                    of.open_cases = 0
    except QueryCanceled as error:
        raise CannotAnswer("as_of", "takes_too_long", seconds=str(LONGEST_SECONDS)) from error
    return figures


async def _count_cases(
    connection: Connection,
    question: Question,
    filters: Mapping[Dimension, Sequence[str | UUID | None]],
    position: int,
) -> dict[PointKey, Figures]:
    """The figures of what was decided in the periods."""
    kpi, bounds, by = question.kpi, question.bounds, question.by
    source = _source(raw.definition_names(kpi), question, filters, {"position": position})
    cells = await raw.cells(connection, bounds, by, raw.with_measure(kpi, source))
    if kpi.aggregate is Aggregate.per_agent_day:
        raw.add_agent_days(cells, await _agent_days(connection, question, filters, position))
    figures = {place: _figures(kpi, cell) for place, cell in cells.items()}
    if kpi.secondary_kpi is not None:
        beside = await raw.cells(connection, bounds, by, raw.with_measure(kpi.secondary_kpi, source))
        for place, cell in beside.items():
            figures[place].secondary = _figures(kpi.secondary_kpi, cell)
    if kpi.aggregate is Aggregate.kaplan_meier:
        for place, survival in (await raw.survival(connection, bounds, by, source)).items():
            figures[place].survival = survival
    return figures


async def _agent_days(
    connection: Connection,
    question: Question,
    filters: Mapping[Dimension, Sequence[str | UUID | None]],
    position: int,
) -> dict[PointKey, int]:
    row = await (await connection.execute(SELECT_OCCURRED_RANGE.encode(), (position,))).fetchone()
    assert row is not None
    first, last = row
    if first is None:
        return {}
    margin = timedelta(days=1)
    begin, end = max(question.bounds[0], first - margin), min(question.bounds[-1], last + margin)
    days = periods.day_starts(begin, end, question.zone)
    source = _source(raw.work_definition_names(question.kpi), question, filters, {"position": position})
    return await raw.agent_days(connection, question.bounds, days, question.by, source)


def _source(
    names: Sequence[str],
    question: Question,
    filters: Mapping[Dimension, Sequence[str | UUID | None]],
    parameters: dict[str, Any],
) -> raw.CaseSource:
    """The cases of some definitions, under the filters of the question."""
    parameters = {**parameters, "now": question.now, "currency": question.currency}
    where = ["true"]
    for dimension, values in filters.items():
        column, named = raw.COLUMN.get(dimension, f"({raw.AGE})"), f"{dimension.value}_texts"
        parameters[named] = [str(value) for value in values if value is not None]
        among = f"{column}::text = any(%({named})s)"
        where.append(f"({among} or {column} is null)" if None in values else among)
    text = f"select * from ({raw.union_of(question.kpi, names)}) counted where {' and '.join(where)}"
    return raw.CaseSource(text, parameters)


def _figures(kpi: Kpi, cell: raw.Cell) -> Figures:
    timed = kpi.aggregate is Aggregate.mean
    return Figures(
        cases=cell.all_cases if kpi.counts_excluded else cell.counted,
        total=int(cell.numerator or 0),
        elapsed=_distribution(cell.mean, cell.median, cell.p90, cell.max) if timed else None,
        skewed=cell.skewed,
        agent_days=int(cell.denominator or 0) if kpi.aggregate is Aggregate.per_agent_day else 0,
        excluded={reason: getattr(cell, reason) for reason in EXCLUSIONS},
    )


def _distribution(*spread: float | None) -> Distribution | None:
    """Of mean, median, p90 and largest, which are all there or none is."""
    mean, median, p90, largest = (float(number or 0) for number in spread)
    return None if spread[0] is None else distribution(mean, median, p90, largest)
