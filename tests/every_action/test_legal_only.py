"""An action is carried out in the states of its row; in all others it is refused and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.records import Labelled
from app.kernel.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES
from tests.every_action.samples import PREPARED, SAMPLES, said, sample
from tests.every_action.world import (
    ASKED,
    CLOSED_IN,
    OPEN_IN,
    OPEN_TO_RULES,
    ROWS,
    World,
    at,
    called,
    done,
    events,
    send,
)


def test_every_body_has_a_sample_and_no_sample_is_left_over() -> None:
    assert SAMPLES.keys() | PREPARED.keys() <= {row.body for _, row in ROWS}
    assert all(sample(row) for _, row in ROWS if row.body not in SAMPLES), "what is not there, has examples"


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=called)
async def test_every_state_can_be_reached_by_legal_actions(world: World, lifecycle: Lifecycle[Any]) -> None:
    for state in lifecycle.states:
        record = await world.bring(lifecycle, state)
        assert record["state"] == state


@pytest.mark.parametrize(("lifecycle", "row", "state"), CLOSED_IN, ids=called)
async def test_in_every_other_state_it_is_refused_and_nothing_is_written(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: Labelled
) -> None:
    record = await world.standing(lifecycle, state)
    head = await world.api.head()
    answer = await send(world.everybody, lifecycle, row, record, sample(row))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "not_in_this_state")
    assert problem["state"] == state
    assert row.name not in problem["allowed_actions"]
    assert problem["allowed_actions"] == _allowed_to_everybody(lifecycle, state)
    assert await world.api.head() == head


def _allowed_to_everybody(lifecycle: Lifecycle[Any], state: Labelled) -> list[str]:
    """The rows open in the state, but for those that need a relation: the record is somebody else's."""
    return [
        row.name
        for row in lifecycle.rows
        if not row.opens
        and row.comes_from(state)
        and (row.who.roles or not row.who.relations.isdisjoint({"anybody", "staff", "superior", *ASKED}))
    ]


@pytest.mark.parametrize(("lifecycle", "row", "state"), OPEN_IN, ids=called)
async def test_in_the_states_of_its_row_it_is_carried_out_and_leads_where_the_row_says(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: Labelled
) -> None:
    record = await world.bring(lifecycle, state, row)
    body = await said(world.everybody, row, at(lifecycle, record))
    head = await world.api.head()
    after = await done(world.everybody, lifecycle, row, record, body)
    assert await world.api.head() == head + events(row)
    if row.stays:
        assert (after["state"], after.get("state_since")) == (record["state"], record.get("state_since"))
    elif row.leads_to:
        assert after["state"] in row.leads_to
    else:
        assert after["state"] != record["state"]
    assert after["version"] > record["version"] or row.stays


@pytest.mark.parametrize(("lifecycle", "row", "state"), OPEN_TO_RULES, ids=called)
async def test_in_the_states_of_its_row_a_rule_carries_it_out_and_no_person(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: Labelled
) -> None:
    record = await world.bring(lifecycle, state, row)
    head = await world.api.head()
    refused = await send(world.everybody, lifecycle, row, record, sample(row))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert await world.api.head() == head
    await world.by_rule(lifecycle, row, record)
    assert await world.api.head() == head + 1
    after = await world.everybody.read(f"/v1/{lifecycle.plural}/{record['id']}")
    if row.stays:
        assert (after["state"], after.get("state_since")) == (record["state"], record.get("state_since"))
    else:
        assert after["state"] in row.leads_to
