"""PagerDuty's Events API v2: what it takes, what it answers, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
from pagerduty import EventsApiV2Client

from app.common.people import Role
from app.webhooks.intake import deliveries
from tests.client import Api, Client, Json
from tests.served import behind_a_socket
from tests.webhooks.tools import Tool, a_source, process_all

ENQUEUE = "/v2/enqueue"
PAYLOAD = {"summary": "Disk is full", "source": "shop-db-1", "severity": "critical"}


async def a_tool(api: Api, **more: Any) -> Tool:
    """A source of such events, and somebody who may look at what comes of it."""
    return await a_source(api, await api.client("Ada", Role.admin, Role.agent), "pagerduty_events", **more)


def an_event(tool: Tool, action: str = "trigger", **more: Any) -> Json:
    """An event with the tool's routing key."""
    event: Json = {"routing_key": tool.source["secret"], "event_action": action, **more}
    return event | ({"payload": PAYLOAD} if action == "trigger" else {})


async def sent(tool: Tool, event: Any) -> Any:
    """The answer to an event, after which all that waits is processed."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    answer = await tool.api.with_token(None).post(ENQUEUE, content=body)
    await process_all(tool.api.ledger)
    return answer


async def notes_of(admin: Client, incident: Json) -> list[Json]:
    """The comments of an incident."""
    return list((await admin.read(f"/v1/incidents/{incident['id']}/comments"))["items"])


async def test_an_alert_is_triggered_acknowledged_and_resolved(api: Api) -> None:
    tool = await a_tool(api)
    answer = await sent(tool, an_event(tool, dedup_key="db/disk"))
    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "db/disk"},
    )
    (incident,) = await tool.tickets()
    assert (incident["title"], incident["state"], incident["urgency"]) == ("Disk is full", "new", "1")
    await sent(tool, an_event(tool, dedup_key="db/disk"))
    await sent(tool, an_event(tool, "acknowledge", dedup_key="db/disk"))
    (incident,) = await tool.tickets()
    assert incident["state"] == "new", "nobody here has acknowledged it"
    (note,) = await notes_of(tool.admin, incident)
    assert note["text"] == "The alert was acknowledged in the monitoring tool: db/disk"
    await sent(tool, an_event(tool, "resolve", dedup_key="db/disk"))
    (incident,) = await tool.tickets()
    assert incident["state"] == "resolved"
    await sent(tool, an_event(tool, "acknowledge", dedup_key="db/disk"))
    assert len(await notes_of(tool.admin, incident)) == 1, "an acknowledgement of what is over tells nothing"


class _To(httpx2.HTTPTransport):
    """Sends to a server of this test what is meant for a server with TLS: the library takes no other."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self._place = {"scheme": "http", "host": host, "port": port}

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(**self._place)
        return super().handle_request(request)


async def test_the_client_library_of_pagerduty_triggers_and_resolves(api: Api) -> None:
    tool = await a_tool(api)
    async with behind_a_socket(api.app) as (host, port):
        client = EventsApiV2Client(
            tool.source["secret"], base_url="https://ledgerdesk.test", transport=_To(host, port)
        )
        key = await asyncio.to_thread(
            client.trigger, "Checkout is slow", "shop-1", severity="warning", custom_details={"p99": "4 s"}
        )
        await process_all(api.ledger)
        (incident,) = await tool.tickets()
        assert (incident["title"], incident["state"]) == ("Checkout is slow", "new")
        assert "shop-1" in incident["description"]
        assert "4 s" in incident["description"]
        assert await asyncio.to_thread(client.acknowledge, key) == key
        assert await asyncio.to_thread(client.resolve, key) == key
        await process_all(api.ledger)
        assert [incident["state"] for incident in await tool.tickets()] == ["resolved"]
        client.close()


WRONG: list[tuple[bytes | Json, str]] = [
    (b"{", "The body is not JSON"),
    (b"[" * 100_000, "The body is not JSON"),
    (b'{"payload": NaN}', "The body is not JSON"),
    (b"[]", "The body is not a JSON object"),
    ({"routing_key": None}, "'routing_key' is missing or blank"),
    ({"routing_key": 7}, "'routing_key' is not a text"),
    ({"routing_key": "k" * 401}, "'routing_key' is longer than 400 characters"),
    ({"routing_key": "0" * 32}, "Invalid routing key"),
    (
        {"event_action": "explode", "dedup_key": "k"},
        "'event_action' must be one of trigger, acknowledge, resolve",
    ),
    ({"event_action": "resolve"}, "'dedup_key' is missing or blank"),
    ({"dedup_key": "k" * 256}, "'dedup_key' is longer than 255 characters"),
    ({"payload": "full"}, "'payload' is missing or no object"),
    ({"payload": PAYLOAD | {"summary": " "}}, "'payload.summary' is missing or blank"),
    ({"payload": PAYLOAD | {"source": None}}, "'payload.source' is missing or blank"),
    (
        {"payload": PAYLOAD | {"severity": "bad"}},
        "'payload.severity' must be one of critical, error, warning, info",
    ),
]


async def test_an_event_that_is_wrong_is_answered_with_what_is_wrong_and_kept_nowhere(api: Api) -> None:
    tool = await a_tool(api)
    for wrong, error in WRONG:
        answer = await sent(tool, an_event(tool) | wrong if isinstance(wrong, dict) else wrong)
        assert (answer.status_code, answer.json()) == (
            400,
            {"status": "invalid event", "message": "Event object is invalid", "errors": [error]},
        )
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"
    assert (await tool.admin.read(path))["items"] == []


async def test_a_routing_key_that_was_rotated_is_taken_for_a_while_and_a_retired_one_not(api: Api) -> None:
    tool = await a_tool(api)
    assert len(tool.source["secret"]) == 32, "as tools expect it"
    path = f"/v1/webhook_sources/{tool.source['id']}"
    rotated = await tool.admin.post_ok(f"{path}/rotate", {"overlap_seconds": 3600})
    assert len(rotated["secret"]) == 32
    new = Tool(api, tool.admin, tool.source | {"secret": rotated["secret"]})
    assert [(await sent(each, an_event(each))).status_code for each in (tool, new)] == [202, 202]
    await tool.admin.post_ok(f"{path}/rotate", {"overlap_seconds": 0})
    assert [(await sent(each, an_event(each))).status_code for each in (tool, new)] == [400, 400]
    other = await a_source(api, tool.admin, "pagerduty_events", key="other")
    await tool.admin.post_ok(f"/v1/webhook_sources/{other.source['id']}/retire", {})
    assert (await sent(other, an_event(other))).status_code == 400


async def test_the_secret_of_another_tool_is_no_routing_key(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    alertmanager = await a_source(api, admin, "alertmanager", user_name="tool")
    assert (await sent(alertmanager, an_event(alertmanager))).status_code == 400


async def test_a_routing_key_is_kept_in_no_delivery(api: Api) -> None:
    tool = await a_tool(api)
    await sent(tool, an_event(tool, links=[{"href": "https://metrics.example", "text": "Graph"}]))
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"
    (delivery,) = (await tool.admin.read(path))["items"]
    content = await tool.admin.read(f"{path}/{delivery['id']}")
    assert tool.source["secret"] not in json.dumps(content)
    assert "Disk is full" in json.dumps(content)


async def test_an_event_without_a_key_of_its_alert_gets_one_that_ends_it(api: Api) -> None:
    tool = await a_tool(api)
    keys = [(await sent(tool, an_event(tool))).json()["dedup_key"] for _ in range(2)]
    assert len(await tool.tickets()) == len(set(keys)) == 2
    await sent(tool, an_event(tool, "resolve", dedup_key=keys[0]))
    assert sorted(incident["state"] for incident in await tool.tickets()) == ["new", "resolved"]


async def test_a_time_that_is_none_does_not_keep_an_alert_away(api: Api) -> None:
    tool = await a_tool(api)
    odd: tuple[object, ...] = ("2026-07-17T08:42:58.315+0000Z", "soon", [], "9" * 5000)
    for number, timestamp in enumerate(odd, 1):
        payload = PAYLOAD | {"timestamp": timestamp, "severity": "CRITICAL"}
        await sent(tool, an_event(tool) | {"payload": payload})
        incidents = await tool.tickets()
        assert len(incidents) == number, timestamp
        assert all(incident["altered"]["alerted_at"] == ["unreadable"] for incident in incidents)
        assert {incident["urgency"] for incident in incidents} == {"1"}


async def test_who_tries_many_routing_keys_is_told_to_wait(api: Api) -> None:
    tool = await a_tool(api)
    limit = api.ledger.settings.wrong_keys
    answers = [await sent(tool, an_event(tool) | {"routing_key": f"{n:032}"}) for n in range(limit + 1)]
    assert [answer.status_code for answer in answers] == [400] * limit + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert (await sent(tool, an_event(tool))).status_code == 202, "and who has a right one is not"
    refused = await api.ledger.db.value(
        "select refused from plumbing.webhook_refusal where source_id = %s", (deliveries.NO_SOURCE,)
    )
    assert refused == limit
