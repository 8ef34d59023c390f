"""The plan that fills a shape: which column each field comes from, and the form that clients see it in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.common.records import ENVELOPE, Record, StaffOnly, all_codecs
from app.kernel.access.naming_fields import naming_fields
from app.kernel.ledger import Ledger

#: Returns, by the ids of records, the child data that fills a field, as clients see it.
ChildLoader = Callable[[Ledger, Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]


@dataclass(frozen=True)
class LoadedFrom:
    """Marks a field that is filled from child rows of the record; null in versions requested by `as_of`:
    `Annotated[list[TeamStub] | None, LoadedFrom(teams_of)]`. `single`: there is at most one value, else null.
    `on_request`: it is null unless `include` or `fields` asks for it.
    """

    loader: ChildLoader
    single: bool = False
    on_request: bool = False


class FieldForm(Enum):
    """The form in which clients see a column, where it is not the stored value."""

    instant = "an instant in UTC"
    personal = "a decrypted text"
    person = "a person's stub"
    team = "a team's stub"
    custom_values = "custom values, decrypted"


@dataclass(frozen=True, slots=True)
class RenderingPlan:
    """The precomputed steps that fill a shape from a record.

    `names`: the shape's fields; `values_of`: returns their values in a record; `columns`: each field's SQL
    expression on the table `r`; `select`: these as one text. The others list the fields that are then
    rendered: in a special form (`forms`), only for staff (`for_staff`), only for who sees the record that
    another field names (`naming`), or from child rows (`loaded`).
    """

    names: tuple[str, ...]
    values_of: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    columns: dict[str, str]
    select: str
    forms: Mapping[FieldForm, Sequence[str]]
    for_staff: dict[str, StaffOnly]
    naming: dict[str, str]
    loaded: tuple[tuple[str, LoadedFrom], ...]


#: Fields shown whatever was requested: they identify the record and its version.
ALWAYS_INCLUDED = frozenset({"id", "version", "number"})


# Clients choose the fields, but most choose the same ones.
@lru_cache(maxsize=256)
def plan_of(
    record: type[Record],
    shape: type[BaseModel],
    computed: frozenset[str],
    asked_for: frozenset[str] | None = None,
) -> RenderingPlan:
    """Return the plan that fills the shape, or its requested fields, without the `computed` ones, those of a
    subclass of Renderer.
    """
    names = tuple(name for name in shape.model_fields if name not in computed)
    # Open actions, fields that not everybody is shown, and computed fields depend on other fields, so all are
    # selected.
    withheld, naming = _withheld(record), naming_fields(record)
    requested = None if asked_for is None else asked_for | ALWAYS_INCLUDED
    if requested is not None and requested.isdisjoint({"actions", *computed, *withheld, *naming}):
        names = tuple(name for name in names if name in requested)
    loaded = _loaded_fields(shape)
    columns: dict[str, str] = {}
    forms: dict[FieldForm, list[str]] = {form: [] for form in FieldForm}
    for name in names:
        if name != "actions" and name not in loaded:
            columns[name], form = _column_of(record, name)
            if form is not None:
                forms[form].append(name)
    # Actions and child data are filled in later; the id holds their place, so that the fields keep their
    # order.
    values_of = itemgetter(*(columns.get(name, "id") for name in names))
    selected = {name: f"r.{columns[name]}" if name in columns else "null" for name in names}
    for_staff = {name: withheld[column] for name, column in columns.items() if column in withheld}
    return RenderingPlan(
        names,
        values_of,
        selected,
        ", ".join(f"{column} as {name}" for name, column in selected.items()),
        forms,
        for_staff,
        {name: by for name, by in naming.items() if name in columns and by in columns},
        tuple((name, loaded[name]) for name in names if name in loaded),
    )


def _column_of(record: type[Record], name: str) -> tuple[str, FieldForm | None]:
    """Return the record's column that fills the field of that name, and the form that clients see it in;
    None: as it is stored.
    """
    fields = all_codecs(record)
    if (codec := fields.get(name)) is not None:
        if codec.personal:
            return name, FieldForm.personal
        if codec.type is datetime:
            return name, FieldForm.instant
        return name, FieldForm.custom_values if codec.holds_values else None
    if (reference := fields.get(f"{name}_id")) is not None:
        assert reference.refers is not None
        return f"{name}_id", FieldForm.person if reference.refers.kind == "person" else FieldForm.team
    column = "appended_at" if name == "recorded_at" else name
    assert column in ENVELOPE, f"{record.__name__} has nothing that fills {name}"
    return column, FieldForm.instant if column in ("changed_at", "appended_at") else None


def columns_of(
    record: type[Record], shape: type[BaseModel], computed: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return what to select from the table `r` for each field of the shape, except computed ones."""
    return plan_of(record, shape, computed).columns


def _loaded_fields(shape: type[BaseModel]) -> dict[str, LoadedFrom]:
    """Return the fields that child rows fill, each with its mark."""
    return {
        name: mark
        for name, field in shape.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, LoadedFrom)
    }


def on_request_fields(shape: type[BaseModel]) -> tuple[str, ...]:
    """Return the fields that are null unless somebody asks for them, in order."""
    return tuple(name for name, mark in _loaded_fields(shape).items() if mark.on_request)


@cache
def _withheld(record: type[Record]) -> dict[str, StaffOnly]:
    """Return the fields that some viewers are not shown, each with its mark."""
    return {name: codec.withheld for name, codec in all_codecs(record).items() if codec.withheld is not None}
