"""Counting of equal rows within a file, so that each of them gets a key of its own."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict

LARGEST_CACHE = 40_000  # some 40 MB


class RowCounter:
    """Counts equal rows of each case. Counters of cases least recently used are moved to a temporary file.

    The key of a row ends in its number among equal rows of the file. So both of two equal rows are imported,
    and a file that is read again, or a longer one that begins with it, imports neither a second time. If two
    files contain one of two equal rows each, the rows look like one row that is in both files, and are
    imported once.
    """

    def __init__(self) -> None:
        self._cases: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._overflow: sqlite3.Connection | None = None
        self._last: tuple[str, dict[str, int]] = ("", {})

    def count(self, case: str, fingerprint: str) -> int:
        """Counts this row and returns its number, from 1, among the case's rows with the same fingerprint."""
        last, counter = self._last
        if case != last:
            counter = self._counter(case)
            self._last = case, counter
        number = counter[fingerprint] = counter.get(fingerprint, 0) + 1
        return number

    def _counter(self, case: str) -> dict[str, int]:
        counter = self._cases.get(case)
        if counter is not None:
            self._cases.move_to_end(case)
            return counter
        counter = self._cases[case] = self._load(case)
        if len(self._cases) > LARGEST_CACHE:
            self._spill(*self._cases.popitem(last=False))
        return counter

    def close(self) -> None:
        """Removes the temporary file."""
        if self._overflow is not None:
            self._overflow.close()

    def _spill(self, case: str, counter: dict[str, int]) -> None:
        if self._overflow is None:
            # An empty name makes a private temporary database, which SQLite removes with the connection.
            self._overflow = sqlite3.connect("", isolation_level=None)
            self._overflow.execute("pragma journal_mode = off")
            self._overflow.execute('create table seen ("case" text primary key, rows text) without rowid')
        rows = " ".join(f"{fingerprint}={number}" for fingerprint, number in counter.items())
        self._overflow.execute("insert or replace into seen values (?, ?)", (case, rows))

    def _load(self, case: str) -> dict[str, int]:
        if self._overflow is None:
            return {}
        row = self._overflow.execute('select rows from seen where "case" = ?', (case,)).fetchone()
        pairs = (pair.split("=") for pair in row[0].split()) if row else ()
        return {fingerprint: int(number) for fingerprint, number in pairs}
