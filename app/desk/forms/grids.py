"""Rows of a form as a table: each place of it is one row, which is sent once it is filled in (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.common.faces import FormGrid
from app.desk.forms.fields import FieldChoice, FormField
from app.desk.forms.inputs import GIVEN_INPUT, Inputs


@dataclass(frozen=True, slots=True)
class GridLine:
    """A line of the table: its choice, and for each place the pointer of its row and its column, if the
    columns are choices, too.
    """

    choice: FieldChoice
    places: Sequence[tuple[str, FieldChoice | None]]


def laid_out(fields: Sequence[FormField], inputs: Inputs) -> tuple[Inputs, Mapping[str, str]]:
    """Return the inputs with the rows of each table at their places, and by the pointers of rows that have
    moved their places.
    """
    result, moved = dict(inputs), dict[str, str]()
    for field in fields:
        if field.grid is not None:
            result, places = _of_field(field, field.grid, result)
            moved |= places
    return result, moved


def grid_lines(field: FormField, pointer: str, inputs: Inputs) -> list[GridLine]:
    """Return the table of the field, whose rows stand at their places."""
    assert field.grid is not None, "the field is a table"
    columns = _columns(field, field.grid)
    lines = _member(field, field.grid.line).choices
    width = len(columns) or max(field.grid.repeats, _last_number(pointer, inputs) // max(len(lines), 1) + 1)
    return [
        GridLine(
            choice,
            [(f"{pointer}/{n * width + m}", columns[m] if columns else None) for m in range(width)],
        )
        for n, choice in enumerate(lines)
    ]


def own_fields(field: FormField) -> list[FormField]:
    """Return the fields that people fill in at each place of the table."""
    assert field.grid is not None, "the field is a table"
    return [inner for inner in field.inner_fields if inner.name not in field.grid.fixed]


def usual_body(fields: Sequence[FormField]) -> dict[str, Any]:
    """Return the rows with which tables of a new record begin."""
    return {field.name: list(field.grid.usual) for field in fields if field.grid and field.grid.usual}


def _of_field(
    field: FormField, grid: FormGrid, inputs: Inputs
) -> tuple[dict[str, Sequence[str]], dict[str, str]]:
    pointer = f"/{field.name}"
    rows = list(_rows(pointer, inputs))
    lines = [choice.code for choice in _member(field, grid.line).choices]
    columns = [choice.code for choice in _columns(field, grid)]
    places: dict[str, list[tuple[str, str]]] = {
        line: [] for line in lines
    }  # by line, the rows and their columns
    for place in rows:
        column = next(iter(inputs.get(f"{place}/{grid.column}", ())), "")
        for line in inputs.get(f"{place}/{grid.line}", ()):
            places.get(line, []).append((place, column))
    width = len(columns) or max(grid.repeats, *(len(placed) for placed in places.values()))
    result = {name: values for name, values in inputs.items() if not name.startswith(f"{pointer}/")}
    result[GIVEN_INPUT] = [each for each in inputs.get(GIVEN_INPUT, ()) if not each.startswith(f"{pointer}/")]
    moved: dict[str, str] = {}
    for n, line in enumerate(lines):
        for m, (place, column) in enumerate(places[line]):
            column_number = columns.index(column) if column in columns else m
            target = f"{pointer}/{n * width + column_number}"
            moved.setdefault(place, target)
            for inner in own_fields(field):
                result[f"{target}/{inner.name}"] = inputs.get(f"{place}/{inner.name}", ())
    last = f"{pointer}/{len(lines) * width - 1}/{grid.line}"
    result.setdefault(last, [lines[-1]])  # so that the width of the table follows from its inputs
    return result, moved


def _rows(pointer: str, inputs: Inputs) -> Iterator[str]:
    numbers = {
        name.removeprefix(f"{pointer}/").partition("/")[0]
        for name in inputs
        if name.startswith(f"{pointer}/")
    }
    for number in sorted(int(number) for number in numbers if number.isdecimal() and len(number) < 4):
        yield f"{pointer}/{number}"


def _last_number(pointer: str, inputs: Inputs) -> int:
    return max((int(place.rpartition("/")[2]) for place in _rows(pointer, inputs)), default=0)


def _columns(field: FormField, grid: FormGrid) -> tuple[FieldChoice, ...]:
    return _member(field, grid.column).choices if grid.column else ()


def _member(field: FormField, name: str) -> FormField:
    return next(inner for inner in field.inner_fields if inner.name == name)
