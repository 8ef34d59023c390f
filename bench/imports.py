"""What an import costs: a file such as ServiceNow exports, until its KPIs can be asked for."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.db import connect
from app.embedded import running
from app.exchange.load import Progress, load
from app.exchange.readers.servicenow import ServiceNow
from app.kpis.facts import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from bench.cases import ledger_of
from bench.figures import Figure, Needed, Run, number
from bench.site import made_token, site

NAMES = ("import",)
(IMPORT,) = NAMES
SEED = 20261120
CASES, QUICK_CASES = 30_000, 3_000
# On the mean five rows per case.
STATES = ("New", "Active", "Awaiting User Info", "Active", "Resolved", "Closed")
LEAVES_OUT = 0.17
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
    """The audit of so many cases, the same each time; they were opened in the year before `end`.

    As in real ones the rows of a case stand together.
    """
    chance = random.Random(SEED)  # noqa: S311  # for accidents, not for secrets
    for n in range(cases):
        opened = now = end - timedelta(days=365) * (1 - n / cases) - timedelta(days=30)
        fixed = [f"Caller {chance.randrange(3000)}", f"Opened by {chance.randrange(100)}", _text(opened)]
        kind = ["Phone", f"Category {chance.randrange(40)}", f"Symptom {chance.randrange(300)}"]
        level = chance.randrange(4)
        levels = ["2 - Medium", f"{1 + level % 3} - High", PRIORITIES[level]]
        states = [state for state in STATES if chance.random() > LEAVES_OUT] or ["New"]
        for changes, state in enumerate(states):
            now += timedelta(minutes=chance.randrange(1, 600))
            changed = [f"Updated by {chance.randrange(200)}", _text(now)]
            group = [f"Group {chance.randrange(50)}", f"Resolver {chance.randrange(200)}"]
            texts = ["Mail does not arrive", _text(now) if state == "Closed" else "?"]
            yield [f"INC{n:07}", state, str(changes), *fixed, *changed, *kind, *levels, *group, *texts]


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def write(path: Path, cases: int, end: datetime) -> int:
    """Writes the file. Gives its number of rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        told = list(rows(cases, end))
        writer.writerows(told)
    return len(told)


async def measure(run: Run) -> list[Figure]:
    """Imports the file, and then makes the facts of it."""
    run.say("Making an installation to import into")
    with site() as installation, running(installation.data):
        made_token(installation)
        now = datetime.now(UTC)
        path = installation.folder / "audit.csv"
        count = write(path, QUICK_CASES if run.quick else CASES, now)
        task = run.progress.add_task(f"Importing {count:,} rows", total=count)

        def told(progress: Progress) -> None:
            run.progress.update(task, completed=progress.rows)

        async with ledger_of(installation) as ledger:
            report = await load(
                ledger, path, ServiceNow("UTC", now), source="servicenow", now=now, progress=told
            )
        assert report.applied == count, f"{report.applied} of {count} rows were applied"
        run.progress.remove_task(task)
        began = time.perf_counter()
        follower = await connect(installation.url, FOLLOW_LIMITS)
        await catch_up(follower, FACTS)
        await follower.close()
        facts_seconds = time.perf_counter() - began
    seconds = report.seconds + facts_seconds
    rate = report.events / seconds
    parts = f"log {report.seconds:.1f} s, facts {facts_seconds:.1f} s"
    what = f"import of {count:,} rows to KPI-ready ({parts}), events"
    return [Figure(IMPORT, what, f"{number(rate)}/s", rate, Needed(20_000, 100_000, "/s"))]
