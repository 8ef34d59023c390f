"""What commands print: words for people, or one JSON document for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.cells import cell_len
from rich.console import Console

#: Of every command that does something and ends.
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_console = Console(soft_wrap=True, highlight=False, markup=False)


def print_line(sentence: str) -> None:
    """A line for people."""
    _console.print(sentence)


def print_result(sentence: str, value: Any, *, as_json: bool) -> None:
    """What came of a command: the line for people, or the document for programs."""
    if as_json:
        print_json(value)
    else:
        print_line(sentence)


def print_json(value: Any) -> None:
    """One JSON document for programs."""
    _console.print(to_json(value, indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people."""
    cells = [list(columns), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(cell_len(row[n]) for row in cells) for n in range(len(columns))]
    for row in cells:
        # Nothing is cut short: a key or an id is of no use in part.
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        _console.print("  ".join(padded).rstrip())
