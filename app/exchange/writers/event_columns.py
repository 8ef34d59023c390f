"""The log as columns: a row for each event, in Parquet files of consecutive positions.

Payloads are decoded from their present schema version; texts stay encrypted, as the log has them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.exchange.writers.whole_files import ExportRefused, whole_file
from app.platform.db import Connection, fetch_value

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Events in a file. The log only grows, so a file that is full is never written again.
PORTION = 250_000
NO_DUCKDB = (
    "Parquet is written by DuckDB, which is not installed: pip install 'ledgerdesk[columns]', or with uv "
    "uv sync --extra columns."
)
JSON_MAP = "map(varchar, json)"
#: The columns with their types, as DuckDB names them.
COLUMNS = {
    "position": "bigint",
    "id": "uuid",
    "stream": "varchar",
    "kind": "varchar",
    "version": "integer",
    "type": "varchar",
    "actor": "varchar",
    "on_behalf_of": "varchar",
    "occurred_at": "timestamptz",
    "recorded_at": "timestamptz",
    "source": "varchar",
    "source_ref": "varchar",
    "correlation_id": "varchar",
    "causation_id": "uuid",
    "staff_only": "boolean",
    "told": JSON_MAP,
    "rows_set": JSON_MAP,
    "further": JSON_MAP,
}
#: `told` is what was sent, `rows_set` what the event sets of each row, `further` what an observed one has
#: besides.
SELECT = """
select e.position, e.id, e.stream, split_part(e.stream, '/', 1) as kind, e.version, e.type, e.actor,
  e.on_behalf_of, e.occurred_at, e.recorded_at, e.source, e.source_ref, e.correlation_id, e.causation_id,
  e.staff_only, said.data->'given' as told, said.data->'set' as rows_set,
  said.data - 'given' - 'set' as further
from log.event e
cross join lateral (
  select log.upcast(e.type, e.schema_version, convert_from(e.data, 'UTF8')::jsonb) as data offset 0
) said
where e.position between {first} and {last} order by e.position"""
WRITE = """
copy (
  select {columns} from read_csv({source}, header = true, nullstr = '\\N', quote = '"', escape = '"',
    auto_detect = false, max_line_size = 100000000, columns = {types})
  order by position
) to {target} (format parquet, compression zstd)"""
#: Told how many of how many events are written.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class WrittenEvents:
    """The position of the last event that the files have, and how many events were written now, into how many
    files.
    """

    position: int
    events: int
    files: int


async def write_events(connection: Connection, folder: Path, progress: Progress) -> WrittenEvents:
    """Write the events that the folder does not have yet. Full files stay; the last one is written again.
    Raises ExportRefused, DatabaseGone.
    """
    try:
        import duckdb  # noqa: PLC0415  # an extra, that takes a second to load
    except ImportError as error:
        raise ExportRefused(NO_DUCKDB) from error
    head = int(await fetch_value(connection, "select position from log.head"))
    written = files = 0
    with duckdb.connect() as columns:
        columns.execute("set timezone = 'UTC'")
        for first in range(1, head + 1, PORTION):
            last = min(first + PORTION - 1, head)
            path = folder / f"events-{first:012}.parquet"
            if _last_position(columns, path) != last:
                await _write(connection, columns, path, first, last)
                written, files = written + last - first + 1, files + 1
            progress(last, head)
    return WrittenEvents(head, written, files)


def _last_position(columns: DuckDBPyConnection, path: Path) -> int | None:
    import duckdb  # noqa: PLC0415  # an extra

    if not path.exists():
        return None
    try:
        row = columns.execute(f"select max(position) from read_parquet({_text(path)})").fetchone()
    except duckdb.Error as error:
        raise ExportRefused(
            f"{path} is not a file of this export: {str(error).partition(chr(10))[0]}. Choose another folder."
        ) from error
    return None if row is None else row[0]


async def _write(
    connection: Connection, columns: DuckDBPyConnection, path: Path, first: int, last: int
) -> None:
    statement = f"copy ({SELECT.format(first=first, last=last)}) to stdout (format csv, header, null '\\N')"
    types = {name: "varchar" if kind == JSON_MAP else kind for name, kind in COLUMNS.items()}
    casts = ", ".join(
        f"cast({name}::json as {kind}) as {name}" if kind == JSON_MAP else name
        for name, kind in COLUMNS.items()
    )
    with whole_file(path) as part, tempfile.TemporaryDirectory(dir=path.parent) as scratch_folder:
        rows = Path(scratch_folder) / "events.csv"
        with rows.open("wb") as file:
            async with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                async for row in copy:
                    file.write(row)
        columns.execute(WRITE.format(columns=casts, source=_text(rows), types=types, target=_text(part)))


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
