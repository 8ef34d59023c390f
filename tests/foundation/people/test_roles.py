"""Roles of persons, everywhere or in a scope; and that a key may do what its person may, or less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.people import Caller, Role, RoleGrant, restrict_grants
from app.log.ids import uuid7
from tests.client import Api, Client, Json, an_incident
from tests.people import add_person

TEAMS = (uuid7(), uuid7())
scopes = st.sampled_from(
    [{}, *({"team_id": team} for team in TEAMS), {"service": "mail"}, {"process": "incident"}]
)
held = st.builds(
    lambda role, scope: RoleGrant(role, **scope), st.sampled_from([Role.agent, Role.engineer]), scopes
)


class Thing:
    """A record of a team, a service and a process."""

    def __init__(self, team: int, service: str | None, kind: str) -> None:
        self.team_id, self.service, self.KIND = TEAMS[team], service, kind


subjects = st.builds(
    Thing, st.integers(0, 1), st.sampled_from([None, "mail"]), st.sampled_from(["incident", "problem"])
)


@given(st.lists(held, max_size=4), st.lists(held, max_size=4), subjects)
def test_a_narrowed_role_is_never_more_than_either_side_holds(
    theirs: list[RoleGrant], keys: list[RoleGrant], thing: Thing
) -> None:
    def holds(roles: list[RoleGrant], role: Role) -> bool:
        return Caller("person:x", uuid7(), tuple(roles)).has_role(role, thing)

    both = list(restrict_grants(theirs, keys))
    for role in (Role.agent, Role.engineer):
        assert not holds(both, role) or (holds(theirs, role) and holds(keys, role))
    assert restrict_grants(theirs, None) == tuple(theirs)
    assert set(restrict_grants(theirs, [RoleGrant(Role.agent)])) == {
        their for their in theirs if their.role is Role.agent
    }


async def edited(client: Client, path: str, patch: Json) -> Json:
    """The record after it was edited."""
    answer = await client.patch(path, json=patch, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def test_what_is_granted_counts_at_once_and_what_is_revoked_no_more(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    person = await add_person(api.ledger, "Wang Wei")
    answer = await admin.post_ok("/v1/keys", {"name": "Wei's", "person": str(person.id)})
    assert answer["roles"] is None
    wei = api.with_token(answer["token"], person.id)
    record = (await (await api.client("Zhao")).post_ok("/v1/incidents", an_incident()))["id"]
    path = f"/v1/incidents/{record}"
    assert (await wei.get(path)).status_code == 404
    granted = await admin.post_ok(f"/v1/persons/{person.id}/grant_role", {"role": "agent"})
    assert granted["roles"] == ["agent"]
    await wei.post_ok(f"{path}/acknowledge")
    again = await admin.post(f"/v1/persons/{person.id}/grant_role", json={"role": "agent"})
    assert (again.status_code, again.json()["code"]) == (409, "already_held")
    revoked = await admin.post_ok(f"/v1/persons/{person.id}/revoke_role", {"role": "agent"})
    assert revoked["roles"] is None
    assert (await wei.get(path)).status_code == 404
    again = await admin.post(f"/v1/persons/{person.id}/revoke_role", json={"role": "agent"})
    assert (again.status_code, again.json()["code"]) == (409, "not_held")


async def test_a_key_may_not_do_more_than_its_person_whatever_it_was_made_for(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    wei = await api.client("Wang Wei", Role.agent)
    body = {"name": "More", "person": wei.id, "roles": ["agent", "admin"]}
    refused = await admin.post("/v1/keys", json=body)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, "/roles/1", "not_held_by_them")
    assert "the role Administrator is missing: an administrator can grant it" in error["message"]
    path = f"/v1/incidents/{(await wei.post_ok('/v1/incidents', an_incident()))['id']}"
    await admin.post_ok(f"/v1/persons/{wei.id}/revoke_role", {"role": "agent"})
    assert (await wei.post(f"{path}/acknowledge", json={})).status_code == 403
    await admin.post_ok(f"/v1/persons/{wei.id}/grant_role", {"role": "agent@service/mail"})
    assert (await wei.post(f"{path}/acknowledge", json={})).status_code == 403, "not of that service"


async def test_a_key_of_somebody_without_roles_is_a_requesters(api: Api) -> None:
    admin, zhao = await api.client("Ada", Role.admin), await api.client("Zhao")
    for role in ("agent", "admin"):
        refused = await admin.post("/v1/keys", json={"name": "More", "person": zhao.id, "roles": [role]})
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["code"]) == (422, "not_held_by_them")
    record = await admin.post_ok("/v1/keys", {"name": "Own", "person": zhao.id, "roles": ["requester"]})
    assert record["roles"] == ["requester"]


async def test_whoever_is_deactivated_cannot_call_until_they_are_back_not_even_erased(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    wei = await api.client("Wang Wei", Role.agent)
    record = (await admin.post_ok("/v1/incidents", an_incident()))["id"]
    await admin.post_ok(f"/v1/persons/{wei.id}/deactivate")
    assert (await wei.get("/v1/meta")).status_code == 401
    answer = await admin.post(f"/v1/incidents/{record}/assign", json={"person": wei.id})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "person_inactive")
    await admin.post_ok(f"/v1/persons/{wei.id}/activate")
    assert (await wei.get("/v1/meta")).status_code == 200
    await admin.post_ok(f"/v1/persons/{wei.id}/deactivate")
    await admin.post_ok(f"/v1/persons/{wei.id}/erase")
    assert (await wei.get("/v1/meta")).status_code == 401


async def test_a_retired_team_is_given_no_work_until_it_is_reinstated(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    team = await api.staffed_team("network")
    record = (await admin.post_ok("/v1/incidents", an_incident()))["id"]
    assert (await admin.post_ok(f"/v1/teams/{team}/retire"))["state"] == "retired"
    answer = await admin.post(f"/v1/incidents/{record}/assign", json={"team": "network"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "team_retired")
    await admin.post_ok(f"/v1/teams/{team}/reinstate")
    await admin.post_ok(f"/v1/incidents/{record}/assign", {"team": "network"})


@pytest.fixture
async def of_a_team(api: Api) -> tuple[Client, Client, str]:
    """The administrator of a team, a member of it, and the team."""
    team = await api.team("network")
    tied = await api.client("Otto", f"admin@team/{team}", "agent")
    return tied, await api.client("Wang Wei", teams=("network",)), team


async def test_the_administrator_of_a_team_grants_what_is_of_that_team_and_no_more(
    api: Api, of_a_team: tuple[Client, Client, str]
) -> None:
    tied, wei, team = of_a_team
    path = f"/v1/persons/{wei.id}/grant_role"
    other = await api.team("other")
    for role in ("admin", "agent", f"agent@team/{other}", "agent@service/mail", "agent@process/incident"):
        refused = await tied.post(path, json={"role": role})
        assert refused.json()["errors"][0]["code"] == "beyond_your_own", role
    assert (await tied.post_ok(path, {"role": f"engineer@team/{team}"}))["roles"] == [f"engineer@team/{team}"]
    stranger = await add_person(api.ledger, "Somebody else")
    refused = await tied.post(f"/v1/persons/{stranger.id}/grant_role", json={"role": f"agent@team/{team}"})
    assert refused.status_code == 403


async def test_what_is_personal_of_a_person_is_not_in_the_log_and_gone_when_they_are_erased(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    body = {"name": "Olu Adeyemi", "email": "olu@example.org", "phone": "+44 20 5550 100", "post": "Clerk"}
    plain = {"department": "Finance", "grade": "lead", "time_zone": "Europe/London", "manager": admin.id}
    record = await admin.post_ok("/v1/persons", body | plain)
    assert {name: record[name] for name in body} == body
    assert (record["manager"]["id"], record["grade"], record["time_zone"]) == (
        admin.id,
        "lead",
        "Europe/London",
    )
    everything = await api.ledger.db.rows(
        "select convert_from(data, 'UTF8') as text from log.event union all select p::text from fold.person p"
    )
    assert [text for text in body.values() if any(text in row["text"] for row in everything)] == []
    erased = await admin.post_ok(f"/v1/persons/{record['id']}/erase")
    assert [erased[name] for name in body] == [None] * 4
    assert erased["department"] == "Finance"


async def test_a_zone_that_there_is_none_of_is_refused(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    for zone in ("Asia/Nowhere", "localtime", "../etc/passwd", "+08:00"):
        refused = await admin.post("/v1/persons", json={"name": "X", "time_zone": zone})
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["pointer"], error["code"]) == (422, "/time_zone", "unknown_zone")


async def test_what_is_changed_of_a_person_is_under_their_own_key_and_the_rest_stays(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    added = {"name": "Olu Adeyemi", "email": "olu@example.org", "department": "Finance"}
    record = await admin.post_ok("/v1/persons", added)
    path = f"/v1/persons/{record['id']}"
    changed = await edited(admin, path, {"name": "Olu Brown", "phone": "+44 20 5550 100"})
    assert (changed["name"], changed["phone"], changed["email"]) == (
        "Olu Brown",
        "+44 20 5550 100",
        "olu@example.org",
    )
    nothing = await admin.patch(path, json={}, headers={"If-Match": "*"})
    assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (422, "nothing_to_change")
    await edited(admin, f"/v1/persons/{admin.id}", {"name": "Ada Lovelace"})
    erased = await admin.post_ok(f"{path}/erase")
    assert (erased["name"], erased["phone"], erased["department"]) == (None, None, "Finance")
    assert (await admin.patch(path, json={"name": "X"}, headers={"If-Match": "*"})).status_code == 409
    assert (await admin.read(f"/v1/persons/{admin.id}"))["name"] == "Ada Lovelace"


async def test_a_team_gets_another_name_and_lead_and_keeps_its_key(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    team = await api.team("network")
    changed = await edited(admin, f"/v1/teams/{team}", {"name": "Networks", "lead": "me"})
    assert (changed["key"], changed["name"], changed["lead"]["id"]) == ("network", "Networks", admin.id)
    assert (await edited(admin, f"/v1/teams/{team}", {"name": "Nets"}))["lead"]["id"] == admin.id
