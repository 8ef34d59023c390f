"""An incident's whole story over HTTP, as a portal, the service desk and a resolver see it."""

from __future__ import annotations

from datetime import datetime

from app.common.people import Role
from tests.client import RESOLVED, Api, Json, an_incident, without_actions
from tests.extent import in_test_all
from tests.ticket_actions import own_actions


def actions(record: Json) -> set[str]:
    """What the caller may do with an incident now, besides what can be done with every ticket."""
    return set(own_actions(action["action"] for action in record["actions"] if action["open"]))


async def test_an_incident_is_reported_for_somebody_worked_on_resolved_reopened_and_closed(api: Api) -> None:
    for team in ("sales", "desk", "network"):
        await api.team(team)
    zhao = await api.client("Zhao Min", teams=("sales",))
    agent = await api.client("Lin Xiaoyu", Role.agent, teams=("desk",))
    engineer = await api.client("Tomasz Nowak", Role.engineer, teams=("network",))

    # On the phone: the agent writes down what Zhao Min says.
    answer = await agent.post("/v1/incidents", json=an_incident(channel="hotline", requester=zhao.id))
    assert answer.status_code == 201
    record = answer.json()
    path = f"/v1/incidents/{record['id']}"
    assert answer.headers["location"] == path
    assert answer.headers["etag"].startswith('"1.')
    assert (record["state"], record["priority"], record["channel"]) == ("new", "P3", "hotline")
    assert record["requester"] == {"id": zhao.id, "name": "Zhao Min"}
    assert record["customer"]["key"] == "sales"
    assert (record["team"], record["assignee"]) == (None, None)
    assert {"acknowledge", "cancel"} <= actions(record)
    assert {"start", "resolve", "close"}.isdisjoint(actions(record))

    # She finds it under her own, by its number as well.
    mine = await zhao.read("/v1/incidents")
    assert [item["number"] for item in mine["items"]] == [record["number"]]
    assert actions(await zhao.read(f"/v1/incidents/{record['number']}")) == {"cancel", "edit"}

    # The engineer does not see it until it is his team's, and then may start on it as a member of the team.
    assert (await engineer.get(path)).status_code == 404
    await agent.post_ok(f"{path}/acknowledge")
    record = await agent.post_ok(f"{path}/assign", {"team": "network"})
    assert record["team"]["key"] == "network"
    assert (await agent.get(path)).status_code == 200, "whoever raised it goes on seeing it"
    record = await engineer.read(path)
    assert {"start", "hold", "post_update", "resolve"} <= actions(record)
    assert {"acknowledge", "cancel"}.isdisjoint(actions(record))
    record = await engineer.post_ok(f"{path}/assign", {"team": "network", "person": "me"})
    assert record["assignee"] == {"id": engineer.id, "name": "Tomasz Nowak"}
    record = await engineer.post_ok(f"{path}/start")
    assert record["started_at"] == record["state_since"]

    # He waits for a spare part, then goes on.
    held = {"reason": "awaiting_evidence", "wake_up_at": "2199-01-01T08:00:00+08:00"}
    record = await engineer.post_ok(f"{path}/hold", held)
    assert (record["state"], record["hold_reason"]) == ("on_hold", "awaiting_evidence")
    assert record["wake_up_at"] == "2199-01-01T00:00:00.000000Z"
    await zhao.post_ok(f"{path}/comment", {"text": "How long will it take?"})
    record = await engineer.post_ok(f"{path}/resume")
    assert (record["state"], record["hold_reason"], record["wake_up_at"]) == ("in_progress", None, None)

    record = await engineer.post_ok(f"{path}/resolve", {**RESOLVED, "cause": "A full disk."})
    assert (record["state"], record["resolution"]) == ("resolved", RESOLVED["done"])
    record = await zhao.post_ok(f"{path}/reopen", {"reason": "Still nothing."})
    assert (record["state"], record["resolution"], record["resolved_at"]) == ("in_progress", None, None)
    await engineer.post_ok(f"{path}/resolve", RESOLVED)
    record = await zhao.post_ok(f"{path}/close")
    assert (record["state"], record["cause"]) == ("closed", None)
    assert record["resolved_at"] < record["closed_at"]

    assert_it_is_all_in_the_log((await zhao.read(f"{path}/events"))["items"], record, agent.id, zhao.id)


def assert_it_is_all_in_the_log(events: list[Json], record: Json, agent: str, zhao: str) -> None:
    """In order, and in the words that were used."""
    assert [event["type"].removeprefix("incident.") for event in events] == [
        "reported",
        "acknowledged",
        "assigned",
        "assigned",
        "started",
        "held",
        "commented",
        "resumed",
        "resolved",
        "reopened",
        "resolved",
        "closed",
    ]
    assert [event["version"] for event in events] == list(range(1, 13))
    assert [event["position"] for event in events] == sorted(event["position"] for event in events)
    assert (events[0]["actor"], events[0]["on_behalf_of"]) == (f"person:{agent}", f"person:{zhao}")
    assert events[0]["given"]["description"] == an_incident()["description"]
    assert events[9]["given"] == {"reason": "Still nothing."}
    assert [e["set"].get(f"incident/{record['id']}", {}).get("state") for e in events[5:8]] == [
        "on_hold",
        None,
        "in_progress",
    ]


async def test_events_say_what_the_persons_and_teams_are_called_that_they_name(api: Api) -> None:
    team = await api.team("network")
    agent = await api.client("Lin Xiaoyu", Role.agent, teams=("network",))
    engineer = await api.client("Wang Wei", Role.engineer, teams=("network",))
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network", "person": engineer.id})
    task = {"title": "Look at the relay", "assignee": engineer.id}
    await agent.post_ok(f"{path}/add_task", task)
    whole = {agent.id: "Lin Xiaoyu", engineer.id: "Wang Wei", team: "The network team"}
    assert (await agent.read(f"{path}/events"))["names"] == whole
    first = await agent.read(f"{path}/events", limit=1)
    assert first["names"] == {agent.id: "Lin Xiaoyu", team: "The network team"}, (
        "of this page: hers is the customer"
    )


@in_test_all
async def test_a_list_is_newest_first_and_filtered_by_state_priority_and_team(api: Api) -> None:
    await api.team("network")
    agent = await api.client("Lin Xiaoyu", Role.agent, teams=("network",))
    numbers = []
    for urgency, team in (("1", None), ("2", "network"), ("3", "network"), ("1", "network")):
        record = await agent.post_ok("/v1/incidents", an_incident(urgency=urgency))
        numbers.append(record["number"])
        if team:
            record = await agent.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": team})
    await agent.post_ok(f"/v1/incidents/{numbers[3]}/acknowledge")

    async def listed(**filters: str) -> list[str]:
        return [item["number"] for item in (await agent.read("/v1/incidents", **filters))["items"]]

    first, second, third, fourth = numbers
    team_id = (await agent.read("/v1/teams/network"))["id"]
    assert await listed() == [fourth, third, second, first]
    assert await listed(priority="P2") == [fourth, first]
    assert await listed(priority="P2,P3") == [fourth, second, first]
    assert await listed(team="network") == await listed(team=team_id) == [fourth, third, second]
    assert await listed(team="nobody") == []
    assert await listed(team="nobody,network", priority="P2") == [fourth]
    assert await listed(state="acknowledged") == [fourth]
    assert await listed(state="new,acknowledged", priority="P4") == [third]
    assert await listed(state="closed") == []
    several = await agent.get("/v1/incidents", params={"priority": ["P4", "P3"]})
    assert len(several.json()["items"]) == 2, "several values may be several parameters, too"


async def test_persons_teams_and_keys_are_made_shown_and_listed(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    team = await admin.post_ok("/v1/teams", {"key": "desk", "name": "Service desk"})
    assert (team["kind"], team["state"]) == ("internal", "active")
    body = {
        "name": "Wang Wei 王伟",
        "email": "wei@example.org",
        "locale": "zh",
        "teams": ["desk", team["id"]],
    }
    person = await admin.post_ok("/v1/persons", body)
    assert (person["name"], person["email"], person["kind"]) == ("Wang Wei 王伟", "wei@example.org", "human")
    roles = {"roles": ["agent", f"engineer@team/{team['id']}"]}
    for role in roles["roles"]:
        person = await admin.post_ok(f"/v1/persons/{person['id']}/grant_role", {"role": role})
    assert person["roles"] == roles["roles"]
    key = await admin.post_ok("/v1/keys", {"name": "Wei's", "person": person["id"], **roles})
    assert key["token"].startswith("ldk_")
    assert key["person"] == {"id": person["id"], "name": "Wang Wei 王伟"}
    assert key["roles"] == roles["roles"]

    wei = api.with_token(key["token"])
    answer = await wei.read(f"/v1/keys/{key['id']}")
    assert without_actions(answer) == without_actions(
        {name: value for name, value in key.items() if name != "token"}
    ), "once and never again"
    for plural, made in (("persons", person), ("teams", team), ("keys", answer)):
        listed = without_actions(made)
        assert without_actions(await admin.read(f"/v1/{plural}/{made['id']}")) == listed
        assert listed in (await admin.read(f"/v1/{plural}"))["items"]
    assert without_actions(await wei.read("/v1/teams/desk")) == without_actions(team), (
        "a team is found by its key"
    )
    assert (await wei.read("/v1/incidents"))["items"] == []

    revoked = await admin.post_ok(f"/v1/keys/{key['id']}/revoke")
    assert revoked["state"] == "revoked"
    assert datetime.fromisoformat(revoked["revoked_at"]).tzinfo is not None
    assert (await wei.get("/v1/incidents")).status_code == 401


async def test_a_key_of_a_team_is_taken_once(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok("/v1/teams", {"key": "desk", "name": "Service desk"})
    head = await api.head()
    again = await admin.post("/v1/teams", json={"key": "desk", "name": "Another"})
    assert again.status_code == 422
    assert again.json()["errors"][0] | {"message": ""} == {
        "pointer": "/key",
        "parameter": None,
        "header": None,
        "members": [],
        "code": "taken",
        "message": "",
    }
    assert await api.head() == head


async def test_the_service_says_what_it_is_and_whether_it_can_work(api: Api) -> None:
    nobody, somebody = api.with_token(None), await api.client("Zhao Min")
    assert (await nobody.read("/livez")) == {"alive": True}
    assert (await nobody.read("/readyz")) == {"ready": True, "missing": []}
    assert (await nobody.get("/v1/meta")).status_code == 401
    meta = await somebody.read("/v1/meta")
    assert (meta["position"], meta["time_zone"]) == (await api.head(), "UTC")
