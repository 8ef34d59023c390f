"""Every operation with values that nobody has thought of: what the contract allows, and what it does not.

What is answered must be written in the contract, and is never the server's fault. The values are the same in
every run: one of each sort for an operation of each way of asking. With LEDGERDESK_TEST_REQUESTS, which
`make soak` sets, so many of them, and others each time.
"""

from __future__ import annotations

import copy
import json
import os
import random
from functools import cache
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from app.api.authentication.key_scopes import EVENT_STREAM
from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.catalogue import KPIS
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import ADDRESS
from tests.contract.answers import document
from tests.every_action.world import World

Sent = Case[Any]


#: To make texts of their patterns takes too long: tests/contract/test_as_strict.py tries these.
SLOW = ("FileName", "Instant", "KeyText", "Paragraph", "Reference", "RoleText", "ShortText", "Title")


def unguarded() -> dict[str, Any]:
    """The contract without the keys, which would be guessed at for most of the time, and slow patterns."""
    made = copy.deepcopy(document())
    for name in SLOW:
        del made["components"]["schemas"][name]["pattern"]
    for methods in made["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    del made["security"]
    return made


@cache
def unguarded_schema() -> OpenApiSchema:
    """The same as schemathesis has it; only who tries operations needs it, and not who collects them."""
    return schemathesis.openapi.from_dict(unguarded())


def lifecycle_of(path: str) -> Lifecycle[Any] | None:
    """That of the records which the path is about."""
    return BY_PLURAL.get(path.split("/")[2]) if path.startswith("/v1/") else None


GIVEN = int(os.environ.get("LEDGERDESK_TEST_REQUESTS", "0"))
SEED = random.randrange(2**32) if GIVEN else 20261120
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BY_PLURAL = {lifecycle.plural: lifecycle for lifecycle in LIFECYCLES}
OPERATIONS = [
    (method, path, lifecycle_of(path)) for path, methods in document()["paths"].items() for method in methods
]
EXAMPLES = max(10, GIVEN // (2 * len(OPERATIONS))) if GIVEN else 1
#: How often requests are drawn for an operation until there is one.
MOST_DRAWS = 5
#: How many records each operation is tried on: of few requests all but one are about the same.
RECORDS = 3 if GIVEN else 1
#: What ends answers that would go on for ever.
ENDLESS = {EVENT_STREAM: {"follow": "false"}}
Operation = tuple[str, str, Lifecycle[Any] | None]


def named(value: object) -> str:
    return value.strip("/").replace("/", "_") if isinstance(value, str) else ""


def of_path(case: Operation) -> str:
    """Which operations are tried and sliced together: those about records of one kind."""
    return case[1].strip("/").removeprefix("v1/").partition("/")[0]


def way_of_asking(case: Operation) -> tuple[object, ...]:
    """What operations on all kinds of records share: how one is asked for, and of what."""
    method, path, lifecycle = case
    operation = document()["paths"][path][method]
    queries = any(parameter["in"] == "query" for parameter in operation.get("parameters", ()))
    of_tickets, is_below = lifecycle and lifecycle.is_ticket, path.count("/") > 3
    return method, "requestBody" in operation, queries, of_tickets, path.count("{"), is_below


def drawn(method: str, path: str, mode: GenerationMode) -> list[Sent]:
    """Requests for that operation: at least one, though a draw may come to nothing."""
    draws = (_draw(method, path, mode, SEED + n) for n in range(MOST_DRAWS))
    return next((cases for cases in draws if cases), [])


def _draw(method: str, path: str, mode: GenerationMode, number: int) -> list[Sent]:
    cases: list[Sent] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(unguarded_schema()[path][method.upper()].as_strategy(generation_mode=mode))
    def collect(case: Sent) -> None:
        cases.append(case)

    collect()
    return cases


#: The ids of records by kind and state.
Standing = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def standing() -> Standing:
    return {}


async def known(
    world: World, standing: Standing, path: str, operation: dict[str, Any]
) -> dict[str, list[str]]:
    """By a parameter of the path, values that there are. Records stand where the action is open."""
    found = {"key": sorted(KPIS)}
    lifecycle = lifecycle_of(path)
    if lifecycle is not None and "{id}" in path:
        open_in = operation.get("x-lifecycle", {}).get("from") or [s.value for s in lifecycle.states]
        states = [state for state in lifecycle.states if state.value in open_in]
        found["id"] = [
            await brought(world, standing, lifecycle, states[n % len(states)]) for n in range(RECORDS)
        ]
    return found


async def brought(world: World, standing: Standing, lifecycle: Lifecycle[Any], state: CodeEnum) -> str:
    """The id of a record in that state; of few requests all are about the same one, while it is there."""
    there = standing.get((lifecycle.kind, state.value)) if RECORDS == 1 else None
    if there is not None:
        answer = await world.everybody.get(f"/v1/{lifecycle.plural}/{there}")
        if answer.status_code == 200 and answer.json()["state"] == state:
            return there
    standing[lifecycle.kind, state.value] = made = str((await world.make_record(lifecycle, state))["id"])
    return made


def sent(case: Sent) -> httpx.Request:
    """The request, as its bytes go out. Who calls is for us to say."""
    request: dict[str, Any] = case.as_transport_kwargs(base_url=ADDRESS)
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.pop("headers").items()
        if name.lower() not in ("authorization", "connection", "accept-encoding")
    ]
    if "json" in request:
        request["content"] = json.dumps(request.pop("json")).encode()
    elif "data" in request:
        data = request.pop("data")
        request["content"] = data if isinstance(data, bytes) else str(data).encode()
    allowed = ("method", "url", "content", "params", "cookies")
    return httpx.Request(headers=headers, **{name: request[name] for name in allowed if name in request})


def _spaced(value: object) -> bool:
    """Whether there is a text in it with white space around it."""
    if isinstance(value, dict):
        return any(map(_spaced, value.values()))
    if isinstance(value, list):
        return any(map(_spaced, value))
    return isinstance(value, str) and value != value.strip()


async def tried(world: World, standing: Standing, method: str, path: str, mode: GenerationMode) -> list[int]:
    """The statuses that the operation answered, each of them as the contract says."""
    values = await known(world, standing, path, document()["paths"][path][method])
    statuses = []
    for number, case in enumerate(drawn(method, path, mode)):
        # Every fourth is asked for by a name that nobody has. What is wrong by its path alone keeps it.
        for name in case.path_parameters or {}:
            if name in values and number % 4 != 3 and not _is_wrong_by_path(case):
                case.path_parameters[name] = values[name][number % len(values[name])]
        if path in ENDLESS:
            end, query = ENDLESS[path], case.query or {}
            case.query = query | end if mode is GenerationMode.POSITIVE else end | query
        request = sent(case)
        request.headers["Authorization"] = f"Bearer {world.everybody.token}"
        answer = await world.everybody.send(request)
        # White space around a text does not count, so that one that is too long may fit all the same.
        strict = mode is GenerationMode.NEGATIVE and not _spaced(case.body)
        more = [negative_data_rejection] if strict else []
        case.validate_response(answer, checks=[*CHECKS, *more])
        statuses.append(answer.status_code)
    return statuses


def _is_wrong_by_path(case: Sent) -> bool:
    of_path = case.meta and case.meta.components.get(ParameterLocation.PATH)
    return bool(of_path and of_path.mode is GenerationMode.NEGATIVE)


@each_case(("method", "path", "lifecycle"), OPERATIONS, ids=named, by=of_path, one_of_each=way_of_asking)
async def test_what_the_contract_allows_is_answered_as_it_says(
    world: World, standing: Standing, method: str, path: str, lifecycle: object
) -> None:
    statuses = await tried(world, standing, method, path, GenerationMode.POSITIVE)
    assert statuses
    if takes_the_callers_key(document()["paths"][path][method]):
        assert 401 not in statuses, "the caller's own key must not be lost on the way"


def takes_the_callers_key(operation: dict[str, Any]) -> bool:
    """Whether a person's key opens it, as is so for all but webhooks, which have secrets of their own."""
    ways = operation.get("security", document()["security"])
    return not ways or any("api_key" in allowed for allowed in ways)


def takes_values(operation: dict[str, Any]) -> bool:
    """Whether something can be sent that its schema does not allow: nearly any text may stand in a path or a
    header, and what may not takes minutes to find.
    """
    return "requestBody" in operation or any(p["in"] == "query" for p in operation.get("parameters", ()))


#: A filter that a KPI is not cut by is named in its answer, whatever the value: few requests are refused.
LENIENT = frozenset({"/v1/kpis/behaviours"})
TAKING = [
    one for one in OPERATIONS if one[1] not in LENIENT and takes_values(document()["paths"][one[1]][one[0]])
]


@each_case(("method", "path", "lifecycle"), TAKING, ids=named, by=of_path, one_of_each=way_of_asking)
async def test_what_the_contract_does_not_allow_is_refused_as_it_says(
    world: World, standing: Standing, method: str, path: str, lifecycle: object
) -> None:
    statuses = await tried(world, standing, method, path, GenerationMode.NEGATIVE)
    assert any(400 <= status < 500 for status in statuses)
