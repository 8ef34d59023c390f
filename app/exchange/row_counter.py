"""How often each row of a file has been met, for files that hold the same row more than once."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict

LARGEST_CACHE = 40_000  # some 40 MB


class RowCounter:
    """Counts the rows of each case. Cases that have not come up for long are kept in a temporary file.

    The key of a row ends in the number of its like in this file, so that of two equal rows both are told,
    and a file that is read again, or a longer one that begins with it, tells neither a second time. Two
    files that each hold one of two equal rows cannot be told from one row that is in both: it is told once.
    """

    def __init__(self) -> None:
        self._cases: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._overflow: sqlite3.Connection | None = None
        self._last: tuple[str, dict[str, int]] = ("", {})

    def count(self, case: str, fingerprint: str) -> int:
        """The number of this row among its like, from 1."""
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
            # An empty name: a file of SQLite's own, that nobody else sees and that goes with the connection.
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
