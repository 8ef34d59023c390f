"""Values that a schema of the contract allows, at its edges: the shortest, the longest, the strangest (pure).

Each value that is tried differs in one place from one that is as usual as can be.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from app.contract.schemas import resolved
from tests.contract.answers import NAME, as_written, within

Schema = dict[str, Any]
#: Texts that some program has taken for something else, or for nothing.
TEXTS = (
    "a", "0", " ", "\t", "\n", "\u3000", "\u200b", "\u2800", "none", "None", "me", "true", ".", "..", "a,b",
    "a/b", "a\\b", "a b", " a ", "a\n", "a\nb", "a\u0000b", "a\u0007b", "\u202ea", "\U0001f600", "enc1:a",
    "@", "a@b", "A", "AAA", "XTS", "CNY", "en", "-1", "1.0", "0.00", "1.00", "1e3", "00:00", "23:59",
    "24:00", "2026-02-30", "2026-03-02", "0001-01-01", "0000-01-01", "9999-12-31", "1900-01-01",
    "2199-12-31", "0001-01-01T00:00:00Z", "1900-06-01T00:00:00Z", "2200-06-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2026-03-02t09:30:00z",
    "2026-03-02T09:30:00.123456789-00:00", "2026-03-02T09:30:00Z", "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "Asia/Shanghai", "UTC", "agent", "agent@process/incident",
    "agent@team/x", "a" * 50, "a" * 60, "AB", '"a"', "*", "2026", "0000", "2026-10", "9999-12", "2026-13",
    "2026-Q4", "0000-Q1", "2026-Q5", "PT4H", "P999DT9999H9999M99999S", "PT0S", "P999W", "PT", "P1DT", "P1Y",
    "PT1.5H", "99999999", "999999999",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 0.5, 2**31, 2**53 - 1, 2**63, 10**30, -(2**63))


def usual(schema: Schema) -> Any:
    """The example of the schema, or the plainest value that it allows."""
    schema = resolved(schema, as_written())
    for name in ("examples", "enum"):
        if name in schema:
            return copy.deepcopy(schema[name][0])
    if "const" in schema:
        return schema["const"]
    if choices := _choices(schema):
        return usual(choices[0])
    kind = _kind(schema)
    if kind == "object":
        return {name: usual(schema["properties"][name]) for name in schema.get("required", ())}
    if kind == "array":
        return [usual(schema["items"]) for _ in range(schema.get("minItems", 0))]
    return next(value for value in _simple(schema) if allows(schema, value))


def edges(schema: Schema) -> Iterator[Any]:
    """Values at the edges of what the schema allows, of each part of it in turn."""
    fits = _validator(json.dumps(schema)).is_valid
    schema = resolved(schema, as_written())
    if "const" in schema or "enum" in schema:
        yield from (schema["const"],) if "const" in schema else schema["enum"]
    elif choices := _choices(schema):
        yield from (value for choice in choices for value in edges(choice) if fits(value))
    elif _kind(schema) == "object":
        yield from filter(fits, _objects(schema))
    elif _kind(schema) == "array":
        yield from filter(fits, _lists(schema))
    else:
        yield from filter(fits, _simple(schema))


def _choices(schema: Schema) -> list[Schema]:
    """Its alternatives: of several types, the schema with each of them."""
    kinds = schema["type"] if isinstance(schema.get("type"), list) else []
    return [*schema.get("anyOf", ()), *({**schema, "type": kind} for kind in kinds)]


def _objects(schema: Schema) -> Iterator[Any]:
    base = usual(schema)
    yield from ({}, base)
    for name, part in schema.get("properties", {}).items():
        yield from ({**base, name: value} for value in edges(part))
    further = schema.get("additionalProperties")
    if isinstance(further, dict):
        yield from ({**base, name: usual(further)} for name in TEXTS)
        yield from ({**base, "a": value} for value in edges(further))


def _lists(schema: Schema) -> Iterator[Any]:
    item = schema.get("items", {})
    least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
    for count in {least, least + 1, 2, most}:
        yield [copy.deepcopy(usual(item)) for _ in range(count)]
    for edge in edges(item):
        yield [edge, *[usual(item)] * (least - 1)]


def _simple(schema: Schema) -> Iterator[Any]:
    """Texts, numbers and the like that some schema of that kind allows."""
    least, most = schema.get("minLength", 0), schema.get("maxLength", 0)
    bounds = [int(schema[name]) for name in ("minimum", "maximum") if name in schema]
    yield from ("", *TEXTS, "a" * least, "a" * most, "汉" * most, *bounds, *NUMBERS, True, False, None)


def _kind(schema: Schema) -> str:
    return str(schema.get("type", "object" if "properties" in schema else ""))


def allows(schema: Schema, value: Any) -> bool:
    """Whether the contract allows the value where the schema stands."""
    return _validator(json.dumps(schema)).is_valid(value)


@cache
def _registry() -> Registry:
    return Registry([(NAME, as_written())], draft=Draft202012)


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(within(json.loads(schema)), registry=_registry(), validate_formats=True)
