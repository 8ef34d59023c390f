"""The rows of an installation as a file: SQL of COPY, as `pg_dump --data-only` writes it, compressed.

Tables are made by the migrations of the release, which nobody edits (tests/contract/promised.py); so the file
fits every supported version of PostgreSQL, and needs none of its programs.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import psycopg
from psycopg import sql

from tests.databases import COLUMNS, GUARDS

TABLES = """
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname <> 'information_schema'
  and left(n.nspname, 3) <> 'pg_' and (n.nspname, c.relname) <> ('plumbing', 'migration') order by 1"""
FOREIGN_KEYS = """
select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
where contype = 'f' and conrelid <> confrelid"""
END = b"\\.\n"


def write_rows(url: str, file: Path) -> None:
    """Write the rows of all tables, those first that others refer to. Sequences there are none."""
    parts = []
    with psycopg.connect(url) as connection:
        connection.execute("set transaction isolation level repeatable read")
        for table in _tables(connection):
            columns_row = connection.execute(COLUMNS, (table,)).fetchone()
            assert columns_row is not None
            columns = sql.SQL(", ").join(map(sql.Identifier, columns_row[0]))
            query = sql.SQL("copy (select {} from {}) to stdout").format(columns, sql.SQL(table))
            with connection.cursor().copy(query) as copy:
                rows = b"".join(copy)
            head = sql.SQL("COPY {} ({}) FROM stdin;\n").format(sql.SQL(table), columns).as_bytes(connection)
            parts.append(head + rows + END)
    file.write_bytes(lzma.compress(b"".join(parts), preset=9))


def _tables(connection: psycopg.Connection[tuple[str, ...]]) -> list[str]:
    order: TopologicalSorter[str] = TopologicalSorter({t: [] for (t,) in connection.execute(TABLES)})
    for table, referred in connection.execute(FOREIGN_KEYS):
        order.add(table, referred)
    return list(order.static_order())


def load_rows(owner_url: str, file: Path) -> None:
    """Put the rows into a database that has the tables, as their owner, in place of those that they came
    with.
    """
    blocks = dict(_blocks(lzma.decompress(file.read_bytes())))
    tables = [statement.split()[1] for statement in blocks]
    with psycopg.connect(owner_url) as connection:
        guards = [str(guard) for (guard,) in connection.execute(GUARDS, (tables,)).fetchall()]
        for guard in guards:
            connection.execute((guard % "disable").encode())
        for table in reversed(tables):
            connection.execute(f"delete from {table}".encode())
        for statement, rows in blocks.items():
            with connection.cursor().copy(statement.encode()) as copy:
                copy.write(rows)
        for guard in guards:
            connection.execute((guard % "enable always").encode())
        connection.execute("analyze")


def _blocks(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield each statement with the rows that follow it."""
    while text:
        head, _, rest = text.partition(b";\n")
        rows, end = (b"", rest[len(END) :]) if rest.startswith(END) else rest.split(b"\n" + END, 1)
        yield head.decode(), rows + b"\n" if rows else b""
        text = end
