"""The periods that have any cases: an imported history may lie years back, with nothing since then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.facts.tables import EXTENT
from app.kpis.questions.periods import LARGEST_NUMBER, Grain, first_day, next_period, start_of
from app.platform.db import Connection, Database

SELECT_RANGE = "select min(at), max(at) from {table}"
SELECT_FILLED = """
select period.number::integer
from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as period(begin_at, end_at, number)
where {any} order by period.number"""
HAS_FACTS = "exists (select from {table} where at >= begin_at and at < end_at)"


@dataclass(frozen=True, slots=True)
class FilledPeriods:
    """The periods in which a case was opened or ended, newest first, and the log position that the facts have
    reached.
    """

    position: int
    lag_seconds: float
    periods: list[tuple[datetime, datetime]]


async def filled_periods(
    db: Database, processes: Iterable[str], grain: Grain, zone: ZoneInfo
) -> FilledPeriods:
    """Return the periods in which cases of these processes were opened, ended or altered, newest first.

    If there are very many periods, only the newest are searched. Raises DatabaseGone.
    """
    tables = [f"kpi.{process}_{fact}" for process in processes for fact in EXTENT[process]]
    async with snapshot_connection(db) as connection:
        position, lag_seconds = await facts_position(connection)
        spans = await _spans(connection, tables, grain, zone)
        filled_spans: list[tuple[datetime, datetime]] = []
        if spans:
            text = SELECT_FILLED.format(any=" or ".join(HAS_FACTS.format(table=table) for table in tables))
            begins, ends = zip(*spans, strict=True)
            statement = SqlStatement(text, {"begins": list(begins), "ends": list(ends)})
            filled_spans = [spans[number - 1] for (number,) in await fetch(connection, statement)]
    return FilledPeriods(position, lag_seconds, filled_spans)


async def _spans(
    connection: Connection, tables: Sequence[str], grain: Grain, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """Return all periods between the first and the last fact, newest first."""
    rows = [
        row
        for table in tables
        for row in await fetch(connection, SqlStatement(SELECT_RANGE.format(table=table), {}))
    ]
    known_extents = [(first, last) for first, last in rows if first is not None]
    if not known_extents:
        return []
    first = min(first for first, _ in known_extents)
    day = first_day(grain, max(last for _, last in known_extents).astimezone(zone).date())
    spans = [(start_of(day, zone), start_of(next_period(grain, day), zone))]
    while spans[-1][0] > first and len(spans) < LARGEST_NUMBER:
        day = first_day(grain, day - timedelta(days=1))
        spans.append((start_of(day, zone), spans[-1][0]))
    return spans
