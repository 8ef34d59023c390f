"""An export of the whole installation, back into an empty one, in one transaction: positions, times, ids and
heads are those that were.

Rows are folded from the log within it. Facts and the index of full-text search follow after it, as always:
the consumers of the log make them from its beginning.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.exchange.whole.manifest import BLOCK, COPY_FORMAT, ExportedTable, ExportManifest
from app.exchange.whole.tables import EVENTS, MASTER, DatabaseTable, exported_tables, quoted
from app.exchange.writers.whole_files import ExportRefused
from app.foundation.calendars.spans import rebuild_spans
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.histories.rebuild import FOLDED, gather_changes, record_classes
from app.platform.db import Connection, connect, fetch_rows, fetch_value
from app.platform.schema import CURRENT
from app.processes.changes.planning.bookings import rebuild_bookings

UNLIMITED = (
    "-c jit=off -c timezone=UTC -c datestyle=ISO -c work_mem=256MB -c statement_timeout=0 "
    "-c idle_in_transaction_session_timeout=0 -c lock_timeout=10s"
)
#: How long others may still be seen, and the interval between two looks, in seconds.
PATIENCE_SECONDS, POLL_SECONDS = 3.0, 0.05
# Servers and workers are no superusers; those who are look on, or mend.
COUNT_OTHER_SESSIONS = """
select count(*) from pg_stat_activity s join pg_roles r on r.oid = s.usesysid
where s.datname = current_database() and s.pid <> pg_backend_pid() and not r.rolsuper"""
ONLY_ADDED_SINCE = (
    "select coalesce(bool_and(adds_only), true) from plumbing.schema_change where revision > %s"
)
SET_HEAD = "update log.head set position = %(position)s, recorded_at = %(recorded_at)s"
ARRIVING = """
create temp table arriving (like log.event) on commit drop;
alter table arriving alter column data type text using ''"""
FOLD = f'with {FOLDED} insert into fold."{{kind}}" select (record).* from folded'
#: Told what is being done, and how many bytes of the files are.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class RestoredInstallation:
    """The position of the log, and how many rows were brought back and folded."""

    position: int
    rows: int
    folded: int


async def restore_all(
    owner_url: str,
    folder: Path,
    manifest: ExportManifest,
    master_name: bytes,
    lifecycles: Sequence[Lifecycle[Any]],
    progress: Progress,
) -> RestoredInstallation:
    """Bring back an export whose files are verified, as the owner of the database. `master_name` is that of
    the master key that is here, `lifecycles` are all that there are.

    Raises ExportRefused if the installation is not empty or in use, or the export does not fit it or the key,
    DatabaseGone; then nothing has changed.
    """
    connection = await connect(owner_url, UNLIMITED)
    try:
        await _refuse_in_use(connection)
        async with connection.transaction():
            await _refuse_unfit(connection, manifest)
            targets = {table.name: table for table in await exported_tables(connection)}
            for name in map(quoted, reversed(targets)):
                # Rows of an earlier attempt. A table that refuses deletions has no rows yet.
                if await fetch_value(connection, f"select exists (select from {name})"):
                    await connection.execute(f"delete from {name}".encode())
            await connection.execute(
                SET_HEAD.encode(), {"position": manifest.position, "recorded_at": manifest.recorded_at}
            )
            await fetch_value(connection, "select log.make_partitions()")
            sources = {table.table: table for table in manifest.tables}
            for name, target in targets.items():
                if name in sources:
                    progress(name, 0)
                    await _fill(connection, target, sources[name], folder, progress)
            await _refuse_other_key(connection, master_name)
            folded = await _fold(connection, manifest, lifecycles, progress)
            await rebuild_spans(connection)
            await rebuild_bookings(connection)
        await connection.execute(b"analyze")
    finally:
        await connection.close()
    return RestoredInstallation(manifest.position, sum(table.rows for table in manifest.tables), folded)


async def _refuse_in_use(connection: Connection) -> None:
    """Raise ExportRefused if others use the database. A session that has just ended is seen for a moment."""
    ends = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while await fetch_value(connection, COUNT_OTHER_SESSIONS):
        if asyncio.get_running_loop().time() > ends:
            raise ExportRefused(
                "The database is in use. Stop `ledgerdesk serve`, `ledgerdesk work` and every other program "
                "that uses it."
            )
        await asyncio.sleep(POLL_SECONDS)


async def _refuse_unfit(connection: Connection, manifest: ExportManifest) -> None:
    if (position := await fetch_value(connection, "select position from log.head for update")) != 0:
        raise ExportRefused(
            f"The installation is not empty: its log has {position} events. An export can only be restored "
            "into an empty installation. Choose another database, or another LEDGERDESK_DATA_DIR."
        )
    present = await fetch_value(connection, CURRENT)
    exported = manifest.database_schema
    if exported > present:
        raise ExportRefused(
            f"The export was made by a later version: it has the schema {exported}, but this version has "
            f"{present}. Restore it with that version."
        )
    columns = {table.name: set(table.columns) for table in await exported_tables(connection)}
    strange = [
        table.table for table in manifest.tables if not set(table.columns) <= columns.get(table.table, set())
    ]
    if strange or not await fetch_value(connection, ONLY_ADDED_SINCE, exported):
        raise ExportRefused(
            f"The export has the schema {exported}, and the migrations up to {present} change existing "
            f"tables{': ' if strange else ''}{', '.join(strange)}. Restore it with version "
            f"{manifest.program}, and upgrade that installation."
        )


async def _fill(
    connection: Connection, target: DatabaseTable, source: ExportedTable, folder: Path, progress: Progress
) -> None:
    columns = ", ".join(f'"{column}"' for column in source.columns)
    into = quoted(target.name)
    if target.name == EVENTS:  # this table holds its data as text
        await connection.execute(ARRIVING.encode())
        into = "arriving"
    statement = f"copy {into} ({columns}) from stdin ({COPY_FORMAT.format(header='match')})"
    path = folder / source.file
    try:
        with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as file:
            async with connection.cursor() as cursor:
                async with cursor.copy(statement.encode()) as copy:
                    before = 0
                    while block := file.read(BLOCK):
                        await copy.write(block)
                        progress(source.table, raw.tell() - before)
                        before = raw.tell()
                count = cursor.rowcount
    except (psycopg.DataError, psycopg.IntegrityError, OSError, EOFError) as error:
        raise ExportRefused(f"{path} cannot be loaded: {str(error).partition(chr(10))[0]}.") from error
    if target.name == EVENTS:
        inserted_columns = columns.replace('"data"', "convert_to(data, 'UTF8')")
        in_order = f"select {inserted_columns} from arriving order by position"
        await connection.execute(f"insert into log.event ({columns}) {in_order}".encode())
        await connection.execute(b"drop table arriving")
    if count != source.rows:
        raise ExportRefused(f"{path} has {count} rows, but the manifest states {source.rows}.")


async def _refuse_other_key(connection: Connection, master_name: bytes) -> None:
    rows = await fetch_rows(connection, f"select name from {MASTER}", ())
    if rows and bytes(rows[0]["name"]) != master_name:
        raise ExportRefused(
            "The master key of this installation is not that of the export, so names and texts could not be "
            "read. Replace the secrets folder by the one that belongs to the export."
        )


async def _fold(
    connection: Connection,
    manifest: ExportManifest,
    lifecycles: Sequence[Lifecycle[Any]],
    progress: Progress,
) -> int:
    """Fold the log into the records' tables. Return the number of rows. Raises ExportRefused if they are not
    as many as there were.
    """
    await gather_changes(connection, lambda name: progress("the log's changes", 0))
    kinds: list[str] = [record.KIND for record in record_classes(lifecycles)]
    total = 0
    for kind in kinds:
        progress(f"fold.{kind}", 0)
        text = FOLD.format(before=f'null::fold."{kind}"', kind=kind)
        folded: Any = await connection.execute(text.encode(), {"kind": kind})
        expected = manifest.folded.get(kind, folded.rowcount)
        if folded.rowcount != expected:
            raise ExportRefused(
                f"The log gives {folded.rowcount} rows of {kind}, but the export had {expected}."
            )
        total += folded.rowcount
    return total
