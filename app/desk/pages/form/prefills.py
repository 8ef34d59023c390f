"""Values from the record with which a form is filled in, as its face declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Formatter
from typing import Any

from app.common.components import CHOSEN_FROM
from app.common.faces import BilingualLabel
from app.desk.forms.fields import FieldKind, FormField
from app.desk.forms.grids import usual_body
from app.desk.forms.inputs import to_inputs
from app.desk.forms.instants import shown_to_the_second
from app.desk.names import KIND_MEMBERS
from app.desk.pages.context import Desk
from app.desk.pages.form.choices import ZONES
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.records import RecordView
from app.desk.references import shown_references
from app.kernel.actions.lifecycle import Lifecycle


def first_inputs(screen: ActionScreen) -> dict[str, Sequence[str]]:
    """Return the inputs with which a form begins that is no correction: those of the part of the record that
    its face names, or the usual rows of its tables.
    """
    view, part, fields = screen.view, screen.face.filled_from, screen.form.fields
    zone = screen.desk.display.zone
    if view is None:
        # The zone of a new record is most often that of the person who adds it.
        zones = {f"/{field.name}": [zone.key] for field in fields if _needs_zone(field)}
        return {**zones, **to_inputs(fields, usual_body(fields), zone)}
    if part is None:
        return {}
    texts, _, shown_first = shown_references(fields, view.record[part] if part else view.record)
    return {**shown_to_the_second(fields, to_inputs(fields, texts, zone)), **shown_first}


def _needs_zone(field: FormField) -> bool:
    return field.required and field.schema.get(CHOSEN_FROM) == ZONES


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


async def with_record_names(desk: Desk, views: Sequence[RecordView]) -> list[RecordView]:
    """Return the records with what their face calls them, if they have no names of their own."""
    return [await _with_record_name(desk, view) for view in views]


async def _with_record_name(desk: Desk, view: RecordView) -> RecordView:
    label = view.lifecycle.face.called
    if label is None:
        return view
    words, text = await record_words(desk, view), label.text(desk.language)
    is_known = all(words.get(name) for name in fields_of(label))
    return replace(view, called=text.format_map(words) if is_known else words.get("value", ""))


def fields_of(label: BilingualLabel) -> list[str]:
    """Return what stands between the braces of the label."""
    return [name for _, name, _, _ in Formatter().parse(label.en) if name]


def calling_fields(lifecycle: Lifecycle[Any]) -> set[str]:
    """Return the fields of which the name of a record without a name of its own is made."""
    if lifecycle.face.called is None:
        return set()
    return {*(name.partition("_")[0] for name in fields_of(lifecycle.face.called)), *KIND_MEMBERS.values()}


async def record_words(desk: Desk, view: RecordView) -> Mapping[str, str]:
    """Return the fields of the record as people read them; a field whose kind is in another member also under
    that kind. Parts of a part have both names: `recurrence_cases`.
    """
    record = await desk.names.replaced(view.lifecycle, view.record)
    fields = desk.contract.record_fields(view.lifecycle.plural) or {}
    words = {name: _text(desk, value, fields.get(name, {}), name) for name, value in record.items()}
    for name, value in record.items():
        if isinstance(value, Mapping):
            words |= {f"{name}_{part}": _text(desk, inner, {}, part) for part, inner in value.items()}
    for member, kind in KIND_MEMBERS.items():
        if view.record.get(kind):
            words[str(view.record[kind])] = words.get(member, "")
    return words


def _text(desk: Desk, value: Any, schema: Mapping[str, Any], name: str) -> str:
    return str(desk.display.html(value, dict(schema), name).striptags())
