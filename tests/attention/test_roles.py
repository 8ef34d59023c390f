"""Roles that nobody holds any more, though records wait for them."""

from __future__ import annotations

from app.attention.rules.roles import states_by_role
from app.common.people import Role
from app.foundation.people.succession.duties import KIND_DUTIES
from app.kernel.actions.actor_policy import Relation
from app.registry import LIFECYCLES
from tests.attention.reading import read_attention
from tests.client import Api, Client
from tests.processes.problems.samples import a_problem


def test_every_step_that_one_role_alone_can_take_is_watched() -> None:
    """By the tables: a numbered record that is not over, and that nobody else leads on by that action."""
    watched = states_by_role(LIFECYCLES)
    for lifecycle in (lifecycle for lifecycle in LIFECYCLES if lifecycle.code is not None):
        for row in (row for row in lifecycle.rows if not (row.opens or row.stays)):
            alone = len(row.policy.roles) == 1 and not row.policy.relations - {Relation.rule}
            for state in lifecycle.states_in_use if alone else ():
                duties = KIND_DUTIES.get(lifecycle.kind)
                if row.is_open_in(state) and (duties is None or state.value not in duties.ended):
                    (role,) = row.policy.roles
                    assert state.value in watched[role][lifecycle.kind], (lifecycle.kind, row.name)
    assert "submitted" in watched[Role.process_administrator]["audit"]
    assert "logged" in watched[Role.problem_manager]["problem"]


async def codes(reader: Client) -> list[tuple[str, str, int]]:
    """The conditions about roles that somebody is shown."""
    items = (await read_attention(reader))["items"]
    conditions = [item for item in items if item["code"] in ("role_unheld", "post_unheld")]
    return [(item["code"], item["process"], item["count"]) for item in conditions]


async def test_a_role_that_loses_its_last_holder_is_listed_until_somebody_holds_it_again(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    manager = await api.client("Pia", Role.problem_manager)
    await manager.post_ok("/v1/problems", a_problem())
    assert await codes(admin) == []
    await admin.post_ok(f"/v1/persons/{manager.id}/deactivate")
    assert await codes(admin) == [("role_unheld", "problem", 1)]
    successor = await api.client("Paul", Role.agent)
    assert await codes(successor) == []
    await admin.post_ok(f"/v1/persons/{successor.id}/grant_role", {"role": "problem_manager"})
    assert await codes(admin) == []
    await admin.post_ok(f"/v1/persons/{successor.id}/revoke_role", {"role": "problem_manager"})
    assert await codes(admin) == [("role_unheld", "problem", 1)]
