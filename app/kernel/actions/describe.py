"""A lifecycle as data, as Markdown, and as a Mermaid diagram; all event types with their schemas (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from app.common.components import EXAMPLE_MEMBERS, HELP, LABEL, MARK, marked
from app.common.custom import FOR_STAFF, PUBLIC, CustomValuesField
from app.common.personal import Personal
from app.common.records import Codec, CodeEnum, ForeignRef, Hidden, Record, StaffOnly, codecs
from app.common.times import clocks
from app.kernel.access.naming_fields import naming_fields_of_kind
from app.kernel.access.redaction import Viewer, is_withheld, records_of
from app.kernel.actions.lifecycle import Action, Branch, Lifecycle
from app.kernel.actions.payloads import PartialPayload, Payload, SuppliedField, marks, part_types
from app.log.upcasting import current_version

ENCRYPTED = (
    "Personal: in the log enc1:<key>:<ciphertext>; clients are shown the text, null once it is erased."
)
VALUES = "Values of custom fields by their keys; `words` as personal fields are."
HIDDEN = "Stands in the log; no client is shown it."
MARKS = (Personal, ForeignRef, Hidden)
ID = {"type": "string", "format": "uuid"}
#: The types of values in JSON.
JSON_TYPES = {str: "string", int: "integer", bool: "boolean"}
NULL = {"type": "null"}


def as_data(lifecycle: Lifecycle[Any]) -> dict[str, Any]:
    """Return the states and actions of a lifecycle, with their labels in both languages."""
    return {
        "kind": lifecycle.kind,
        "plural": lifecycle.plural,
        "states": [{"state": s.value, "en": s.en, "zh": s.zh} for s in lifecycle.states],
        "actions": [
            {
                "action": row.name,
                "en": row.label("en"),
                "zh": row.zh,
                "summary": row.description,
                "from": source_states(lifecycle, row),
                "to": target_state(row),
                "who": row.policy.phrase("en"),
                "given": sorted(name for name in row.body.model_fields if name != "occurred_at"),
                "event": row.event,
                "events": list(row.events),
            }
            for row in lifecycle.rows
        ],
    }


def source_states(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> list[str]:
    """Return the states in which the action is available; empty for the action that opens the record."""
    return [] if row.opens else [state.value for state in lifecycle.states if row.is_open_in(state)]


def target_state(row: Action[Any, Any]) -> str:
    """Return the state that the action leads to, or a phrase if that depends on the record."""
    if row.stays:
        return "stays"
    return " or ".join(state.value for state in row.leads_to) or "where it was"


def as_markdown(lifecycle: Lifecycle[Any]) -> str:
    """Return the lifecycle's page for people: the diagram, the states and the table of actions."""
    lines = [
        f"# {lifecycle.kind.replace('_', ' ').capitalize()} · {lifecycle.zh}",
        "",
        "```mermaid",
        as_mermaid(lifecycle),
        "```",
        "",
        "| state | English | 中文 |",
        "|---|---|---|",
        *(f"| `{s.value}` | {s.en} | {s.zh} |" for s in lifecycle.states),
        "",
        "| action | 中文 | from → to | who | must be given | may be given | event |",
        "|---|---|---|---|---|---|---|",
        *(_line(lifecycle, row) for row in lifecycle.rows),
        "",
    ]
    lines += [f"- **{row.name}**: {row.description}" for row in lifecycle.rows]
    return "\n".join(lines) + "\n"


def _line(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> str:
    fields = {name: field for name, field in row.body.model_fields.items() if name != "occurred_at"}
    needed = ", ".join(f"`{name}`" for name, field in fields.items() if field.is_required())
    optional = ", ".join(f"`{name}`" for name, field in fields.items() if not field.is_required())
    states = f"{', '.join(source_states(lifecycle, row))} → {target_state(row)}"
    actors = row.policy.phrase("en")
    events = " · ".join(f"`{event}`" for event in row.events)
    return f"| `{row.name}` | {row.zh} | {states} | {actors} | {needed} | {optional} | {events} |"


def as_mermaid(lifecycle: Lifecycle[Any]) -> str:
    """Return the Mermaid diagram of the states and the transitions between them."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state.value} : {state.en} / {state.zh}" for state in lifecycle.states]
    for row in lifecycle.rows:
        if row.opens:
            lines.append(f"    [*] --> {target_state(row)} : {row.name}")
        elif not row.stays:
            lines += [
                f"    {state.value} --> {to.value} : {row.name}"
                for state in lifecycle.states
                if row.is_open_in(state)
                for to in outcomes(lifecycle, row, state)
            ]
    return "\n".join(lines)


def outcomes(lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum) -> tuple[CodeEnum, ...]:
    """Return all states that the action can lead to from that one."""
    if isinstance(row.to, Branch):
        return _leads_to(row, state)
    if not callable(row.to):
        return row.leads_to
    # The action leads back to the previous state: any from which another action leads to this one.
    leading = [other for other in lifecycle.rows if not other.opens and state in other.leads_to]
    return tuple(
        before
        for before in lifecycle.states
        if before != state
        and any(other.is_open_in(before) and state in _leads_to(other, before) for other in leading)
    )


def _leads_to(row: Action[Any, Any], state: CodeEnum) -> tuple[CodeEnum, ...]:
    """Return the states that the row declares for that one."""
    return row.to.outcomes.get(state, row.leads_to) if isinstance(row.to, Branch) else row.leads_to


def catalogue(lifecycles: Iterable[Lifecycle[Any]]) -> dict[str, Any]:
    """Return every event type with the JSON Schema of its `schema` (of a clock's also that of `clock`), and
    the schema of every row that an event's `set` may hold.
    """
    lifecycles = list(lifecycles)
    rows: dict[str, Any] = {}
    for lifecycle in lifecycles:
        for record in (lifecycle.record, *lifecycle.children):
            rows[record.KIND] = _row_schema(record)
    types: dict[str, dict[str, Any]] = {}
    for lifecycle in lifecycles:
        for row in lifecycle.rows:
            for event in row.events:
                schema = _given_schema(lifecycle, row.payload_of(event))
                if (existing := types.get(event)) is not None:
                    schema = _common_schema(existing["given"], schema)
                types[event] = {
                    "schema_version": current_version(event),
                    "kind": lifecycle.kind,
                    "summary": row.description,
                    "given": schema,
                }
    observed = {
        lifecycle.observed: {
            "schema_version": current_version(lifecycle.observed),
            "kind": lifecycle.kind,
            "summary": "Another system told something of it that no action says.",
            "given": {"type": "object"},
        }
        for lifecycle in lifecycles
        if lifecycle.is_ticket
    }
    # Clocks have streams but no lifecycle: their events set no fields, and carry everything in a member of
    # their own.
    of_clocks = {
        event.value: {
            "schema_version": 1,
            "kind": clocks.KIND,
            "summary": summary,
            "given": {"type": "object", "properties": {}, "additionalProperties": False},
            "clock": clocks.ClockData.model_json_schema(mode="validation"),
        }
        for event, summary in clocks.SUMMARIES.items()
    }
    types = dict(sorted({**types, **observed, **of_clocks}.items()))
    return {"types": types, "rows": dict(sorted(rows.items()))}


def event_names(lifecycles: Iterable[Lifecycle[Any]]) -> dict[str, frozenset[str]]:
    """Return the types of events, by the kind of the record that they are about."""
    named: dict[str, set[str]] = {clocks.KIND: {event.value for event in clocks.SUMMARIES}}
    for lifecycle in lifecycles:
        types = named.setdefault(lifecycle.kind, set())
        types |= {event for row in lifecycle.rows for event in row.events}
        if lifecycle.is_ticket:
            types.add(lifecycle.observed)
    return {kind: frozenset(types) for kind, types in named.items()}


def _common_schema(first: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the payloads of an event that several actions have: with what any of them has, and
    what all of them require.
    """
    if first == other:
        return other
    required = [name for name in other.get("required", ()) if name in first.get("required", ())]
    common = {**other, "properties": {**first["properties"], **other["properties"]}}
    if defs := {**first.get("$defs", {}), **other.get("$defs", {})}:
        common["$defs"] = defs
    return _requiring(required, common)


def _requiring(names: Iterable[str], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with these members required, and no others."""
    requiring = schema | {"required": list(names)}
    return (
        requiring
        if requiring["required"]
        else {name: value for name, value in requiring.items() if name != "required"}
    )


def _given_schema(lifecycle: Lifecycle[Any], body: type[Payload]) -> dict[str, Any]:
    """Return the schema of the payload as the log stores it in `given`."""
    schema: dict[str, Any] = body.model_json_schema(mode="serialization")
    # The components' present rules are left out, as events recorded earlier need not meet them.
    for value in list(marked(schema)):
        del value[MARK]
    for name in ("minProperties", EXAMPLE_MEMBERS):
        schema.pop(name, None)
    for model in (schema, *schema.get("$defs", {}).values()):
        for field in model.get("properties", {}).values():
            field.pop(LABEL, None)
            field.pop(HELP, None)
    schema["properties"].pop("occurred_at", None)
    if supplied := marks(body, SuppliedField):
        needed = {*schema.get("required", ()), *supplied}
        schema["required"] = [name for name in schema["properties"] if name in needed]
    _describe_stored_fields(schema["properties"], body)
    if marks(body, CustomValuesField):
        values = {"type": "object", "description": f"{VALUES} null: was taken away."}
        schema["properties"] |= {PUBLIC: values, FOR_STAFF: values}
    for part in part_types(body).values():
        _describe_stored_fields(schema["$defs"][part.__name__]["properties"], part)
    # Readers get the same events without what is not for them.
    withheld = hidden_names(lifecycle, Viewer.other) | naming_fields_of_kind(lifecycle)
    return _requiring((name for name in schema.get("required", ()) if name not in withheld), schema)


def _describe_stored_fields(fields: dict[str, Any], model: type[BaseModel]) -> None:
    for name, field in fields.items():
        stored = _stored_field_schema(field, {mark for mark in MARKS if name in marks(model, mark)})
        # Absent fields are not stored, except that null in a PartialPayload is: it removes a value.
        taken_away = issubclass(model, PartialPayload) and _may_be_null(field)
        fields[name] = _or_null(stored) if taken_away else stored


def _stored_field_schema(field: dict[str, Any], marked: set[type]) -> dict[str, Any]:
    """Return the schema of a payload field as the log stores its value: ids for references, ciphertexts for
    personal texts.
    """
    field = _without_null(field)
    about: dict[str, Any] = {name: field[name] for name in ("title", "description") if name in field}
    if Personal in marked:
        return {"type": ["string", "null"], **_with_description(about, ENCRYPTED)}
    if ForeignRef in marked:
        return {**field, "items": ID} if "items" in field else {**ID, **about}
    return _with_description(field, HIDDEN) if Hidden in marked else field


def _may_be_null(field: dict[str, Any]) -> bool:
    return NULL in field.get("anyOf", ())


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    if isinstance(field.get("type"), list):  # a ciphertext, which is null after erasure
        return field
    about: dict[str, Any] = {name: field[name] for name in ("title", "description") if name in field}
    value = {name: content for name, content in field.items() if name not in about}
    return {"anyOf": [value, NULL], **about}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" not in field:
        return field
    (schema,) = (option for option in field["anyOf"] if option != NULL)
    return {**schema, **{name: value for name, value in field.items() if name not in ("anyOf", "default")}}


def _with_description(field: dict[str, Any], words: str) -> dict[str, Any]:
    return {**field, "description": f"{field.get('description', '')} {words}".strip()}


def _row_schema(record: type[Record]) -> dict[str, Any]:
    fields = {name: _field_schema(codec) for name, codec in codecs(record).items()}
    return {"type": "object", "description": (record.__doc__ or "").strip(), "properties": fields}


def _field_schema(codec: Codec) -> dict[str, Any]:
    if codec.personal:
        return {"type": ["string", "null"], "description": ENCRYPTED}
    return _with_description(_type_schema(codec.type), HIDDEN) if codec.hidden else _type_schema(codec.type)


def _type_schema(kind: Any) -> dict[str, Any]:
    if kind is datetime:
        return {"type": ["string", "null"], "format": "date-time"}
    if kind is UUID:
        return {"type": ["string", "null"], "format": "uuid"}
    if isinstance(kind, type) and issubclass(kind, CodeEnum):
        return {"type": ["string", "null"], "enum": [*(code.value for code in kind), None]}
    if get_origin(kind) is list:
        (each,) = get_args(kind)
        return {"type": ["array", "null"], "items": {"type": JSON_TYPES.get(each, "object")}}
    if get_origin(kind) is dict:
        return {"type": ["object", "null"], "description": VALUES}
    return {"type": [JSON_TYPES[kind], "null"]}


@cache
def hidden_names(lifecycle: Lifecycle[Any], viewer: Viewer) -> set[str]:
    """Return the fields that are hidden from this viewer, or from every client, by their names in payloads
    and in records.
    """
    of_bodies = [name for row in lifecycle.rows for name in marks(row.body, Hidden)]
    of_bodies += [
        name
        for row in lifecycle.rows
        for name, mark in marks(row.body, StaffOnly).items()
        if is_withheld(mark, viewer)
    ]
    of_rows = [
        name
        for record in records_of(lifecycle)
        for name, codec in codecs(record).items()
        if codec.hidden or is_withheld(codec.withheld, viewer)
    ]
    return {*of_bodies, *of_rows}
