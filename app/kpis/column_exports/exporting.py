"""The export of facts: one snapshot, made next to the previous export, which stands until the new one is
whole.

A killed process leaves an unused folder, which the next export removes.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from app.kpis.answers.answer import consistent_snapshot, facts_position
from app.kpis.column_exports import reading
from app.kpis.columns import manifest as manifests
from app.kpis.columns.manifest import Manifest
from app.kpis.columns.relations import RELATIONS
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.noting import changed_cases
from app.log.follow import FOLLOW_LIMITS, lock_consumer
from app.platform.backups import sync
from app.platform.db import Connection, connect, fetch_rows, fetch_tuples, fetch_value

#: The beginning of the names of exports, and of those that are being made.
PREFIX, UNFINISHED_PREFIX = "facts-", ".making-"
#: Only one export at a time.
LOCK = "select pg_try_advisory_lock(hashtextextended('kpi.column_export', 0))"
KEEP_WAITING = "set local idle_in_transaction_session_timeout = 0"
SELECT_CHECKPOINTS = "select consumer, position from log.checkpoint order by consumer"


class FactsExportRefused(Exception):
    """The export failed; the message has the reason."""


async def export_facts(url: str, folder: Path, now: datetime, *, noted: bool) -> Manifest:
    """Export all facts to the folder, and let the new export count. Return its manifest.

    `noted`: what changes from now on is noted, so that APIs answer from it; other exports are forgotten.
    Raises FactsExportRefused, DatabaseGone.
    """
    if not reading.has_duckdb():
        raise FactsExportRefused("This needs the extra `columns`. Run: pip install 'ledgerdesk[columns]'")
    began = time.monotonic()
    connection, stack = await connect(url, FOLLOW_LIMITS), ExitStack()
    try:
        if not await fetch_value(connection, LOCK):
            raise FactsExportRefused("Another export of facts is running.")
        making = await asyncio.to_thread(_new_folder, folder)
        stack.callback(shutil.rmtree, making, ignore_errors=True)  # unless it has been renamed
        noting = await _begin_noting(connection) if noted else None
        async with _snapshot(url, connection) as snapshot:
            position, _ = await facts_position(connection)
            rows = await fetch_tuples(connection, SELECT_CHECKPOINTS, {})
            ordered = await asyncio.to_thread(reading.by_size, snapshot, RELATIONS)
            tables_file = making / manifests.TABLES_FILE
            relations = await asyncio.to_thread(
                reading.read_relations, snapshot, ordered, making, tables_file
            )
        exported = Manifest(
            format=manifests.FORMAT,
            folder=f"{PREFIX}{position}-{uuid4().hex[:8]}",
            position=position,
            shape=FACTS.shape,
            noting=noting,
            made_at=now,
            seconds=0,
            checkpoints=dict(rows),
            relations=dict(sorted(relations.items())),
            files=dict(await asyncio.to_thread(lambda: dict(manifests.described_files(making)))),
        ).model_copy(update={"seconds": round(time.monotonic() - began, 1)})
        await asyncio.to_thread(_publish, folder, making, exported)
        if noting is not None:
            forgotten = {"position": position, "id": noting}
            await connection.execute(changed_cases.FORGET.encode(), forgotten)
        return exported
    except OSError as error:
        raise FactsExportRefused(
            f"{error.filename or folder} cannot be written: {error.strerror}."
        ) from error
    finally:
        stack.close()
        await connection.close()


async def _begin_noting(connection: Connection) -> UUID:
    """Let cases be noted whose facts change. Return the noting's id."""
    async with connection.transaction():
        # A batch that began before would not be noted.
        await lock_consumer(connection, FACTS)
        parameters = {"consumer": FACTS.name, "most": changed_cases.MOST_POSITIONS}
        (row,) = await fetch_rows(connection, changed_cases.BEGIN, parameters)
    noting: UUID = row["id"]
    return noting


@asynccontextmanager
async def _snapshot(url: str, connection: Connection) -> AsyncIterator[reading.SharedSnapshot]:
    async with consistent_snapshot(connection):
        await connection.execute(KEEP_WAITING)
        yield reading.SharedSnapshot(url, await fetch_value(connection, "select pg_export_snapshot()"))


def _new_folder(folder: Path) -> Path:
    """Make a folder for an export; remove what others have left."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{UNFINISHED_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    making = folder / f"{UNFINISHED_PREFIX}{uuid4().hex}"
    making.mkdir()
    return making


def _publish(folder: Path, making: Path, exported: Manifest) -> None:
    """Let the export count, on disk for good; remove all but the one before."""
    before = None
    with suppress(manifests.ExportDamaged):
        before = manifests.read(folder)
    for path in making.rglob("*"):
        sync(path)
    making.rename(folder / exported.folder)
    written = folder / f"{UNFINISHED_PREFIX}{manifests.NAME}"
    written.write_text(exported.model_dump_json(indent=1), encoding="utf-8")
    sync(written)
    written.replace(folder / manifests.NAME)
    sync(folder)
    kept_folders = {exported.folder, before.folder if before is not None else ""}
    for old in folder.glob(f"{PREFIX}*-*"):
        if old.name not in kept_folders:
            shutil.rmtree(old, ignore_errors=True)
