"""A body that is not what its class says is refused, field by field, and nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, cast

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload, part_types
from tests.cases import each_case
from tests.client import Json
from tests.contract import answers
from tests.every_action.samples import sample
from tests.every_action.world import (
    OF_PEOPLE,
    ROWS,
    Row,
    World,
    address,
    case_name,
    method,
    of_decisions,
    of_kind,
    send,
)
from tests.extent import first_of

UNKNOWN = ("unexpected", "given~/x", "state", "id")
WRONG: tuple[Any, ...] = (1.5, {"a": {"b": 1}}, [[]], True, "", 10**30, "\x00", "x" * 20_001)
#: Of what is wrong for most fields, what is right for some.
JSON_TYPES = {bool: "boolean", float: "number"}

Place = Callable[[Any], Awaitable[httpx.Response]]


def way_of_sending(case: Row) -> tuple[bool, str, bool]:
    """Whether the body is of a new record, how it is sent, and whether it has parts."""
    _, row = case
    body: type[Payload] = row.body
    return row.opens, method(row), bool(part_types(body))


@asynccontextmanager
async def place_of(world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> AsyncIterator[Place]:
    """Sends bodies to the row, on a record in a state that it is open in; none of them is carried out."""
    record = None
    if not row.opens:
        state = next(state for state in lifecycle.states if row.is_open_in(state))
        record = await world.standing(lifecycle, state)
    head = await world.api.head()
    yield partial(send, world.everybody, lifecycle, row, record)
    assert await world.api.head() == head


def fields_of(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> tuple[set[str], set[str]]:
    """The names that the contract lets a client send, and those that it must send."""
    path = address(lifecycle, row, None if row.opens else {"id": "x"})
    operation = answers.operation(method(row), path)
    assert operation is not None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    choices = [schema, *schema.get("anyOf", ())]
    (name,) = {choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice}
    declared = answers.document()["components"]["schemas"][name]
    return set(declared["properties"]), set(declared.get("required", ()))


def kinds_of(model: type[BaseModel], names: set[str]) -> dict[str, set[str]]:
    """What JSON calls the values that each field takes, but for texts: these have rules of their own."""
    properties = model.model_json_schema().get("properties", {})
    schemas = {name: properties.get(name, {}) for name in sorted(names)}
    return {
        name: {choice.get("type", "") for choice in (schema, *schema.get("anyOf", ()))}
        for name, schema in schemas.items()
    }


async def faults(place: Place, body: Any) -> set[str]:
    """The places in the body that are refused."""
    answer = await place(body)
    assert answer.status_code == 422, answer.text
    return {error["pointer"] for error in answer.json()["errors"]}


async def refused_names(place: Place, body: Any) -> set[str]:
    """The fields of the body that are refused, or within which something is."""
    return {pointer.split("/")[1] for pointer in await faults(place, body)}


@each_case(("lifecycle", "row"), ROWS, ids=case_name, by=of_kind, one_of_each=way_of_sending)
async def test_an_unknown_field_is_refused_by_name(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    async with place_of(world, lifecycle, row) as place:
        for unknown in first_of(UNKNOWN, 2):
            pointer = "/" + unknown.replace("~", "~0").replace("/", "~1")
            assert await faults(place, sample(row) | {unknown: 1}) == {pointer}


@each_case(("lifecycle", "row"), ROWS, ids=case_name, by=of_kind, one_of_each=way_of_sending)
async def test_what_must_be_given_is_asked_for_by_name(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    _, required = fields_of(lifecycle, row)
    async with place_of(world, lifecycle, row) as place:
        for name in required:
            without: Json = {key: value for key, value in sample(row).items() if key != name}
            assert await faults(place, without) == {f"/{name}"}
        if required:
            nothing = sample(row) | dict.fromkeys(required)
            assert await faults(place, nothing) == {f"/{name}" for name in required}


def test_no_field_of_numbers_takes_a_boolean() -> None:
    """Without `strict`, true would be taken as 1."""
    bodies: set[type[BaseModel]] = {row.body for _, row in OF_PEOPLE if not of_decisions(row)}
    lenient = {
        f"{model.__name__}.{name}"
        for model in bodies | {part for body in bodies for part in part_types(body).values()}
        for name, kinds in kinds_of(model, set(model.model_fields)).items()
        if kinds & {"integer", "number"} and "boolean" not in kinds and takes(model.model_fields[name], True)
    }
    assert not lenient


def takes(field: FieldInfo, candidate: Any) -> bool:
    """Whether the field would be set to the candidate, or to what it is read as."""
    try:
        TypeAdapter(cast("Any", Annotated)[field.annotation, field]).validate_python(candidate)
    except ValidationError:
        return False
    return True


# A client sends no body of an action that only decisions or rules perform.
@each_case(
    ("lifecycle", "row"),
    [(lc, row) for lc, row in OF_PEOPLE if not of_decisions(row)],
    ids=case_name,
    by=of_kind,
    one_of_each=way_of_sending,
)
async def test_a_value_of_the_wrong_kind_is_refused_by_name(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    names, _ = fields_of(lifecycle, row)
    assert set(sample(row)) <= names
    kinds = kinds_of(row.body, names)
    wrongs = [
        {name: wrong for name in kinds if JSON_TYPES.get(type(wrong)) not in kinds[name]} for wrong in WRONG
    ]
    async with place_of(world, lifecycle, row) as place:
        # All of them together in each way: of every one it is said by name.
        for values in filter(None, wrongs):
            refused = await refused_names(place, sample(row) | values)
            assert refused <= values.keys()
            # What is looked at only when all else is right.
            for name in values.keys() - refused:
                assert await refused_names(place, sample(row) | {name: values[name]}) == {name}
        # And each of them alone, in one way.
        for number, name in enumerate(kinds):
            wrong = wrongs[number % len(WRONG)].get(name, [[]])
            assert await refused_names(place, sample(row) | {name: wrong}) == {name}, (name, str(wrong)[:50])


@each_case(("lifecycle", "row"), ROWS, ids=case_name, by=of_kind, one_of_each=way_of_sending)
async def test_a_body_that_is_no_object_is_refused(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    async with place_of(world, lifecycle, row) as place:
        for wrong in ([], [sample(row)], "text", 1, True):
            assert await faults(place, wrong) == {""}
