"""Tables as CSV text (RFC 4180), safe for spreadsheets, which would take some texts for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

#: First characters of texts that a spreadsheet would compute; the full-width ones in East Asian versions.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def dump_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the table as CSV text, with the names of the columns in the first line."""
    return dump_rows([columns]) + dump_rows(rows)


def dump_rows(rows: Iterable[Sequence[Cell]]) -> str:
    """Return the rows as CSV text."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue()


def csv_cell(value: Cell) -> str | int | float | None:
    """Return the content of a cell: empty for None, `true` and `false` as in JSON. A leading apostrophe keeps
    a spreadsheet from computing a text.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
