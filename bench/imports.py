"""Benchmark of an import, of a file such as ServiceNow exports, until its KPIs are ready; and of a rebuild,
which folds all events into the tables again, compares these with the existing ones, and makes all facts anew.

A worker makes the facts during the import, as in production. If the files of real histories are present, one
of them is imported, too.
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.exchange.load import LoadProgress, load
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.report import ImportReport
from app.kernel.histories.rebuild import compare
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up, reset
from app.platform import loop
from app.platform.db import Connection, connect
from app.platform.embedded import embedded_server
from app.platform.settings import PROJECT
from app.registry import LIFECYCLES
from bench import bare, floor
from bench.cases import ledger_of
from bench.figures import Figure, Run, Threshold
from bench.site import Site, made_token, site

NAMES = ("import", "rebuild")
IMPORT, REBUILD = NAMES
# The session settings of `ledgerdesk rebuild`.
FOLD_LIMITS = "-c jit=off -c timezone=UTC -c work_mem=256MB"
REAL = "uci_incident_event_log.csv.gz"
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02
SELECT_POSITIONS = b"""
select position, coalesce((select position from log.checkpoint where consumer = %s), 0) from log.head"""
SEED = 20261120
CASES, QUICK_CASES = 30_000, 3_000
# A case has five rows on average.
STATES = ("New", "Active", "Awaiting User Info", "Active", "Resolved", "Closed")
SKIP_PROBABILITY = 0.17
# Probabilities for each row, about as in a published log, in which half of the cases change their group once.
CHANGES_GROUP, CHANGES_RESOLVER = 0.12, 0.3
HEADING = (
    *("number", "incident_state", "sys_mod_count"),
    *("caller_id", "opened_by", "opened_at"),
    *("sys_updated_by", "sys_updated_at"),
    *("contact_type", "category", "u_symptom"),
    *("impact", "urgency", "priority"),
    *("assignment_group", "assigned_to"),
    *("short_description", "closed_at"),
)
PRIORITIES = ("1 - Critical", "2 - High", "3 - Moderate", "4 - Low")


def rows(cases: int, end: datetime) -> Iterator[list[str]]:
    """Yields the audit of so many cases, the same each time; they were opened in the year before `end`.

    The rows of a case stand together, as in real audits.
    """
    chance = random.Random(SEED)  # noqa: S311  # for accidents, not for secrets
    for n in range(cases):
        opened = now = end - timedelta(days=365) * (1 - n / cases) - timedelta(days=30)
        fixed = [f"Caller {chance.randrange(3000)}", f"Opened by {chance.randrange(100)}", _text(opened)]
        kind = ["Phone", f"Category {chance.randrange(40)}", f"Symptom {chance.randrange(300)}"]
        level = chance.randrange(4)
        levels = ["2 - Medium", f"{1 + level % 3} - High", PRIORITIES[level]]
        states = [state for state in STATES if chance.random() > SKIP_PROBABILITY] or ["New"]
        group, resolver = chance.randrange(50), chance.randrange(200)
        for changes, state in enumerate(states):
            now += timedelta(minutes=chance.randrange(1, 600))
            changed = [f"Updated by {chance.randrange(200)}", _text(now)]
            group = chance.randrange(50) if chance.random() < CHANGES_GROUP else group
            resolver = chance.randrange(200) if chance.random() < CHANGES_RESOLVER else resolver
            names = [f"Group {group}", f"Resolver {resolver}"]
            texts = ["Mail does not arrive", _text(now) if state == "Closed" else "?"]
            yield [f"INC{n:07}", state, str(changes), *fixed, *changed, *kind, *levels, *names, *texts]


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def write(path: Path, cases: int, end: datetime) -> int:
    """Writes the file. Returns its number of rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        told = list(rows(cases, end))
        writer.writerows(told)
    return len(told)


async def measure(run: Run) -> list[Figure]:
    """Measures the import and rebuild of a generated file, and of the real history if it is present."""
    figures = await _measure_generated_file(run)
    real = Path(os.environ.get("LEDGERDESK_TEST_DATA") or PROJECT.parent / "shared" / "data") / REAL
    if real.exists() and not run.quick:
        with site() as installation, embedded_server(installation.data):
            figures += await _measure_file(run, installation, real, "a published log")
    return figures


async def _measure_generated_file(run: Run) -> list[Figure]:
    with site() as installation, embedded_server(installation.data):
        path = installation.folder / "audit.csv"
        count = write(path, QUICK_CASES if run.quick else CASES, datetime.now(UTC))
        return await _measure_file(run, installation, path, f"{count:,} rows")


async def _measure_file(run: Run, installation: Site, path: Path, what: str) -> list[Figure]:
    made_token(installation)
    before_it = await _floors(run, installation)
    installation.work()
    events, rate = await _imported(run, installation, path, what)
    # The worker also makes the search index, for instance, which would disturb the measurement of the floor.
    installation.kill("worker")
    after_it = await _floors(run, installation)
    said = f"import of {what} to KPI-ready, {events:,} events"
    figures = _rated(IMPORT, said, rate, (before_it, after_it), Threshold(20_000, 100_000))
    if run.is_wanted(REBUILD):
        events, rate = await _rebuilt(installation)
        said = f"rebuild of tables and facts of {what}, {events:,} events"
        floors = after_it, await _floors(run, installation)
        figures += _rated(REBUILD, said, rate, floors, Threshold(50_000, 200_000))
    return figures


#: Bare requests per second of CPU, and b4 per second.
_Floors = tuple[float, float]


async def _floors(run: Run, installation: Site) -> _Floors:
    return await bare.per_second_of_cpu(run.seconds), await floor.per_second(installation, run.seconds)


def _rated(
    name: str, what: str, rate: float, floors: tuple[_Floors, _Floors], needed: Threshold
) -> list[Figure]:
    """Returns two rows: the ratio to bare requests, which is judged, and the ratio to b4, for information
    (decision 0070).
    """
    requests, b4 = zip(*floors, strict=True)
    return [
        floor.rated(name, f"{what} / bare requests by the CPU", rate, requests, needed, bare.OF_REFERENCE),
        floor.rated(name, "the same / b4", rate, b4),
    ]


async def _imported(run: Run, installation: Site, path: Path, what: str) -> tuple[int, float]:
    """Imports the file. Returns the number of events, and their rate per second until the facts were made."""
    observer = await connect(installation.url)
    before = await _ready(observer)
    task = run.progress.add_task(f"Importing {what}", total=1)

    def show_progress(progress: LoadProgress) -> None:
        run.progress.update(task, completed=progress.done, total=progress.size)

    began, now = time.perf_counter(), datetime.now(UTC)

    async def run_import() -> ImportReport:
        async with ledger_of(installation) as ledger:
            return await load(
                ledger, path, ServiceNow("UTC", now), source="servicenow", now=now, progress=show_progress
            )

    # On the event loop that the command line uses.
    report = await asyncio.to_thread(loop.run, run_import())
    assert report.applied == report.read, f"{report.applied} of {report.read} rows were applied"
    events = await _ready(observer) - before
    rate = events / (time.perf_counter() - began)
    await observer.close()
    run.progress.remove_task(task)
    return events, rate


async def _rebuilt(installation: Site) -> tuple[int, float]:
    """Folds all events into temporary rows and makes all facts anew, concurrently. Returns the number of
    events and their rate per second.
    """
    folding = await connect(installation.url, FOLD_LIMITS)
    following = await connect(installation.url, FOLLOW_LIMITS)
    await reset(following, FACTS)
    began = time.perf_counter()
    compared, taken = await asyncio.gather(compare(folding, LIFECYCLES), catch_up(following, FACTS))
    rate = taken / (time.perf_counter() - began)
    assert not compared.differing, f"rows differ: {compared.differing}"
    assert compared.events == taken, f"{taken} events of {compared.events} became facts"
    await folding.close()
    await following.close()
    return taken, rate


async def _ready(observer: Connection) -> int:
    """Waits until the facts have followed the log. Returns the log's last position."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            row = await (await observer.execute(SELECT_POSITIONS, (FACTS.name,))).fetchone()
            assert row is not None
            if row[0] == row[1]:
                return int(row[0])
            await asyncio.sleep(POLL_SECONDS)
