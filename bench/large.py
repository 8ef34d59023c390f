"""A site with many incidents: a hundred thousand to read from, a million to count."""

from __future__ import annotations

from datetime import UTC, datetime

from app.db import connect
from app.embedded import running
from app.installation import DATABASE, SUPERUSER
from bench import kpis, reading, search, timers
from bench.cases import Many, add_organisation, ledger_of, make_cases
from bench.figures import Figure, Run
from bench.site import made_token, site

NAMES = (*reading.NAMES, *timers.NAMES, *kpis.NAMES, *search.NAMES)
READ, QUICK_READ = 100_000, 20_000
COUNTED, QUICK_COUNTED = 1_000_000, 50_000


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
            if run.wants(*reading.NAMES, *timers.NAMES):
                await make_cases(many, QUICK_READ if run.quick else READ)
            if run.wants(*reading.NAMES):
                figures += await reading.measure(many)
            if run.wants(*timers.NAMES):
                figures += await timers.measure(many)
            if run.wants(*kpis.NAMES, *search.NAMES):
                await make_cases(many, QUICK_COUNTED if run.quick else COUNTED)
            if run.wants(*kpis.NAMES):
                figures += await kpis.measure(many)
            if run.wants(*search.NAMES):
                figures += await search.measure(many)
        finally:
            await owner.close()
    return figures
