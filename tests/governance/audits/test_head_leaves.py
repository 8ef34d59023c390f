"""The head who countersigns an audit leaves: the quality manager does not choose anybody in their place."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Client
from tests.governance.audits.conftest import TEAM, Office, office
from tests.governance.audits.test_story import SELF_CHECK, SUMMARY, opened

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


async def test_a_head_who_heads_neither_team_nor_department_any_more_signs_nothing_and_is_replaced(
    office: Office,
) -> None:
    path = await opened(office, cases=1)
    admin = await office.api.client("Ada", Role.admin)
    department, other = [
        await office.api.client(name, Role.department_head, Role.engineer) for name in ("Dora", "Dino")
    ]
    await admin.post_ok(f"/v1/persons/{office.head.id}/deactivate")
    hand_over = f"{path}/hand_over_duties"
    await office.quality.post_ok(hand_over, {"person": office.head.id, "new_holder": department.id})
    early = await office.quality.post(hand_over, json={"person": department.id, "new_holder": other.id})
    assert early.status_code == 422, "the head is still one"
    await office.supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    await admin.post_ok(f"/v1/persons/{department.id}/revoke_role", {"role": "department_head"})
    refused = await department.post(f"{path}/countersign")
    assert (refused.status_code, refused.json()["code"]) == (403, "no_longer_eligible")
    held = await office.quality.read(f"/v1/persons/{department.id}/duties")
    assert [duty["kind"] for duty in held["items"]] == ["audit"]
    await office.tell()
    assert "duties_held" in str((await office.quality.read("/v1/notices"))["items"])
    await office.quality.post_ok(hand_over, {"person": department.id, "new_holder": other.id})
    await other.post_ok(f"{path}/countersign")


async def test_those_who_answer_for_a_finding_are_of_its_team_and_process(office: Office) -> None:
    admin = await office.api.client("Ada", Role.admin)
    await office.api.team("servers")
    other = await office.api.client("Olaf", Role.engineer, teams=("servers",))
    await set_lead(admin, "servers", other)
    department = await office.api.client("Dora", Role.department_head, Role.engineer)
    once = await office.api.client("Uwe", Role.engineer, teams=(TEAM,))
    await admin.post_ok(f"/v1/persons/{once.id}/leave", {"team": TEAM})
    answering = {
        "person": (other, "person_of_another_team"),
        "supervisor": (other, "not_the_supervisor"),
        "head": (other, "not_the_head"),
    }
    for field, (person, code) in answering.items():
        await refused(office, code, **{field: person.id})
    await office.raised(person=once.id)
    await admin.post_ok(f"/v1/persons/{office.head.id}/deactivate")
    # Nobody leads the team: still, no head of another team answers for it.
    await refused(office, "not_the_head", head=other.id, owner=office.agent.id)
    await office.raised(head=department.id, owner=office.agent.id)


async def refused(office: Office, code: str, **changes: str) -> None:
    """The finding is refused because of the only field that is another one."""
    answer = await office.quality.post("/v1/findings", json=office.finding(**changes))
    field = next(iter(changes))
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [(f"/{field}", code)]


async def set_lead(admin: Client, team: str, lead: Client) -> None:
    """That person leads the team from now on."""
    answer = await admin.patch(f"/v1/teams/{team}", json={"lead": lead.id}, headers={"If-Match": "*"})
    assert answer.is_success, answer.text
