"""Makes the demo organisation as `ledgerdesk demo` does, with a history of fewer days."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from app.conformance.facts import consumer as conformance
from app.demo.history import make_history
from app.demo.script import RefusedStep
from app.demo.scripts.governance.year import make_governance
from app.demo.scripts.improvement_scripts import make_improvements
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.extent import WHOLE

#: Enough for the baseline of the first improvement.
EFFECT_DAYS = 250
#: Each day takes long to make. Figures of months and effects are tested in `make test-all`, with all days.
DEMO_DAYS = EFFECT_DAYS if WHOLE else 60


async def make_demo(ledger: Ledger, days: int = DEMO_DAYS) -> list[RefusedStep]:
    """Make what is missing of the history of the last days, its facts, improvements and governance. Return
    the steps of the history that were refused.
    """
    refused: list[RefusedStep] = []
    persons = await make_history(ledger, lambda done, total: None, days=days, refused=refused)
    async with following(ledger.db.url) as follow:
        await follow()
        await make_improvements(ledger, persons, follow)
        await make_governance(ledger, persons, follow)
        await follow()
    return refused


@contextlib.asynccontextmanager
async def following(url: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A function that brings the facts of that database up to date, until the block ends."""
    async with await connect(url, FOLLOW_LIMITS) as connection:

        async def follow() -> None:
            for consumer in (FACTS, conformance.consumer(LIFECYCLES)):
                await catch_up(connection, consumer)

        yield follow
