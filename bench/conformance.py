"""Benchmark of how processes ran: variants, the graph and the summary of a month of a million cases, whose
facts are filled in as the consumer would have written them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from psycopg import AsyncClientCursor

from app.conformance.answers.fitting import yardstick_of
from app.conformance.answers.graph import graph
from app.conformance.answers.links import CaseLinks
from app.conformance.answers.summary import summary
from app.conformance.answers.variants import variants
from app.conformance.facts.consumer import TABLE_NAMES
from app.conformance.parameters import ConformanceStepQuery
from app.conformance.questions import ConformanceQuestion, parse, snapshot
from app.platform.db import Connection, Database, connect
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from app.processes.incidents.lifecycle import LIFECYCLE
from bench.figures import Figure, Run, Threshold, number
from bench.site import made_token, site

NAMES = VARIANTS, GRAPH, ALL_GRAPH, OF_TEAM, SUMMARY = (
    "conformance_variants",
    "conformance_graph",
    "conformance_graph_all",
    "conformance_team",
    "conformance_summary",
)
SQL = Path(__file__).with_name("conformance.sql")
MANY, QUICK_MANY = 1_000_000, 80_000
#: As many cases as a large desk has in a month.
A_MONTH = 80_000
CASES_AT_ONCE = 40_000
REPETITIONS = 5
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=30)


async def measure(run: Run) -> list[Figure]:
    """Measures the selected figures on a site of its own."""
    run.announce("Making an installation")
    with site() as installation, embedded_server(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        db = Database(installation.url, 1)
        await db.open()
        try:
            count = QUICK_MANY if run.quick else MANY
            await fill(run, owner, count)
            return await _figures(run, db, count)
        finally:
            await db.close()
            await owner.close()


async def fill(run: Run, owner: Connection, count: int) -> None:
    """Writes the facts of so many cases, A_MONTH a month."""
    run.announce("Making facts of cases")
    cursor = AsyncClientCursor(owner)  # several statements take no server-side parameters
    for first in range(0, count, CASES_AT_ONCE):
        begins = BEGIN + MONTH * (first / A_MONTH)
        parameters = {
            "first": first,
            "last": first + CASES_AT_ONCE - 1,
            "begins": begins,
            "ends": begins + MONTH * (CASES_AT_ONCE / A_MONTH),
        }
        async with owner.transaction():
            await cursor.execute(SQL.read_text(encoding="utf-8"), parameters)
    await owner.execute(f"vacuum analyze {', '.join(TABLE_NAMES)}".encode())


async def _figures(run: Run, db: Database, count: int) -> list[Figure]:
    begin = BEGIN + MONTH * (count // A_MONTH // 2)
    time_asked = {"from": begin.isoformat(), "to": (begin + MONTH).isoformat(), "tz": "UTC"}
    links = CaseLinks("incident", {})

    async def list_variants(connection: Connection, question: ConformanceQuestion) -> object:
        yardstick = await yardstick_of(connection, question)
        return await variants(connection, question, yardstick, links, "en", limit=50)

    async def draw(connection: Connection, question: ConformanceQuestion) -> object:
        return await graph(connection, question, links, "en")

    async def sum_up(connection: Connection, question: ConformanceQuestion) -> object:
        return await summary(connection, question, await yardstick_of(connection, question), links, "en")

    questions: dict[str, tuple[str, dict[str, str], Callable[..., Awaitable[object]], bool]] = {
        VARIANTS: ("variants of a month", {}, list_variants, True),
        GRAPH: ("directly-follows graph of a month", {}, draw, True),
        ALL_GRAPH: ("graph of a month, all events", {"steps": "all"}, draw, False),
        OF_TEAM: ("variants of a month of one service", {"service": "service-3"}, list_variants, True),
        SUMMARY: ("summary of a month", {}, sum_up, False),
    }
    figures = []
    for name, (called, filters, ask, required) in questions.items():
        if run.is_wanted(name):
            took = await _milliseconds(db, time_asked | filters, ask)
            needed = Threshold(2000, 1000, " ms", at_most=True) if required else None
            title = f"{called}, {A_MONTH:,} of {count:,} cases"
            figures.append(Figure(name, title, f"{number(took)} ms", took, needed))
    return figures


async def _milliseconds(
    db: Database, parameters: dict[str, str], ask: Callable[..., Awaitable[object]]
) -> float:
    query, times = ConformanceStepQuery.model_validate(parameters), []
    for _ in range(REPETITIONS):
        async with snapshot(db) as connection:
            question = await parse(connection, LIFECYCLE, query, datetime.now(UTC), "UTC")
            began = time.perf_counter()
            await ask(connection, question)
            times.append(1000 * (time.perf_counter() - began))
    return median(times)
