"""The facts of conformance compared with the log, for `ledgerdesk reconcile` and its nightly run, and
recomputed for `ledgerdesk rebuild`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.conformance.facts.consumer import consumer
from app.conformance.questions import BEGIN_SNAPSHOT, facts_position
from app.conformance.raw.definitions import FactDifference, compared_rows, differences
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import LIMITS, FigureDifference, ReconciliationReport
from app.log.follow import FOLLOW_LIMITS, Consumer, catch_up, reset
from app.platform.db import connect

#: In the place of a KPI's key: how cases went.
CONFORMANCE = "conformance"


async def compare_cases(url: str, lifecycles: Iterable[Lifecycle[Any]], report: ReconciliationReport) -> None:
    """Compare the course of each case in the facts with the log, as of the position that the facts have
    reached, and report the differences. Raises DatabaseGone.
    """
    compared, differing = await _differing(url, list(lifecycles))
    report.compared += compared
    for difference in differing:
        fast, raw = (
            f"otherwise in {rows} rows" for rows in (difference.rows_of_facts, difference.rows_of_log)
        )
        by: dict[str, str | None] = {"kind": difference.kind}
        report.add(
            FigureDifference(CONFORMANCE, None, None, by, difference.table, fast, raw, difference.cases)
        )


async def rebuild_cases(url: str, lifecycles: Iterable[Lifecycle[Any]]) -> list[str]:
    """Follow the log to its end, and recompute all facts if one differs. Return the names of the tables of
    facts that differed, with the kind of cases: `process_step/incident`. Raises DatabaseGone.
    """
    kinds = list(lifecycles)
    follower = consumer(kinds)
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, follower)
        _, differing = await _differing(url, kinds)
        if differing:
            await reset(connection, follower)
            await catch_up(connection, follower)
    finally:
        await connection.close()
    return [f"{difference.table}/{difference.kind}" for difference in differing]


def followers_with_facts(lifecycles: Iterable[Lifecycle[Any]]) -> tuple[Consumer, ...]:
    """Return the consumers that keep facts: those of the KPIs, and of how cases went."""
    return FACTS, consumer(list(lifecycles))


async def _differing(url: str, lifecycles: list[Lifecycle[Any]]) -> tuple[int, list[FactDifference]]:
    """Return how many rows of facts were compared, and the differences, all in one snapshot."""
    connection = await connect(url, LIMITS)
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(BEGIN_SNAPSHOT.encode())
            position, _ = await facts_position(connection)
            differing = await differences(connection, lifecycles, position)
            return await compared_rows(connection), differing
    finally:
        await connection.close()
