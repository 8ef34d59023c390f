"""The whole installation into a folder: a file for each table that does not follow from others, all of one
instant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.exchange.whole.manifest import (
    COPY_FORMAT,
    FILE_NAME,
    FORMAT,
    FORMAT_VERSION,
    DigestedFile,
    ExportedTable,
    ExportManifest,
)
from app.exchange.whole.tables import DERIVED, LEFT_OUT_TABLES, DatabaseTable, exported_tables
from app.exchange.writers.whole_files import whole_folder
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.histories.rebuild import record_classes
from app.platform.backups import sync, write_json
from app.platform.db import Connection, connect, fetch_rows, fetch_value
from app.platform.schema import CURRENT

UNLIMITED = "-c jit=off -c timezone=UTC -c datestyle=ISO -c bytea_output=hex -c extra_float_digits=1"
SNAPSHOT = b"set transaction isolation level repeatable read, read only"
HEAD = "select position, recorded_at from log.head"
#: Told the table that is written, and how many of how many events are.
Progress = Callable[[str, int, int], None]


async def export_all(
    url: str, folder: Path, now: datetime, lifecycles: Sequence[Lifecycle[Any]], progress: Progress
) -> ExportManifest:
    """Write the whole installation, as it is in one instant, to a folder that is not there yet; it has its
    name when it is whole and on the disk. `lifecycles` are all that there are. Raises ExportRefused,
    DatabaseGone.
    """
    connection = await connect(url, UNLIMITED)
    try:
        with whole_folder(folder) as part:
            async with connection.transaction():
                await connection.execute(SNAPSHOT)
                manifest = await _written(connection, part, now, lifecycles, progress)
            write_json(part / FILE_NAME, manifest.model_dump(mode="json"))
    finally:
        await connection.close()
    return manifest


async def _written(
    connection: Connection,
    folder: Path,
    now: datetime,
    lifecycles: Sequence[Lifecycle[Any]],
    progress: Progress,
) -> ExportManifest:
    (head,) = await fetch_rows(connection, HEAD, ())
    tables = [
        await _write(connection, table, folder, head["position"], progress)
        for table in await exported_tables(connection)
    ]
    kinds = [record.KIND for record in record_classes(lifecycles)]
    folded = {kind: await fetch_value(connection, f'select count(*) from fold."{kind}"') for kind in kinds}
    return ExportManifest(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        program=version("ledgerdesk"),
        database_schema=await fetch_value(connection, CURRENT),
        made_at=now,
        position=head["position"],
        recorded_at=head["recorded_at"],
        tables=tables,
        folded=folded,
        left_out=LEFT_OUT_TABLES | {f"{schema}.*": f"rebuilt: {why}" for schema, why in DERIVED.items()},
    )


async def _write(
    connection: Connection, table: DatabaseTable, folder: Path, events: int, progress: Progress
) -> ExportedTable:
    path = folder / f"{table.name}.csv.gz"
    file = DigestedFile(path)
    statement = f"copy ({table.selected}) to stdout ({COPY_FORMAT.format(header='true')})"
    rows = -1  # the header; after it PostgreSQL sends a message for each row
    try:
        async with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            async for row in copy:
                file.add(row)
                rows += 1
                if rows % 10_000 == 0:
                    progress(table.name, rows, events)
    finally:
        digest = file.close()
    sync(path)
    return ExportedTable(
        table=table.name, file=path.name, columns=table.columns, rows=rows, size=file.size, sha256=digest
    )
