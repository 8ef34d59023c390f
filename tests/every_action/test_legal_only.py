"""There is a valid body for every action, and every state is come to by legal actions."""

from __future__ import annotations

from typing import Any

from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Lifecycle
from tests.cases import each_case
from tests.every_action.samples import PREPARED, SAMPLES, sample
from tests.every_action.world import IN_STATE, ROWS, World, case_name, of_kind
from tests.extent import in_test_all


def test_every_body_has_a_sample_and_no_sample_is_left_over() -> None:
    assert SAMPLES.keys() | PREPARED.keys() <= {row.body for _, row in ROWS}
    assert all(sample(row) for _, row in ROWS if row.body not in SAMPLES), "what is not there, has examples"


@in_test_all
@each_case(("lifecycle", "state"), IN_STATE, ids=case_name, by=of_kind)
async def test_every_state_can_be_reached_by_legal_actions(
    world: World, lifecycle: Lifecycle[Any], state: CodeEnum
) -> None:
    record = await world.make_record(lifecycle, state)
    assert record["state"] == state
