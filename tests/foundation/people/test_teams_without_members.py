"""Teams without members: they get no work, and the work of a team that loses its last member is reported."""

from __future__ import annotations

import pytest

from app.common.duties import GivenDuty
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.people.succession.lookups import TEAM_KINDS
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES
from tests.client import Api, Client, an_incident
from tests.foundation.people.test_succession import settle


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("desk")
    return await api.client("Lin", Role.agent, teams=("desk",))


async def test_a_team_without_members_is_given_no_ticket_no_task_and_no_escalation(
    api: Api, agent: Client
) -> None:
    await api.team("empty")
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "desk", "person": "me"})
    for action, body in (
        ("assign", {"team": "empty"}),
        ("escalate", {"team": "empty", "reason": "They know the database."}),
        ("add_task", {"title": "Look at the relay", "team": "empty"}),
    ):
        refused = await agent.post(f"{path}/{action}", json=body)
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
            ("/team", "team_without_members")
        ], action
    teams = await agent.read("/v1/lookup", kind="team", duty="team_handling", q="")
    assert [row["key"] for row in teams["items"]] == ["desk"]


async def test_a_team_that_loses_its_last_member_has_its_work_reported_and_is_not_retired(
    api: Api, agent: Client
) -> None:
    admin = await api.client("Ada", Role.admin)
    manager = await api.client("Ingo", Role.incident_manager)
    await api.team("network")
    first, last = [await api.client(name, Role.engineer, teams=("network",)) for name in ("Wu", "Tomasz")]
    incident = await agent.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network"})
    await admin.post_ok(f"/v1/persons/{first.id}/leave", {"team": "network"})
    await settle(api)
    assert "team_unstaffed" not in await steps_of(manager)
    await admin.post_ok(f"/v1/persons/{last.id}/deactivate")
    await settle(api)
    assert (await steps_of(manager)).count("team_unstaffed") == 1
    event = (await admin.read("/v1/teams/network/events"))["items"][-1]
    assert (event["type"], event["given"]["numbers"]) == ("team.work_reported", [incident["number"]])

    refused = await admin.post("/v1/teams/network/retire", headers={"If-Match": "*"})
    assert [each["code"] for each in refused.json()["errors"]] == ["team_has_open_work"]
    assert incident["number"] in refused.text
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "desk"})
    await admin.post_ok("/v1/teams/network/retire")


def test_the_kinds_of_records_on_which_teams_work_are_known() -> None:
    handled = {
        lifecycle.kind
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for mark in marks(row.body, ForeignRef).values()
        if mark.duty is GivenDuty.team_handling and "task" not in row.name
    }
    assert handled == set(TEAM_KINDS)


async def steps_of(person: Client) -> list[str]:
    return [step for row in (await person.read("/v1/notices"))["items"] for step in row["steps"]]
