"""Examinations of the service's work: its schema, readiness, consumers, timers, mails and deliveries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from app.api.service.integration_gauges import SUBSCRIPTIONS
from app.api.service.readiness import missing_parts
from app.attention.rules.integrations import UNSENT_MAILS
from app.cli.doctor.duties import examine_duties
from app.cli.doctor.evidence import examine_evidence
from app.cli.doctor.findings import CheckOutcome, ReachedDatabase, failure, success, warning
from app.cli.doctor.seals import examine_seals
from app.kernel.access import vault
from app.kernel.consumers import timers
from app.kpis.column_exports.renewing import changed_since
from app.kpis.columns import manifest as manifests
from app.kpis.columns.manifest import ExportDamaged
from app.log import read
from app.notifications.unsent import since
from app.platform import schema
from app.platform.db import Database

#: As the alerts of deploy/prometheus have it.
BEHIND_SECONDS, STUCK_SECONDS = 300.0, 3600.0
LEAST_PARTITIONS = 2
#: A worker exports facts once a day.
STALE_HOURS = 48
FAILED_DELIVERIES = "select count(*) from plumbing.webhook_delivery where state = 'failed'"
PARTITIONS = """
select max(substring(c.relname from 'event_([0-9]+)')::bigint) - (select position / 10000000 from log.head)
from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'log.event'::regclass"""


async def examine_schema(reached: ReachedDatabase) -> CheckOutcome:
    """Compare the schema of the database with the one that this program needs."""
    present, needed = schema.current(reached.db.url), schema.newest()
    words = {"present": present or "–", "needed": needed}
    if present is None:
        return failure("schema_empty", **words)
    if present < needed:
        return failure("schema_older", **words)
    if present > needed and schema.only_adds_since(reached.db.url):
        return success("schema_ahead", **words)
    if present > needed:
        return failure("schema_newer", **words)
    return success("schema_ok", **words)


async def examine_work(reached: ReachedDatabase, now: datetime) -> AsyncIterator[CheckOutcome]:
    """Examine the work of a service whose schema fits."""
    missing = await missing_parts(reached.db)
    yield failure("writes_missing", missing=", ".join(missing)) if missing else success("writes_ok")
    key = await _key(reached.db, reached.setup.secrets_dir)
    if key is not None:
        yield key
    async for outcome in _lags(reached.db):
        yield outcome
    yield _timers(await timers.overdue(reached.db, now))
    yield await _partitions(reached.db)
    async for outcome in examine_seals(reached, now):
        yield outcome
    mails = await reached.db.row(UNSENT_MAILS, since(now))
    unsent = mails["mails"] if mails else 0
    yield warning("mails_unsent", number=unsent) if unsent else success("mails_ok")
    failed = await reached.db.value(FAILED_DELIVERIES)
    yield warning("incoming_failed", number=failed) if failed else success("incoming_ok")
    yield await _outgoing(reached.db)
    yield await examine_duties(reached.db)
    yield await examine_evidence(reached.db)
    if reached.setup.settings.columns_dir is not None:
        yield await _columns(reached.db, reached.setup.settings.columns_dir, now)


async def _columns(db: Database, folder: Path, now: datetime) -> CheckOutcome:
    """Tell how old the exported facts are, and whether they are answered from."""
    try:
        manifest = await asyncio.to_thread(manifests.read, folder)
    except ExportDamaged as error:
        return warning("columns_damaged", folder=folder, why=error)
    if manifest is None:
        return warning("columns_missing", folder=folder)
    async with db.connection() as connection:
        changed = await changed_since(connection, manifest)
    hours = round((now - manifest.made_at).total_seconds() / 3600)
    if changed is None or hours > STALE_HOURS:
        return warning("columns_old", folder=folder, hours=hours)
    return success("columns_ok", hours=hours, changed=changed)


async def _key(db: Database, secrets_dir: Path) -> CheckOutcome | None:
    """Compare the master key with the database; None if the key cannot be read, which is reported already."""
    try:
        master = vault.existing_master_key(secrets_dir)
    except vault.VaultError:
        return None
    if master is None:
        return None
    return (
        success("key_ok") if await vault.belongs_to(db, master) else failure("key_other", folder=secrets_dir)
    )


async def _lags(db: Database) -> AsyncIterator[CheckOutcome]:
    lags = await read.lags(db)
    late = [lag for lag in lags if lag.seconds > BEHIND_SECONDS]
    for lag in late:
        words = {"consumer": lag.consumer, "events": lag.events, "minutes": round(lag.seconds / 60)}
        yield (failure if lag.seconds > STUCK_SECONDS else warning)("consumers_behind", **words)
    if not lags and await read.head(db):
        yield failure("consumers_none")
    elif not late:
        yield success("consumers_ok", number=len(lags))


def _timers(late: timers.Overdue) -> CheckOutcome:
    words = {"number": late.timers, "minutes": round(late.seconds / 60)}
    if late.seconds <= BEHIND_SECONDS:
        return success("timers_ok")
    return (failure if late.seconds > STUCK_SECONDS else warning)("timers_late", **words)


async def _partitions(db: Database) -> CheckOutcome:
    ahead = await db.value(PARTITIONS)
    if ahead is None or ahead < 1:
        return failure("partitions_few", number=max(ahead or 0, 0))
    if ahead < LEAST_PARTITIONS:
        return warning("partitions_few", number=ahead)
    return success("partitions_ok", number=ahead)


async def _outgoing(db: Database) -> CheckOutcome:
    row = await db.row(SUBSCRIPTIONS)
    assert row is not None
    if row["failing"] or row["disabled"]:
        return warning("outgoing_failing", failing=row["failing"], disabled=row["disabled"])
    return success("outgoing_ok")
