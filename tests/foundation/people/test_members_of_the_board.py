"""The role of a member of the change board is for people of IT who decide."""

from __future__ import annotations

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.cases import each_case
from tests.client import Api
from tests.people import add_team

BOARD = {"role": "cab_member"}


@each_case("kind", [TeamKind.customer, TeamKind.supplier])
async def test_no_customer_or_supplier_becomes_a_member_whatever_other_role_they_have(
    api: Api, kind: TeamKind
) -> None:
    admin = await api.client(f"Admin of {kind}", Role.admin)
    team = await add_team(api.ledger, f"outside-{kind}", kind)
    fields = {"name": "Outsider", "teams": [team.key], "roles": ["engineer"]}
    path = f"/v1/persons/{(await admin.post_ok('/v1/persons', fields))['id']}"
    refused = await admin.post(f"{path}/grant_role", json=BOARD)
    assert refused.json()["errors"][0]["code"] == "not_of_the_board", refused.text
    at_once = await admin.post("/v1/persons", json={**fields, "roles": ["cab_member"]})
    assert at_once.json()["errors"][0]["pointer"] == "/roles"
    inside = await add_team(api.ledger, f"inside-{kind}")
    await admin.post_ok(f"{path}/join", {"team": inside.key})
    await admin.post_ok(f"{path}/grant_role", BOARD)


async def test_no_auditor_becomes_a_member(api: Api) -> None:
    admin = await api.client("Admin", Role.admin)
    auditor = await api.client("Auditor", Role.auditor, Role.engineer)
    refused = await admin.post(f"/v1/persons/{auditor.id}/grant_role", json=BOARD)
    assert refused.json()["errors"][0]["code"] == "auditor_in_board", refused.text
