"""Where an action is open it is carried out; its event says what was said and by whom, and folds back to the
row, field for field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel

from app.common.people import rule_caller
from app.common.personal import Personal
from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.kernel.histories.rebuild import compare
from app.log.canonical import canonical
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Json
from tests.every_action.folding import (
    assert_folds_back,
    assert_says_what,
    assert_says_who_and_what,
    events_of,
)
from tests.every_action.samples import sample
from tests.every_action.samples import valid_body as what_is_said
from tests.every_action.world import (
    IN_STATE,
    OF_PEOPLE,
    OF_RULES,
    OPEN_IN,
    OPEN_TO_RULES,
    ROWS,
    World,
    address,
    case_name,
    events,
    in_first_state,
    of_kind,
    record_address,
    send,
)
from tests.extent import WHOLE
from tests.heads import differing_heads
from tests.people import act

OPEN, OPEN_BY_RULE = in_first_state(OPEN_IN), in_first_state(OPEN_TO_RULES)


@each_case(("lifecycle", "row", "state"), OPEN, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_where_it_is_open_it_leads_where_its_row_says_and_its_event_folds_back_to_the_record(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    async with world.ready(lifecycle, state, row) as record:
        body = await what_is_said(world.everybody, row, record_address(lifecycle, record))
        before, head = len(await events_of(world, lifecycle, record)), await world.api.head()
        key = {"Idempotency-Key": str(uuid4())}
        answers = [await send(world.everybody, lifecycle, row, record, body, key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[1].headers["idempotent-replayed"] == "true"
        assert await world.api.head() == head + events(row), "sent again, it is not carried out again"
        after = answers[0].json()
        assert_leads_where_it_says(row, record, after)
        assert after["version"] > record["version"] or row.stays
        recorded = await events_of(world, lifecycle, record)
        assert [event.version for event in recorded] == list(range(1, before + 2))
        await assert_says_who_and_what(world, recorded[-1], row, body)
        await assert_folds_back(world, recorded)


@each_case(("lifecycle", "row", "state"), OPEN_BY_RULE, ids=case_name, one_of_each=of_kind)
async def test_where_it_is_open_to_rules_one_carries_it_out_and_no_person(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    record = await world.make_record(lifecycle, state, row)
    body = await what_is_said(world.everybody, row, record_address(lifecycle, record))
    head = await world.api.head()
    refused = await send(world.everybody, lifecycle, row, record, body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await world.api.head() == head
    await world.by_rule(lifecycle, row, record, body)
    assert await world.api.head() == head + events(row)
    assert_leads_where_it_says(row, record, await world.everybody.read(record_address(lifecycle, record)))
    recorded = await events_of(world, lifecycle, record)
    assert (recorded[-1].actor, recorded[-1].credential) == ("rule:tests", None)
    await assert_says_what(world, recorded[-1], row, body)
    await assert_folds_back(world, recorded)


def assert_leads_where_it_says(row: Action[Any, Any], record: Json, after: Json) -> None:
    """The state of the record after the action is the one that the row says."""
    if row.stays:
        assert (after["state"], after.get("state_since")) == (record["state"], record.get("state_since"))
    elif row.leads_to:
        assert after["state"] in row.leads_to
    else:
        assert after["state"] != record["state"]


@each_case(("lifecycle", "row"), [(lc, row) for lc, row in OF_PEOPLE if row.opens], ids=case_name)
async def test_its_first_event_folds_to_the_row(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    body = await what_is_said(world.everybody, row, "")
    record = await world.everybody.post_ok(address(lifecycle, row, None), body)
    recorded = await events_of(world, lifecycle, record)
    assert len(recorded) == 1
    await assert_says_who_and_what(world, recorded[0], row, body)
    assert None not in recorded[0].data["set"][f"{lifecycle.kind}/{record['id']}"].values()
    await assert_folds_back(world, recorded)


@each_case(("lifecycle", "row"), [(lc, row) for lc, row in OF_RULES if row.opens], ids=case_name)
async def test_a_rules_first_event_folds_to_the_row(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    body = await what_is_said(world.everybody, row, "")
    result = await act(
        world.api.ledger, rule_caller("tests"), lifecycle.kind, row.name, body=row.body(**body)
    )
    recorded = await events_of(world, lifecycle, {"id": result.record.id})
    await assert_says_what(world, recorded[0], row, body)
    await assert_folds_back(world, recorded)


@pytest.fixture(scope="module")
async def lived(world: World) -> World:
    """The world after all that was tried on it; by `make test-all` with records in every state."""
    for lifecycle, state in IN_STATE if WHOLE else ():
        await world.make_record(lifecycle, state)
    return world


async def test_after_all_of_it_the_whole_log_folds_into_the_tables_in_sql_too(lived: World) -> None:
    world = lived
    async with world.api.ledger.db.connection() as connection:
        comparison = await compare(connection, LIFECYCLES)
        assert await differing_heads(connection) == [], "a head says who may see its record"
    assert comparison.events == await world.api.head()
    assert (comparison.differing, comparison.examples) == ({}, [])


async def test_what_the_log_keeps_are_canonical_bytes_that_hold_no_plain_words(lived: World) -> None:
    rows = await lived.api.ledger.db.rows("select data from log.event")
    assert rows
    for row in rows:
        assert canonical(json.loads(row["data"])) == row["data"]
    words = [value for lc, row in ROWS for value in _words(row)]
    everything = b"".join(row["data"] for row in rows)
    assert [text for text in words if text.encode() in everything] == []


def _words(row: Action[Any, Any]) -> list[str]:
    """The texts of the sample that are personal."""
    return list(_words_of(row.body, sample(row)))


def _words_of(model: type[BaseModel], body: Json) -> Iterator[str]:
    for name, value in body.items():
        if name in marks(model, Personal):
            yield value
        for part in value if name in part_types(model) else ():
            yield from _words_of(part_types(model)[name], part)
