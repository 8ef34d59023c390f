"""Counting outages and agreed time for a question, from the facts or by the raw definitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from app.kpis.catalogue.outages import MTBF, SERVICE_AVAILABILITY
from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.exposure import Exposure
from app.kpis.declaration.figures import Figures, PointKey
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import Filters, SqlStatement
from app.kpis.outages import query
from app.kpis.outages.load_terms import load_terms
from app.kpis.outages.query import OF_BEGINNINGS, OF_INCIDENTS, OF_PARTIES, OF_SECONDS, Window
from app.kpis.outages.terms import floor_to_second
from app.kpis.questions.periods import Grain, first_day, next_period, start_of
from app.kpis.questions.question import KpiQuestion
from app.kpis.raw import definitions
from app.kpis.targets.validity import effective_target, targets
from app.platform.db import Connection

RAW_COLUMNS = (
    "number, service, agreement_id, customer_id, category, part, "
    "case_id, at, seconds, allowed, allowed_by_now"
)


@dataclass(frozen=True, slots=True)
class Contribution:
    """A row of the raw definition for a window. `part` is the agreed time of a service (`agreed`), the outage
    that an incident caused in it (`counted`), or an outage that began with the incident (`began`).
    """

    number: int
    service: str
    agreement_id: UUID | None
    customer_id: UUID | None
    category: str | None
    part: str
    case_id: UUID | None
    occurred_at: datetime | None
    seconds: Decimal
    allowed: Decimal | None
    allowed_by_now: Decimal | None

    def value_of(self, dimension: Dimension) -> str | UUID | None:
        """Return the row's value in a dimension."""
        value: str | UUID | None = getattr(self, COLUMN[dimension])
        return value


async def count(
    connection: Connection, question: KpiQuestion, filters: Filters, position: int
) -> dict[PointKey, Figures]:
    """Count the figures of every period that has begun, and of its cuts, from the facts at the position."""
    windows = await windows_of(connection, question, pairwise(question.bounds), position)
    terms = await load_terms(connection, position)
    cells = _empty_windows(question, windows, filters)
    now = floor_to_second(question.now)
    rows = await fetch(connection, query.cells(question.kpi, question.by, filters, windows, terms, now))
    for number, *cut, part, seconds, cases, allowed, allowed_by_now in rows:
        cell = cells.setdefault((number, tuple(cut)), _no_figures(question, filters))
        _add(cell, part, seconds, cases, allowed, allowed_by_now)
    return cells


async def count_raw(
    connection: Connection, question: KpiQuestion, filters: Filters, position: int
) -> dict[PointKey, Figures]:
    """Count the same figures by the raw definition, as the log knew it at the position."""
    windows = await windows_of(connection, question, pairwise(question.bounds), position)
    return grouped(await contributions(connection, question, windows, position), question, filters, windows)


def grouped(
    rows: Iterable[Contribution], question: KpiQuestion, filters: Filters, windows: Sequence[Window]
) -> dict[PointKey, Figures]:
    """Sum the rows of the raw definition to the figures of the question's periods and cuts."""
    figures_by_place = _empty_windows(question, windows, filters)
    cells: dict[tuple[PointKey, str], list[Contribution]] = defaultdict(list)
    for row in rows:
        if _is_counted(row, question.by, filters):
            cut = tuple(row.value_of(dimension) for dimension in question.by)
            cells[(row.number, cut), row.part].append(row)
    for (place, part), of_part in cells.items():
        cell = figures_by_place.setdefault(place, _no_figures(question, filters))
        _add(
            cell,
            part,
            sum((row.seconds for row in of_part), Decimal(0)),
            len({row.case_id for row in of_part}),
            sum((row.allowed or Decimal(0) for row in of_part), Decimal(0)),
            sum((row.allowed_by_now or Decimal(0) for row in of_part), Decimal(0)),
        )
    return figures_by_place


async def contributions(
    connection: Connection,
    question: KpiQuestion,
    windows: Sequence[Window],
    position: int,
    prepared: str | None = None,
) -> list[Contribution]:
    """Return the rows of the raw definition of the question's KPI for the windows."""
    text = definitions.definition(definitions.definition_names(question.kpi)[0], prepared)
    parameters = raw_parameters(question.kpi, windows, question.now, position)
    statement = SqlStatement(f"select {RAW_COLUMNS} from ({text}) raw", parameters)
    return [Contribution(*row) for row in await fetch(connection, statement)]


def raw_parameters(kpi: Kpi, windows: Sequence[Window], now: datetime, position: int) -> dict[str, Any]:
    """Return the parameters of the raw definitions of outages."""
    return {
        "position": position,
        "now": floor_to_second(now),
        "currency": None,
        "numbers": [window.number for window in windows],
        "begins": [window.begin for window in windows],
        "ends": [window.end for window in windows],
        "lasts": [window.until for window in windows],
        "promised": [window.promised for window in windows],
        "only_promised": kpi.aggregate is Aggregate.of_allowance,
    }


async def counted_cases(
    connection: Connection, question: KpiQuestion, filters: Filters, position: int
) -> SqlStatement:
    """Return a statement for the incidents that the question counts in its whole time."""
    windows = await windows_of(connection, question, [(question.bounds[0], question.bounds[-1])], position)
    now = floor_to_second(question.now)
    window = windows[0] if windows else Window(1, now, now, now, None)
    terms = await load_terms(connection, position)
    return query.counted_cases(question, filters, window, terms, now)


async def count_spans(
    connection: Connection,
    questions: Sequence[KpiQuestion],
    spans: Sequence[tuple[datetime, datetime]],
    position: int,
) -> list[list[Figures | None]]:
    """Count the figures of several KPIs in the same spans of time, without cuts: for each question, of each
    span (None: it has not begun). The outages are read once for all that count alike.
    """
    terms = await load_terms(connection, position)
    sums: dict[bool, dict[int, Figures]] = {}
    window_spans = []
    for question in questions:
        yearly = question.kpi.aggregate is Aggregate.of_allowance
        if yearly not in sums:
            everything = question if yearly else replace(question, kpi=MTBF)
            windows = await windows_of(connection, everything, spans, position)
            now = floor_to_second(question.now)
            sums[yearly] = {window.number: _no_figures(everything, {}) for window in windows}
            cells = query.cells(everything.kpi, (), {}, windows, terms, now)
            for number, *of_part in await fetch(connection, cells):
                _add(sums[yearly][number], *of_part)
        window_spans.append(
            [_needed_figures(question, sums[yearly].get(n)) for n in range(1, len(spans) + 1)]
        )
    return window_spans


def _needed_figures(question: KpiQuestion, cell: Figures | None) -> Figures | None:
    """Return the figures without the sums that the question's KPI does not need."""
    if cell is None or cell.exposure is None:
        return None
    exposure = _no_figures(question, {}).exposure
    assert exposure is not None
    outage = None if exposure.outage is None else cell.exposure.outage
    began = None if exposure.began is None else cell.exposure.began
    cases = cell.affected if began is None else began
    return Figures(
        cases=cases, affected=cell.affected, exposure=replace(cell.exposure, outage=outage, began=began)
    )


async def windows_of(
    connection: Connection,
    question: KpiQuestion,
    spans: Iterable[tuple[datetime, datetime]],
    position: int,
) -> list[Window]:
    """Return the windows of the spans of time that have begun, numbered from 1."""
    kpi, now = SERVICE_AVAILABILITY, floor_to_second(question.now)
    layers = (await targets(connection, [kpi.key], position)).get(kpi.key, ())
    windows = []
    for number, span in enumerate(spans, 1):
        begin, end = map(floor_to_second, span)
        if begin >= now or begin == end:
            continue
        target = effective_target(kpi, layers, min(end, now))
        promised = None if target is None else Decimal(str(target.value))
        if question.kpi.aggregate is Aggregate.of_allowance:
            # The year in which the period ends.
            day = first_day(
                Grain.year, (min(end, now) - datetime.resolution).astimezone(question.zone).date()
            )
            bounds = start_of(day, question.zone), start_of(next_period(Grain.year, day), question.zone)
            windows.append(Window(number, bounds[0], min(end, now), bounds[1], promised))
        else:
            windows.append(Window(number, begin, min(end, now), min(end, now), promised))
    return windows


def _empty_windows(
    question: KpiQuestion, windows: Sequence[Window], filters: Filters
) -> dict[PointKey, Figures]:
    """Return zero figures for each window, if the question has no cuts; cuts without cases are not listed."""
    if question.by:
        return {}
    return {(window.number, ()): _no_figures(question, filters) for window in windows}


def _no_figures(question: KpiQuestion, filters: Filters) -> Figures:
    aggregate = question.kpi.aggregate
    return Figures(
        exposure=Exposure(
            agreed=None if OF_INCIDENTS & {*question.by, *filters} else 0,
            outage=Decimal(0) if aggregate in OF_SECONDS else None,
            began=0 if aggregate in OF_BEGINNINGS else None,
        )
    )


def _add(
    cell: Figures,
    part: str,
    seconds: Decimal,
    cases: int | None,
    allowed: Decimal | None,
    allowed_by_now: Decimal | None,
) -> None:
    """Add the sums of a part to the figures. In KPIs that count beginnings, these are the cases."""
    assert cell.exposure is not None
    if part == "agreed":
        cell.exposure = replace(
            cell.exposure,
            agreed=int(seconds),
            allowed=allowed or Decimal(0),
            allowed_by_now=allowed_by_now or Decimal(0),
        )
    elif part == "counted":
        cell.exposure = replace(cell.exposure, outage=seconds)
        cell.affected = cases or 0
        if cell.exposure.began is None:
            cell.cases = cell.affected
    else:
        cell.exposure = replace(cell.exposure, began=int(seconds))
        cell.cases = int(seconds)


def _is_counted(row: Contribution, by: Collection[Dimension], filters: Filters) -> bool:
    """Return whether the question counts the row. Agreed time has no category; customers' own agreements
    count only where these, or customers, are asked for.
    """
    dimensions = {*by, *filters}
    if row.part == "agreed" and OF_INCIDENTS & dimensions:
        return False
    if row.customer_id is not None and not OF_PARTIES & dimensions:
        return False
    return all(row.value_of(dimension) in values for dimension, values in filters.items())
