"""Joining and leaving teams: what is seen by it, what is lost with it, and who may."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, an_incident
from tests.foundation.people.test_roles import edited


async def test_who_joins_a_team_sees_its_tickets_until_they_leave(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    wei = await api.client("Wang Wei", Role.engineer)
    team = await api.staffed_team("network")
    ticket = f"/v1/incidents/{(await admin.post_ok('/v1/incidents', an_incident()))['id']}"
    await admin.post_ok(f"{ticket}/assign", {"team": "network"})
    assert (await wei.get(ticket)).status_code == 404
    joined = await admin.post_ok(f"/v1/persons/{wei.id}/join", {"team": "network"})
    assert [team["key"] for team in joined["teams"]] == ["network"]
    assert joined["team"]["id"] == team, "the first is their own"
    assert (await wei.get(ticket)).status_code == 200
    left = await admin.post_ok(f"/v1/persons/{wei.id}/leave", {"team": team})
    assert (left["teams"], left["team"]) == ([], None)
    assert (await wei.get(ticket)).status_code == 404
    await admin.post_ok(f"/v1/persons/{wei.id}/join", {"team": "network"})


async def test_whoever_leaves_a_team_holds_no_role_for_it_any_more(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    team, other = await api.team("network"), await api.team("other")
    roles = (f"agent@team/{team}", f"agent@team/{other}", "knowledge_editor")
    wei = await api.client("Wang Wei", *roles, teams=("network", "other"))
    left = await admin.post_ok(f"/v1/persons/{wei.id}/leave", {"team": "network"})
    assert left["roles"] == [f"agent@team/{other}", "knowledge_editor"]
    assert (await edited(admin, f"/v1/persons/{wei.id}", {"team": "other"}))["team"]["key"] == "other"


async def test_the_administrator_of_a_team_lets_nobody_leave_who_holds_more_than_they_could_grant(
    api: Api,
) -> None:
    team = await api.team("network")
    own = await api.client("Otto", f"admin@team/{team}", teams=("network",))
    member = await api.client("Wang Wei", f"agent@team/{team}", teams=("network",))
    broader = await api.client("Zhao Min", Role.problem_manager, teams=("network",))
    refused = await own.post(f"/v1/persons/{broader.id}/leave", json={"team": "network"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    await own.post_ok(f"/v1/persons/{member.id}/leave", {"team": "network"})
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{broader.id}/leave", {"team": "network"})


async def test_nobody_belongs_twice_leaves_what_they_are_not_in_or_joins_what_is_retired(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await api.team("network")
    retired = await api.team("old")
    await admin.post_ok(f"/v1/teams/{retired}/retire")
    wei = await api.client("Wang Wei", teams=("network",))
    cases = (
        ("join", "network", "in_the_team"),
        ("join", "old", "team_retired"),
        ("leave", "old", "not_in_the_team"),
        ("", "old", "not_in_the_team"),
    )
    for action, team, code in cases:
        method, suffix = ("POST", f"/{action}") if action else ("PATCH", "")
        refused = await admin.request(
            method, f"/v1/persons/{wei.id}{suffix}", json={"team": team}, headers={"If-Match": "*"}
        )
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/team", code), action


async def test_the_administrator_of_a_team_fills_that_team_and_no_other(api: Api) -> None:
    team, _ = await api.team("network"), await api.team("other")
    tied = await api.client("Otto", f"admin@team/{team}")
    wei = await api.client("Wang Wei", teams=("network",))
    refused = await tied.post(f"/v1/persons/{wei.id}/join", json={"team": "other"})
    assert refused.json()["errors"][0]["code"] == "beyond_your_teams"
    await tied.post_ok(f"/v1/persons/{wei.id}/leave", {"team": "network"})


async def test_the_members_of_a_team_are_paged_and_for_those_who_see_them(api: Api) -> None:
    team = await api.team("network")
    admin = await api.client("Ada", Role.admin)
    members = {(await api.client(f"Member {n}", teams=("network",))).id for n in range(3)}
    pages = await admin.pages(f"/v1/teams/{team}/members", limit=2)
    assert [len(page) for page in pages] == [2, 1]
    assert {person["id"] for page in pages for person in page} == members
    zhao = await api.client("Zhao", teams=("network",))
    answer = await admin.read("/v1/persons", member_of="network", count="exact")
    assert answer["total"] == 4
    assert [person["id"] for person in (await admin.read("/v1/persons", member_of_not=team))["items"]] == [
        admin.id
    ]
    requester = await api.client("Li Na")
    assert (await requester.read("/v1/teams/network/members"))["items"] == []
    (member,) = (await zhao.read("/v1/teams/network/members"))["items"]
    assert member["id"] == zhao.id, "a requester sees themselves"
    assert (await admin.get("/v1/teams/nowhere/members")).status_code == 404
