"""Rows of a file whose own order means nothing, brought into that of their cases, times and sequence."""

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
    """What the rows tell, case by case; of equal times, in the order of what stands in that place.

    Numbers are compared as such. Refused rows come first. What waits is in a temporary file.
    """
    # An empty name: a file of SQLite's own, that nobody else sees and that goes with the connection.
    with contextlib.closing(sqlite3.connect("", isolation_level=None)) as kept:
        kept.execute("pragma journal_mode = off")
        # What looks like a number becomes one in a column of type numeric, and stands before all text.
        kept.execute(
            'create table row ("case" text, at text, number numeric, line integer, size integer, cells text)'
        )
        kept.execute("begin")
        for row in rows:
            told = row if isinstance(row, RefusedRow) else table.read(row)
            if isinstance(row, RefusedRow) or isinstance(told, RefusedRow):
                yield told
                continue
            line, cells, size = row
            values = told.case, instant(told.at), told.values[place], line, size, json.dumps(cells)
            kept.execute("insert into row values (?, ?, ?, ?, ?, ?)", values)
        in_order = kept.execute('select line, cells, size from row order by "case", at, number, line')
        for line, cells, size in in_order:
            yield table.read((line, json.loads(cells), size))
