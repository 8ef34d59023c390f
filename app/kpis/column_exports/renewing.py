"""Exports of facts by a worker: when many cases have changed since the last one, and once a day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.kpis.column_exports.exporting import export_facts
from app.kpis.columns import manifest as manifests
from app.kpis.columns.manifest import ExportDamaged, Manifest
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.noting.changed_cases import CHANGED_NUMBER
from app.platform.db import Connection, fetch_tuples
from app.platform.shared_connections import SharedConnections

logger = structlog.get_logger()

NAME = "export_facts"
POLL_SECONDS = 60.0
#: An older export is written again if anything has changed.
LONGEST_AGE = timedelta(days=1)
LOCK = "kpi.column_exports"


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Export all facts whenever that is due; safe next to other workers. `failed` is called with failures."""
    folder = ledger.settings.columns_dir
    if folder is None:
        return

    async def work(connection: Connection) -> bool:
        async with polling.locked(connection, LOCK) as free:
            if not free or not await is_due(connection, folder, ledger.settings.columns_after, clock()):
                return False
            manifest = await export_facts(ledger.db.url, folder, clock(), noted=True)
            logger.info("facts are exported", position=manifest.position, seconds=manifest.seconds)
            return False

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def is_due(connection: Connection, folder: Path, most_changed: int, now: datetime) -> bool:
    """Return whether there is no export to answer from, or it is old, or many cases have changed since."""
    try:
        manifest = await asyncio.to_thread(manifests.read, folder)
    except ExportDamaged:
        return True
    changed = None if manifest is None else await changed_since(connection, manifest)
    if manifest is None or changed is None or manifest.shape != FACTS.shape:
        return True
    return changed >= most_changed or (changed > 0 and now - manifest.made_at >= LONGEST_AGE)


async def changed_since(connection: Connection, manifest: Manifest) -> int | None:
    """Return the number of cases changed since the export; None if it is unknown."""
    asked_of = {"exported": manifest.position, "noting": manifest.noting, "consumer": FACTS.name}
    rows = await fetch_tuples(connection, CHANGED_NUMBER, asked_of)
    return rows[0][0] if rows else None
