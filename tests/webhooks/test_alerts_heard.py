"""Alerts that go on: each receipt is heard, and done anew only where its incident is over meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.client import Api, Json
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source, process_all

NOW = datetime.now(UTC).replace(microsecond=0)
OPEN_END = "0001-01-01T00:00:00Z"
COUNTS = """
select (select count(*) from plumbing.webhook_delivery) as deliveries,
  (select count(*) from log.event where stream like 'incident/%%') as events,
  (select max(heard) from plumbing.webhook_delivery) as heard"""


def before(minutes: float) -> str:
    """So many minutes ago, as Alertmanager writes it."""
    return (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def an_alert(name: str = "disk", since: float = 30, until: float | None = None, **more: object) -> Json:
    return {
        "status": "firing" if until is None else "resolved",
        "fingerprint": name,
        "labels": {"alertname": name, "severity": "critical"},
        "annotations": {"summary": f"{name} is almost full"},
        "startsAt": before(since),
        "endsAt": OPEN_END if until is None else before(until),
    } | more


def a_group(*alerts: Json, status: str = "firing") -> Json:
    return {"version": "4", "status": status, "alerts": list(alerts)}


async def an_alertmanager(api: Api, **more: Any) -> Tool:
    return await a_source(api, await an_admin(api), "alertmanager", **more)


async def counts(tool: Tool) -> tuple[int, int, int]:
    row = await tool.api.ledger.db.row(COUNTS)
    assert row is not None
    return row["deliveries"], row["events"], row["heard"]


async def the_incident(tool: Tool) -> Json:
    (result,) = await tool.tickets()
    return await tool.admin.read(f"/v1/incidents/{result['id']}")


async def resolve(tool: Tool, **more: object) -> Json:
    """Somebody resolves the incident, and says when service came back."""
    result = await the_incident(tool)
    instant = {"occurred_at": more["occurred_at"]} if "occurred_at" in more else {}
    await tool.admin.post_ok(f"/v1/incidents/{result['id']}/assign", {"person": "me", **instant})
    await tool.admin.post_ok(f"/v1/incidents/{result['id']}/start", instant)
    payload = {"resolution_code": "fixed", "done": "Logs deleted.", **more}
    return await tool.admin.post_ok(f"/v1/incidents/{result['id']}/resolve", payload)


def outcomes(done: Json) -> list[str]:
    return [effect["outcome"] for effect in done["effects"]]


async def test_a_watchdog_is_heard_each_time_and_makes_no_row_nor_event(api: Api) -> None:
    tool = await an_alertmanager(api)
    watchdog, other = a_group(an_alert("watchdog")), a_group(an_alert("disk"))
    await tool.deliver(watchdog)
    await tool.deliver(other)
    rows, events, _ = await counts(tool)
    for _ in range(2):
        await tool.deliver(watchdog)
        await tool.deliver(other)
    assert await counts(tool) == (rows, events, 3)


async def test_an_alert_that_fires_on_opens_the_incident_again_that_somebody_had_resolved(api: Api) -> None:
    tool = await an_alertmanager(api)
    firing = a_group(an_alert())
    await tool.deliver(firing)
    resolved = await resolve(tool)
    done = await tool.deliver(firing)
    assert outcomes(done) == ["reopened"], done
    result = await the_incident(tool)
    assert (result["state"], result["alert_count"]) == ("in_progress", 2)
    # What goes on is counted again.
    assert (await tool.deliver(firing))["id"] == done["id"]
    assert outcomes(await tool.deliver(a_group(an_alert(until=0), status="resolved"))) == ["resolved"]
    result = await the_incident(tool)
    assert (result["state"], result["service_restored_at"][:19]) == ("resolved", before(0)[:19])
    assert (result["resolution_code"], resolved["service_restored_at"] > result["service_restored_at"]) == (
        "fixed",
        True,
    )
    assert result["resolution"].startswith("Logs deleted.\n")


async def test_another_group_with_the_alert_opens_its_incident_again_too(api: Api) -> None:
    tool = await an_alertmanager(api)
    await tool.deliver(a_group(an_alert()))
    await resolve(tool)
    done = await tool.deliver(a_group(an_alert(), an_alert("cpu")))
    assert sorted(outcomes(done)) == ["reopened", "reported"]


async def test_what_was_told_before_somebody_resolved_it_does_not_open_it_again(api: Api) -> None:
    tool = await an_alertmanager(api)
    await tool.deliver(a_group(an_alert()))
    await tool.post(a_group(an_alert(), an_alert("cpu")))
    resolved = await resolve(tool)
    await process_all(api.ledger)
    result = await tool.admin.read(f"/v1/incidents/{resolved['id']}")
    assert result["state"] == "resolved"


async def test_one_that_clears_after_somebody_resolved_it_ends_the_outage_at_the_tools_time(api: Api) -> None:
    tool = await an_alertmanager(api)
    await tool.deliver(a_group(an_alert()))
    resolved = await resolve(tool, service_restored_at=before(10))
    done = await tool.deliver(a_group(an_alert(until=5), status="resolved"))
    assert outcomes(done) == ["noted"]
    result = await the_incident(tool)
    assert (result["state"], result["service_restored_at"][:19]) == ("resolved", before(5)[:19])
    events = (await tool.admin.read(f"/v1/incidents/{result['id']}/events"))["items"]
    assert [event["type"] for event in events][-2:] == ["incident.resolved", "incident.alert_cleared"]
    assert resolved["service_restored_at"][:19] == before(10)[:19]


async def test_too_late_to_open_it_again_it_is_reported_anew_and_linked(api: Api) -> None:
    tool = await an_alertmanager(api)
    firing = a_group(an_alert(since=60 * 24 * 30))
    await tool.deliver(firing)
    old = await resolve(tool, occurred_at=before(60 * 24 * 20))
    done = await tool.deliver(firing)
    assert outcomes(done) == ["reported"], done
    new = await tool.admin.read(f"/v1/incidents/{done['effects'][0]['number']}")
    assert new["began_at"] > before(10)
    links = (await tool.admin.read(f"/v1/incidents/{new['id']}/links"))["items"]
    assert [(link["kind"], link["other"]["number"]) for link in links] == [("relates_to", old["number"])]
    assert (await tool.deliver(firing))["id"] == done["id"]


async def test_alerts_have_the_times_of_their_tool_however_late_they_are_processed(api: Api) -> None:
    tool = await an_alertmanager(api)
    path = f"/v1/webhook_sources/{tool.source['id']}"
    await tool.admin.post_ok(f"{path}/pause")
    await tool.post(a_group(an_alert(since=30)))
    await tool.post(a_group(an_alert(since=30, until=20), status="resolved"))
    await tool.admin.post_ok(f"{path}/resume")
    await process_all(api.ledger, lambda: NOW + timedelta(hours=2))
    result = await the_incident(tool)
    times = [result[name][:19] for name in ("began_at", "opened_at", "service_restored_at", "resolved_at")]
    assert times == [before(30)[:19], before(30)[:19], before(20)[:19], before(20)[:19]]


TIMELESS = """
[[news]]
kind = "alert"
source = '"probe"'
dedup_key = 'body.name'
title = 'body.name'
status = 'body.state'
"""


async def a_probe(api: Api) -> Tool:
    """A tool that tells neither an id nor a time."""
    defaults = {"impact": "2", "urgency": "2", "effect": "down"}
    return await a_source(api, await an_admin(api), "generic", mapping=TIMELESS, **defaults)


async def test_alerts_without_a_time_have_that_of_their_receipt(api: Api) -> None:
    tool = await a_probe(api)
    answer = await tool.post({"name": "disk", "state": "firing"})
    await process_all(api.ledger, lambda: NOW + timedelta(hours=2))
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries/{answer.json()['delivery_id']}"
    result, row = await the_incident(tool), await tool.admin.read(path)
    assert result["opened_at"][:19] == row["received_at"][:19]


async def test_alerts_that_fire_clear_and_fire_in_equal_words_are_news(api: Api) -> None:
    tool = await a_probe(api)
    fires, clears = ({"name": "disk", "state": state} for state in ("firing", "cleared"))
    deliveries = [await tool.deliver(body) for body in (fires, clears, fires, fires, clears, clears)]
    assert [outcomes(delivery) for delivery in deliveries] == [
        [delivery] for delivery in ["reported", "resolved"] + ["reported"] * 2 + ["resolved"] * 2
    ]
    assert len({delivery["id"] for delivery in deliveries}) == 4
    assert len(await tool.tickets()) == 2


async def test_an_alert_that_flaps_is_one_incident_where_its_source_says_so(api: Api) -> None:
    tool = await an_alertmanager(api, flapping_seconds=600)
    for n in (60, 52, 30):
        await tool.deliver(a_group(an_alert(since=n)))
        await tool.deliver(a_group(an_alert(since=n, until=n - 2), status="resolved"))
    incidents = await tool.tickets()
    assert [(incident["state"], incident["began_at"][:19]) for incident in incidents] == [
        ("resolved", before(60)[:19]),
        ("resolved", before(30)[:19]),
    ]
    assert incidents[0]["service_restored_at"][:19] == before(50)[:19]


async def test_one_alert_of_a_group_that_cannot_be_read_fails_alone(api: Api) -> None:
    tool = await an_alertmanager(api)
    odd = an_alert("odd", status="perhaps")
    body = a_group(an_alert("disk"), odd, an_alert("cpu"))
    done = await tool.deliver(body)
    assert (done["state"], done["code"]) == ("failed", "unknown_status")
    assert outcomes(done) == ["reported", "reported"]
    page = await tool.admin.post_ok(f"/v1/webhooks/{tool.source['key']}/preview", body)
    assert (page["mapping_key"], len(page["news"])) == ("news 1, item 2, status", 2)
    path = f"/v1/webhook_sources/{tool.source['id']}"
    adapters = (await tool.admin.read("/v1/webhook_adapters"))["items"]
    (mapping,) = [adapter["mapping"] for adapter in adapters if adapter["key"] == "alertmanager"]
    mended = mapping.replace('firing = "firing"', 'firing = "firing"\nperhaps = "firing"')
    answer = await tool.admin.patch(path, json={"mapping": mended}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    await tool.admin.post_ok(f"{path}/replay_failed")
    await process_all(api.ledger)
    done = await tool.admin.read(f"{path}/deliveries/{done['id']}")
    assert done["state"] == "processed"
    assert sorted((ticket["title"], ticket["alert_count"]) for ticket in await tool.tickets()) == [
        (f"{name} is almost full", 1) for name in ("cpu", "disk", "odd")
    ]


async def test_alerts_of_old_versions_have_the_status_of_their_group(api: Api) -> None:
    tool = await an_alertmanager(api)
    alert = an_alert()
    del alert["status"]
    assert outcomes(await tool.deliver(a_group(alert))) == ["reported"]
    over = alert | {"endsAt": before(1)}
    assert outcomes(await tool.deliver(a_group(over, status="resolved"))) == ["resolved"]
