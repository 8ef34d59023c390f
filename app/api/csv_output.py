"""Answers as CSV tables (RFC 4180), safe for spreadsheets, which would take some texts for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from fastapi import Request
from starlette.responses import Response

from app.api.accept import negotiate

MEDIA_TYPE = "text/csv"
OFFERED = ("application/json", MEDIA_TYPE)
#: First characters of texts that a spreadsheet would compute; the full-width ones in East Asian versions.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def prefers_csv(request: Request) -> bool:
    """Return whether the client prefers CSV to JSON."""
    return negotiate(request.headers.get("accept"), OFFERED) == MEDIA_TYPE


def csv_response(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], headers: Mapping[str, str]
) -> Response:
    """Return the table as a CSV response."""
    kind = f"{MEDIA_TYPE}; charset=utf-8; header=present"
    return Response(dump_csv(columns, rows), headers={**headers, "Content-Type": kind})


def dump_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the table as CSV text, with the names of the columns in the first line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue()


def csv_cell(value: Cell) -> str | int | float | None:
    """Return the content of a cell: empty for None, `true` and `false` as in JSON. A leading apostrophe keeps
    a spreadsheet from computing a text.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
