"""The contract is as strict as the server: what it allows has no form that the server refuses.

Bodies and parameters at the edges of what is allowed are given to what reads requests: the same values in
every run, and no database. Whether a record is there, and what the log forbids, is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api.replica_reads import HEADER, wanted_position
from app.contract.schemas import resolved
from app.main import build_app
from tests.cases import Failures, each_case
from tests.contract.answers import as_written, document
from tests.contract.instances import allows, edges
from tests.extent import in_test_all
from tests.selection import covering, one_in

Schema = dict[str, Any]
JSON = "application/json"
#: Conditions between several members, which expressions for clients' generators cannot say: the contract
#: lists those of payloads.
BETWEEN_MEMBERS = {
    "nothing_to_change",
    *(
        condition["code"]
        for schema in document()["components"]["schemas"].values()
        for condition in schema.get("x-conditions", ())
    ),
}
#: Names of what there is or is not: a pattern says how they are written. Of a search, what a letter is.
EXISTING = {"not_a_currency", "unknown_zone", "nothing_to_search_for"}


@cache
def routes() -> dict[str, APIRoute]:
    """The routes of the contract by the ids of their operations."""
    paths = document()["paths"]
    return {
        paths[route.path][method.lower()]["operationId"]: route
        for route in build_app().routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if method.lower() in paths.get(route.path, {})
    }


def operations() -> Iterator[tuple[str, Schema]]:
    for methods in document()["paths"].values():
        for operation in methods.values():
            yield operation["operationId"], operation


def bodies() -> list[tuple[str, Schema]]:
    """The schema of each body in JSON, once, with the operation that takes it."""
    schemas: dict[str, tuple[str, Schema]] = {}
    for name, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        if JSON in content:
            schemas.setdefault(str(content[JSON]["schema"]), (name, content[JSON]["schema"]))
    return list(schemas.values())


def parameters() -> list[tuple[str, Schema]]:
    """Each parameter, once, with an operation that takes it."""
    schemas: dict[str, tuple[str, Schema]] = {}
    for name, operation in operations():
        for parameter in operation.get("parameters", ()):
            schemas.setdefault(str(parameter), (name, parameter))
    return list(schemas.values())


def named(value: object) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else str(value)


def place(case: tuple[str, Schema]) -> str:
    """The operation of the case, and the name of its parameter, if it is about one."""
    return f"{case[0]} {named(case[1])}"


def faults_of_body(name: str, value: Any) -> list[str]:
    """The codes of what the server finds wrong with the form of the body."""
    field = routes()[name].body_field
    assert field is not None
    return _codes(field.validate(value))


def faults_of_parameter(name: str, parameter: Schema, value: Any) -> list[str]:
    """The codes of what the server finds wrong with the value of the parameter."""
    if parameter["name"] == HEADER:
        return _faults_of_position(_text(value))
    takes = routes()[name].dependant
    fields = {"query": takes.query_params, "path": takes.path_params, "header": takes.header_params}
    query = {parameter["name"]: _sent(parameter, value)}
    if isinstance(value, dict):
        query = {f"{parameter['name']}.{member}": _text(part) for member, part in value.items()}
    for field in fields[parameter["in"]]:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return _codes(field.validate(_needed(name) | query))
        if field.alias.lower() == parameter["name"].lower():
            return _codes(field.validate(_sent(parameter, value)))
    raise AssertionError(f"{name} takes no {parameter['name']}")


def _faults_of_position(text: str) -> list[str]:
    """Likewise of the header that all marked operations take, and no dependant has."""
    headers = [(HEADER.lower().encode(), text.encode())]
    try:
        wanted_position(Request({"type": "http", "headers": headers, "state": {}}))
    except RequestValidationError as error:
        return [fault["type"] for fault in error.errors()]
    return []


def _needed(name: str) -> dict[str, str | list[str]]:
    described = next(operation for name_found, operation in operations() if name_found == name)
    return {
        parameter["name"]: _sent(parameter, parameter["example"])
        for parameter in described["parameters"]
        if parameter["in"] == "query" and parameter["required"]
    }


def _sent(parameter: Schema, value: Any) -> str | list[str]:
    """The value as it arrives: texts, if the parameter is repeated for each entry of a list."""
    is_repeated = parameter["in"] == "query" and parameter.get("explode", False)
    return [_text(entry) for entry in value] if isinstance(value, list) and is_repeated else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _codes(validated: tuple[Any, Any]) -> list[str]:
    return [f"{error['type']} at {error['loc']}" for error in validated[1] or ()]


def _unforeseen(codes: list[str]) -> list[str]:
    return [code for code in codes if code.partition(" ")[0] not in BETWEEN_MEMBERS | EXISTING]


def parts_of(schema: Schema, depth: int = 3) -> Iterator[Schema]:
    """The schema and those within it, so many levels deep."""
    schema = resolved(schema, as_written())
    yield schema
    for choice in schema.get("anyOf", ()):
        yield from parts_of(choice, depth)
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for part in inner if depth else ():
        if isinstance(part, dict):
            yield from parts_of(part, depth - 1)


def forms_of(body: tuple[str, Schema]) -> set[str]:
    """What is checked of a body: formats and patterns of its parts, and conditions between them."""
    parts = list(parts_of(body[1]))
    forms = {f"{part.get('type')} {part.get('format')} {part.get('pattern')}" for part in parts}
    return forms | {condition["code"] for part in parts for condition in part.get("x-conditions", ())}


def test_a_body_that_the_contract_allows_has_no_form_that_is_refused() -> None:
    smallest_first = sorted(bodies(), key=lambda body: len(list(parts_of(body[1]))))
    failures = Failures()
    for name, schema in covering(smallest_first, forms_of):
        failures.run(name, partial(has_no_form_that_is_refused, name, schema))
    failures.report()


def has_no_form_that_is_refused(name: str, schema: Schema) -> None:
    """Fails if the server refuses a value that the contract allows."""
    tried = 0
    for value in edges(schema):
        tried += 1
        assert _unforeseen(faults_of_body(name, value)) == [], f"{str(value)[:300]}"
    assert tried


@in_test_all
@each_case(("name", "parameter"), parameters(), ids=named)
def test_a_parameter_that_the_contract_allows_has_no_form_that_is_refused(
    name: str, parameter: Schema
) -> None:
    tried = 0
    for value in edges(parameter["schema"]):
        tried += 1
        assert _unforeseen(faults_of_parameter(name, parameter, value)) == [], f"{str(value)[:300]}"
    assert tried


@each_case(("name", "schema"), one_in(8, bodies(), place), ids=named)
def test_a_body_has_an_example_that_is_right(name: str, schema: Schema) -> None:
    choices = [option["$ref"] for option in (schema, *schema.get("anyOf", ())) if "$ref" in option]
    assert choices
    for reference in choices:
        (example,) = as_written()["components"]["schemas"][reference.rpartition("/")[2]]["examples"]
        assert allows(schema, example)
        assert faults_of_body(name, example) == []


@each_case(
    ("name", "parameter"), one_in(8, parameters(), lambda case: f"{case[0]} {case[1]['name']}"), ids=named
)
def test_a_parameter_has_an_example_that_is_right(name: str, parameter: Schema) -> None:
    assert allows(parameter["schema"], parameter["example"])
    assert faults_of_parameter(name, parameter, parameter["example"]) == []


def test_an_empty_patch_is_not_allowed() -> None:
    patches = [schema for name, schema in bodies() if name.startswith("edit_") and allows(schema, {})]
    assert patches == []
