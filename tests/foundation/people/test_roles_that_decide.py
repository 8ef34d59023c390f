"""Roles that decide are for the organisation, and those of IT for its own staff; auditors hold none."""

from __future__ import annotations

from app.common.duties import BUSINESS_ROLES, DECIDING_ROLES_OF_IT
from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.cases import each_case
from tests.client import Api, Client, Json

DECIDING = (*DECIDING_ROLES_OF_IT, *BUSINESS_ROLES)
SUPPLIER, CUSTOMER = "supplier_decides_nothing", "customer_decides_for_it"
#: The code with which each side is refused each role.
REFUSED = {
    **{(TeamKind.supplier, role): SUPPLIER for role in DECIDING},
    **{(TeamKind.customer, role): CUSTOMER for role in DECIDING_ROLES_OF_IT},
}


async def refused(client: Client, path: str, body: Json) -> list[tuple[str, str]]:
    """The pointers and codes with which that is refused."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@each_case("kind", [TeamKind.customer, TeamKind.supplier])
async def test_people_of_other_sides_get_only_the_roles_that_are_meant_for_them(
    api: Api, kind: TeamKind
) -> None:
    admin = await api.client(f"Admin of {kind}", Role.admin)
    outside, inside = f"{kind}-outside", f"{kind}-inside"
    await api.team(outside, kind)
    await api.team(inside)
    fields = {"name": "Outsider", "teams": [outside], "roles": ["engineer"]}
    for role in DECIDING:
        path = f"/v1/persons/{(await admin.post_ok('/v1/persons', fields))['id']}"
        if (kind, role) not in REFUSED:
            await admin.post_ok(f"{path}/grant_role", {"role": role})
            continue
        code = REFUSED[kind, role]
        for granted in (role, f"{role}@process/change"):
            assert await refused(admin, f"{path}/grant_role", {"role": granted}) == [("/role", code)]
        at_once = {**fields, "roles": [role]}
        assert await refused(admin, "/v1/persons", at_once) == [("/roles", code)]
        await admin.post_ok(f"{path}/join", {"team": inside})
        await admin.post_ok(f"{path}/grant_role", {"role": role})


async def test_nobody_who_decides_comes_to_another_side(api: Api) -> None:
    admin = await api.client("Admin", Role.admin)
    await api.team("fitters", TeamKind.supplier)
    await api.team("sales", TeamKind.customer)
    manager = f"/v1/persons/{(await api.client('Mia', Role.change_manager)).id}"
    head = f"/v1/persons/{(await api.client('Heidi', Role.department_head)).id}"
    joins_other_side = [("/team", "decider_joins_other_side")]
    assert await refused(admin, f"{manager}/join", {"team": "fitters"}) == joins_other_side
    assert await refused(admin, f"{manager}/join", {"team": "sales"}) == joins_other_side
    answer = await admin.post(f"{head}/join", json={"team": "fitters"})
    (error,) = answer.json()["errors"]
    assert error["code"] == "decider_joins_other_side"
    assert "roles: Department head; revoke the roles first" in error["message"]
    await admin.post_ok(f"{head}/join", {"team": "sales"})


async def test_nobody_is_an_auditor_and_decides(api: Api) -> None:
    admin = await api.client("Admin", Role.admin)
    for role in DECIDING:
        auditor = f"/v1/persons/{(await api.client(f'Auditor {role}', Role.auditor, Role.engineer)).id}"
        holder = f"/v1/persons/{(await api.client(f'Holder {role}', role)).id}"
        for path, other, code in (
            (auditor, role, "auditor_decides_nothing"),
            (holder, "auditor", "decider_becomes_auditor"),
        ):
            assert await refused(admin, f"{path}/grant_role", {"role": other}) == [("/role", code)]
