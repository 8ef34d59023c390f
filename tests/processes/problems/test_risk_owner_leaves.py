"""The owner of an accepted risk leaves: only somebody who could have accepted it takes it over."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Api
from tests.clocks import from_now
from tests.processes.problems.test_story import Desk, desk

__all__ = ["desk"]


@pytest.mark.parametrize(("role", "code"), [(Role.engineer, "accepts_no_risk"), (Role.process_owner, None)])
async def test_only_a_process_owner_takes_over_an_accepted_risk(
    api: Api, desk: Desk, role: Role, code: str | None
) -> None:
    path = f"/v1/problems/{(await desk.begun())['id']}"
    acceptance = {"reason": "It is replaced.", "until_at": from_now(300)}
    await desk.owner.post_ok(f"{path}/accept_risk", acceptance)
    admin = await api.client("Ada", Role.admin)
    successor = await api.client("Nora", role, teams=("network",))
    await admin.post_ok(f"/v1/persons/{desk.owner.id}/deactivate")
    body = {"person": desk.owner.id, "new_holder": successor.id}
    answer = await desk.manager.post(f"{path}/hand_over_duties", json=body)
    assert (None if answer.is_success else answer.json()["errors"][0]["code"]) == code
