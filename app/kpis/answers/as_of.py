"""Figures as the log knew them, computed by the raw definitions over the events up to a position.

The facts know only the present. Anybody who has the log up to that position can recompute these figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import QueryCanceled

from app.kernel.actions.refusals import WrongValue
from app.kpis.answers import point_intervals, references
from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.figures import Distribution, Figures, PointKey, distribution
from app.kpis.declaration.kpi import EXCLUSIONS, Aggregate, Kpi
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import WEIGHTED_AGGREGATES, SqlStatement, began_column
from app.kpis.facts.rota_days import RotaDays, covered_work, rota_days
from app.kpis.outages import counting
from app.kpis.questions import periods
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.raw import aggregates, definitions
from app.kpis.raw import days as raw_days
from app.log import read
from app.platform.db import Connection, Database

#: The time limit of a definition, in seconds. It reads the whole log up to the position, whatever the
#: periods.
LONGEST_SECONDS = 20
LIMITS = f"set local statement_timeout = '{LONGEST_SECONDS}s'; set local enable_nestloop = off"
#: The time at which the event at a position was recorded.
SELECT_RECORDED_AT = "select recorded_at from log.event where position = %s"
#: An event is written at most so long after it was stamped.
LONGEST_WRITING = timedelta(seconds=1)
SELECT_FACTS_MOMENT = """
select done.position, greatest(told.recorded_at,
  case when done.position = head.position or told.recorded_at is null
  then clock_timestamp() - %(settled)s::interval end)
from (select coalesce(max(position), 0) as position from log.checkpoint where consumer = %(consumer)s) done
cross join log.head left join log.event told on told.position = done.position"""
SELECT_OCCURRED_RANGE = "select min(occurred_at), max(occurred_at) from log.event where position <= %s"

PER_DAYS = frozenset({Aggregate.per_agent_day, Aggregate.per_day})


Filters = Mapping[Dimension, Sequence[str | UUID | None]]


@dataclass(frozen=True, slots=True)
class CaseWindow:
    """A question for the cases of its whole time, with its filters, the instant of the end state, and how
    many rows it gets at most.
    """

    question: KpiQuestion
    filters: Filters
    instant: datetime
    most: int


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


async def past_moment(db: Database, as_of: int | datetime | None, now: datetime) -> LogMoment | None:
    """Return the log's state at a position or an instant; None if that is None. Raises WrongValue if the log
    has not reached it, and DatabaseGone.
    """
    if as_of is None:
        return None
    if await read.is_beyond_head(db, as_of, now):
        raise WrongValue(parameter="as_of", because="ahead_of_the_log")
    return await log_moment(db, as_of, now)


async def facts_moment(connection: Connection) -> LogMoment:
    """Return the state of the log that the facts have reached, at an instant up to which no other event can
    come: the latest that was LONGEST_WRITING ago, or that of their last event.
    """
    parameters = {"consumer": FACTS.name, "settled": LONGEST_WRITING}
    ((position, instant),) = await fetch(connection, SqlStatement(SELECT_FACTS_MOMENT, parameters))
    return LogMoment(position, instant)


async def count(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    moments: Sequence[datetime],
    position: int,
) -> dict[PointKey, Figures]:
    """Count the figures of every period and cut that has any cases, as of `position`.

    `moments` are the instants of the end states, one for each period that had begun. Raises CannotAnswer if
    the log is too long to be counted in LONGEST_SECONDS.
    """
    kpi, figures = question.kpi, dict[PointKey, Figures]()
    await point_intervals.load_for([kpi])
    await connection.execute(LIMITS.encode())
    try:
        if kpi.is_of_outages:
            figures = await counting.count_raw(connection, question, filters, position)
        elif kpi.fact is not None:
            figures = await _count_cases(connection, question, filters, position)
        if kpi.still_open is not None:
            source = _source(
                definitions.open_names(kpi), question, filters, {"position": position, "ends": list(moments)}
            )
            open_cells = await aggregates.open_cells(connection, moments, question.by, source)
            for place, standing in open_cells.items():
                cell = figures.setdefault(place, Figures())
                cell.open_cases, cell.oldest_open_seconds = standing.cases, standing.oldest_seconds
                cell.on_hold = standing.on_hold
                cell.total = int(standing.numerator or 0) if kpi.is_share_of_open else cell.total
                if kpi.is_of_ages:
                    cell.elapsed = _distribution(
                        standing.mean, standing.median, standing.p90, cell.oldest_open_seconds
                    )
            for (period, _), cell in figures.items():
                if cell.open_cases is None and period <= len(moments):
                    cell.open_cases = 0
    except QueryCanceled as error:
        raise CannotAnswer("as_of", "takes_too_long", seconds=str(LONGEST_SECONDS)) from error
    return figures


async def case_values(
    connection: Connection, windows: Sequence[CaseWindow], position: int
) -> list[list[tuple[Any, ...]]]:
    """Return, for each of the questions about one KPI, what each case brings in its whole time, as of
    `position`: the columns of `query.case_values`. The definition is evaluated once for all of them.

    Raises CannotAnswer like `count`.
    """
    question = windows[0].question
    kpi = question.kpi
    parameters: dict[str, Any] = {
        "position": position,
        "now": question.now,
        "currency": question.currency,
    }
    names = definitions.definition_names(kpi)
    if kpi.fact is None:
        names = definitions.open_names(kpi)
        parameters |= {"ends": sorted({window.instant for window in windows})}
    parts = []
    for number, window in enumerate(windows):
        assert window.question.kpi is kpi
        where, values = _where(window.filters, number)
        parameters |= values
        parts.append(_case_values_of(window, number, where, parameters))
    text = f"""
with counted as materialized ({definitions.union_of(kpi, names)})
{" union all ".join(parts)}"""
    await connection.execute(LIMITS.encode())
    try:
        rows = await fetch(connection, SqlStatement(text, parameters))
    except QueryCanceled as error:
        raise CannotAnswer("as_of", "takes_too_long", seconds=str(LONGEST_SECONDS)) from error
    window_rows: list[list[tuple[Any, ...]]] = [[] for _ in windows]
    for number, *row in rows:
        window_rows[number].append(tuple(row))
    return window_rows


def _case_values_of(window: CaseWindow, number: int, where: str, parameters: dict[str, Any]) -> str:
    """Return the SQL that picks the cases of one question from all that were counted, and add its
    parameters.
    """
    kpi, question = window.question.kpi, window.question
    cut = "".join(f", {COLUMN.get(dimension, definitions.AGE)}" for dimension in question.by)
    if kpi.fact is None:
        value, weight, time = "1", "1", f"at = %(instant_{number})s"
        if kpi.is_share_of_open or kpi.is_of_ages:
            value = kpi.measure.number.raw
        parameters[f"instant_{number}"] = window.instant
    else:
        value, weight = kpi.measure.number.raw, _raw_weight(kpi)
        only = "true" if kpi.counts_excluded else "excluded is null"
        time = f"at >= %(begin_{number})s and at < %(end_{number})s and {only}"
        parameters |= {f"begin_{number}": question.bounds[0], f"end_{number}": question.bounds[-1]}
    return f"""(select {number}, case_id, {value} as value, {weight} as weight,
  {began_column(kpi)} as began_at{cut}
from counted where {time} and {where} limit {window.most})"""


def _raw_weight(kpi: Kpi) -> str:
    if kpi.aggregate is Aggregate.kaplan_meier:
        return "numerator"
    if kpi.aggregate in WEIGHTED_AGGREGATES and kpi.secondary_kpi is not None:
        return kpi.secondary_kpi.measure.number.raw
    return "1"


async def _count_cases(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    position: int,
) -> dict[PointKey, Figures]:
    """Count the figures of the cases that were decided in the periods."""
    kpi, bounds, by = question.kpi, question.bounds, question.by
    source = _source(definitions.definition_names(kpi), question, filters, {"position": position})
    cells = await aggregates.cells(connection, bounds, by, aggregates.with_measure(kpi, source))
    if kpi.aggregate is Aggregate.per_agent_day:
        rota = await rota_days(connection, question, filters, position)
        worked = await _agent_days(connection, question, filters, position, rota)
        raw_days.add_agent_days(cells, worked, rota.days)
    if kpi.aggregate is Aggregate.per_day:
        raw_days.add_days(cells, bounds, by, question.zone, question.now)
    figures = {place: _figures(kpi, cell) for place, cell in cells.items()}
    if kpi.secondary_kpi is not None:
        companions = await aggregates.cells(
            connection, bounds, by, aggregates.with_measure(kpi.secondary_kpi, source)
        )
        for place, cell in companions.items():
            figures[place].secondary = _figures(kpi.secondary_kpi, cell)
    if kpi.is_referenced:

        def case_source(names: Sequence[str], reference: KpiQuestion | None) -> aggregates.CaseSource:
            among = (
                {}
                if reference is None
                else {dimension: filters[dimension] for dimension in reference.filters}
            )
            parameters: dict[str, Any] = {"position": position}
            if names is definitions.ACTIVE:
                parameters["ends"] = references.ends_of(question)
            return _source(names, question, among, parameters)

        await references.add_references(
            question, figures, references.of_raw(connection, kpi, case_source), Figures
        )
    if kpi.aggregate is Aggregate.kaplan_meier:
        for place, survival in (await aggregates.survival(connection, bounds, by, source)).items():
            figures[place].survival = survival
    return figures


async def _agent_days(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    position: int,
    rota: RotaDays,
) -> dict[PointKey, int]:
    row = await (await connection.execute(SELECT_OCCURRED_RANGE.encode(), (position,))).fetchone()
    assert row is not None
    first, last = row
    if first is None:
        return {}
    margin = timedelta(days=1)
    begin, end = max(question.bounds[0], first - margin), min(question.bounds[-1], last + margin)
    days = periods.day_starts(begin, end, question.zone)
    parameters = {"position": position, **rota.parameters(question)}
    source = _source(definitions.work_definition_names(question.kpi), question, filters, parameters)
    selection = (question.bounds, days, question.by, source)
    return await raw_days.agent_days(connection, *selection, but=covered_work(question))


def _source(
    names: Sequence[str],
    question: KpiQuestion,
    filters: Filters,
    parameters: dict[str, Any],
) -> aggregates.CaseSource:
    """Return the cases of the named definitions, restricted by the question's filters."""
    where, values = _where(filters)
    parameters = {**parameters, **values, "now": question.now, "currency": question.currency}
    text = f"select * from ({definitions.union_of(question.kpi, names)}) counted where {where}"
    return aggregates.CaseSource(text, parameters)


def _where(filters: Filters, number: int = 0) -> tuple[str, dict[str, Any]]:
    """Return the condition of the filters over the columns of a definition, and its parameters, which the
    number of the question distinguishes.
    """
    where, parameters = ["true"], dict[str, Any]()
    for dimension, values in filters.items():
        column, named = (
            COLUMN.get(dimension, f"({definitions.AGE})"),
            f"{dimension.value}_texts_{number}",
        )
        parameters[named] = [str(value) for value in values if value is not None]
        among = f"{column}::text = any(%({named})s)"
        where.append(f"({among} or {column} is null)" if None in values else among)
    return " and ".join(where), parameters


def _figures(kpi: Kpi, cell: aggregates.Cell) -> Figures:
    timed = kpi.is_timed
    return Figures(
        cases=cell.all_cases if kpi.counts_excluded else cell.counted,
        total=int(cell.numerator or 0),
        elapsed=_distribution(cell.mean, cell.median, cell.p90, cell.max, zeros=cell.zeros)
        if timed
        else None,
        skewed=cell.skewed,
        days=cell.denominator or 0 if kpi.aggregate in PER_DAYS else 0,
        rota_days=cell.rota_days,
        excluded={reason: getattr(cell, reason) for reason in EXCLUSIONS},
    )


def _distribution(*spread: float | None, zeros: int | None = None) -> Distribution | None:
    """Return the distribution of this mean, median, p90 and maximum, of which so many are zero; None if they
    are None, as they all are when there are no cases.
    """
    mean, median, p90, largest = (float(number or 0) for number in spread)
    return None if spread[0] is None else distribution(mean, median, p90, largest, zeros)
