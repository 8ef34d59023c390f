"""Benchmarks on a site with a hundred thousand incidents, and then with a million."""

from __future__ import annotations

from datetime import UTC, datetime

from app.platform.db import connect
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from bench import clock_kpis, effects, every_kpi, kpis, reading, requests_and_problems, search, timers
from bench.cases import LargeSite, add_organisation, ledger_of, make_cases
from bench.figures import Figure, Run
from bench.site import made_token, site

NAMES = (
    *reading.NAMES,
    reading.GROWTH,
    *timers.NAMES,
    *kpis.NAMES,
    *clock_kpis.NAMES,
    *requests_and_problems.NAMES,
    *every_kpi.NAMES,
    *effects.NAMES,
    *search.NAMES,
)
TIMES = 10
MANY, QUICK_MANY = 1_000_000, 50_000


async def measure(run: Run) -> list[Figure]:
    """Measures the selected figures of reading, timers, KPIs and searching."""
    figures: list[Figure] = []
    run.announce("Making an installation with many incidents")
    with site() as installation, embedded_server(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        try:
            many = LargeSite(run, installation, owner, datetime.now(UTC))
            async with ledger_of(installation) as ledger:
                await add_organisation(ledger, owner)
            count = QUICK_MANY if run.quick else MANY
            await make_cases(many, count // TIMES)
            few = await reading.common_figures(many) if run.is_wanted(reading.GROWTH) else []
            if run.is_wanted(*timers.NAMES):
                figures += await timers.measure(many)
            of_facts = (
                *(*kpis.NAMES, *clock_kpis.NAMES, *requests_and_problems.NAMES),
                *(*every_kpi.NAMES, *effects.NAMES),
            )
            if run.is_wanted(*reading.NAMES, reading.GROWTH, *of_facts, *search.NAMES):
                await make_cases(many, count)
            # Some KPIs of problems need the facts of incidents.
            if run.is_wanted(*of_facts):
                figures += await kpis.measure(many)
                figures += await clock_kpis.measure(many)
            if run.is_wanted(*requests_and_problems.NAMES):
                figures += await requests_and_problems.measure(many)
            figures += await every_kpi.measure(many)
            figures += await effects.measure(many)
            if run.is_wanted(*search.NAMES, *reading.NAMES, reading.GROWTH):
                figures += await search.measure(many)
            if run.is_wanted(*reading.NAMES, reading.GROWTH):
                read = await reading.measure(many)
                figures += read + reading.growth(few, read[: len(few)], TIMES)
        finally:
            await owner.close()
    return figures
