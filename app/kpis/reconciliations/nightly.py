"""The daily reconciliation of all KPIs by a worker, at a quiet hour of the organisation.

Among several workers, the holder of an advisory lock makes it; the lock is released when its connection ends.
If two workers make it nevertheless, the log accepts one per day. A worker that starts hours late leaves it to
the next night, since it keeps a processor of the database busy for minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.common.people import rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling as rounds
from app.kernel.consumers.rules import ROUTE, Clock
from app.kernel.ledger import Ledger
from app.kpis.reconcile import ReconciliationReport, reconcile
from app.kpis.reconciliations.lifecycle import LIFECYCLE, MOST_DIFFERING, MakeReconciliation
from app.log.writer import DuplicateCommand
from app.platform.db import Connection, fetch_value
from app.platform.shared_connections import SharedConnections

#: The actor's name in the log.
NAME = "reconcile"
POLL_SECONDS = 30.0
#: The longest delay after the configured time at which a reconciliation may still begin.
LATEST = timedelta(hours=3)
#: The lock of the one worker that does it.
LOCK = "kpi.reconciliation"
#: Compares what is no KPI, by the address of the database, and adds to the report.
FurtherComparison = Callable[[str, ReconciliationReport], Awaitable[None]]
SELECT_MADE = "select 1 from fold.reconciliation where day = %s"


async def run(
    connections: SharedConnections,
    ledger: Ledger,
    clock: Clock,
    *,
    failed: Callable[[str, Exception], None],
    further: FurtherComparison | None = None,
) -> None:
    """Make the reconciliation every night; safe next to other workers. `failed` is called for each failure;
    `further` compares what is no KPI.
    """

    async def work(connection: Connection) -> bool:
        return await reconcile_if_due(connection, ledger, clock, further)

    if ledger.settings.reconcile_time is not None:
        await rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def reconcile_if_due(
    connection: Connection, ledger: Ledger, clock: Clock, further: FurtherComparison | None = None
) -> bool:
    """Make the reconciliation if it is due and no other worker makes it. Return whether it was made.

    Raises DatabaseGone; the reconciliation is still due then.
    """
    began, zone = clock(), ZoneInfo(ledger.settings.time_zone)
    day = due(began, ledger.settings.reconcile_time, zone)
    if day is None or await fetch_value(connection, SELECT_MADE, day.isoformat()):
        return False
    async with rounds.locked(connection, LOCK) as free:
        # The previous holder of the lock may just have made it.
        if not free or await fetch_value(connection, SELECT_MADE, day.isoformat()):
            return False
        async with asyncio.timeout(LATEST.total_seconds()):
            currency = ledger.settings.currency
            report = await reconcile(
                ledger.db.url, zone=zone, now=began, currency=currency, columns=ledger.settings.columns_dir
            )
            if further is not None:
                await further(ledger.db.url, report)
        return await record_reconciliation(ledger, report, day, began, clock())


def due(now: datetime, time_of_day: time | None, zone: ZoneInfo) -> date | None:
    """Return the day whose reconciliation is due now, or None. `time_of_day` is in the zone."""
    if time_of_day is None:
        return None
    today = now.astimezone(zone).date()
    for day in (today, today - timedelta(days=1)):
        if timedelta(0) <= now - datetime.combine(day, time_of_day, zone) < LATEST:
            return day
    return None


async def record_reconciliation(
    ledger: Ledger, report: ReconciliationReport, day: date, began: datetime, now: datetime
) -> bool:
    """Append the result to the log. Return False if the day already has one."""
    differing = dict.fromkeys(f"{difference.key}/{difference.figure}" for difference in report.differences)
    body = MakeReconciliation(
        day=day.isoformat(),
        zone=ledger.settings.time_zone,
        position=report.position,
        compared=report.compared,
        differences=report.difference_count,
        differing=tuple(differing)[:MOST_DIFFERING],
        seconds=round((now - began).total_seconds()),
    )
    caller = rule_caller(NAME)
    reference = f"{caller.actor}:{day.isoformat()}"
    context = CommandMetadata(caller, now, reference, source="rule", source_ref=reference)
    key = IdempotencyKey(ROUTE, reference, "")
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE["make"], None, body, context, key=key))
    except DuplicateCommand:
        return False
    return True
