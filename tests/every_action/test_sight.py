"""Whoever may act on a record sees it: the roles that the rows of its lifecycle name."""

from __future__ import annotations

from typing import Any

from app.common.people import OVERSIGHT_ROLES, Role
from app.kernel.access.kinds import SEE_THEIR_TEAMS
from app.kernel.actions.lifecycle import SEE_THEIR_OWN, Lifecycle
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.every_action.world import World, of_kind, record_address
from tests.heads import differing_heads
from tests.selection import selected


def acting_everywhere(lifecycle: Lifecycle[Any]) -> set[Role]:
    """Roles that a row names, but for those that see what is their own or their teams'."""
    roles: set[Role] = set()
    for row in lifecycle.rows:
        roles |= row.policy.roles - SEE_THEIR_OWN - (set() if row.anywhere else SEE_THEIR_TEAMS)
    return roles


CASES = [(lifecycle, role) for lifecycle in LIFECYCLES for role in sorted(acting_everywhere(lifecycle))]


def _name(value: Lifecycle[Any] | Role) -> str:
    return value.kind if isinstance(value, Lifecycle) else value.value


@each_case(("lifecycle", "role"), CASES, ids=_name)
async def test_whoever_may_act_on_a_record_finds_and_reads_it(
    world: World, lifecycle: Lifecycle[Any], role: Role
) -> None:
    record = await world.standing(lifecycle, next(iter(lifecycle.states)))
    client = await world.api.client_of(world.colleague, role.value)
    answer = await client.get(record_address(lifecycle, record))
    assert answer.status_code == 200, answer.text
    listed = await client.read(f"/v1/{lifecycle.plural}", limit=200)
    assert listed["next_cursor"] or record["id"] in {item["id"] for item in listed["items"]}


@each_case("lifecycle", LIFECYCLES, ids=_name)
async def test_the_head_of_a_record_says_who_may_see_it(world: World, lifecycle: Lifecycle[Any]) -> None:
    states = [(lifecycle, state) for state in lifecycle.states]
    for _, state in selected("heads", states, of_kind):
        await world.standing(lifecycle, state)
    async with await connect(world.api.ledger.db.url) as connection:
        assert await differing_heads(connection, [lifecycle]) == []


def test_every_kind_is_overseen_and_no_customer_oversees_one() -> None:
    for lifecycle in LIFECYCLES:
        assert lifecycle.oversight <= OVERSIGHT_ROLES | {Role.admin, Role.auditor}
        assert lifecycle.overseer_roles.isdisjoint(SEE_THEIR_OWN), lifecycle.kind
