"""The days that numbers per day are divided by, by the raw definitions: the zone's, and those of who
worked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.figures import PointKey
from app.kpis.questions.periods import day_starts
from app.kpis.raw.aggregates import CaseSource, Cell, fetch_rows
from app.kpis.raw.tables import WORK
from app.platform.db import Connection

#: The work that the temporary table has.
WORKED = CaseSource(f"select * from {WORK}")


async def agent_days(
    connection: Connection,
    bounds: Sequence[datetime],
    days: Sequence[datetime],
    by: Sequence[Dimension],
    source: CaseSource = WORKED,
    *,
    but: str = "false",
) -> dict[PointKey, int]:
    """Count the person-days worked, for each period and each combination of values of the dimensions `by`.

    `bounds` are those of the periods; `days` are the instants at which days begin. Work for which the
    condition `but` holds is left out.
    """
    cut = "".join(f", {COLUMN[dimension]}" for dimension in by)
    rows = await fetch_rows(
        connection,
        f"""
with counted as materialized ({source.text})
select number{cut}, count(*)
from (
  select distinct period.number, width_bucket(at, %(days)s::timestamptz[]) as day, assignee_id as who{cut}
  from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
    with ordinality as period(begin_at, end_at, number)
  join counted on at >= begin_at and at < end_at
  where not {but}
) present
group by number{cut}""",
        {**source.parameters, "begins": list(bounds[:-1]), "ends": list(bounds[1:]), "days": list(days)},
    )
    return {(row[0], row[1:-1]): row[-1] for row in rows}


def add_days(
    cells: dict[PointKey, Cell],
    bounds: Sequence[datetime],
    by: Sequence[Dimension],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Set as the denominator of each cell how many days of the zone its period has up to now, of a day that
    is not over its part; without cuts, add cells for the periods without cases.
    """
    begun = [n for n, begin in enumerate(bounds[:-1], 1) if begin < now]
    for period in () if by else begun:
        cells.setdefault((period, ()), Cell())
    for (period, _), cell in cells.items():
        first, end = bounds[period - 1], min(bounds[period], now)
        cell.denominator = _days(first, end, zone) if period in begun else 0


def _days(first: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Sum up the part of each day of the zone that lies between the instants."""
    margin = timedelta(days=2)
    starts = day_starts(first - margin, end + margin, zone)
    parts = (
        max(min(end, until) - max(first, since), timedelta(0)) / (until - since)
        for since, until in pairwise(starts)
    )
    days = round(sum(parts), 6)
    return int(days) if days == int(days) else days


def add_agent_days(
    cells: dict[PointKey, Cell], worked: Mapping[PointKey, int], of_rota: Mapping[PointKey, int]
) -> None:
    """Set the person-days, those worked and those of the rota, as the cells' denominators; add cells for days
    without cases.
    """
    for place in worked.keys() | of_rota.keys():
        cell = cells.setdefault(place, Cell())
        cell.rota_days = of_rota.get(place, 0)
        cell.denominator = worked.get(place, 0) + cell.rota_days
