"""The numbers that complaints, requests to rate and suggestions are compared with: the complaints of the same
period a year before, the cases delivered in the same period, or the persons who are active at its end.

Both paths count them by `add_references`; they differ in how cases are counted (`Counter`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Protocol

from app.kpis.answers.recorded import LOADED_WITHIN
from app.kpis.columns import answering
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import PointKey
from app.kpis.declaration.kpi import Aggregate, Basis, Kpi
from app.kpis.declaration.measures import Measure
from app.kpis.facts import query
from app.kpis.facts.fetching import fetch_grouped, split
from app.kpis.facts.query import Filters
from app.kpis.questions import periods
from app.kpis.questions.question import KpiQuestion
from app.kpis.raw import aggregates, definitions
from app.platform.db import Connection, fetch_tuples

#: Dimensions of what is counted, and not of cases delivered, nor of persons: these are the same for each of
#: their values.
OWN_DIMENSIONS = frozenset({Dimension.subject, Dimension.source, Dimension.process})
#: How many persons were active just before each of the instants.
ACTIVE_PERSONS = """
select moment.number::integer{cut}, count(*)
from unnest(%(ends)s::timestamptz[]) with ordinality as moment(at, number)
join kpi.person_stretch on since < moment.at and until >= moment.at
where {where} group by moment.number{cut}"""
RECORDS_BEGIN = """
select min(at) from (
  select min(at) as at from kpi.incident_opened union all select min(at) from kpi.request_opened
) opened"""


class Referenced(Protocol):
    """Figures of a period and cut, with the number that they are compared with."""

    reference: int
    loaded: bool


#: Counts the cases that are not excluded in each period and cut of a question.
CountCases = Callable[[KpiQuestion], Awaitable[Mapping[PointKey, int]]]


@dataclass(frozen=True, slots=True)
class Counter:
    """One path's way to count: the KPI's own cases, those delivered, the active persons, and since when there
    are records.
    """

    cases: CountCases
    deliveries: CountCases
    persons: CountCases
    records_begin: Callable[[], Awaitable[datetime | None]]


async def add_references(
    question: KpiQuestion,
    figures: MutableMapping[PointKey, Any],
    counter: Counter,
    new_figures: Callable[[], Referenced],
) -> None:
    """Set in the figures the number that each is compared with; add those that have such a number alone."""
    if question.kpi.aggregate is Aggregate.per_delivery:
        await _add_others(question, figures, counter.deliveries, new_figures)
        return
    if question.kpi.aggregate is Aggregate.per_staff:
        await _add_others(question, figures, counter.persons, new_figures)
        return
    begin = await counter.records_begin()
    for place, cases in (await count_year_before(question, counter.cases)).items():
        figures.setdefault(place, new_figures()).reference = cases
    shifted = year_before(question)
    if not question.by:
        for period in range(1, len(question.bounds)):
            figures.setdefault((period, ()), new_figures())
    for (period, _), cell in figures.items():
        cell.loaded = begin is not None and begin <= shifted[period - 1] + LOADED_WITHIN


async def _add_others(
    question: KpiQuestion,
    figures: MutableMapping[PointKey, Any],
    count: CountCases,
    new_figures: Callable[[], Referenced],
) -> None:
    common = tuple(dimension for dimension in question.by if dimension not in OWN_DIMENSIONS)
    filters = {
        dimension: dimension_values
        for dimension, dimension_values in question.filters.items()
        if dimension not in OWN_DIMENSIONS
    }
    counted_cells = await count(replace(question, by=common, filters=filters))
    if common == question.by:
        for place in counted_cells:
            figures.setdefault(place, new_figures())
    for (period, cut), dimension_values in figures.items():
        values = dict(zip(question.by, cut, strict=True))
        dimension_values.reference = counted_cells.get(
            (period, tuple(values[dimension] for dimension in common)), 0
        )


def year_before(question: KpiQuestion) -> tuple[datetime, ...]:
    """Return the bounds of the question's periods a year before."""
    return tuple(periods.year_earlier(question.grain, bound, question.zone) for bound in question.bounds)


def running_year_before(question: KpiQuestion) -> tuple[int, tuple[datetime, datetime]] | None:
    """Return the number of the running period, and the part of the same period of the year before that it is
    compared with: up to the same time; None if no period is running.
    """
    shifted = year_before(question)
    for n, (begin, end) in enumerate(zip(question.bounds, question.bounds[1:], strict=False), start=1):
        if begin < question.now < end:
            until = periods.comparable_end(question.now, begin, shifted[n - 1], question.zone)
            return n, (shifted[n - 1], max(min(until, shifted[n]), shifted[n - 1]))
    return None


async def count_year_before(question: KpiQuestion, count: CountCases) -> dict[PointKey, int]:
    """Count the cases of the same periods of the year before; of the running one up to the same time."""
    counted_cells = dict(await count(replace(question, bounds=year_before(question))))
    if (running := running_year_before(question)) is not None:
        period, part = running
        counted_cells = {place: cases for place, cases in counted_cells.items() if place[0] != period}
        for (_, cut), cases in (await count(replace(question, bounds=part))).items():
            counted_cells[period, cut] = cases
    return counted_cells


def of_facts(connection: Connection, filters: Filters) -> Counter:
    """Return the counter of the fast path. `filters` are the question's, with ids."""

    async def count(question: KpiQuestion) -> dict[PointKey, int]:
        among = {dimension: values for dimension, values in filters.items() if dimension in question.filters}
        rows = await answering.counts(connection, question, among)
        if rows is None:
            statement = query.counts(question, among, await split(connection, question, among))
            rows = await fetch_grouped(connection, statement)
        return {(period, tuple(cut)): cases for period, *cut, cases in rows}

    async def deliveries(question: KpiQuestion) -> dict[PointKey, int]:
        return await count(replace(question, kpi=delivered(question.kpi)))

    async def persons(question: KpiQuestion) -> dict[PointKey, int]:
        parameters: dict[str, Any] = {"ends": ends_of(question)}
        among = {dimension: values for dimension, values in filters.items() if dimension in question.filters}
        where = " and ".join(["true", *query.conditions(among, parameters)])
        text = ACTIVE_PERSONS.format(cut=query.cut_by(question), where=where)
        rows = await fetch_tuples(connection, text, parameters, prepare=False)
        return {(period, tuple(cut)): number for period, *cut, number in rows}

    async def records_begin() -> datetime | None:
        ((begin,),) = await fetch_tuples(connection, RECORDS_BEGIN, {}, prepare=False)
        first: datetime | None = begin
        return first

    return Counter(count, deliveries, persons, records_begin)


def ends_of(question: KpiQuestion) -> list[datetime]:
    """Return the instant of the end, or of now, of every period that has begun."""
    spans = pairwise(question.bounds)
    return [min(end, question.now) for begin, end in spans if begin < question.now]


def delivered(kpi: Kpi) -> Kpi:
    """Return the KPI of the cases delivered that this one's are compared with."""
    return replace(kpi, fact="concluded", aggregate=Aggregate.number, measure=Measure.case, basis=Basis.ended)


#: Returns the cases of the named definitions, as far as the question's filters take them; None: all.
Source = Callable[[Sequence[str], KpiQuestion | None], aggregates.CaseSource]


def of_raw(connection: Connection, kpi: Kpi, source: Source) -> Counter:
    """Return the counter of the slow path."""

    async def count(names: Sequence[str], question: KpiQuestion) -> dict[PointKey, int]:
        cells = await aggregates.cells(connection, question.bounds, question.by, source(names, question))
        return {place: cell.counted for place, cell in cells.items() if cell.counted}

    async def cases(question: KpiQuestion) -> dict[PointKey, int]:
        return await count(definitions.definition_names(kpi), question)

    async def deliveries(question: KpiQuestion) -> dict[PointKey, int]:
        return await count(definitions.DELIVERED, question)

    async def persons(question: KpiQuestion) -> dict[PointKey, int]:
        active_source = source(definitions.ACTIVE, question)
        counted_cells = await aggregates.open_cells(connection, ends_of(question), question.by, active_source)
        return {place: backlog.cases for place, backlog in counted_cells.items() if backlog.cases}

    async def records_begin() -> datetime | None:
        openings = source(definitions.OPENED, None)
        text = f"select min(at) from ({openings.text}) opened"
        cursor = await connection.execute(text.encode(), openings.parameters, prepare=False)
        row = await cursor.fetchone()
        assert row is not None
        begin: datetime | None = row[0]
        return begin

    return Counter(cases, deliveries, persons, records_begin)
