"""An action is carried out in the states of its row; in all others it is refused and nothing is written."""

from __future__ import annotations

from typing import Any

from app.common.records import CodeEnum
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.lifecycle import Action, Lifecycle
from tests.cases import each_case
from tests.every_action.samples import PREPARED, SAMPLES, sample
from tests.every_action.world import (
    CLOSED_IN,
    DYNAMIC_RELATIONS,
    IN_STATE,
    ROWS,
    World,
    case_name,
    of_kind,
    send,
)

#: What everybody is to a record that is in their team, or may be.
OF_EVERYBODY = DYNAMIC_RELATIONS | {
    *(Relation.anybody, Relation.staff),
    *(Relation.superior, Relation.implementer),
}


def test_every_body_has_a_sample_and_no_sample_is_left_over() -> None:
    assert SAMPLES.keys() | PREPARED.keys() <= {row.body for _, row in ROWS}
    assert all(sample(row) for _, row in ROWS if row.body not in SAMPLES), "what is not there, has examples"


@each_case(("lifecycle", "state"), IN_STATE, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_every_state_can_be_reached_by_legal_actions(
    world: World, lifecycle: Lifecycle[Any], state: CodeEnum
) -> None:
    record = await world.make_record(lifecycle, state)
    assert record["state"] == state


@each_case(("lifecycle", "row", "state"), CLOSED_IN, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_in_every_other_state_it_is_refused_and_nothing_is_written(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
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


def _allowed_to_everybody(lifecycle: Lifecycle[Any], state: CodeEnum) -> list[str]:
    """The rows open in the state, but for those that need a relation: the record is somebody else's."""
    return [
        row.name
        for row in lifecycle.rows
        if not row.opens
        and row.is_open_in(state)
        and (row.policy.roles or not row.policy.relations.isdisjoint(OF_EVERYBODY))
    ]
