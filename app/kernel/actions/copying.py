"""Copying a payload to the record's fields of the same names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from app.common.custom import CustomValuesField
from app.common.records import Codec, ForeignRef, Record, codecs, jsonb_ordered
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import PartialPayload, Payload, PayloadPart, marks, part_types, to_json_value


class _Copied(NamedTuple):
    """A field of a payload, and the one of the record that takes it over."""

    name: str
    target: Codec
    is_reference: bool


def copy_fields(
    record: Record, body: Payload | PayloadPart, ctx: ActionContext, *, without: str = ""
) -> None:
    """Set the record's fields to the payload's fields of the same names, except those in `without`, by their
    names with spaces between; for a PartialPayload, only the sent ones.

    A reference sets `owner_id`, several references set `team_ids`, or the list of the same name; where the
    record's field is optional, an empty list is null. A list of parts of the payload with fields of their own
    sets a field that holds a JSON document (`as_documents`). Members without a field in the record itself,
    such as fields of its parts, stay out, and so do custom fields and all other parts of the payload.
    """
    excepted = frozenset(without.split())
    for field in _copied_fields(type(record), type(body)):
        was_left_out = isinstance(body, PartialPayload) and field.name not in body.model_fields_set
        if not was_left_out and field.name not in excepted:
            setattr(record, field.target.name, _value(getattr(body, field.name), field, ctx))


def _value(value: Any, field: _Copied, ctx: ActionContext) -> Any:
    """Return the value as records hold it."""
    if field.is_reference:
        ids = [named.id for named in ctx.refs(Record, field.name)]
        value = tuple(ids) if field.target.holds_list else next(iter(ids), None)
    if isinstance(value, tuple):
        if field.target.document:
            return as_documents(value) or ([] if field.target.required else None)
        entries = [_plain(entry) for entry in value]
        return entries if entries or field.target.required else None
    return jsonb_ordered(value) if isinstance(value, dict) else value


def as_documents(parts: Sequence[PayloadPart]) -> list[dict[str, Any]]:
    """Return parts of a payload as JSON data with all of their fields, as a record holds them."""
    documents: list[dict[str, Any]] = jsonb_ordered([_as_document(part) for part in parts])
    return documents


def _as_document(part: PayloadPart) -> dict[str, Any]:
    return {name: _as_json(getattr(part, name)) for name in type(part).model_fields}


def _as_json(value: Any) -> Any:
    if isinstance(value, PayloadPart):
        return _as_document(value)
    if isinstance(value, tuple):
        return [_as_json(entry) for entry in value]
    return to_json_value(value)


def _plain(entry: Any) -> Any:
    """Return an entry of a list as JSON has it."""
    return str(entry) if isinstance(entry, UUID | StrEnum) else entry


@cache
def _copied_fields(record: type[Record], payload: type[Payload | PayloadPart]) -> tuple[_Copied, ...]:
    """Return the fields that the payload and the record share, in the payload's order."""
    references, targets = marks(payload, ForeignRef), codecs(record)
    documents = {name for name, target in targets.items() if target.document}
    apart = {*marks(payload, CustomValuesField), *(part_types(payload).keys() - documents)}
    copied = []
    for name in payload.model_fields:
        is_reference = name in references
        keys = (f"{name}_id", f"{name.removesuffix('s')}_ids", name) if is_reference else (name,)
        target = next((targets[key] for key in keys if key in targets), None)
        # A field that is called as a reference holds ids if it is a list, but else a key.
        holds_key = is_reference and target is not None and target.name == name and not target.holds_list
        if target is not None and not holds_key and name not in apart and name != "occurred_at":
            copied.append(_Copied(name, target, is_reference))
    return tuple(copied)
