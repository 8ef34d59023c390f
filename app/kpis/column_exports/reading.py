"""The facts of one snapshot, read from PostgreSQL into a file of DuckDB's and Parquet files by month."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from app.kpis.columns.manifest import ExportedRelation
from app.kpis.columns.relations import COMPUTED, UNEXPORTED_COLUMNS, file_name

if TYPE_CHECKING:
    import duckdb

#: The types that are exported, as PostgreSQL names them, with those of DuckDB. Instants are in UTC.
TYPES = {
    "uuid": "UUID",
    "text": "VARCHAR",
    "boolean": "BOOLEAN",
    "smallint": "BIGINT",
    "integer": "BIGINT",
    "bigint": "BIGINT",
    "timestamp with time zone": "TIMESTAMP",
}
#: Parquet's own type of ids is refused by Spark.
IDS_AS_TEXT = "UUID"
SELECT_COLUMNS = """
select attname, format_type(atttypid, null) from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum"""
#: The month that a fact is in, as a date, and the name of its file there.
MONTH = """date_trunc('month', "at")::date"""
PARQUET_FILE = "facts.parquet"
#: The largest tables come first, so that both processors are busy to the end.
READERS = 2
MEMORY = "1GB"
READ_OPTIONS = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c jit=off -c timezone=UTC"


class SharedSnapshot:
    """A snapshot of the database that other connections can read, too."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    def connect(self) -> psycopg.Connection[Any]:
        """Open a connection that sees the snapshot."""
        connection = psycopg.connect(self._url, options=READ_OPTIONS)
        connection.execute("set transaction isolation level repeatable read read only")
        connection.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(self._name)))
        return connection


def has_duckdb() -> bool:
    """Return whether the extra is installed."""
    try:
        import duckdb  # noqa: F401, PLC0415  # an extra
    except ImportError:
        return False
    return True


def read_relations(
    snapshot: SharedSnapshot, relations: tuple[str, ...], folder: Path, tables_file: Path
) -> dict[str, ExportedRelation]:
    """Write the relations to the folder, and to the file of DuckDB's. Return what they are. Raises OSError if
    they cannot be written.
    """
    import duckdb  # noqa: PLC0415  # an extra

    try:
        return _read_relations(snapshot, relations, folder, tables_file)
    except duckdb.Error as error:  # a full disk, too
        raise OSError(errno.EIO, str(error), str(folder)) from error


def _read_relations(
    snapshot: SharedSnapshot, relations: tuple[str, ...], folder: Path, tables_file: Path
) -> dict[str, ExportedRelation]:
    import duckdb  # noqa: PLC0415  # an extra

    settings: dict[str, Any] = {"memory_limit": MEMORY, "threads": READERS, "temp_directory": str(folder)}
    with duckdb.connect(str(tables_file), config=settings) as database:

        def read(relation: str) -> ExportedRelation:
            with snapshot.connect() as connection, database.cursor() as cursor:
                columns = _columns(connection, relation)
                rows_file = folder / f"{file_name(relation)}.csv"
                _copy(connection, relation, columns, rows_file)
                exported_relation = _load(cursor, relation, columns, rows_file)
                rows_file.unlink()
                _write_parquet(cursor, relation, columns, folder)
                return exported_relation

        with ThreadPoolExecutor(READERS, "export") as threads:
            exported = dict(zip(relations, threads.map(read, relations), strict=True))
        database.execute("checkpoint")
    return exported


def by_size(snapshot: SharedSnapshot, relations: tuple[str, ...]) -> tuple[str, ...]:
    """Return the relations, those first of which the planner expects the most rows."""
    with snapshot.connect() as connection:
        rows = {}
        for relation in relations:
            row = connection.execute(f"explain (format json) select from {relation}".encode()).fetchone()
            assert row is not None
            rows[relation] = row[0][0]["Plan"]["Plan Rows"]
    return tuple(sorted(relations, key=lambda relation: -rows[relation]))


def _columns(connection: psycopg.Connection[Any], relation: str) -> dict[str, str]:
    """Return the columns that are exported, with their types in DuckDB."""
    column_rows = connection.execute(SELECT_COLUMNS, (relation,)).fetchall()
    stored = {
        name: TYPES[kind] for name, kind in column_rows if kind in TYPES and name not in UNEXPORTED_COLUMNS
    }
    computed, _ = COMPUTED.get(relation, ({}, ""))
    return stored | {name: "BOOLEAN" if name == "repeated" else "BIGINT" for name in computed}


def _copy(
    connection: psycopg.Connection[Any], relation: str, columns: Mapping[str, str], rows_file: Path
) -> None:
    """Write the facts as CSV. Those without an instant, which includes infinite ones, are counted in no
    period.
    """
    computed, join = COMPUTED.get(relation, ({}, ""))
    expressions = []
    for name, kind in columns.items():
        quoted = f'fact."{name}"'
        if kind == "TIMESTAMP":
            quoted = f"case when isfinite({quoted}) then {quoted} at time zone 'UTC' end"
        expressions.append(computed.get(name, quoted))
    rows = f"select {', '.join(expressions)} from {relation} fact{join} where isfinite(fact.at)"
    text = f"{rows} order by fact.at"  # PostgreSQL sorts on its disk; DuckDB would need the memory
    with (
        connection.cursor() as cursor,
        rows_file.open("wb", 1024 * 1024) as file,
        cursor.copy(f"copy ({text}) to stdout (format csv)".encode()) as copied,
    ):
        for piece in copied:
            file.write(piece)


def _load(
    cursor: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], rows_file: Path
) -> ExportedRelation:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    table = file_name(relation)
    cursor.execute(
        f"create table {table} as select * from read_csv($file, header = false, auto_detect = false,"
        f" delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false,"
        f" strict_mode = true, max_line_size = 16777216, columns = {{{types}}})",
        {"file": str(rows_file)},
    )
    counted = cursor.execute(f"select count(*) from {table}").fetchone()
    assert counted is not None
    return ExportedRelation(columns=dict(columns), rows=counted[0])


def _write_parquet(
    cursor: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str], folder: Path
) -> None:
    texts = ", ".join(
        f'"{name}"::varchar as "{name}"' for name, kind in columns.items() if kind == IDS_AS_TEXT
    )
    table = file_name(relation)
    for (month,) in cursor.execute(f"select distinct {MONTH} from {table} order by 1").fetchall():
        # Written together, the months would each need the memory of an open file.
        month_folder = folder / table / f"month={month:%Y-%m}"
        month_folder.mkdir(parents=True)
        target = str(month_folder / PARQUET_FILE).replace("'", "''")
        # By the instants, by which the rows are sorted, only the month's own part of the table is read.
        within = f""""at" >= date '{month}' and "at" < date '{month}' + interval 1 month"""
        rows = f"select * replace ({texts}) from {table} where {within}"
        cursor.execute(f"copy ({rows}) to '{target}' (format parquet, compression zstd)")
