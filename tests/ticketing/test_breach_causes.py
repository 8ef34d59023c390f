"""Why a target was missed: said by whoever works on it, seen by staff, and noted where nobody says it."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident

RESPONSE = {"agreement_type": "SLA", "metric": "response"}


async def an_own_incident(agent: Client, **fields: str) -> str:
    """The address of an incident that the agent works on."""
    incident = await agent.post_ok("/v1/incidents", an_incident(**fields))
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"person": "me"})
    return f"/v1/incidents/{incident['id']}"


async def causes(client: Client, path: str) -> list[Json]:
    """The causes that the client is shown."""
    items: list[Json] = (await client.read(f"{path}/breach_causes"))["items"]
    return items


async def test_each_clock_has_one_cause_and_the_ticket_another_for_all(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    path = await an_own_incident(agent)
    cause = {**RESPONSE, "cause": "late_assignment", "explanation": "It lay with another desk."}
    await agent.post_ok(f"{path}/state_breach_cause", cause)
    await agent.post_ok(f"{path}/state_breach_cause", {"cause": "technical"})
    first, of_ticket = await causes(agent, path)
    assert (first["cause"], first["agreement_type"], first["metric"]) == (
        "late_assignment",
        "SLA",
        "response",
    )
    assert (first["explanation"], first["stated_by"]["id"]) == ("It lay with another desk.", agent.id)
    assert (of_ticket["cause"], of_ticket["agreement_type"], of_ticket["metric"]) == ("technical", None, None)
    # Said anew, it takes the place of what was said of the same clock.
    await agent.post_ok(f"{path}/state_breach_cause", {**RESPONSE, "cause": "workload"})
    anew = await causes(agent, path)
    assert [(cause["id"], cause["cause"], cause["explanation"]) for cause in anew] == [
        (of_ticket["id"], "technical", None),
        (first["id"], "workload", None),
    ]
    assert anew[1]["stated_at"] > first["stated_at"]


async def test_who_asked_for_it_is_not_told_why_and_does_not_say_it(api: Api) -> None:
    agent, requester = await api.client("Lin", Role.agent), await api.client("Zhao Min")
    manager = await api.client("Mei", Role.service_level_manager)
    path = await an_own_incident(agent, requester=requester.id)
    await manager.post_ok(f"{path}/state_breach_cause", {"cause": "misclassified"})
    assert len(await causes(agent, path)) == 1
    assert await causes(requester, path) == []
    assert "misclassified" not in (await requester.get(f"{path}/events")).text
    refused = await requester.post(f"{path}/state_breach_cause", json={"cause": "workload"})
    assert refused.status_code == 403


async def test_a_clock_is_named_whole_and_nobody_says_that_nobody_knows(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    path = await an_own_incident(agent)
    half = await agent.post(f"{path}/state_breach_cause", json={"cause": "workload", "metric": "response"})
    assert half.status_code == 422
    assert half.json()["errors"][0]["code"] == "both_of_a_clock"
    unknown = await agent.post(f"{path}/state_breach_cause", json={"cause": "unknown"})
    (error,) = unknown.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/cause", "unknown_by_itself")
    assert await causes(agent, path) == []
