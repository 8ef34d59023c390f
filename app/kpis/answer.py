"""Answering: the numbers of every period and cut, and how far behind the log they are.

Counts are whole numbers, seconds have 3 decimals, ratios 6. What has no cases has no value; but a count of
none is 0. Without `by` every period has its point, with it every cut of a period that
has anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from psycopg.rows import tuple_row
from pydantic import ConfigDict, Field

from app.api.shapes import Out
from app.db import Connection, Database
from app.kpis import query
from app.kpis.facts import FACTS, TABLES
from app.kpis.kpi import EXCLUSIONS, Aggregate, Basis, Dimension, Kpi
from app.kpis.query import IDS, TEAMS, Filters, Statement
from app.kpis.question import NONE, CannotAnswer, Question

LARGEST_ANSWER = 20_000
DECIMALS_OF_SECONDS = 3
DECIMALS_OF_RATIOS = 6
# From this share of all facts on, a question is wide. Measured: below it, it is quicker to read only the
# facts that it is about, and to sort them.
WIDE_SHARE = 0.2

# One moment of the log and of the facts for all of an answer. The lock keeps the tables from being emptied,
# for a new beginning, between that moment and the reading of them: TRUNCATE does not wait for snapshots. A
# parallel plan would mix up the order of the cases, and a compiled one takes longer to compile than to run.
LOOK = f"""
set transaction isolation level repeatable read;
lock table {TABLES} in access share mode;
set local work_mem = '64MB';
set local max_parallel_workers_per_gather = 0;
set local jit = off"""


class Distribution(Out):
    """How long it took, in seconds: of all cases of the point, percentiles as percentile_cont has them."""

    model_config = ConfigDict(frozen=True)

    mean: float
    median: float
    p90: float
    max: float


class KpiPoint(Out):
    """A period and a cut."""

    model_config = ConfigDict(frozen=True)

    begin: datetime = Field(serialization_alias="from", description="The first instant of the period.")
    end: datetime = Field(serialization_alias="to", description="The first instant behind it.")
    by: dict[str, str | None] = Field(
        description="What the cases have in common: a team by its key, a priority by its code, null: none."
    )
    value: int | float | None = Field(description="The KPI; null: there are no cases to compute it from.")
    cases: int = Field(description="How many cases it was computed from.")
    numerator: int | None = Field(description="Of a share or a number per case.")
    denominator: int | None = Field(description="Of a share or a number per case.")
    business: Distribution | None = Field(
        description="Of a duration, in business time; as long as there are no calendars all time is."
    )
    elapsed: Distribution | None = Field(description="Of a duration, in calendar time.")
    open_cases: int | None = Field(
        description="Of a duration: cases still to come, at the period's end, or now if that is earlier."
    )
    excluded: dict[str, int] = Field(
        description="Cases that only volumes count, by reason; other KPIs leave them out."
    )


class KpiAnswer(Out):
    """A KPI, period by period. How the cases of a point are listed: `…/cases` with its period and its cut."""

    model_config = ConfigDict(frozen=True)

    key: str
    unit: str
    grain: str
    tz: str
    as_of: datetime | None = Field(description="Null: as it is known now.")
    position: int = Field(description="Up to which position of the log everything is in it.")
    lag_seconds: float = Field(description="Age of the first event that is not in it yet; 0: there is none.")
    points: list[KpiPoint]


#: The values that cases are cut by, in the order of `by`; and a period's number, from 1, with them.
Cut = tuple[str | UUID | None, ...]
Place = tuple[int, Cut]


@dataclass(slots=True)
class Figures:
    """The numbers of one place. `open_cases` is null where the period has not begun, or nobody asks."""

    cases: int = 0
    total: int = 0
    elapsed: Distribution | None = None
    open_cases: int | None = None
    excluded: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EXCLUSIONS, 0))


async def answer(db: Database, question: Question, now: datetime) -> KpiAnswer:
    """The answer. Raises CannotAnswer where a team is unknown or the points are too many, or DatabaseGone."""
    async with looking(db) as connection:
        position, lag_seconds = await stands_at(connection)
        figures = await count(connection, question, now, most=LARGEST_ANSWER)
        names = await _names(connection, question, figures)
    return KpiAnswer(
        key=question.kpi.key,
        unit=question.kpi.unit.value,
        grain=question.grain.value,
        tz=question.zone.key,
        as_of=None,
        position=position,
        lag_seconds=lag_seconds,
        points=_points(question, figures, names, now),
    )


@asynccontextmanager
async def looking(db: Database) -> AsyncIterator[Connection]:
    """A connection that sees one moment of the database. Raises DatabaseGone."""
    async with db.connection() as connection, connection.transaction():
        await connection.execute(LOOK.encode())
        yield connection


STANDS_AT = """
select done.position, extract(epoch from clock_timestamp() - told.recorded_at)
from (select coalesce(max(position), 0) as position from log.checkpoint where consumer = %(consumer)s) done
left join log.told on told.position = done.position + 1"""


async def stands_at(connection: Connection) -> tuple[int, float]:
    """Up to which position the facts have followed, and the age in seconds of the first event behind it."""
    ((position, age),) = await fetch(connection, Statement(STANDS_AT, {"consumer": FACTS.name}))
    return position, round(max(float(age or 0), 0.0), DECIMALS_OF_SECONDS)


async def count(
    connection: Connection, question: Question, now: datetime, *, most: int
) -> dict[Place, Figures]:
    """The figures of every place that has anything, at most so many. Raises CannotAnswer."""
    filters = await resolved(connection, question)
    figures: dict[Place, Figures] = {}
    if question.kpi.fact is not None:
        for period, *cut, excluded, cases, total, median, p90, largest in await _cells(
            connection, question, filters, most
        ):
            of = figures.setdefault((period, tuple(cut)), Figures())
            if excluded is not None:
                of.excluded[excluded] = cases
            if excluded is None or question.kpi.counts_excluded:
                of.cases += cases
                of.total += int(total)
            if excluded is None and median is not None:
                of.elapsed = _distribution(total / cases, median, p90, largest)
        _bounded(figures, most)
    if question.kpi.still_open is not None:
        await _count_open(connection, question, filters, now, figures)
        _bounded(figures, most)
    return figures


async def _cells(
    connection: Connection, question: Question, filters: Filters, most: int
) -> list[tuple[Any, ...]]:
    timed = question.kpi.aggregate is Aggregate.mean
    wide = timed and await _is_wide(connection, question, filters)
    statement = query.cells(question, filters, most, wide=wide)
    if timed and not wide:
        return await fetch(connection, statement)
    await connection.execute(query.BY_HASH.encode())
    rows = await fetch(connection, statement)
    await connection.execute(query.AS_USUAL.encode())
    return rows


async def _is_wide(connection: Connection, question: Question, filters: Filters) -> bool:
    (((plan,),),) = await fetch(connection, query.reach(question, filters))
    size = Statement(
        "select reltuples from pg_class where oid = %(name)s::regclass", {"name": query.table(question.kpi)}
    )
    ((there,),) = await fetch(connection, size)
    return float(plan["Plan"]["Plan Rows"]) > WIDE_SHARE * float(there)


async def _count_open(
    connection: Connection, question: Question, filters: Filters, now: datetime, figures: dict[Place, Figures]
) -> None:
    """Adds how many cases are open at the end of each period that has begun."""
    moments = ends(question, now)
    changes: dict[Cut, Counter[int]] = defaultdict(Counter)
    for first, last, *values, cases in await fetch(connection, query.alive(question, filters, moments)):
        if first is not None:
            changes[tuple(values)][first] += cases
        else:
            changes[tuple(values)][last + 1] -= cases
    for cut, changed in changes.items():
        alive = 0
        for period in range(1, len(moments) + 1):
            alive += changed[period]
            if alive:
                figures.setdefault((period, cut), Figures()).open_cases = alive
    for (period, _), figure in figures.items():
        if figure.open_cases is None and period <= len(moments):
            figure.open_cases = 0


def _bounded(figures: Mapping[Place, Figures], most: int) -> None:
    if len(figures) > most:
        raise CannotAnswer("by", "too_many_points", most=str(most))


def ends(question: Question, now: datetime) -> list[datetime]:
    """The instant that each period's end state is of, its end or now, for every period that has begun."""
    return [min(end, now) for begin, end in pairwise(question.bounds) if begin < now]


async def resolved(connection: Connection, question: Question) -> Filters:
    """The filters with ids for the names of teams. Raises CannotAnswer."""
    filters: dict[Dimension, Sequence[str | UUID | None]] = {}
    for dimension, values in question.filters.items():
        named = [value for value in values if value != NONE]
        ids: Iterable[str | UUID] = named
        if dimension in TEAMS:
            ids = await _teams(connection, dimension, named)
        elif dimension in IDS:
            ids = [UUID(value) for value in named]
        filters[dimension] = [*ids, *([None] if NONE in values else [])]
    return filters


async def _teams(connection: Connection, dimension: Dimension, named: Sequence[str]) -> list[UUID]:
    text = "select id, key from fold.team where key = any(%(named)s) or id::text = any(%(named)s)"
    rows = await fetch(connection, Statement(text, {"named": named}))
    known = {text for team_id, key in rows for text in (str(team_id), key)}
    for name in named:
        if name not in known:
            raise CannotAnswer(dimension.value, "unknown_value", value=name)
    return [team_id for team_id, _ in rows]


async def _names(
    connection: Connection, question: Question, figures: Mapping[Place, Figures]
) -> dict[str | UUID | None, str]:
    """The keys of the teams that the points are cut by."""
    columns = [n for n, dimension in enumerate(question.by) if dimension in TEAMS]
    ids = {place[1][n] for place in figures for n in columns} - {None}
    if not ids:
        return {}
    text = "select id, key from fold.team where id = any(%(ids)s::uuid[])"
    return dict(await fetch(connection, Statement(text, {"ids": list(ids)})))


async def fetch(connection: Connection, statement: Statement) -> list[tuple[Any, ...]]:
    """All rows. The plan is made anew each time: what is right for a month is not right for ten years."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.text.encode(), statement.parameters, prepare=False)
        return await cursor.fetchall()


def _distribution(mean: Decimal, median: float, p90: float, largest: float) -> Distribution:
    return Distribution(
        mean=round(float(mean), DECIMALS_OF_SECONDS),
        median=round(median, DECIMALS_OF_SECONDS),
        p90=round(p90, DECIMALS_OF_SECONDS),
        max=round(largest, DECIMALS_OF_SECONDS),
    )


def _points(
    question: Question, figures: dict[Place, Figures], names: Mapping[str | UUID | None, str], now: datetime
) -> list[KpiPoint]:
    if not question.by:
        begun = len(ends(question, now)) if question.kpi.still_open is not None else 0
        for period in range(1, len(question.bounds)):
            figures.setdefault((period, ()), Figures(open_cases=0 if period <= begun else None))
    points = [(place, point(question, place, of, names)) for place, of in figures.items()]
    points.sort(key=lambda one: (one[0][0], [(value is None, value or "") for value in one[1].by.values()]))
    return [of for _, of in points]


def point(
    question: Question, place: Place, figures: Figures, names: Mapping[str | UUID | None, str]
) -> KpiPoint:
    """The point of a place. A value that has no name stands for itself."""
    period, cut = place
    kpi = question.kpi
    standing = kpi.basis is Basis.standing
    divided = kpi.aggregate in {Aggregate.share, Aggregate.per_case}
    texts = (None if value is None else names.get(value, str(value)) for value in cut)
    return KpiPoint(
        begin=question.bounds[period - 1],
        end=question.bounds[period],
        by=dict(zip((dimension.value for dimension in question.by), texts, strict=True)),
        value=_value(kpi, figures),
        cases=(figures.open_cases or 0) if standing else figures.cases,
        numerator=figures.total if divided else None,
        denominator=figures.cases if divided else None,
        # Until there are calendars, all time is business time.
        business=figures.elapsed,
        elapsed=figures.elapsed,
        open_cases=None if standing else figures.open_cases,
        excluded=figures.excluded,
    )


def _value(kpi: Kpi, figures: Figures) -> int | float | None:
    if kpi.basis is Basis.standing:
        return figures.open_cases
    if kpi.aggregate is Aggregate.number:
        return figures.cases
    if kpi.aggregate is Aggregate.mean:
        return None if figures.elapsed is None else figures.elapsed.mean
    return round(figures.total / figures.cases, DECIMALS_OF_RATIOS) if figures.cases else None
