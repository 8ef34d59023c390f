"""A site with a hundred thousand incidents, and then with a million."""

from __future__ import annotations

from datetime import UTC, datetime

from app.db import connect
from app.embedded import running
from app.installation import DATABASE, SUPERUSER
from bench import kpis, others, reading, search, timers
from bench.cases import Many, add_organisation, ledger_of, make_cases
from bench.figures import Figure, Run
from bench.site import made_token, site

NAMES = (*reading.NAMES, reading.GROWTH, *timers.NAMES, *kpis.NAMES, *others.NAMES, *search.NAMES)
TIMES = 10
MANY, QUICK_MANY = 1_000_000, 50_000


async def measure(run: Run) -> list[Figure]:
    """The figures of reading, timers, KPIs and searching that are asked for."""
    figures: list[Figure] = []
    run.say("Making an installation with many incidents")
    with site() as installation, running(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        try:
            many = Many(run, installation, owner, datetime.now(UTC))
            async with ledger_of(installation) as ledger:
                await add_organisation(ledger, owner)
            count = QUICK_MANY if run.quick else MANY
            await make_cases(many, count // TIMES)
            few = await reading.alike(many) if run.wants(reading.GROWTH) else []
            if run.wants(*timers.NAMES):
                figures += await timers.measure(many)
            if run.wants(*reading.NAMES, reading.GROWTH, *kpis.NAMES, *others.NAMES, *search.NAMES):
                await make_cases(many, count)
            # Some KPIs of problems are about the facts of incidents.
            if run.wants(*kpis.NAMES, *others.NAMES):
                figures += await kpis.measure(many)
            if run.wants(*others.NAMES):
                figures += await others.measure(many)
            if run.wants(*search.NAMES, *reading.NAMES, reading.GROWTH):
                figures += await search.measure(many)
            if run.wants(*reading.NAMES, reading.GROWTH):
                read = await reading.measure(many)
                figures += read + reading.growth(few, read[: len(few)], TIMES)
        finally:
            await owner.close()
    return figures
