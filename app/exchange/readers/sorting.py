"""Sorting of rows, for files whose own order means nothing, by case, time and sequence."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator

from app.exchange.readers.lines import CellRow
from app.exchange.readers.rows import RefusedRow, SourceRow
from app.exchange.readers.table import TableReader
from app.log.canonical import instant


def in_case_order(
    rows: Iterator[CellRow | RefusedRow], table: TableReader, place: int
) -> Iterator[SourceRow | RefusedRow]:
    """Reads the rows and returns them case by case, by time, and at equal times by the column with index
    `place`.

    Numbers are compared as numbers. Refused rows come first. Rows are sorted in a temporary file.
    """
    # An empty name makes a private temporary database, which SQLite removes with the connection.
    with contextlib.closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute("pragma journal_mode = off")
        # A column of type numeric stores text that looks like a number as one, and sorts it before all other
        # text.
        database.execute(
            'create table row ("case" text, at text, number numeric, line integer, size integer, cells text)'
        )
        database.execute("begin")
        for row in rows:
            source_row = row if isinstance(row, RefusedRow) else table.read(row)
            if isinstance(row, RefusedRow) or isinstance(source_row, RefusedRow):
                yield source_row
                continue
            line, cells, size = row
            values = (
                source_row.case,
                instant(source_row.occurred_at),
                source_row.values[place],
                line,
                size,
                json.dumps(cells),
            )
            database.execute("insert into row values (?, ?, ?, ?, ?, ?)", values)
        in_order = database.execute('select line, cells, size from row order by "case", at, number, line')
        for line, cells, size in in_order:
            yield table.read((line, json.loads(cells), size))
