"""Answers as tables: CSV (RFC 4180) for spreadsheets, which would take some texts for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from fastapi import Request
from starlette.responses import Response

from app.api.accept import negotiate

MEDIA_TYPE = "text/csv"
OFFERED = ("application/json", MEDIA_TYPE)
#: What a text begins with that a spreadsheet would compute; the wide ones in East Asian versions.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def prefers_csv(request: Request) -> bool:
    """Whether the client would rather have a table than JSON."""
    return negotiate(request.headers.get("accept"), OFFERED) == MEDIA_TYPE


def csv_response(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], headers: Mapping[str, str]
) -> Response:
    """The table as an answer."""
    kind = f"{MEDIA_TYPE}; charset=utf-8; header=present"
    return Response(dump_csv(columns, rows), headers={**headers, "Content-Type": kind})


def dump_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The table as CSV, its first line the names of the columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue()


def csv_cell(value: Cell) -> str | int | float | None:
    """What stands in the cell: nothing for null, `true` and `false` as in JSON. An apostrophe keeps a
    spreadsheet from computing a text.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
