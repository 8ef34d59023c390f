"""Work and cost are logged by staff for staff, and put right by counter-entries only."""

from __future__ import annotations

from datetime import UTC, datetime

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident
from tests.extent import in_test_all

HOUR: Json = {"minutes": 60, "role_class": "engineer"}
RELAY: Json = {"amount": "1250.00", "currency": "CNY", "purpose": "A new relay."}


async def scene(api: Api) -> tuple[Client, Client, str]:
    """A requester, an agent, and the requester's incident."""
    zhao = await api.client("Zhao Min")
    agent = await api.client("Lin", Role.agent)
    return zhao, agent, f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"


async def rate(api: Api, amount: str, since: str) -> Json:
    admin = await api.client("Ada", Role.admin)
    body = {"role_class": "engineer", "amount": amount, "currency": "CNY", "valid_from_at": since}
    return await admin.post_ok("/v1/hourly_rates", body)


async def test_work_keeps_the_rate_of_its_day(api: Api) -> None:
    _, agent, path = await scene(api)
    await agent.post_ok(f"{path}/log_work", {**HOUR, "worked_at": "2025-06-01T08:00:00Z"})
    await rate(api, "480.00", "2025-01-01T00:00:00Z")
    await rate(api, "520.00", "2026-01-01T00:00:00Z")
    for day in (
        "2024-12-31T23:59:59Z",
        "2025-01-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
    ):
        await agent.post_ok(f"{path}/log_work", {**HOUR, "worked_at": day})
    entries = (await agent.read(f"{path}/works"))["items"]
    # What was logged before anybody had said what it costs stays without a rate.
    assert [entry["rate"] for entry in entries] == [None, None, "480.00", "480.00", "520.00"]
    assert {entry["person"]["name"] for entry in entries} == {"Lin"}


@in_test_all
async def test_a_rate_that_was_withdrawn_is_not_found_and_not_taken_back(api: Api) -> None:
    _, agent, path = await scene(api)
    await rate(api, "480.00", "2025-01-01T00:00:00Z")
    wrong = await rate(api, "52.00", "2026-01-01T00:00:00Z")
    admin = await api.client("Ada", Role.admin)
    worked = {**HOUR, "worked_at": "2026-02-01T00:00:00Z"}
    await agent.post_ok(f"{path}/log_work", worked)
    await admin.post_ok(f"/v1/hourly_rates/{wrong['id']}/withdraw", {"reason": "A slip of the pen."})
    await agent.post_ok(f"{path}/log_work", worked)
    assert [entry["rate"] for entry in (await agent.read(f"{path}/works"))["items"]] == ["52.00", "480.00"]


async def test_work_is_taken_back_by_a_counter_entry_once(api: Api) -> None:
    _, agent, path = await scene(api)
    await rate(api, "480.00", "2025-01-01T00:00:00Z")
    await agent.post_ok(f"{path}/log_work", HOUR)
    (entry,) = (await agent.read(f"{path}/works"))["items"]
    await agent.post_ok(f"{path}/reverse_work", {"work": entry["id"], "reason": "Another ticket."})
    first, counter = (await agent.read(f"{path}/works"))["items"]
    assert first == entry
    assert (counter["minutes"], counter["rate"], counter["reverses_id"]) == (-60, "480.00", entry["id"])
    head = await api.head()
    for work, code in ((entry, "taken_back_already"), (counter, "is_a_counter_entry")):
        refused = await agent.post(f"{path}/reverse_work", json={"work": work["id"], "reason": "Again."})
        assert refused.json()["errors"][0]["code"] == code
    assert await api.head() == head


async def test_a_cost_is_booked_and_taken_back(api: Api) -> None:
    _, agent, path = await scene(api)
    await agent.post_ok(f"{path}/book_cost", RELAY)
    (entry,) = (await agent.read(f"{path}/costs"))["items"]
    assert (entry["amount"], entry["currency"], entry["purpose"]) == ("1250.00", "CNY", "A new relay.")
    await agent.post_ok(f"{path}/reverse_cost", {"cost": entry["id"], "reason": "It was sent back."})
    assert [item["amount"] for item in (await agent.read(f"{path}/costs"))["items"]] == [
        "1250.00",
        "-1250.00",
    ]
    refused = await agent.post(f"{path}/book_cost", json={**RELAY, "currency": "JPY"})
    assert refused.json()["errors"][0]["pointer"] == "/amount"


async def test_what_a_ticket_took_reaches_no_requester_by_any_way(api: Api) -> None:
    zhao, agent, path = await scene(api)
    before = await zhao.read(path)
    await agent.post_ok(f"{path}/log_work", HOUR)
    await agent.post_ok(f"{path}/book_cost", RELAY)
    assert await zhao.read(path) == before
    assert [event["type"] for event in (await zhao.read(f"{path}/events"))["items"]] == ["incident.reported"]
    entries = {"work": "works", "cost": "costs"}
    for field, listing in entries.items():
        assert (await zhao.read(f"{path}/{listing}"))["items"] == []
        entry = (await agent.read(f"{path}/{listing}"))["items"][0]
        refused = await zhao.post(f"{path}/reverse_{field}", json={field: entry["id"], "reason": "Mine."})
        assert refused.status_code == 403
    assert (await zhao.post(f"{path}/log_work", json=HOUR)).status_code == 403


async def test_work_is_logged_afterwards(api: Api) -> None:
    _, agent, path = await scene(api)
    ahead = {**HOUR, "worked_at": datetime.now(UTC).replace(year=2199).isoformat()}
    refused = await agent.post(f"{path}/log_work", json=ahead)
    assert refused.json()["errors"][0]["pointer"] == "/worked_at"
