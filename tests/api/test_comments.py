"""What is said among staff never reaches a requester, by any way."""

from __future__ import annotations

import pytest

from app.common.people import STAFF_ROLES, Role
from tests.client import Api, Client, Json, an_incident

SECRET = "The customer has been told twice already."


async def two_remarks(api: Api) -> tuple[Client, Client, str]:
    """A requester, an agent, and an incident with an internal and two public comments."""
    zhao = await api.client("Zhao Min")
    agent = await api.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await zhao.post_ok(f"{path}/comment", {"text": "Any news?"})
    internal = await agent.post(f"{path}/comment", json={"text": SECRET, "visibility": "internal"})
    assert internal.status_code == 200
    await agent.post_ok(f"{path}/comment", {"text": "We are at it."})
    return zhao, agent, path


def comments(events: Json) -> list[str | None]:
    """The texts in the events of comments."""
    return [event["given"]["text"] for event in events["items"] if event["type"] == "incident.commented"]


async def test_an_internal_comment_reaches_no_requester_by_any_way(api: Api) -> None:
    zhao, agent, record_path = await two_remarks(api)
    everything = [await zhao.get(path) for path in (record_path, f"{record_path}/events", "/v1/incidents")]
    assert not [answer for answer in everything if SECRET in answer.text]
    assert comments(everything[1].json()) == ["Any news?", "We are at it."]
    assert comments(await agent.read(f"{record_path}/events")) == ["Any news?", SECRET, "We are at it."]
    # Neither by the pages of the events: none is empty for what it leaves out.
    pages = await zhao.pages(f"{record_path}/events", limit=1)
    assert [[event["type"] for event in page] for page in pages] == [
        ["incident.reported"],
        ["incident.commented"],
        ["incident.commented"],
    ]


async def test_the_answer_to_an_internal_comment_is_the_record_without_it(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    agent = await api.client("Lin", Role.agent)
    record = await zhao.post_ok("/v1/incidents", an_incident())
    body = {"text": SECRET, "visibility": "internal"}
    answer = await agent.post_ok(f"/v1/incidents/{record['id']}/comment", body)
    response = await zhao.read(f"/v1/incidents/{record['id']}")
    assert answer["version"] == record["version"] == response["version"], "a comment makes no open form stale"
    assert response == record


async def test_a_role_for_one_team_shows_nothing_internal_of_another(api: Api) -> None:
    network, _ = await api.team("network"), await api.team("mail")
    tomasz = await api.client("Tomasz", f"engineer@team/{network}")
    agent = await api.client("Lin", Role.agent, teams=("network", "mail"))
    path = f"/v1/incidents/{(await tomasz.post_ok('/v1/incidents', an_incident()))['id']}"
    internal = {"text": SECRET, "visibility": "internal"}
    for team, theirs in (("mail", False), ("network", True)):
        await agent.post_ok(f"{path}/assign", {"team": team})
        await agent.post_ok(f"{path}/comment", internal)
        head = await api.head()
        assert (SECRET in (await tomasz.get(f"{path}/events")).text) is theirs
        answer = await tomasz.post(f"{path}/comment", json=internal)
        assert (answer.status_code == 200) is theirs
        assert (await api.head() > head) is theirs


@pytest.mark.parametrize("role", [Role.requester, Role.integration])
async def test_who_is_not_staff_writes_no_internal_comment(api: Api, role: Role) -> None:
    outsider = await api.client("Zhao Min", role)
    record = await outsider.post_ok("/v1/incidents", an_incident())
    head = await api.head()
    body = {"text": "Hm.", "visibility": "internal"}
    refused = await outsider.post(f"/v1/incidents/{record['id']}/comment", json=body)
    assert refused.json()["errors"][0]["code"] == "internal_is_for_staff"
    assert await api.head() == head


async def test_staff_who_see_the_incident_read_what_is_internal(api: Api) -> None:
    _, _, path = await two_remarks(api)
    for role in sorted(STAFF_ROLES):
        reader = await api.client("Reader", role)
        answer = await reader.get(f"{path}/events")
        assert answer.status_code in (200, 404)
        if answer.status_code == 200:
            assert SECRET in comments(answer.json()), role
