"""The head who countersigns an audit leaves: the quality manager does not choose anybody in their place."""

from __future__ import annotations

from app.common.people import Role
from tests.governance.audits.conftest import Office, office
from tests.governance.audits.test_story import opened

__all__ = ["office"]


async def test_only_a_head_of_the_team_or_of_a_department_countersigns_after_the_head_has_left(
    office: Office,
) -> None:
    path = await opened(office, cases=1)
    admin = await office.api.client("Ada", Role.admin)
    engineer = await office.api.client("Enzo", Role.engineer)
    department = await office.api.client("Dora", Role.department_head, Role.engineer)
    await admin.post_ok(f"/v1/persons/{office.head.id}/deactivate")
    for successor, code in ((engineer, "not_the_head"), (department, None)):
        body = {"person": office.head.id, "new_holder": successor.id}
        answer = await office.quality.post(f"{path}/hand_over_duties", json=body)
        assert (None if answer.is_success else answer.json()["errors"][0]["code"]) == code
