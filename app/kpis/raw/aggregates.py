"""The figures of raw definitions: their cases, aggregated by the plainest possible SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.figures import PointKey
from app.kpis.declaration.kpi import Kpi
from app.kpis.raw.definitions import AGE, columns_of
from app.kpis.raw.tables import CASES, OPEN_CASES
from app.kpis.statistics.survival import Survival, kaplan_meier
from app.platform.db import Connection


@dataclass(slots=True)
class Cell:
    """The aggregates of the cases of one period and cut. `all_cases` includes the excluded ones. `reference`
    and `loaded` as in `figures.Figures`.
    """

    all_cases: int = 0
    counted: int = 0
    numerator: int | None = None
    denominator: int | float | None = None
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    max: float | None = None
    zeros: int | None = None
    skewed: int = 0
    cancelled: int = 0
    duplicate: int = 0
    rejected: int = 0
    staff: int = 0
    unknown: int = 0
    reference: int = 0
    loaded: bool = True
    rota_days: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """The open cases of one period and cut. Their number is None if the period has not begun; ages are None
    without open cases.
    """

    cases: int | None
    oldest_seconds: int | None = None
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    numerator: int | None = None
    on_hold: int = 0


@dataclass(frozen=True, slots=True)
class CaseSource:
    """A source of cases: SQL that selects them, and its parameters."""

    text: str
    parameters: dict[str, Any] = field(default_factory=dict)


def with_measure(kpi: Kpi, source: CaseSource) -> CaseSource:
    """Return the cases with the KPI's measure in the column that `cells` reads.

    This matters for definitions with two measures, where that column holds the other one.
    """
    replaced_column = "seconds" if kpi.is_timed else "numerator"
    measure_column = kpi.measure.number.raw
    if measure_column in {replaced_column, "1"}:
        return source
    columns = ", ".join(
        f"{measure_column} as {replaced_column}" if name == replaced_column else name
        for name in columns_of(kpi)
    )
    return CaseSource(f"select {columns} from ({source.text}) told", source.parameters)


async def cells(
    connection: Connection,
    bounds: Sequence[datetime],
    by: Sequence[Dimension],
    source: CaseSource = CaseSource(f"select * from {CASES}"),  # frozen
) -> dict[PointKey, Cell]:
    """Aggregate the cases for each period and each combination of values of the dimensions `by`.

    `source` is by default the table CASES.
    """
    cut = "".join(f", {COLUMN[dimension]}" for dimension in by)
    rows = await fetch_rows(
        connection,
        f"""
with counted as materialized ({source.text})
select period.number{cut}, count(*), count(*) filter (where excluded is null),
  sum(numerator) filter (where excluded is null), sum(denominator) filter (where excluded is null),
  avg(seconds) filter (where excluded is null),
  percentile_cont(0.5) within group (order by seconds) filter (where excluded is null),
  percentile_cont(0.9) within group (order by seconds) filter (where excluded is null),
  max(seconds) filter (where excluded is null), count(*) filter (where excluded is null and seconds <= 0),
  count(*) filter (where excluded is null and skewed),
  count(*) filter (where excluded = 'cancelled'),
  count(*) filter (where excluded = 'duplicate'), count(*) filter (where excluded = 'rejected'),
  count(*) filter (where excluded = 'staff'), count(*) filter (where excluded = 'unknown')
from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as period(begin_at, end_at, number)
join counted on at >= begin_at and at < end_at
group by period.number{cut}""",
        {**source.parameters, "begins": list(bounds[:-1]), "ends": list(bounds[1:])},
    )
    return {(row[0], row[1 : 1 + len(by)]): Cell(*row[1 + len(by) :]) for row in rows}


async def open_cells(
    connection: Connection,
    ends: Sequence[datetime],
    by: Sequence[Dimension],
    source: CaseSource = CaseSource(f"select * from {OPEN_CASES}"),  # frozen
) -> dict[PointKey, Backlog]:
    """Aggregate the cases open at each instant, for each combination of values of the dimensions `by`.

    `source` is by default the table OPEN_CASES.
    """
    cut = "".join(f", {COLUMN.get(dimension, AGE)}" for dimension in by)
    rows = await fetch_rows(
        connection,
        f"""
with counted as materialized ({source.text})
select moment.number{cut}, count(*), max(seconds), avg(seconds),
  percentile_cont(0.5) within group (order by seconds), percentile_cont(0.9) within group (order by seconds),
  sum(numerator), count(*) filter (where on_hold)
from unnest(%(ends)s::timestamptz[]) with ordinality as moment(instant, number)
join counted on at = instant
group by moment.number{cut}""",
        {**source.parameters, "ends": list(ends)},
    )
    return {(row[0], row[1 : 1 + len(by)]): Backlog(*row[1 + len(by) :]) for row in rows}


async def survival(
    connection: Connection,
    bounds: Sequence[datetime],
    by: Sequence[Dimension],
    source: CaseSource = CaseSource(f"select * from {CASES}"),  # frozen
) -> dict[PointKey, Survival]:
    """Compute the Kaplan-Meier estimate for each period and cut, from the seconds of each case and whether it
    has ended.
    """
    cut = "".join(f", {COLUMN[dimension]}" for dimension in by)
    rows = await fetch_rows(
        connection,
        f"""
with counted as materialized ({source.text})
select period.number{cut}, seconds, numerator
from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as period(begin_at, end_at, number)
join counted on at >= begin_at and at < end_at
where excluded is null""",
        {**source.parameters, "begins": list(bounds[:-1]), "ends": list(bounds[1:])},
    )
    observed: dict[PointKey, list[tuple[int, bool]]] = defaultdict(list)
    for number, *values, seconds, ended in rows:
        observed[number, tuple(values)].append((seconds, bool(ended)))
    return {place: kaplan_meier(durations) for place, durations in observed.items()}


async def fetch_rows(connection: Connection, text: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of the statement, which is not prepared: each is run once."""
    cursor = await connection.execute(text.encode(), parameters, prepare=False)
    return await cursor.fetchall()
