"""Values from the record with which a form is filled in, as its face declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

from app.common.components import CHOSEN_FROM
from app.desk.forms.fields import FieldKind, FormField
from app.desk.forms.grids import usual_body
from app.desk.forms.inputs import GIVEN_INPUT, to_inputs
from app.desk.forms.instants import SHOWN_VALUE_PREFIX, shown_to_the_second
from app.desk.forms.pointers import field_at
from app.desk.names import ID
from app.desk.pages.form.choices import ZONES
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.record_names import record_words
from app.desk.pages.records import RecordView, lists_within
from app.desk.references import is_typed, shown_references

#: The code by which operations take the caller.
ME = "me"


async def first_inputs(screen: ActionScreen) -> dict[str, Sequence[str]]:
    """Return the inputs with which a form begins that is no correction: those of the part of the record that
    its face names, or the usual rows of its tables.
    """
    view, part, fields = screen.view, screen.face.filled_from, screen.form.fields
    zone = screen.desk.display.zone
    if view is None:
        # The zone of a new record is most often that of the person who adds it.
        zones = {f"/{field.name}": [zone.key] for field in fields if _needs_zone(field)}
        return {**zones, **_reader_named(screen), **to_inputs(fields, usual_body(fields), zone)}
    if part is None:
        return {}
    record = view.record[part] if part else view.record
    values = {**record, **await _renamed(screen, view, record), **await _rows_of_lists(screen, view)}
    texts, _, shown_first = shown_references(fields, values)
    inputs = {**shown_to_the_second(fields, to_inputs(fields, texts, zone)), **shown_first}
    # A value that people clear is sent as null: left out, it might stay.
    clearable = [f"/{field.name}" for field in fields if field.nullable and field.name in texts]
    return {**inputs, GIVEN_INPUT: [*inputs.get(GIVEN_INPUT, ()), *clearable]}


async def _renamed(screen: ActionScreen, view: RecordView, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the members that the record calls otherwise, references with their names. Raises
    CallRefused.
    """
    rows, renamed = screen.face.filled_rows, screen.face.filled_as
    fields = [field for field in screen.form.fields if field.name in renamed and field.name not in rows]
    values = {renamed[field.name]: record.get(renamed[field.name]) for field in fields}
    kinds = {renamed[field.name]: field.reference["kind"] for field in fields if field.reference is not None}
    (named,) = await screen.desk.names.replaced_in_all(view.lifecycle, [values], kinds)
    return {field.name: (named if is_typed(field) else values)[renamed[field.name]] for field in fields}


async def _rows_of_lists(screen: ActionScreen, view: RecordView) -> dict[str, list[Any]]:
    """Return the rows of lists within the record with which the form begins, with the names of the records
    that they refer to. Raises CallRefused.
    """
    rows, lists = {}, lists_within(screen.desk, view)
    for name, renamed in screen.face.filled_rows.items():
        listed = screen.face.filled_as.get(name, name)
        stored = await lists.all_rows(listed)
        inner = next(field.inner_fields for field in screen.form.fields if field.name == name)
        named = await screen.desk.names.replaced_in_all(view.lifecycle, stored)
        rows[name] = [
            {
                field.name: (called if is_typed(field) else row).get(renamed.get(field.name, field.name))
                for field in inner
            }
            for row, called in zip(stored, named, strict=True)
        ]
    return rows


def _reader_named(screen: ActionScreen) -> dict[str, Sequence[str]]:
    """Return the inputs of fields that usually name the reader, with their name in the place of a code."""
    name, inputs = screen.desk.reader.name, dict[str, Sequence[str]]()
    for field in screen.form.fields if screen.desk.reader_id else ():
        if field.reference is not None and is_typed(field) and field.schema.get("default") == ME:
            pointer = f"/{field.name}"
            inputs |= {pointer: [name], f"{SHOWN_VALUE_PREFIX}{pointer}": [f"{ME} {name}"]}
    return inputs


def _needs_zone(field: FormField) -> bool:
    return field.required and field.schema.get(CHOSEN_FROM) == ZONES


async def named_by_address(screen: ActionScreen) -> dict[str, Sequence[str]]:
    """Return the inputs that the form's address fills in; an id is shown by what people call its record, and
    kept for what is sent.
    """
    desk, inputs = screen.desk, dict[str, Sequence[str]]()
    for pointer, text in desk.request.query_params.multi_items():
        if not pointer.startswith("/"):
            continue
        inputs[pointer] = [text]
        field = field_at(screen.form.fields, pointer)
        if field is None or field.reference is None or not is_typed(field) or not ID.fullmatch(text):
            continue
        lifecycle = desk.lifecycles.get(field.reference["kind"])
        record = lifecycle and await desk.calls.read_if_allowed(f"/v1/{lifecycle.plural}/{text}")
        called = lifecycle and record and RecordView(lifecycle, record, desk.language).spoken_name
        if called:
            inputs |= {pointer: [called], f"{SHOWN_VALUE_PREFIX}{pointer}": [f"{text} {called}"]}
    return inputs


async def prefilled(screen: ActionScreen) -> dict[str, list[str]]:
    """Return the inputs that the face fills in from the record, in the reader's words."""
    view, prefills = screen.view, screen.face.prefills
    if view is None or not prefills:
        return {}
    words = await record_words(screen.desk, view)
    texts = {name: label.text(screen.desk.language) for name, label in prefills.items()}
    written = {
        f"/{name}": [text.format_map(words)]
        for name, text in texts.items()
        if all(words.get(field) for _, field, _, _ in Formatter().parse(text) if field)
    }
    return written | _instants(screen, view, texts)


def _instants(screen: ActionScreen, view: RecordView, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the inputs of times that are those of the record, by the reader's clocks, to the second."""
    fields = [
        field for field in screen.form.fields if field.kind is FieldKind.instant and field.name in texts
    ]
    filled = {field.name: view.record.get(texts[field.name].strip("{}")) for field in fields}
    values_by_field = {name: value for name, value in filled.items() if value}
    inputs = to_inputs(fields, values_by_field, screen.desk.display.zone)
    inputs_of_form = shown_to_the_second(fields, {f"/{name}": inputs[f"/{name}"] for name in values_by_field})
    return {name: list(values) for name, values in inputs_of_form.items()}


def values_of_record(screen: ActionScreen) -> dict[str, Any]:
    """Return the members with the values that the record had when its reader saw the form: the version that
    is sent along refuses others.
    """
    record: Mapping[str, Any] = {} if screen.view is None else screen.view.record
    return {name: record[name] for name in screen.face.from_record if record.get(name) is not None}
