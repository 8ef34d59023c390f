"""Output of commands: text for people, or one JSON document for programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import to_json
from rich.cells import cell_len
from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

#: Most names that a hint lists; a command lists more.
MOST_LISTED_NAMES = 20
#: The option `--json` of commands that do something and end.
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_console = Console(soft_wrap=True, highlight=False, markup=False)


def progress_bar(*columns: ProgressColumn) -> Progress:
    """Return a progress bar on standard error that vanishes when it ends. If standard error is no terminal,
    the bar prints nothing, not even an empty line.
    """
    from rich.progress import Progress  # noqa: PLC0415  # most commands show no progress

    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def names_hint(wrong: str, names: Collection[str], listed_by: str | None = None) -> str:
    """Return a question for the names that are like the wrong one, else a list of all, or, if they are many,
    the command that lists them.
    """
    alike = get_close_matches(wrong, names)
    if alike:
        return f"did you mean {' or '.join(alike)}?"
    if listed_by is not None and len(names) > MOST_LISTED_NAMES:
        return f"{listed_by} lists all"
    return f"choose one of {', '.join(names)}"


def print_line(sentence: str) -> None:
    """Print a line for people."""
    _console.print(sentence)


def print_result(sentence: str, value: Any, *, as_json: bool) -> None:
    """Print the result of a command: the line for people, or the document for programs."""
    if as_json:
        print_json(value)
    else:
        print_line(sentence)


def print_json(value: Any) -> None:
    """Print one JSON document for programs."""
    _console.print(to_json(value, indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table for people."""
    cells = [list(columns), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(cell_len(row[n]) for row in cells) for n in range(len(columns))]
    for row in cells:
        # No cell is cut short: part of a key or an id would be of no use.
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        _console.print("  ".join(padded).rstrip())
