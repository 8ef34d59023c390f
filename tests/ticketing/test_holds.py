"""Holds that wait for a supplier: which one is said, and only then."""

from __future__ import annotations

import pytest

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Client, Json, an_incident
from tests.extent import first_of

VENDOR = {"reason": "awaiting_vendor"}


async def an_own_ticket(api: Api, agent: Client, kind: str) -> str:
    """The address of a ticket that the agent works on."""
    if kind == "incidents":
        request = await agent.post_ok("/v1/incidents", an_incident())
        await agent.post_ok(f"/v1/incidents/{request['id']}/assign", {"person": "me"})
        return f"/v1/incidents/{request['id']}"
    body = {"title": "More memory", "description": "Two more.", "channel": "portal", "urgency": "3"}
    request = await agent.post_ok("/v1/requests", body)
    assessed = {"category": "hardware", "impact": "3", "urgency": "3", "path": "standard", "assignee": "me"}
    await agent.post_ok(f"/v1/requests/{request['id']}/assess", assessed)
    await agent.post_ok(f"/v1/requests/{request['id']}/start")
    return f"/v1/requests/{request['id']}"


async def refused(agent: Client, path: str, body: Json) -> tuple[str, str]:
    """Where and why the hold is refused."""
    answer = await agent.post(f"{path}/hold", json=body)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


@pytest.mark.parametrize("kind", first_of(["incidents", "requests"], 1))
async def test_what_waits_for_a_supplier_says_which_until_it_goes_on(api: Api, kind: str) -> None:
    agent = await api.client("Lin", Role.agent)
    supplier = await api.team("cabling-co", TeamKind.supplier)
    path = await an_own_ticket(api, agent, kind)
    held = await agent.post_ok(f"{path}/hold", {**VENDOR, "supplier": "cabling-co"})
    assert held["supplier"] == {"id": supplier, "key": "cabling-co", "name": "The cabling-co team"}
    (event,) = [e for e in (await agent.read(f"{path}/events"))["items"] if e["type"].endswith(".held")]
    assert event["given"]["supplier"] == supplier
    assert event["set"][event["stream"]]["supplier_id"] == supplier
    resumed = await agent.post_ok(f"{path}/resume")
    assert resumed["supplier"] is None
    again = await agent.post_ok(f"{path}/hold", {"reason": "other"})
    assert again["supplier"] is None


@pytest.mark.parametrize("kind", first_of(["incidents", "requests"], 1))
async def test_a_supplier_is_needed_for_that_reason_and_named_for_no_other(api: Api, kind: str) -> None:
    agent = await api.client("Lin", Role.agent, Role.admin)
    await api.team("cabling-co", TeamKind.supplier)
    await api.team("network")
    old = await api.team("old-co", TeamKind.supplier)
    await agent.post_ok(f"/v1/teams/{old}/retire")
    path = await an_own_ticket(api, agent, kind)
    assert await refused(agent, path, VENDOR) == ("/supplier", "which_supplier")
    body = {"reason": "other", "supplier": "cabling-co"}
    assert await refused(agent, path, body) == ("/supplier", "not_awaiting_vendor")
    assert await refused(agent, path, {**VENDOR, "supplier": "network"}) == ("/supplier", "not_a_supplier")
    assert await refused(agent, path, {**VENDOR, "supplier": "old-co"}) == ("/supplier", "team_retired")
    assert (await agent.read(path))["hold_reason"] is None


async def test_whoever_asked_for_it_is_not_shown_the_supplier(api: Api) -> None:
    agent, requester = await api.client("Lin", Role.agent), await api.client("Zhao Min")
    await api.team("cabling-co", TeamKind.supplier)
    incident = await agent.post_ok("/v1/incidents", an_incident(requester=requester.id))
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/hold", {**VENDOR, "supplier": "cabling-co"})
    incident_shown = await requester.read(path)
    assert (incident_shown["hold_reason"], incident_shown["supplier"]) == ("awaiting_vendor", None)
    assert "cabling-co" not in (await requester.get(f"{path}/events")).text
