"""Exports of heads, and the worker's loop that seals and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.platform.db import Connection, fetch_value
from app.platform.outward import OutwardPolicy, outward_client
from app.platform.settings import Settings
from app.platform.shared_connections import SharedConnections
from app.sealing import store
from app.sealing.seal import seal
from app.sealing.signed_heads import SignedHead
from app.sealing.targets import ExportFailed, HeadTarget, configured_targets

NAME = "sealing"
#: So often it is looked whether it is time to seal, or an export is to be tried again.
POLL_SECONDS = 30.0
IS_EXPORTED = "select 1 from log.seal_export where target = %s and number = %s"
ADD_EXPORT = """
insert into log.seal_export (target, number, size, exported_at, receipt) values (%s, %s, %s, %s, %s)
on conflict do nothing"""
LAST_SEALED_AT = "select sealed_at from log.sealed_head order by number desc limit 1"


async def export_head(
    connection: Connection, signed: SignedHead, targets: Iterable[HeadTarget], now: datetime
) -> dict[str, str]:
    """Export the head to each target that has not got it. Return why it failed, by target."""
    failures: dict[str, str] = {}
    head = signed.head
    for target in targets:
        if await fetch_value(connection, IS_EXPORTED, target.name, head.number) is not None:
            continue
        try:
            receipt = await target.export_head(signed, now)
        except ExportFailed as error:
            failures[target.name] = str(error)
            continue
        columns = (target.name, head.number, head.size, now, receipt)
        await connection.execute(ADD_EXPORT.encode(), columns)
    return failures


async def seal_and_export(
    connection: Connection, secrets_dir: Path, settings: Settings, clock: Clock
) -> None:
    """Seal if it is time to, and export the newest head. Raises SealRefused, SigningKeyError, SettingsError,
    ExportFailed.
    """
    now, last = clock(), await fetch_value(connection, LAST_SEALED_AT)
    if last is None or now - last >= timedelta(seconds=settings.seal_seconds):
        await seal(connection, secrets_dir, clock)
    newest = await store.newest_head(connection)
    if newest is None:
        return
    async with outward_client(OutwardPolicy.from_settings(settings)) as client:
        failures = await export_head(connection, newest, configured_targets(settings, client), now)
    if failures:
        raise ExportFailed(" ".join(failures.values()))


async def run(
    lines: SharedConnections,
    ledger: Ledger,
    secrets_dir: Path,
    clock: Clock,
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Seal and export for ever, one worker at a time. `failed` is called with each failure."""

    async def work(connection: Connection) -> bool:
        async with polling.locked(connection, NAME) as is_free:
            if is_free:
                await seal_and_export(connection, secrets_dir, ledger.settings, clock)
        return False

    if ledger.settings.seal_seconds:
        every = min(POLL_SECONDS, float(ledger.settings.seal_seconds))
        await polling.run(NAME, lines, work, every=every, failed=failed)
