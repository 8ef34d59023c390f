"""The lead of a team speaks for it, and is on its side."""

from __future__ import annotations

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Client


async def test_the_lead_of_a_customer_or_supplier_is_on_its_side_however_named(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    teams = {"sales": TeamKind.customer, "shops": TeamKind.customer, "fitters": TeamKind.supplier}
    for key, kind in teams.items():
        await api.team(key, kind)
    people = {
        "engineer": await api.client("Erik", Role.engineer),
        "seconded": await api.client("Ed", Role.engineer, teams=("sales",)),
        "auditor": await api.client("Audrey", Role.auditor),
        "fitter": await api.client("Fay", teams=("fitters",)),
        "shopkeeper": await api.client("Shan", teams=("shops",)),
        "seller": await api.client("Cai", teams=("sales",)),
        "newcomer": await api.client("Nova"),
    }
    ours = dict.fromkeys(("engineer", "seconded", "auditor", "fitter"), "not_of_the_business")
    refusals = {
        "sales": {**ours, "shopkeeper": "not_of_the_customer"},
        "fitters": dict.fromkeys(
            ("engineer", "seconded", "auditor", "shopkeeper", "seller"), "not_in_the_team"
        ),
    }
    for team, refused_people in refusals.items():
        for name, person in people.items():
            code = refused_people.get(name)
            assert await _named(admin, team, person) == code, (team, name)
    leaver = await api.client("Lee", teams=("sales",))
    assert await _named(admin, "sales", leaver) is None
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    for name, code in refusals["sales"].items():
        hand_over = {"person": leaver.id, "new_holder": people[name].id}
        answer = await admin.post("/v1/teams/sales/hand_over_duties", json=hand_over)
        assert [error["code"] for error in answer.json()["errors"]] == [code], name
    body = {"key": "more", "name": "More", "kind": "supplier", "lead": people["engineer"].id}
    assert (await admin.post("/v1/teams", json=body)).status_code == 422


async def _named(admin: Client, team: str, lead: Client) -> str | None:
    """The code with which the lead is refused, or None."""
    body, version = {"lead": lead.id}, {"If-Match": "*"}
    answer = await admin.patch(f"/v1/teams/{team}", json=body, headers=version)
    return None if answer.is_success else str(answer.json()["errors"][0]["code"])
