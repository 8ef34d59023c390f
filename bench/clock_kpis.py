"""Benchmark of the KPIs of clocks, whose rows are filled in as the engine would have filled them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from psycopg import AsyncClientCursor

from app.kpis.catalogue import service_levels
from app.kpis.questions.question import QuestionParameters
from app.log.ids import uuid7
from bench import kpis
from bench.cases import DAYS, LargeSite
from bench.figures import Figure, Threshold, number

SQL = Path(__file__).with_name("clock_kpis.sql")
#: Of so many incidents, the newest, there are two clocks each.
CASES = 120_000
EMPTY = b"truncate sla.clock, kpi.breach_cause, kpi.breach_withdrawn"
KEYS = {f"kpi_{kpi.key}": kpi for kpi in service_levels.KPIS}
NAMES = tuple(KEYS)


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the selected figures; the facts of the incidents are there."""
    if not many.run.is_wanted(*NAMES):
        return []
    clocks = await fill(many)
    begin = (many.now - timedelta(days=DAYS)).date().isoformat()
    figures = []
    for name, kpi in KEYS.items():
        if many.run.is_wanted(name):
            asked = kpis.question(many, QuestionParameters(begin=begin, by=("priority",)), kpi)
            took = await kpis.milliseconds(many, asked)
            what = f"{kpi.key} by month and priority, {clocks:,} clocks"
            needed = Threshold(400, 100, " ms", at_most=True)
            figures.append(Figure(name, what, f"{number(took)} ms", took, needed))
    await many.owner.execute(EMPTY)
    return figures


async def fill(many: LargeSite, cases: int = CASES, every: int = 1) -> int:
    """Writes the clocks of one in `every` incidents, of the newest ones up to so many `cases`. Returns how
    many there are.
    """
    many.run.announce("Making clocks")
    parameters = {"agreement": uuid7(), "cases": cases, "every": every}
    cursor = AsyncClientCursor(many.owner)  # several statements take no server-side parameters
    await cursor.execute(SQL.read_text(encoding="utf-8"), parameters)
    # As the database does by itself with rows that stay as they are.
    await many.owner.execute(b"vacuum analyze sla.clock, kpi.breach_cause, kpi.breach_withdrawn")
    row = await (await many.owner.execute(b"select count(*) from sla.clock")).fetchone()
    assert row is not None
    return int(row[0])
