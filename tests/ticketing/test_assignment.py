"""A ticket is escalated to a team that can do more, or to a person who is to know of it."""

from __future__ import annotations

from app.common.people import Role
from tests.api.test_visibility import sees
from tests.client import Api, Client, Json, an_incident

WHY = "It takes longer than it may."


async def scene(api: Api) -> tuple[Client, Json]:
    """An agent of the desk, and an incident that is theirs."""
    for team in ("desk", "network"):
        await api.staffed_team(team)
    agent = await api.client("Lin", Role.agent, teams=("desk",))
    record = await agent.post_ok("/v1/incidents", an_incident())
    return agent, await agent.post_ok(
        f"/v1/incidents/{record['id']}/assign", {"team": "desk", "person": "me"}
    )


async def test_a_functional_escalation_gives_it_to_another_team(api: Api) -> None:
    agent, record = await scene(api)
    path = f"/v1/incidents/{record['id']}"
    after = await agent.post_ok(f"{path}/escalate", {"team": "network", "reason": WHY})
    assert (after["team"]["key"], after["assignee"], after["state"]) == ("network", None, record["state"])
    event = (await agent.read(f"{path}/events"))["items"][-1]
    assert (event["type"], event["given"]["reason"]) == ("incident.escalated", WHY)
    refused = await agent.post(f"{path}/escalate", json={"team": "network", "reason": WHY})
    assert refused.json()["errors"][0]["code"] == "theirs_already"


async def test_a_hierarchical_escalation_tells_a_superior_who_follows_it_from_now_on(api: Api) -> None:
    agent, record = await scene(api)
    boss = await api.client("Olga", Role.engineer)
    path = f"/v1/incidents/{record['id']}"
    assert not await sees(boss, record["id"])
    after = await agent.post_ok(f"{path}/escalate", {"person": boss.id, "reason": WHY})
    assert (after["team"], after["assignee"]) == (record["team"], record["assignee"])
    assert await sees(boss, record["id"])
    # A second time it is told to them again, and they follow it as they did.
    first = await agent.read(f"{path}/followers")
    await agent.post_ok(f"{path}/escalate", {"person": boss.id, "reason": WHY})
    assert await agent.read(f"{path}/followers") == first
    assert len(first["items"]) == 1


async def test_it_is_one_or_the_other_and_has_a_reason(api: Api) -> None:
    agent, record = await scene(api)
    head = await api.head()
    for body, pointer, code in (
        ({"reason": WHY}, "", "one_of_the_two"),
        ({"team": "network", "person": "me", "reason": WHY}, "", "one_of_the_two"),
        ({"team": "network"}, "/reason", "missing"),
    ):
        refused = await agent.post(f"/v1/incidents/{record['id']}/escalate", json=body)
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert await api.head() == head
