"""Alerts that are taken as one incident: by labels and time, in whatever order they are told."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.common.people import Role
from app.log.canonical import instant
from app.webhooks.effects import processing
from tests.api.statements import counted
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.exchange.servicenow_files import fold_comparison
from tests.extent import WHOLE, first_of, in_test_all
from tests.processes.incidents.test_alerts import tool_of
from tests.webhooks.test_exactly_once import Died, killed_at
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source, process_all

NOW = datetime.now(UTC).replace(microsecond=0)
BEGIN = NOW - timedelta(hours=6)
OPEN_END = "0001-01-01T00:00:00Z"
RULE: Json = {"name": "Clusters", "precedence": 10, "group_by": ["cluster"], "window_seconds": 1800}


def minute(number: float) -> str:
    """So many minutes after the begin."""
    return (BEGIN + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")


def told(name: str, cluster: str, since: float, until: float | None = None, **labels: str) -> Json:
    """An alert as Alertmanager writes it."""
    return {
        "status": "firing" if until is None else "resolved",
        "fingerprint": name,
        "labels": {
            "alertname": "Down",
            "severity": "critical",
            "cluster": cluster,
            "instance": name,
            **labels,
        },
        "annotations": {"summary": f"{name} is down"},
        "startsAt": minute(since),
        "endsAt": OPEN_END if until is None else minute(until),
    }


async def an_alertmanager(api: Api, *rules: Json, **more: Any) -> Tool:
    admin = await an_admin(api)
    for rule in rules:
        await admin.post_ok("/v1/alert_rules", rule)
    return await a_source(api, admin, "alertmanager", **more)


async def deliver(tool: Tool, *alerts: Json, now: datetime | None = None) -> None:
    answer = await tool.post({"version": "4", "alerts": alerts, "n": random.random()})
    assert answer.status_code == 202, answer.text
    await process_all(tool.api.ledger, lambda: now or NOW)
    failed = await tool.api.ledger.db.rows(
        "select code, effects from plumbing.webhook_delivery where state <> 'processed'"
    )
    assert failed == []


async def alerts_of(tool: Tool, incident: Json) -> dict[str, Json]:
    """The alerts of the incident, by their keys."""
    page = await tool.admin.read(f"/v1/incidents/{incident['id']}/alerts", limit=200)
    return {alert["dedup_key"]: alert for alert in page["items"]}


async def test_rules_are_read_once_for_all_alerts_of_a_batch(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = await an_alertmanager(api, RULE)
    statements = counted(monkeypatch)
    await deliver(tool, *(told(f"host-{n}", f"cluster-{n % 3}", n) for n in range(9)))
    assert len((await tool.admin.read("/v1/incidents"))["items"]) == 3
    assert statements.with_text("from fold.alert_rule") == 1
    # Nobody can be written to through an Alertmanager.
    assert statements.with_text("deliveries.tool_account") == 0


@in_test_all
async def test_a_storm_of_three_hundred_alerts_of_three_groups_is_three_incidents(api: Api) -> None:
    tool = await an_alertmanager(api, RULE)
    storm = [told(f"host-{n}", f"cluster-{n % 3}", n / 60) for n in range(300)]
    for n in range(0, 300, 100):
        await deliver(tool, *storm[n : n + 100])
    tickets = await tool.tickets()
    assert [ticket["alert_count"] for ticket in tickets] == [100, 100, 100]
    assert {ticket["state"] for ticket in tickets} == {"new"}
    assert [ticket["began_at"] for ticket in tickets] == [
        instant(BEGIN + timedelta(seconds=n)) for n in range(3)
    ]
    alerts = await alerts_of(tool, tickets[0])
    assert len(alerts) == 100
    assert all(alert["cleared_at"] is None for alert in alerts.values())
    assert alerts["host-0"]["labels"].splitlines()[1] == "cluster=cluster-0"
    # All but one clear: it is still the same outage.
    await deliver(tool, *(told(f"host-{n}", f"cluster-{n % 3}", n / 60, 30) for n in range(3, 300)))
    assert {ticket["state"] for ticket in await tool.tickets()} == {"new"}
    await deliver(tool, *(told(f"host-{n}", f"cluster-{n % 3}", n / 60, 40 + n) for n in range(3)))
    tickets = await tool.tickets()
    assert {(ticket["state"], ticket["resolution_code"]) for ticket in tickets} == {("resolved", "external")}
    assert [ticket["service_restored_at"] for ticket in tickets] == [
        instant(BEGIN + timedelta(minutes=40 + n)) for n in range(3)
    ]
    assert [ticket["resolved_at"] for ticket in tickets] == [
        instant(BEGIN + timedelta(minutes=40 + n)) for n in range(3)
    ]


async def test_without_rules_each_alert_is_an_incident(api: Api) -> None:
    tool = await an_alertmanager(api)
    await deliver(tool, told("a", "x", 0), told("b", "x", 1))
    tickets = await tool.tickets()
    assert len(tickets) == 2
    for ticket in tickets:
        (alert,) = (await alerts_of(tool, ticket)).values()
        assert (alert["fired_count"], alert["cleared_at"]) == (1, None)
    await deliver(tool, told("a", "x", 0, 5))
    assert [ticket["state"] for ticket in await tool.tickets()] == ["resolved", "new"]
    assert (await alerts_of(tool, tickets[0]))["a"]["cleared_at"] == instant(BEGIN + timedelta(minutes=5))


@each_case(
    ("rule", "fired", "expected"),
    [
        ({}, (0, 29, 31), [2, 1]),
        ({"window_since": "last_alert"}, (0, 29, 31), [3]),
        ({"most_alerts": 2}, (0, 1, 2, 3, 4), [2, 2, 1]),
        ({"source": "another"}, (0, 1), [1, 1]),
        ({"matchers": ["severity!=critical"]}, (0, 1), [1, 1]),
        ({"matchers": ["severity=crit*", "cluster=x"]}, (0, 1), [2]),
        ({"group_by": ["rack"]}, (0, 1), [1, 1]),
        ({"group_by": ["source", "instance"]}, (0, 1), [1, 1]),
    ],
)
async def test_a_rule_says_which_alerts_are_one_incident(
    api: Api, rule: Json, fired: tuple[int, ...], expected: list[int]
) -> None:
    incidents = await api.ledger.db.rows("select id from fold.incident")
    tool = await an_alertmanager(api, key=f"alertmanager-{len(incidents)}")
    record = await tool.admin.post_ok("/v1/alert_rules", RULE | rule)
    for n, since in enumerate(fired):
        await deliver(tool, told(f"host-{len(incidents)}-{n}", "x", since))
    before = {str(row["id"]) for row in incidents}
    tickets = [ticket for ticket in await tool.tickets() if ticket["id"] not in before]
    assert [ticket["alert_count"] for ticket in tickets] == expected
    await tool.admin.post_ok(f"/v1/alert_rules/{record['id']}/end")


async def test_the_first_rule_that_fits_decides(api: Api) -> None:
    own = {"name": "One each", "precedence": 1, "matchers": ["severity=info"], "group_by": ["instance"]}
    tool = await an_alertmanager(api, RULE, own | {"window_seconds": 60})
    for n in range(2):
        await deliver(tool, told(f"a-{n}", "x", n, severity="info"), told(f"b-{n}", "x", n))
    assert sorted(ticket["alert_count"] for ticket in await tool.tickets()) == [1, 1, 2]


async def test_a_preview_says_which_rules_take_an_alert(api: Api) -> None:
    route = {"name": "Of the shop", "precedence": 5, "matchers": ["cluster=x"], "service": "shop"}
    times = {"quiet_from_at": minute(0), "quiet_until_at": "2199-01-01T00:00:00Z"}
    quiet = {"name": "Quiet", "precedence": 7, "matchers": ["service=shop", "instance=a"], **times}
    tool = await an_alertmanager(api, RULE, route, quiet)
    body = {"version": "4", "alerts": [told("a", "x", 0), told("b", "y", 0), told("c", "x", 0, 1)]}
    preview = await tool.admin.post_ok(f"{tool.path}/preview", body)
    names = [(n.get("routed_by"), n.get("grouped_by"), n.get("quiet_until_at")) for n in preview["news"]]
    until = "2199-01-01T00:00:00.000000Z"
    assert names == [("Of the shop", "Clusters", until), (None, "Clusters", None), (None, None, None)]
    assert preview["news"][0]["labels"]["instance"] == "a"
    assert await tool.tickets() == []


async def test_labels_are_texts_under_names_that_a_rule_can_name(api: Api) -> None:
    mapping = """
[[news]]
kind = "alert"
status = '"firing"'
source = '"own"'
dedup_key = 'body.id'
title = '"Down"'
labels = 'body.tags'
"""
    tool = await a_source(api, await an_admin(api), "generic", mapping=mapping)
    tags = {"rack": "r1", "floor 2": 3, "9": True, "none": None, "list": [1], "empty": " "}
    await tool.deliver({"id": "1", "tags": tags})
    (ticket,) = await tool.tickets()
    (alert,) = (await alerts_of(tool, ticket)).values()
    assert alert["labels"].splitlines() == ["_9=true", "floor_2=3", "rack=r1"]
    marked = await tool.deliver({"id": "2", "tags": "rack"})
    assert marked["state"] == "processed"
    assert [effect["altered"] for effect in marked["effects"]] == [{"labels": ["unreadable"]}]
    assert len(await tool.tickets()) == 2


async def test_an_incident_of_a_version_without_rows_for_alerts_has_one_from_the_next_firing_on(
    api: Api, place: DatabaseUrls
) -> None:
    tool = await an_alertmanager(api)
    await deliver(tool, told("a", "x", 0))
    async with await psycopg.AsyncConnection.connect(place.owner_url) as connection:
        await connection.execute("delete from fold.incident_alert")
    await deliver(tool, told("a", "x", 0))
    (ticket,) = await tool.tickets()
    alert = (await alerts_of(tool, ticket))["a"]
    assert (alert["fired_count"], alert["first_fired_at"]) == (2, instant(BEGIN))
    await deliver(tool, told("a", "x", 0, 5))
    assert (await tool.tickets())[0]["state"] == "resolved"


async def test_an_alert_that_fires_again_joins_the_open_incident_also_after_the_window(api: Api) -> None:
    tool = await an_alertmanager(api, RULE)
    await deliver(tool, told("a", "x", 0), told("b", "x", 1))
    await deliver(tool, told("a", "x", 0, 10))
    await deliver(tool, told("a", "x", 90))
    (ticket,) = await tool.tickets()
    assert ticket["alert_count"] == 3
    first = (await alerts_of(tool, ticket))["a"]
    assert (first["fired_count"], first["cleared_at"]) == (2, None)
    assert first["last_fired_at"] == instant(BEGIN + timedelta(minutes=90))
    # Both have cleared: what fires then is another outage.
    await deliver(tool, told("b", "x", 1, 95), told("a", "x", 90, 96))
    await deliver(tool, told("a", "x", 97))
    assert [ticket["state"] for ticket in await tool.tickets()] == ["resolved", "new"]


async def test_an_alert_that_flaps_opens_the_incident_of_its_group_again(api: Api) -> None:
    tool = await an_alertmanager(api, RULE, flapping_seconds=600)
    await deliver(tool, told("a", "x", 0), told("b", "x", 1))
    await deliver(tool, told("a", "x", 0, 10), told("b", "x", 1, 11))
    await deliver(tool, told("b", "x", 15))
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "in_progress"
    await deliver(tool, told("b", "x", 15, 20))
    (ticket,) = await tool.tickets()
    assert (ticket["state"], ticket["service_restored_at"]) == (
        "resolved",
        instant(BEGIN + timedelta(minutes=20)),
    )


async def resolved_by_somebody(api: Api, ticket: Json) -> Client:
    agent = await api.client("Agent", Role.agent)
    path = f"/v1/incidents/{ticket['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/acknowledge")
    await agent.post_ok(f"{path}/resolve", {"resolution_code": "fixed", "done": "Restarted."})
    return agent


async def test_each_alert_that_fires_on_opens_again_what_somebody_has_resolved(api: Api) -> None:
    tool = await an_alertmanager(api, RULE)
    await deliver(tool, told("a", "x", 0), told("b", "x", 1))
    (ticket,) = await tool.tickets()
    await resolved_by_somebody(api, ticket)
    await deliver(tool, told("a", "x", 0, 10))
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "resolved"
    await deliver(tool, told("b", "x", 1))
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "in_progress"
    alerts = await alerts_of(tool, ticket)
    assert [alerts[key]["cleared_at"] is None for key in "ab"] == [False, True]
    later = datetime.now(UTC) + timedelta(seconds=1)
    until = (later - BEGIN) / timedelta(minutes=1)
    await deliver(tool, told("b", "x", 1, until), now=later)
    (ticket,) = await tool.tickets()
    assert (ticket["state"], ticket["resolution_code"]) == ("resolved", "fixed")


async def test_the_last_that_clears_leaves_a_note_where_somebody_has_started(api: Api) -> None:
    tool = await an_alertmanager(api, RULE)
    await deliver(tool, told("a", "x", 0), told("b", "x", 1))
    (ticket,) = await tool.tickets()
    agent = await api.client("Agent", Role.agent)
    path = f"/v1/incidents/{ticket['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/start")
    await deliver(tool, told("a", "x", 0, 10), told("b", "x", 1, 11))
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "in_progress"
    types = [event["type"] for event in (await agent.read(f"{path}/events"))["items"]]
    assert types.count("incident.alert_cleared") == 2
    assert types.count("incident.commented") == 1


async def test_alerts_of_a_group_that_come_at_once_are_one_incident(api: Api) -> None:
    many = 12 if WHOLE else 6
    admin = await an_admin(api)
    await admin.post_ok("/v1/alert_rules", RULE)
    tool = await tool_of(api)
    fired: Json = {
        "source": "prometheus",
        "status": "firing",
        "impact": "2",
        "urgency": "1",
        "effect": "down",
    }
    fired |= {"labels": {"cluster": "x"}, "title": "Down", "alerted_at": minute(0)}
    send = [tool.post_ok("/v1/alerts", fired | {"dedup_key": f"host-{n}"}) for n in range(many)]
    outcomes = [answer["outcome"] for answer in await asyncio.gather(*send)]
    assert sorted(outcomes) == ["joined"] * (many - 1) + ["reported"]
    over: Json = {"source": "prometheus", "status": "cleared", "title": "Down", "alerted_at": minute(9)}
    send = [tool.post_ok("/v1/alerts", over | {"dedup_key": f"host-{n}"}) for n in range(many)]
    outcomes = [answer["outcome"] for answer in await asyncio.gather(*send)]
    assert sorted(outcomes) == ["noted"] * (many - 1) + ["resolved"]
    (ticket,) = (await admin.read("/v1/incidents"))["items"]
    assert (ticket["state"], ticket["alert_count"]) == ("resolved", many)


async def post(tool: Tool, *alerts: Json) -> None:
    """Post a delivery, which waits."""
    answer = await tool.post({"version": "4", "alerts": alerts, "n": random.random()})
    assert answer.status_code == 202, answer.text


async def is_one_outage_of_three(tool: Tool) -> None:
    """Asserts that three alerts, each of which fired once, are one incident, which the last has ended."""
    (ticket,) = await tool.tickets()
    assert (ticket["state"], ticket["alert_count"]) == ("resolved", 3)
    assert ticket["service_restored_at"] == instant(BEGIN + timedelta(minutes=12))
    alerts = await alerts_of(tool, ticket)
    assert [alert["fired_count"] for alert in alerts.values()] == [1, 1, 1]
    comparison = await fold_comparison(tool.api.ledger)
    assert (comparison.differing, comparison.examples) == ({}, [])


async def test_a_worker_that_dies_between_any_two_steps_takes_no_alert_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = await an_alertmanager(api, RULE)
    for since, until in ((0, None), (0, 10)):
        for n, name in enumerate("abc"):
            await post(tool, told(name, "x", since + n, None if until is None else until + n))
    for call in range(1, 8):
        with monkeypatch.context() as dying:
            killed_at(api.ledger, call, dying)
            with pytest.raises((Died, BaseExceptionGroup)):
                await processing.process_source(api.ledger, UUID(tool.source["id"]), lambda: NOW)
    await process_all(api.ledger, lambda: NOW)
    await is_one_outage_of_three(tool)


@in_test_all
@pytest.mark.parametrize("attempt", range(3))
async def test_two_workers_at_one_group_make_one_incident(api: Api, attempt: int) -> None:
    tool = await an_alertmanager(api, RULE)
    source = UUID(tool.source["id"])
    for until in (None, 10):
        for n, name in enumerate("abc"):
            await post(tool, told(name, "x", n, None if until is None else until + n))
        await asyncio.gather(*(processing.process_source(api.ledger, source, lambda: NOW) for _ in range(2)))
        await process_all(api.ledger, lambda: NOW)
    await is_one_outage_of_three(tool)


def a_story(chance: random.Random, name: str) -> list[Json]:
    """Some alerts of one group that fire before any of them clears, some of them told twice."""
    story: list[Json] = []
    for n in range(chance.choice((2, 3, 4))):
        since, until = chance.randrange(0, 20), chance.randrange(20, 50)
        firing = told(f"{name}-{n}", name, since)
        story += [firing] * chance.choice((1, 2))
        if chance.random() < 0.9:
            story += [told(f"{name}-{n}", name, since, until)] * chance.choice((1, 2))
    return sorted(story, key=lambda each: each["startsAt"] if each["endsAt"] == OPEN_END else each["endsAt"])


async def outcome_of(tool: Tool, cluster: str) -> list[Any]:
    """The incidents of the group as far as the order in which it was told must not matter."""
    result = []
    for ticket in await tool.tickets():
        alerts = await alerts_of(tool, ticket)
        if all(f"cluster={cluster}" in alert["labels"].splitlines() for alert in alerts.values()):
            fields = ("began_at", "service_restored_at", "resolution_code")
            state = "open" if ticket["state"] in ("new", "in_progress") else ticket["state"]
            children = sorted(
                (key.partition("-")[2], a["first_fired_at"], a["last_fired_at"], a["cleared_at"])
                for key, a in alerts.items()
            )
            result.append((state, [ticket[name] for name in fields], children))
    return result


@pytest.mark.parametrize("seed", first_of(range(8), 1))
async def test_firings_and_clearings_of_a_group_in_any_order_are_the_same_incident(
    api: Api, seed: int
) -> None:
    tool = await an_alertmanager(api, RULE)
    story = a_story(random.Random(seed), "inorder")
    orders = {"inorder": story}
    for n in first_of(range(4), 1):
        named = a_story(random.Random(seed), f"order{n}")
        orders[f"order{n}"] = random.Random(f"{seed} {n}").sample(named, len(named))
    for order in orders.values():
        for alert in order:
            await deliver(tool, alert)
    (expected,) = await outcome_of(tool, "inorder")
    for name in orders:
        assert await outcome_of(tool, name) == [expected], name
