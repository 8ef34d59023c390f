"""Answers to questions about KPIs: the figures of every period and cut, and the lag of the facts.

Without `by` an answer has one point per period; with `by` it has one point for each cut of a period that has
any cases. A cut is one combination of values of the `by` dimensions.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from pydantic import ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.kpis.answers import as_of, point_intervals, references
from app.kpis.answers.comparisons import (
    PARTIAL_PREVIOUS,
    Comparisons,
    CountFigures,
    comparable_part,
    comparable_period_figures,
    load_comparisons,
    previous_bounds,
    running_period,
)
from app.kpis.answers.days import add_agent_days, add_days, empty_figures, end_instants
from app.kpis.answers.point_parts import FilterWarnings, LagNotice, LagSeconds, LogPosition
from app.kpis.answers.recorded import first_record_of, first_records, recording_of
from app.kpis.answers.series import KpiPoint, PointContext, point
from app.kpis.budgets.validity import budgets
from app.kpis.columns import answering
from app.kpis.declaration.dimensions import IDS, TEAMS, Dimension
from app.kpis.declaration.figures import (
    DECIMALS_OF_SECONDS,
    Cut,
    Figures,
    Names,
    PointKey,
    add_cases,
    distribution,
)
from app.kpis.declaration.kpi import Aggregate, TargetValue
from app.kpis.facts import backlog, query, survival
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.fetching import fetch, fetch_grouped, split
from app.kpis.facts.open_spans import OpenSpan, open_by_period
from app.kpis.facts.query import Filters, SqlStatement
from app.kpis.facts.tables import TABLES, UNFINISHED
from app.kpis.kept_figures import KeptFigures, keeping
from app.kpis.outages import counting
from app.kpis.questions.agreement_names import agreement_ids, agreement_numbers
from app.kpis.questions.effective_dating import Layer
from app.kpis.questions.question import NO_VALUE, CannotAnswer, KpiQuestion
from app.kpis.questions.team_names import team_ids, team_keys
from app.kpis.statistics.survival import Survival
from app.kpis.targets.validity import effective_target, targets
from app.log import read
from app.platform.db import Connection, Database, DatabaseGone

LARGEST_ANSWER = 20_000
#: The longest wait for the facts of a caller's own writes, and the interval between two polls, in seconds.
FRESH_SECONDS, POLL_SECONDS = 2.0, 0.05
FACTS_PASSED = "select 1 from log.checkpoint where consumer = %(consumer)s and position >= %(head)s"

# An answer reads one snapshot of the log and the facts. The lock keeps a rebuild from truncating the tables
# after the snapshot was taken, since TRUNCATE ignores snapshots. Parallel workers are enabled only for large
# counts (see query.PLAN_BY_HASH): most answers take no longer than starting one. JIT is off: compiling takes
# longer than running.
BEGIN_SNAPSHOT = f"""
set transaction isolation level repeatable read;
lock table {TABLES} in access share mode;
set local work_mem = '64MB';
set local max_parallel_workers_per_gather = 0;
set local jit = off"""


class KpiAnswer(OutputModel):
    """The figures of a KPI, by period."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str = Field(description="Key of the KPI.")
    unit: str = Field(description="Unit of the values.")
    grain: str = Field(description="Length of the periods.")
    tz: str = Field(description="Time zone in which periods begin and end.")
    as_of: datetime | None = Field(
        description="Time for which the figures were computed; null for the current state of the log."
    )
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    warnings: FilterWarnings = None
    points: list[KpiPoint] = Field(
        description="Figures by period and, with `by`, by the values of the dimensions."
    )


async def answer(
    db: Database,
    question: KpiQuestion,
    now: datetime,
    *,
    position: int | None = None,
    reuse: bool = False,
    compared: bool = True,
) -> KpiAnswer:
    """Answer the question: from the facts, or as the log knew the figures at `position`.

    With a position, `now` is the instant at which the log was there. `reuse`: figures of a position are taken
    from where they are kept, and kept. `compared=False`: without the period and the year before, and other
    KPIs. Raises CannotAnswer if a team is unknown, there are too many points or a past answer takes too long;
    raises DatabaseGone.
    """
    past_position, lag_seconds = position, 0.0
    async with keeping(db) as memory, snapshot_connection(db) as connection:
        # In the order in which they were set: the one set last for an instant is in force then.
        layers = (await targets(connection, [question.kpi.key], position)).get(question.kpi.key, ())
        if position is None:
            position, lag_seconds = await facts_position(connection)

        async def counted(part: KpiQuestion) -> dict[PointKey, Figures]:
            return await count_as_of(connection, part, now, past_position, memory if reuse else None)

        comparisons = await load_comparisons(question, counted) if compared else Comparisons()
        figures = await (with_previous_period(question, now, counted) if compared else counted(question))
        names = await cut_names(connection, question, figures)
        # Before the first record of a process, a count is unknown and not zero.
        records = await first_records(connection, question.kpi.processes, past_position)
    question = replace(question, first_record=first_record_of(question.kpi, records))
    return KpiAnswer(
        key=question.kpi.key,
        unit=question.kpi.unit.value,
        grain=question.grain.value,
        tz=question.zone.key,
        as_of=None if past_position is None else now,
        position=position,
        lag_seconds=lag_seconds,
        points=series_points(question, figures, comparisons, names, layers, now),
    )


async def with_previous_period(
    question: KpiQuestion, now: datetime, counted: CountFigures
) -> dict[PointKey, Figures]:
    """Return the figures of every period and cut that has any cases, with the previous period as number 0.

    A running period is compared with an equally long beginning of the previous one: number PARTIAL_PREVIOUS.
    Cases that ended later do not count there, so that the cases have the same age.
    """
    before = previous_bounds(question)
    cells = await counted(replace(question, bounds=(*before, *question.bounds)))
    as_far = await comparable_period_figures(question, now, counted)
    figures = {(0, cut): cell for (period, cut), cell in cells.items() if period == 1}
    present = {
        (period - len(before), cut): cell for (period, cut), cell in cells.items() if period > len(before)
    }
    _check_limit(present, LARGEST_ANSWER)
    return figures | present | as_far


async def count_as_of(
    connection: Connection,
    question: KpiQuestion,
    now: datetime,
    position: int | None,
    memory: KeptFigures | None = None,
) -> dict[PointKey, Figures]:
    """Count the figures as the log knew them at the position; None: from the facts. With a memory those that
    are kept are taken from it, and counted by the facts while these stand there. Raises CannotAnswer.
    """
    if position is None:
        return await count(connection, question, now, most=2 * LARGEST_ANSWER)
    if memory is not None:
        if (before := await memory.find_figures(connection, question, position)) is not None:
            return before
        if (await facts_position(connection))[0] == position:
            return memory.add(
                question, position, await count(connection, question, now, most=2 * LARGEST_ANSWER)
            )
    filters = await resolve_filters(connection, question)
    figures = await as_of.count(connection, question, filters, end_instants(question, now), position)
    return figures if memory is None else memory.add(question, position, figures)


@asynccontextmanager
async def snapshot_connection(db: Database) -> AsyncIterator[Connection]:
    """Provide a connection that sees one snapshot of the database. Raises DatabaseGone."""
    async with db.connection() as connection, consistent_snapshot(connection):
        yield connection


@asynccontextmanager
async def consistent_snapshot(connection: Connection, *, keeps: bool = True) -> AsyncIterator[None]:
    """Open a transaction that sees one snapshot of the log and of the facts; roll it back unless `keeps`.

    Waits while a batch of facts is only partly written. Raises DatabaseGone after FRESH_SECONDS.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + FRESH_SECONDS
    while True:
        async with connection.transaction(force_rollback=not keeps):
            await connection.execute(BEGIN_SNAPSHOT.encode())
            if not await fetch(connection, SqlStatement(f"select from kpi.{UNFINISHED} limit 1", {})):
                yield
                return
        if loop.time() > ends:
            raise DatabaseGone("The facts are being built. Try again in a moment.")
        await asyncio.sleep(POLL_SECONDS)


SELECT_FACTS_POSITION = """
select done.position, extract(epoch from clock_timestamp() - told.recorded_at)
from (select coalesce(max(position), 0) as position from log.checkpoint
  where consumer = %(consumer)s and shape >= %(shape)s) done
left join log.told on told.position = done.position + 1"""


async def facts_position(connection: Connection) -> tuple[int, float]:
    """Return the log position that the facts have reached, and the age in seconds of the next event (0 at the
    end).
    """
    asked_of = {"consumer": FACTS.name, "shape": FACTS.shape}
    ((position, age),) = await fetch(connection, SqlStatement(SELECT_FACTS_POSITION, asked_of))
    return position, round(max(float(age or 0), 0.0), DECIMALS_OF_SECONDS)


async def position_reached(db: Database) -> tuple[int, float]:
    """Return the same as `facts_position`, outside of any snapshot. Raises DatabaseGone."""
    async with db.connection() as connection:
        return await facts_position(connection)


async def wait_for_facts(db: Database) -> None:
    """Wait until the facts have passed the present end of the log, at most FRESH_SECONDS.

    Raises DatabaseGone.
    """
    head, loop = await read.head(db), asyncio.get_running_loop()
    ends = loop.time() + FRESH_SECONDS
    while loop.time() < ends:
        if await db.value(FACTS_PASSED, {"consumer": FACTS.name, "head": head}) is not None:
            return
        await asyncio.sleep(POLL_SECONDS)


async def count(
    connection: Connection, question: KpiQuestion, now: datetime, *, most: int
) -> dict[PointKey, Figures]:
    """Count the figures of every period and cut that has any cases, from the facts:

    - the time of outages: `outages/counting.py`
    - cases per agent and day, and Kaplan-Meier estimates: PostgreSQL, by functions of their own
    - other KPIs with a fact: `_add_cells`
    - open cases at the end of each period (a KPI of standing state has nothing else): `count_open`

    Raises CannotAnswer if there are figures for more than `most` periods and cuts, or if a team is unknown.
    """
    await point_intervals.load_for([question.kpi])
    filters = await resolve_filters(connection, question)
    if question.kpi.is_of_outages:
        position, _ = await facts_position(connection)
        figures = await counting.count(connection, question, filters, position)
        _check_limit(figures, most)
        return figures
    question = await with_budgets(connection, question)
    figures = {}
    if question.kpi.aggregate is Aggregate.per_agent_day:
        await add_agent_days(connection, question, filters, figures)
        _check_limit(figures, most)
    elif question.kpi.aggregate is Aggregate.kaplan_meier:
        await add_survival(connection, question, filters, figures)
        _check_limit(figures, most)
    elif question.kpi.fact is not None:
        await _add_cells(connection, question, filters, most, figures)
        _check_limit(figures, most)
    if question.kpi.aggregate is Aggregate.per_day:
        add_days(question, figures)
    if question.kpi.is_referenced:
        counter = references.of_facts(connection, filters)
        await references.add_references(question, figures, counter, Figures)
        _check_limit(figures, most)
    if question.kpi.still_open is not None:
        await count_open(connection, question, filters, now, figures)
        _check_limit(figures, most)
    return figures


async def _add_cells(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    most: int,
    figures: dict[PointKey, Figures],
) -> None:
    kpi, cuts = question.kpi, len(question.by)
    # Columns answer only if they are configured, and the question is wide enough to gain from them.
    rows = await answering.cells(connection, question, filters, most)
    if rows is None:
        halves = await split(connection, question, filters)
        rows = await fetch_grouped(connection, query.cells(question, filters, most, halves))
    for row in rows:
        (period, *cut), (excluded, *counts, total) = row[: cuts + 1], row[cuts + 1 : cuts + 5]
        cell = figures.setdefault((period, tuple(cut)), Figures())
        add_cases(kpi, cell, excluded, counts, total, row[cuts + 5 : cuts + 9])
        if kpi.secondary_kpi is not None:
            cell.secondary = cell.secondary or Figures()
            total, *spread = row[cuts + 9 :]
            add_cases(kpi.secondary_kpi, cell.secondary, excluded, counts, total, spread)


async def add_survival(
    connection: Connection, question: KpiQuestion, filters: Filters, figures: dict[PointKey, Figures]
) -> None:
    """Add to the figures the number of cases and the Kaplan-Meier estimates of their duration."""
    halves = await split(connection, question, filters)
    statement = survival.survival(question, filters, 2 * LARGEST_ANSWER, halves)
    for period, *cut, excluded, cases, ended, median, p90 in await fetch_grouped(connection, statement):
        cell = figures.setdefault((period, tuple(cut)), Figures())
        add_cases(question.kpi, cell, excluded, (cases, 0), cases, ())
        if excluded is None:
            cell.survival = Survival(ended, cases - ended, median, p90)


async def count_open(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    now: datetime,
    figures: dict[PointKey, Figures],
) -> None:
    """Add to the figures the number and age of the cases open at the end of each period that has begun."""
    moments = end_instants(question, now)
    if question.kpi.is_of_ages or Dimension.age in {*question.by, *question.filters}:
        await _count_ages(connection, question, filters, moments, figures)
    elif question.kpi.is_share_of_open:
        await _count_shares(connection, question, filters, moments, figures)
    else:
        await _count_spans(connection, question, filters, moments, figures)
    for (period, _), figure in figures.items():
        if figure.open_cases is None and period <= len(moments):
            figure.open_cases = 0


async def _count_ages(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    moments: list[datetime],
    figures: dict[PointKey, Figures],
) -> None:
    for instant, *cut, cases, on_hold, mean, median, p90, largest in await fetch(
        connection, backlog.ages(question, filters, moments)
    ):
        place = figures.setdefault((instant, tuple(cut)), Figures())
        place.open_cases, place.on_hold, place.oldest_open_seconds = cases, on_hold, int(largest)
        if question.kpi.is_of_ages:
            place.elapsed = distribution(float(mean), median, p90, largest)


async def _count_shares(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    moments: list[datetime],
    figures: dict[PointKey, Figures],
) -> None:
    for instant, *cut, cases, total, opened_at in await fetch(
        connection, backlog.shares(question, filters, moments)
    ):
        place = figures.setdefault((instant, tuple(cut)), Figures())
        place.open_cases, place.total = cases, total
        place.oldest_open_seconds = int((moments[instant - 1] - opened_at).total_seconds())


async def _count_spans(
    connection: Connection,
    question: KpiQuestion,
    filters: Filters,
    moments: list[datetime],
    figures: dict[PointKey, Figures],
) -> None:
    spans: dict[Cut, list[OpenSpan]] = defaultdict(list)
    for first, last, *values, cases, on_hold, opened_at in await fetch(
        connection, backlog.open_spans(question, filters, moments)
    ):
        spans[tuple(values)].append((first, last, cases, on_hold, opened_at))
    for cut, cell in spans.items():
        for period, alive, on_hold, oldest in open_by_period(cell, len(moments)):
            place = figures.setdefault((period, cut), Figures())
            place.open_cases, place.on_hold = alive, on_hold
            place.oldest_open_seconds = int((moments[period - 1] - oldest).total_seconds())


def _check_limit(figures: Collection[PointKey], most: int) -> None:
    if len(figures) > most:
        raise CannotAnswer("by", "too_many_points", most=str(most))


async def resolve_filters(connection: Connection, question: KpiQuestion) -> Filters:
    """Return the question's filters with teams' ids instead of their keys. Raises CannotAnswer."""
    filters: dict[Dimension, Sequence[str | UUID | None]] = {}
    for dimension, values in question.filters.items():
        named = [value for value in values if value != NO_VALUE]
        ids: Iterable[str | UUID] = named
        if dimension in TEAMS:
            ids = await team_ids(connection, dimension.value, named)
        elif dimension is Dimension.agreement:
            ids = await agreement_ids(connection, named)
        elif dimension in IDS:
            ids = [UUID(value) for value in named]
        filters[dimension] = [*ids, *([None] if NO_VALUE in values else [])]
    return filters


async def with_budgets(connection: Connection, question: KpiQuestion) -> KpiQuestion:
    """Return the question with the budgets that its KPI uses, if any, as of the position of the facts."""
    key = question.kpi.budgets_of
    if key is None:
        return question
    position, _ = await facts_position(connection)
    return replace(question, budgets=await budgets(connection, key, question.currency, position))


async def cut_names(
    connection: Connection, question: KpiQuestion, places: Iterable[PointKey]
) -> dict[str | UUID | None, str]:
    """Return, by id, the keys of the teams and the numbers of the agreements that occur in the cuts."""
    places = list(places)
    return await team_keys(connection, question, places) | await agreement_numbers(
        connection, question, places
    )


def series_points(
    question: KpiQuestion,
    figures: dict[PointKey, Figures],
    compared: Comparisons,
    names: Names,
    target_layers: Sequence[Layer[TargetValue]],
    now: datetime,
) -> list[KpiPoint]:
    """Return the points of the periods and cuts; without `by`, one for each period, also if it is empty. A
    period is judged by the target at its end, and the running one by the present target.
    """
    begins = (previous_bounds(question)[0], *question.bounds[:-1])
    runs = running_period(question, now) if comparable_part(question, now) is not None else None

    def figures_at(period: int, cut: Cut) -> Figures:
        return figures.get((period, cut)) or empty_figures(question.kpi, begun=begins[period] < now)

    if question.by:
        places = [place for place in figures if place[0] > 0]
    else:
        places = [(period, ()) for period in range(1, len(begins))]
    ending = [
        end if end <= now or begin >= now else now for begin, end in pairwise((begins[0], *question.bounds))
    ]
    target = [effective_target(question.kpi, target_layers, instant) for instant in ending]
    spans_before = zip(pairwise(begins), pairwise(references.year_before(question)), strict=True)
    recordings = [
        (recording_of(*before, question.first_record), recording_of(*year_before, question.first_record))
        for before, year_before in spans_before
    ]
    points = []
    for period, cut in places:
        before = figures_at(PARTIAL_PREVIOUS if period == runs else period - 1, cut)
        place = period, cut
        judged = PointContext(
            target[period],
            before,
            now,
            recordings=recordings[period - 1],
            last_year=compared.year_before(place),
            companions=compared.figures_beside(place),
            services=compared.services_of(place),
        )
        points.append(((period, cut), point(question, (period, cut), figures_at(period, cut), names, judged)))
    points.sort(
        key=lambda numbered_point: (
            numbered_point[0][0],
            [(value is None, value or "") for value in numbered_point[1].by.values()],
        )
    )
    return [numbered for _, numbered in points]
