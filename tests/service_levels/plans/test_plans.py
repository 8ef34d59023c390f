"""The yearly plan of agreements: which services get one, who negotiates it, when it is reviewed."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.service_levels.agreements.samples import Parties, the_parties


@pytest.fixture
async def parties(api: Api) -> Parties:
    return await the_parties(api)


async def series(client: Client) -> str:
    """The id of the first of a series of yearly meetings."""
    payload: Json = {"title": "Review", "meeting_kind": "other", "chair": "me", "series_interval": "yearly"}
    when = {"starts_at": "2199-01-01T06:00:00Z", "ends_at": "2199-01-01T07:00:00Z"}
    return str((await client.post_ok("/v1/meetings", {**payload, **when}))["id"])


async def test_one_plan_of_a_year_is_adopted(parties: Parties) -> None:
    manager = parties.manager
    entry = {"service": "mail", "customer": "finance", "negotiator": parties.it.id}
    payload = {"title": "Agreements of 2027", "year": 2027, "entries": [entry]}
    plan = await manager.post_ok("/v1/service_level_plans", payload)
    assert (plan["state"], plan["number"][:4], plan["owner"]["id"]) == ("drafted", "SLP-", manager.id)
    path = f"/v1/service_level_plans/{plan['id']}"
    twice = await manager.post(f"{path}/revise", json={"entries": [entry, entry]})
    assert [(e["pointer"], e["code"]) for e in twice.json()["errors"]] == [
        ("/entries/1/service", "each_once")
    ]
    parties.it = await parties.api.client("Negotiator", Role.agent)
    other = {"service": "mail", "negotiator": parties.it.id}
    await manager.post_ok(f"{path}/revise", {"entries": [entry, other]})
    [first, second] = (await manager.read(f"{path}/entries"))["items"]
    assert (first["customer"]["key"], first["series_id"], second["customer"]) == ("finance", None, None)
    management = await parties.api.client("Management", Role.management)
    admin = await parties.api.client("Admin", Role.admin)
    await admin.post_ok(f"/v1/persons/{parties.it.id}/deactivate")
    refused = await management.post(f"{path}/adopt", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "negotiator_left")
    await manager.post_ok(f"{path}/revise", {"entries": [{**entry, "negotiator": "me"}]})
    payload["entries"] = [{**entry, "negotiator": "me"}]
    assert (await management.post_ok(f"{path}/adopt"))["adopted_by"]["id"] == management.id
    again = await manager.post_ok("/v1/service_level_plans", payload)
    refused = await management.post(f"/v1/service_level_plans/{again['id']}/adopt", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "year_is_planned")
    late = await manager.post(f"{path}/revise", json={"entries": [entry]})
    assert late.status_code == 409


@in_test_all
async def test_a_plan_names_the_series_of_meetings_in_which_an_agreement_is_reviewed(
    parties: Parties,
) -> None:
    manager = await parties.api.client("Planner", Role.service_level_manager)
    meeting = await series(manager)
    entry = {"service": "mail", "negotiator": "me", "series": meeting}
    payload = {"title": "Agreements of 2028", "year": 2028, "entries": [entry]}
    plan = await manager.post_ok("/v1/service_level_plans", payload)
    [planned] = (await manager.read(f"/v1/service_level_plans/{plan['id']}/entries"))["items"]
    assert (planned["series_id"], planned["person"]["id"]) == (meeting, manager.id)
