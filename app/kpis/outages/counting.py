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

from app.db import Connection
from app.kpis.catalogue.outages import MTBF, SERVICE_AVAILABILITY
from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.exposure import Exposure
from app.kpis.declaration.figures import Figures, PointKey
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import Filters, Statement
from app.kpis.outages import query
from app.kpis.outages.load_terms import load_terms
from app.kpis.outages.query import OF_BEGINNINGS, OF_INCIDENTS, OF_PARTIES, OF_SECONDS, Window
from app.kpis.outages.terms import floor_to_second
from app.kpis.questions.periods import Grain, first_day, next_period, start_of
from app.kpis.questions.question import Question
from app.kpis.raw import definitions
from app.kpis.targets.validity import effective_target, targets

RAW_COLUMNS = (
    "number, service, agreement_id, customer_id, category, part, "
    "case_id, at, seconds, allowed, allowed_by_now"
)


@dataclass(frozen=True, slots=True)
class Contribution:
    """A row of the raw definition for a window. `part` tells whether it is the agreed time of a service
    (`agreed`), the outage that an incident caused in it (`counted`), or an outage that began with the
    incident (`began`).
    """

    number: int
    service: str
    agreement_id: UUID | None
    customer_id: UUID | None
    category: str | None
    part: str
    case_id: UUID | None
    at: datetime | None
    seconds: Decimal
    allowed: Decimal | None
    allowed_by_now: Decimal | None

    def value_of(self, dimension: Dimension) -> str | UUID | None:
        """Return the row's value in a dimension."""
        value: str | UUID | None = getattr(self, COLUMN[dimension])
        return value


async def count(
    connection: Connection, question: Question, filters: Filters, position: int
) -> dict[PointKey, Figures]:
    """Count the figures of every period that has begun, and of its cuts, from the facts at the position."""
    windows = await windows_of(connection, question, pairwise(question.bounds), position)
    terms = await load_terms(connection, position)
    found = _empty_windows(question, windows, filters)
    now = floor_to_second(question.now)
    rows = await fetch(connection, query.cells(question.kpi, question.by, filters, windows, terms, now))
    for number, *cut, part, seconds, cases, allowed, allowed_by_now in rows:
        of = found.setdefault((number, tuple(cut)), _no_figures(question, filters))
        _add(of, part, seconds, cases, allowed, allowed_by_now)
    return found


async def count_raw(
    connection: Connection, question: Question, filters: Filters, position: int
) -> dict[PointKey, Figures]:
    """Count the same figures by the raw definition, as the log knew it at the position."""
    windows = await windows_of(connection, question, pairwise(question.bounds), position)
    return grouped(await contributions(connection, question, windows, position), question, filters, windows)


def grouped(
    rows: Iterable[Contribution], question: Question, filters: Filters, windows: Sequence[Window]
) -> dict[PointKey, Figures]:
    """Sum the rows of the raw definition to the figures of the question's periods and cuts."""
    found = _empty_windows(question, windows, filters)
    cells: dict[tuple[PointKey, str], list[Contribution]] = defaultdict(list)
    for row in rows:
        if _is_counted(row, question.by, filters):
            cut = tuple(row.value_of(dimension) for dimension in question.by)
            cells[(row.number, cut), row.part].append(row)
    for (place, part), of_part in cells.items():
        of = found.setdefault(place, _no_figures(question, filters))
        _add(
            of,
            part,
            sum((row.seconds for row in of_part), Decimal(0)),
            len({row.case_id for row in of_part}),
            sum((row.allowed or Decimal(0) for row in of_part), Decimal(0)),
            sum((row.allowed_by_now or Decimal(0) for row in of_part), Decimal(0)),
        )
    return found


async def contributions(
    connection: Connection,
    question: Question,
    windows: Sequence[Window],
    position: int,
    prepared: str | None = None,
) -> list[Contribution]:
    """Return the rows of the raw definition of the question's KPI for the windows."""
    text = definitions.definition(definitions.definition_names(question.kpi)[0], prepared)
    parameters = raw_parameters(question.kpi, windows, question.now, position)
    statement = Statement(f"select {RAW_COLUMNS} from ({text}) raw", parameters)
    return [Contribution(*row) for row in await fetch(connection, statement)]


def raw_parameters(kpi: Kpi, windows: Sequence[Window], now: datetime, position: int) -> dict[str, Any]:
    """Return the parameters of the raw definitions of outages."""
    return {
        "position": position,
        "now": floor_to_second(now),
        "currency": None,
        "numbers": [one.number for one in windows],
        "begins": [one.begin for one in windows],
        "ends": [one.end for one in windows],
        "lasts": [one.until for one in windows],
        "promised": [one.promised for one in windows],
        "only_promised": kpi.aggregate is Aggregate.of_allowance,
    }


async def counted_cases(
    connection: Connection, question: Question, filters: Filters, position: int
) -> Statement:
    """Return a statement for the incidents that the question counts in its whole time."""
    windows = await windows_of(connection, question, [(question.bounds[0], question.bounds[-1])], position)
    now = floor_to_second(question.now)
    window = windows[0] if windows else Window(1, now, now, now, None)
    terms = await load_terms(connection, position)
    return query.counted_cases(question.kpi, filters, window, terms, now)


async def count_spans(
    connection: Connection,
    questions: Sequence[Question],
    spans: Sequence[tuple[datetime, datetime]],
    position: int,
) -> list[list[Figures | None]]:
    """Count the figures of several KPIs in the same spans of time, without cuts: for each question, of each
    span (None: it has not begun). The outages are read once for all that count alike.
    """
    terms = await load_terms(connection, position)
    sums: dict[bool, dict[int, Figures]] = {}
    found = []
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
        found.append([_needed_figures(question, sums[yearly].get(n)) for n in range(1, len(spans) + 1)])
    return found


def _needed_figures(question: Question, of: Figures | None) -> Figures | None:
    """Return the figures without the sums that the question's KPI does not need."""
    if of is None or of.exposure is None:
        return None
    asked = _no_figures(question, {}).exposure
    assert asked is not None
    outage = None if asked.outage is None else of.exposure.outage
    began = None if asked.began is None else of.exposure.began
    cases = of.affected if began is None else began
    return Figures(
        cases=cases, affected=of.affected, exposure=replace(of.exposure, outage=outage, began=began)
    )


async def windows_of(
    connection: Connection,
    question: Question,
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
    question: Question, windows: Sequence[Window], filters: Filters
) -> dict[PointKey, Figures]:
    """Return zero figures for each window, if the question has no cuts; cuts without cases are not listed."""
    if question.by:
        return {}
    return {(window.number, ()): _no_figures(question, filters) for window in windows}


def _no_figures(question: Question, filters: Filters) -> Figures:
    aggregate = question.kpi.aggregate
    return Figures(
        exposure=Exposure(
            agreed=None if OF_INCIDENTS & {*question.by, *filters} else 0,
            outage=Decimal(0) if aggregate in OF_SECONDS else None,
            began=0 if aggregate in OF_BEGINNINGS else None,
        )
    )


def _add(
    of: Figures,
    part: str,
    seconds: Decimal,
    cases: int | None,
    allowed: Decimal | None,
    allowed_by_now: Decimal | None,
) -> None:
    """Add the sums of a part to the figures. Of the KPIs that count beginnings, these are the cases."""
    assert of.exposure is not None
    if part == "agreed":
        of.exposure = replace(
            of.exposure,
            agreed=int(seconds),
            allowed=allowed or Decimal(0),
            allowed_by_now=allowed_by_now or Decimal(0),
        )
    elif part == "counted":
        of.exposure = replace(of.exposure, outage=seconds)
        of.affected = cases or 0
        if of.exposure.began is None:
            of.cases = of.affected
    else:
        of.exposure = replace(of.exposure, began=int(seconds))
        of.cases = int(seconds)


def _is_counted(row: Contribution, by: Collection[Dimension], filters: Filters) -> bool:
    """Return whether the question counts the row. Agreed time has no category; customers' own agreements
    count only where these, or customers, are asked for.
    """
    asked = {*by, *filters}
    if row.part == "agreed" and OF_INCIDENTS & asked:
        return False
    if row.customer_id is not None and not OF_PARTIES & asked:
        return False
    return all(row.value_of(dimension) in values for dimension, values in filters.items())
