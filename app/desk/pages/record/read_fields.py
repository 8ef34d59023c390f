"""The fields of a record by where people read them: what its page always shows, what stands open, and what is
folded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from app.desk.administration.mapping_shown import shown_mapping
from app.desk.pages.context import Desk
from app.desk.pages.records import ChildTable, RecordView
from app.desk.values import ShownField
from app.html.filters import plain_text

#: The columns of lists that stand on the page of a record.
READ_COLUMNS = {
    "alerts": frozenset({"title", "source", "first_fired_at", "last_fired_at", "fired_count", "cleared_at"}),
    "evidence": frozenset({"about", "text", "kpi", "period"}),
    "decisions": frozenset({"question", "state", "outcome", "quorum", "due_at", "closed_at"}),
    "links": frozenset({"label", "other"}),
    "votes": frozenset({"decision_id", "person", "verdict", "comment", "voted_at", "cast_by", "recused_at"}),
    "tasks": frozenset({"title", "assignee", "team", "due_at", "completed_at", "dropped_at", "outcome"}),
}
#: How pages show texts that are written for programs, by kind and field; None: as they are.
WRITTEN_FOR_PROGRAMS: Mapping[tuple[str, str], Callable[[Desk, str], Markup | None]] = {
    ("webhook_source", "mapping"): shown_mapping,
}


def essential_fields(
    desk: Desk, view: RecordView, record: Mapping[str, Any], judged: Sequence[str] = ()
) -> list[ShownField]:
    """Return the fields that the page shows though they are empty; those that are `judged` come first."""
    schemas = desk.contract.record_fields(view.lifecycle.plural) or {}
    placed = dict.fromkeys((*judged, *view.lifecycle.face.essentials))
    names = [name for name in placed if name in schemas]
    chosen = {name: schemas[name] for name in names}
    by_name = {field.name: field for field in desk.display.fields(record, chosen, are_chosen=True)}
    return [by_name.get(name) or _empty_field(desk, name, schemas[name]) for name in names]


def _empty_field(desk: Desk, name: str, schema: Mapping[str, Any]) -> ShownField:
    words = desk.sentence("unassigned") if name == "assignee" else "–"
    label = desk.contract.field_label(name, dict(schema), desk.language)
    return ShownField(name, label, plain_text(words), is_long=False, is_instant=False)


def readable_field(desk: Desk, view: RecordView, field: ShownField) -> ShownField:
    """Return the field with a value that people can read, if its text is written for programs."""
    renderer = WRITTEN_FOR_PROGRAMS.get((view.lifecycle.kind, field.name))
    value = None if renderer is None else renderer(desk, str(view.record[field.name]))
    return field if value is None else replace(field, value=value, is_long=True)


def placed_fields(view: RecordView, fields: Sequence[ShownField]) -> dict[str, list[ShownField]]:
    """Return the fields by where they stand: short ones, texts that stand open, texts that are folded, what
    the conversation shows, and times.
    """
    face = view.lifecycle.face
    named = face.texts or ()
    spoken = [field for field in fields if field.name in face.spoken_fields]
    texts = [field for field in fields if field not in spoken and (field.is_long or field.name in named)]
    is_open = [field for field in texts if face.texts is None or field.name in named]
    rest = [field for field in fields if field not in (*spoken, *texts) and field.name not in face.essentials]
    return {
        "facts": [field for field in rest if not field.is_instant],
        "texts": is_open,
        "folded_texts": [field for field in texts if field not in is_open],
        "spoken": spoken,
        "instants": [field for field in rest if field.is_instant],
    }


def narrowed(table: ChildTable) -> ChildTable:
    """Return the table with the columns that people read on the page of a record; its own page has all."""
    names = READ_COLUMNS.get(table.name)
    if names is None:
        return table
    rows = tuple(tuple(field for field in row if field.name in names) for row in table.rows)
    return replace(table, rows=rows)


def span_fields(view: RecordView) -> tuple[str, str] | None:
    """Return the fields of the beginning and end of what is planned; None if nothing is."""
    spans = view.lifecycle.face.spans
    return next(
        ((begin, end) for begin, end in spans if view.record.get(begin) and view.record.get(end)), None
    )


def planned_span(desk: Desk, view: RecordView) -> tuple[str, Markup, Markup] | None:
    """Return the record's plan, its beginning and its end; None without a plan."""
    names = span_fields(view)
    if names is None:
        return None
    begin, end = names
    schemas = desk.contract.record_fields(view.lifecycle.plural) or {}
    label = desk.contract.field_label(begin, schemas[begin], desk.language)
    return label, desk.display.date(view.record[begin]), desk.display.date(view.record[end])
