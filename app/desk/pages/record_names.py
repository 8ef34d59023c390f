"""Names of records that have no name or title of their own: what their face calls them, else the fields that
tell them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Formatter
from typing import Any

from app.common.faces import BilingualLabel
from app.desk.names import KIND_MEMBERS
from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView, read_record
from app.desk.values import NAMES
from app.kernel.actions.lifecycle import Lifecycle

#: Fields that tell such records apart, the most telling first, and how many of them make a name.
TELLING_FIELDS = (
    "person",
    "group_name",
    "process",
    "kpi",
    "team",
    "service",
    "environment",
    "role_class",
    "part",
    "duty",
    "basis",
    "verdict",
    "month",
    "quarter",
    "year",
    "day",
    "begins_with",
)
MOST_TELLING = 4
OWN_NAMES = frozenset(NAMES) - {"number"}


async def read_named_record(desk: Desk, lifecycle: Lifecycle[Any], name: str) -> RecordView:
    """Return the record of that name, with what people call it. Raises CallRefused."""
    return (await with_record_names(desk, [await read_record(desk, lifecycle, name)]))[0]


async def with_record_names(desk: Desk, views: Sequence[RecordView]) -> list[RecordView]:
    """Return the records of one kind with what they are called, if they have no names of their own."""
    if not views:
        return []
    label = views[0].lifecycle.face.called
    if label is not None:
        return [await _as_face_calls_it(desk, view, label) for view in views]
    return await _told_apart(desk, views[0].lifecycle, views)


async def _as_face_calls_it(desk: Desk, view: RecordView, label: BilingualLabel) -> RecordView:
    words, text = await record_words(desk, view), label.text(desk.language)
    is_known = all(words.get(name) for name in fields_of(label))
    return replace(view, called=text.format_map(words) if is_known else words.get("value", ""))


async def _told_apart(desk: Desk, lifecycle: Lifecycle[Any], views: Sequence[RecordView]) -> list[RecordView]:
    schemas = desk.contract.record_fields(lifecycle.plural) or {}
    if _has_own_name(schemas):
        return list(views)
    telling = [name for name in TELLING_FIELDS if name in schemas]
    rows = [{name: view.record[name] for name in telling if view.record.get(name)} for view in views]
    named = await desk.names.replaced_in_all(lifecycle, rows)
    texts = [
        [text for name in telling if (text := _text(desk, row.get(name), schemas[name], name))]
        for row in named
    ]
    return [
        replace(view, called=" · ".join(words[:MOST_TELLING]))
        for view, words in zip(views, texts, strict=True)
    ]


def _has_own_name(schemas: Mapping[str, Any]) -> bool:
    return any(name.removesuffix("_en") in OWN_NAMES for name in schemas)


def fields_of(label: BilingualLabel) -> list[str]:
    """Return what stands between the braces of the label."""
    return [name for _, name, _, _ in Formatter().parse(label.en) if name]


def calling_fields(lifecycle: Lifecycle[Any], schemas: Mapping[str, Any]) -> set[str]:
    """Return the fields of which the name of a record without a name of its own is made."""
    if lifecycle.face.called is not None:
        members = {name.partition("_")[0] for name in fields_of(lifecycle.face.called)}
        return members | set(KIND_MEMBERS.values())
    return set() if _has_own_name(schemas) else set(TELLING_FIELDS)


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
