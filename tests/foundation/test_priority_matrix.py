"""The matrix of priorities: who sets it, from when on it gives priorities, and what it cannot say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.people import Role
from app.common.priorities.matrix import PriorityMatrix
from app.common.priorities.priority import MATRIX, Impact, Priority, Urgency
from app.common.records import empty
from app.foundation.priorities.matrices import EXAMPLE_CELLS, AddPriorityMatrix, matrix_incomplete
from app.kernel.actions.refusals import WrongValue
from app.log.ids import uuid7
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident

PATH = "/v1/priority_matrix"
PLACES = list(MATRIX)
#: What it is given besides the body, and does not look at.
NOTHING: Any = None
LOWEST = {"impact": "3", "urgency": "3"}


def cells(**other: str) -> list[Json]:
    """The usual ones but for these, as `at_11="P2"`."""
    return [
        cell | {"priority": other.get(f"at_{cell['impact']}{cell['urgency']}", cell["priority"])}
        for cell in EXAMPLE_CELLS
    ]


async def put(client: Client, cells: list[Json], **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(PATH, json={"cells": cells}, headers=named)


async def test_it_gives_new_priorities_and_tickets_that_have_one_keep_it(api: Api) -> None:
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    before = await agent.post_ok("/v1/incidents", an_incident(**LOWEST))
    assert before["priority"] == "P4"
    first = await put(admin, cells(at_33="P3", at_32="P3", at_23="P3"))
    assert (first.status_code, first.json()["version"]) == (201, 1)
    after = await agent.post_ok("/v1/incidents", an_incident(**LOWEST))
    assert after["priority"] == "P3"
    old = f"/v1/incidents/{before['id']}"
    assert (await agent.read(old))["priority"] == "P4"
    prioritised = await agent.post_ok(f"{old}/prioritise", {**LOWEST, "reason": "It is pay day."})
    assert prioritised["priority"] == "P3"
    against = {**LOWEST, "priority": "P1", "reason": "It is the last day."}
    assert (await agent.post_ok(f"{old}/prioritise", against))["priority"] == "P1"

    second = await put(admin, cells())
    assert (second.status_code, second.json()["version"]) == (200, 2)
    assert (await agent.post_ok("/v1/incidents", an_incident(**LOWEST)))["priority"] == "P4"
    now = await agent.read(PATH)
    assert (now["version"], now["cells"]) == (2, cells())
    path = f"/v1/priority_matrices/{first.json()['id']}"
    events = (await admin.read(f"{path}/events"))["items"]
    assert [event["type"] for event in events] == ["priority_matrix.added", "priority_matrix.revised"]
    was = await admin.read(path, as_of=str(events[0]["position"]))
    assert was["cells"] == cells(at_33="P3", at_32="P3", at_23="P3")
    opened = (await agent.read(f"{old}/events"))["items"][0]
    assert [row["priority"] for row in opened["set"].values()] == ["P4"], "the log itself says what it was"


async def test_administrators_set_the_matrix_and_nobody_else(api: Api) -> None:
    for n, role in enumerate(role for role in Role if role is not Role.admin):
        client = await api.client(f"Nobody {n}", role)
        assert (await put(client, cells())).status_code == 403, role
    assert (await put(await api.client("Ada", Role.admin), cells())).status_code == 201


async def test_whoever_comes_second_is_told_so(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    usual = await admin.get(PATH)
    assert usual.json()["version"] == 0
    assert (await put(admin, cells(), If_Match='"1"')).status_code == 412
    first = await put(admin, cells(), If_Match=usual.headers["etag"], Idempotency_Key="once")
    assert first.status_code == 201
    again = await put(admin, cells(), If_Match=usual.headers["etag"], Idempotency_Key="once")
    assert again.headers["idempotent-replayed"] == "true"
    late = await put(admin, cells(), If_Match=usual.headers["etag"])
    assert (late.status_code, late.json()["version"]) == (412, 1)
    read = await admin.get(PATH)
    assert (await put(admin, cells(at_11="P1"), If_Match=read.headers["etag"])).status_code == 200


@each_case(
    ("cells", "pointer", "code"),
    [
        (cells()[1:], "/cells", "cell_missing"),
        ([*cells(), cells()[0]], "/cells/9", "cell_twice"),
        (cells(at_22="P1"), "/cells/4/priority", "more_urgent_for_less"),
        (cells(at_11="P2", at_21="P1"), "/cells/3/priority", "more_urgent_for_less"),
        (cells(at_11="P5"), "/cells/0/priority", "enum"),
        (cells() * 6, "/cells", "too_long"),
    ],
)
async def test_every_cell_is_said_once_and_less_is_never_more_urgent(
    api: Api, cells: list[Json], pointer: str, code: str
) -> None:
    refused = await put(await api.client("Ada", Role.admin), cells)
    assert refused.status_code == 422
    error = refused.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert re.search(r"\b(impact|urgency) \d", error["message"]) is None, "in the words of the form"


@given(st.lists(st.sampled_from(list(Priority)), min_size=9, max_size=9))
async def test_what_is_taken_is_what_never_gets_more_urgent_with_less(priorities: list[Priority]) -> None:
    by_place = dict(zip(PLACES, priorities, strict=True))

    def rank(impact: int, urgency: int) -> str:
        return by_place[Impact(str(impact)), Urgency(str(urgency))].value

    rises = all(
        rank(n, m) <= rank(n, m + 1) and rank(m, n) <= rank(m + 1, n) for n in (1, 2, 3) for m in (1, 2)
    )
    cells = [{"impact": i, "urgency": u, "priority": p} for (i, u), p in by_place.items()]
    body = AddPriorityMatrix.model_validate({"cells": cells})
    try:
        await matrix_incomplete(NOTHING, empty(PriorityMatrix, uuid7()), body, NOTHING)
    except WrongValue:
        assert not rises
    else:
        assert rises


async def test_what_was_decided_on_an_older_matrix_is_decided_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    assert (await put(admin, cells())).status_code == 201
    stale = await api.ledger.directory.priority_matrix()
    assert (await put(admin, cells(at_33="P3", at_32="P3", at_23="P3"))).status_code == 200
    # As in a process that has not heard of it yet.
    api.ledger.directory._matrix = stale
    record = await agent.post_ok("/v1/incidents", an_incident(**LOWEST))
    assert record["priority"] == "P3"
