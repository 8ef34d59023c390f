"""Every operation with values that nobody has thought of: what the contract allows, and what it does not.

What is answered must be written in the contract, and is never the server's fault. The values are the same in
every run: one of each sort for an operation of each way of asking. With LEDGERDESK_TEST_REQUESTS, which
`make soak` sets, so many of them, and others each time.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.api.authentication.key_scopes import EVENT_STREAM
from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.catalogue import KPIS
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.contract.answers import document
from tests.every_action.world import World
from tests.fuzz import GIVEN


def lifecycle_of(path: str) -> Lifecycle[Any] | None:
    """That of the records which the path is about."""
    return BY_PLURAL.get(path.split("/")[2]) if path.startswith("/v1/") else None


BY_PLURAL = {lifecycle.plural: lifecycle for lifecycle in LIFECYCLES}
OPERATIONS = [
    (method, path, lifecycle_of(path)) for path, methods in document()["paths"].items() for method in methods
]
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


async def tried(world: World, standing: Standing, method: str, path: str, *, allowed: bool) -> list[int]:
    """The statuses that the operation answered, each of them as the contract says."""
    # Every worker collects these tests, and one of them runs them.
    from tests.fuzz.drawn_requests import answered_statuses  # noqa: PLC0415  # slow to load

    values = await known(world, standing, path, document()["paths"][path][method])
    return await answered_statuses(
        world.everybody, (method, path), values, ENDLESS.get(path), allowed=allowed
    )


@each_case(("method", "path", "lifecycle"), OPERATIONS, ids=named, by=of_path, one_of_each=way_of_asking)
async def test_what_the_contract_allows_is_answered_as_it_says(
    world: World, standing: Standing, method: str, path: str, lifecycle: object
) -> None:
    statuses = await tried(world, standing, method, path, allowed=True)
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
    statuses = await tried(world, standing, method, path, allowed=False)
    assert any(400 <= status < 500 for status in statuses)
