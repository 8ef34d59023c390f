"""Figures as the log knew them, computed by the raw definitions over the events up to a position (rule 11).

The facts know only the present. Anybody who has the log up to that position can recompute these figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import QueryCanceled

from app.db import Connection, Database
from app.kpis import periods, raw, references
from app.kpis.dimensions import Dimension
from app.kpis.figures import Distribution, Figures, PointKey, distribution
from app.kpis.kpi import EXCLUSIONS, Aggregate, Kpi
from app.kpis.outages import counting
from app.kpis.question import CannotAnswer, Question
from app.log import read

#: The time limit of a definition, in seconds. It reads the whole log up to the position, whatever the
#: periods.
LONGEST_SECONDS = 20
LIMITS = f"set local statement_timeout = '{LONGEST_SECONDS}s'; set local enable_nestloop = off"
#: The time at which the event at a position was recorded.
SELECT_RECORDED_AT = "select recorded_at from log.event where position = %s"
SELECT_OCCURRED_RANGE = "select min(occurred_at), max(occurred_at) from log.event where position <= %s"

PER_DAYS = frozenset({Aggregate.per_agent_day, Aggregate.per_day})


@dataclass(frozen=True, slots=True)
class LogMoment:
    """A point in the log's history: the position of the last event then, and the instant used as "now"."""

    position: int
    instant: datetime


async def log_moment(db: Database, as_of: int | datetime, now: datetime) -> LogMoment:
    """Return the log's state at a position or an instant, which must not be in the future. Raises
    DatabaseGone.
    """
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
    """Count the figures of every period and cut that has any cases, as of `position`.

    `moments` are the instants of the end states, one for each period that had begun. Raises CannotAnswer if
    the log is too long to be counted in LONGEST_SECONDS.
    """
    kpi, figures = question.kpi, dict[PointKey, Figures]()
    await connection.execute(LIMITS.encode())
    try:
        if kpi.is_of_outages:
            figures = await counting.count_raw(connection, question, filters, position)
        elif kpi.fact is not None:
            figures = await _count_cases(connection, question, filters, position)
        if kpi.still_open is not None:
            source = _source(
                raw.open_names(kpi), question, filters, {"position": position, "ends": list(moments)}
            )
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
    """Count the figures of the cases that were decided in the periods."""
    kpi, bounds, by = question.kpi, question.bounds, question.by
    source = _source(raw.definition_names(kpi), question, filters, {"position": position})
    cells = await raw.cells(connection, bounds, by, raw.with_measure(kpi, source))
    if kpi.aggregate is Aggregate.per_agent_day:
        raw.add_agent_days(cells, await _agent_days(connection, question, filters, position))
    if kpi.aggregate is Aggregate.per_day:
        raw.add_days(cells, bounds, by, question.zone, question.now)
    figures = {place: _figures(kpi, cell) for place, cell in cells.items()}
    if kpi.secondary_kpi is not None:
        beside = await raw.cells(connection, bounds, by, raw.with_measure(kpi.secondary_kpi, source))
        for place, cell in beside.items():
            figures[place].secondary = _figures(kpi.secondary_kpi, cell)
    if kpi.is_referenced:

        def case_source(names: Sequence[str], asked: Question | None) -> raw.CaseSource:
            among = {} if asked is None else {one: filters[one] for one in asked.filters}
            return _source(names, question, among, {"position": position})

        await references.add_references(
            question, figures, references.of_raw(connection, kpi, case_source), Figures
        )
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
    """Return the cases of the named definitions, restricted by the question's filters."""
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
    timed = kpi.is_timed
    return Figures(
        cases=cell.all_cases if kpi.counts_excluded else cell.counted,
        total=int(cell.numerator or 0),
        elapsed=_distribution(cell.mean, cell.median, cell.p90, cell.max) if timed else None,
        skewed=cell.skewed,
        days=int(cell.denominator or 0) if kpi.aggregate in PER_DAYS else 0,
        excluded={reason: getattr(cell, reason) for reason in EXCLUSIONS},
    )


def _distribution(*spread: float | None) -> Distribution | None:
    """Return the distribution of this mean, median, p90 and maximum; None if they are None, as they all are
    when there are no cases.
    """
    mean, median, p90, largest = (float(number or 0) for number in spread)
    return None if spread[0] is None else distribution(mean, median, p90, largest)
