"""Examples in the contract: one for each request body and each parameter, composed of the examples of their
parts (pure).

A type that has a name has its own example, and a field may have another; the rest is derived from its schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.common.components import EXAMPLE_MEMBERS

Schema = dict[str, Any]
_SCHEMA = "#/components/schemas/"
JSON = "application/json"
#: Names of records, by the words in the names of what holds them.
NAMED = {
    "team": "network",
    "customer": "finance",
    "group": "change-board",
    "incident": "INC-2026-000123",
    "ticket": "INC-2026-000123",
    "other": "INC-2026-000123",
    "article": "KNW-2026-000001",
    "item": "laptop",
    "service": "mail",
    "cis": "mail-relay",
    "ci": "mail-relay",
}
#: Examples of texts, by format.
FORMATS = {
    "uuid": "01a1f97c-30c5-7000-97ee-b8f8b8f618f2",
    "date-time": "2026-03-02T09:30:00Z",
    "date": "2026-03-02",
}
#: Examples of parameters that take a single value, by parameter name.
PARAMETERS = {
    "code": "wrong_value",
    "cursor": "MTIzNDU2Nzg5MGFiY2RlZlsiMjAyNiJd",
    "custom": {"site": "beijing"},
    "id": FORMATS["uuid"],
    "Idempotency-Key": "5f0c8d1e",
    "accept": "text/html",
    "accept-language": "zh",
    "if-match": '"7"',
    "if-none-match": '"7.5ac1"',
    "tz": "Asia/Shanghai",
}


def add_examples(document: Schema) -> None:
    """Add an example to the schema of each request body, and to each parameter."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                parameter["example"] = _of_parameter(parameter, schemas)
            for name in _sent(operation):
                schema = schemas[name]
                if "examples" not in schema:
                    schema["examples"] = [example(schema, schemas)]
    for schema in schemas.values():
        schema.pop(EXAMPLE_MEMBERS, None)


def _sent(operation: Schema) -> Iterator[str]:
    """Yield the names of the schemas of the operation's request body."""
    schema = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    for choice in (schema, *schema.get("anyOf", ())):
        if "$ref" in choice:
            yield choice["$ref"].removeprefix(_SCHEMA)


def _of_parameter(parameter: Schema, schemas: Schema) -> Any:
    """Return an example of the parameter; a list is not empty."""
    name, schema = parameter["name"], parameter["schema"]
    takes_one = schema.get("type") != "array"
    return PARAMETERS[name] if name in PARAMETERS and takes_one else _something(schema, schemas, name)


def _something(schema: Schema, schemas: Schema, name: str) -> Any:
    """Return an example of the schema; a list is not empty."""
    value = example(schema, schemas, name)
    return value or [example(schema["items"], schemas, name)] if schema.get("type") == "array" else value


def example(schema: Schema, schemas: Schema, name: str = "") -> Any:
    """Return an example of the schema, for a field or parameter of that name."""
    for member in ("examples", "enum"):
        if member in schema:
            return schema[member][0]
    if "const" in schema or schema.get("default"):
        return schema.get("const", schema.get("default"))
    if "$ref" in schema:
        return _named(schema["$ref"].removeprefix(_SCHEMA), schemas, name)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, name)
    return _of_type(schema, schemas, name)


def _of_type(schema: Schema, schemas: Schema, name: str) -> Any:
    match schema["type"]:
        case "object":
            return _object(schema, schemas)
        case "array":
            return [example(schema["items"], schemas, name) for _ in range(schema.get("minItems", 0))]
        case "boolean":
            return True
        case "integer" | "number":
            return int(schema.get("minimum", 1))
        case _:
            assert "pattern" not in schema, f"{name}: what matches {schema['pattern']} needs an example"
            return FORMATS.get(schema.get("format", ""), "mail")


def _named(component: str, schemas: Schema, name: str) -> Any:
    if component == "Reference":
        values = [value for word, value in NAMED.items() if word in name]
        return values[0] if values else schemas[component]["examples"][0]
    return example(schemas[component], schemas, name)


def _object(schema: Schema, schemas: Schema) -> Schema:
    """Return an example object with the required members and those marked to be shown; of a patch, with one
    member to change.
    """
    members = schema.get("properties", {})
    names = [*schema.get("required", ())]
    if schema.get("minProperties") and not names:
        candidates = [name for name in members if name != "occurred_at"]
        names = [next((name for name in candidates if "examples" in members[name]), candidates[0])]
    values = {name: example(members[name], schemas, name) for name in members if name in names}
    more = schema.get(EXAMPLE_MEMBERS, ())
    return values | {name: _something(members[name], schemas, name) for name in more}
