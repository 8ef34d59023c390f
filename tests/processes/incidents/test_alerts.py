"""Alerts: one that repeats joins its open incident, one that clears resolves it or leaves a note."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.common.people import PersonKind, Role, rule_caller
from app.foundation.people import persons
from app.kernel.actions.payloads import EmptyPayload
from app.log.canonical import instant
from app.processes.incidents.payloads import ResolveIncident
from tests.builders import AGENT, ASSIGNEE, NOW, REPORTER, TOOL, given, incident, minutes
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, in_test_all
from tests.people import act, ago

FIRING: Json = {
    "source": "prometheus",
    "dedup_key": "DiskFull{instance=mx-1}",
    "status": "firing",
    "title": "Disk full on mx-1",
    "impact": "2",
    "urgency": "1",
    "effect": "degraded",
    "service": "mail",
}
CLEARED: Json = {**{name: FIRING[name] for name in ("source", "dedup_key", "title")}, "status": "cleared"}
MENDED = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Made room."})
AGAIN = {"title": "Disk full on mx-1"}


async def tool_of(api: Api, name: str = "Prometheus") -> Client:
    """A monitoring tool: the account of a machine."""
    body = persons.AddPerson(name=name, kind=PersonKind.machine)
    machine = (await act(api.ledger, rule_caller("tests"), "person", "add", body=body)).record
    return await api.client_of(machine, Role.integration)


async def send(tool: Client, alert: Json, **more: Any) -> Json:
    return await tool.post_ok("/v1/alerts", alert | more)


# repeat_alert


def test_an_alert_that_joins_is_counted() -> None:
    record = incident(alert_count=1, last_alert_at=minutes(-50))
    outcome = given(record).by(TOOL).when("repeat_alert", AGAIN)
    outcome.then(
        "incident.alert_repeated", set={"alert_count": 2, "last_alert_at": instant(NOW)}, given=AGAIN
    )


def test_one_that_is_told_late_does_not_turn_the_time_of_the_last_back() -> None:
    record = incident(alert_count=3, last_alert_at=minutes(-5))
    body = {**AGAIN, "alerted_at": instant(minutes(-30))}
    after = given(record).by(TOOL).when("repeat_alert", body).record
    assert (after.alert_count, after.last_alert_at) == (4, minutes(-5))


def test_one_that_fired_earlier_than_was_known_sets_the_begin_of_an_open_incident() -> None:
    body = {**AGAIN, "alerted_at": instant(minutes(-30))}
    record = incident(alert_count=1, last_alert_at=minutes(-5), began_at=minutes(-5))
    assert given(record).by(TOOL).when("repeat_alert", body).record.began_at == minutes(-30)


@pytest.mark.parametrize("said_at", [-30, -5])
def test_one_that_cleared_after_somebody_resolved_its_incident_ends_the_outage(said_at: int) -> None:
    record = incident(state="resolved", service_restored_at=minutes(said_at))
    body = {"title": "Disk full", "cleared_at": instant(minutes(-10))}
    after = given(record).by(TOOL).when("clear_alert", body).record
    assert after.service_restored_at == minutes(max(said_at, -10))


@pytest.mark.parametrize("caller", [REPORTER, ASSIGNEE, AGENT], ids=["reporter", "assignee", "agent"])
def test_only_integrations_tell_of_alerts(caller: Any) -> None:
    given(incident()).by(caller).when("repeat_alert", AGAIN).refused("forbidden")
    report = an_incident(alert_source="prometheus", dedup_key="DiskFull")
    given(None).by(caller).when("report", report).refused("alert_of_no_tool", pointer="/dedup_key")


def test_a_report_of_an_alert_names_its_source_and_its_key() -> None:
    report = an_incident(alert_source="prometheus", dedup_key="DiskFull")
    record = given(None).by(TOOL).when("report", report).record
    assert (record.alert_source, record.dedup_key, record.alert_count) == ("prometheus", "DiskFull", 1)
    assert record.last_alert_at == NOW
    for name in ("alert_source", "dedup_key"):
        given(None).by(TOOL).when("report", an_incident(**{name: "x"})).refused(
            "both_of_an_alert", pointer="/"
        )


# /v1/alerts


async def test_a_new_alert_is_reported_and_a_repeating_one_joins_its_incident(api: Api) -> None:
    tool = await tool_of(api)
    fired = instant(datetime.now(UTC) - timedelta(minutes=3))
    first = await send(tool, FIRING, alerted_at=fired)
    assert first["outcome"] == "reported"
    reported = first["incident"]
    assert (reported["channel"], reported["priority"], reported["state"]) == ("monitoring", "P2", "new")
    assert reported["began_at"] == fired
    again = await send(tool, FIRING, description="94 % of 100 GB")
    assert again["outcome"] == "joined"
    assert again["incident"]["id"] == reported["id"]
    assert again["incident"]["alert_count"] == 2
    other = await send(tool, FIRING, dedup_key="DiskFull{instance=mx-2}")
    assert other["outcome"] == "reported"
    assert other["incident"]["id"] != reported["id"]


async def test_one_that_clears_resolves_what_nobody_has_started_on(api: Api) -> None:
    tool = await tool_of(api)
    reported = (await send(tool, FIRING, alerted_at=instant(ago(minutes=9))))["incident"]
    restored = instant(ago(minutes=4))
    cleared = await send(tool, CLEARED, alerted_at=restored)
    assert cleared["outcome"] == "resolved"
    after = cleared["incident"]
    assert (after["id"], after["state"], after["resolution_code"]) == (reported["id"], "resolved", "external")
    assert after["service_restored_at"] == restored
    assert after["resolution"] == "The alert has cleared: Disk full on mx-1"
    assert (await send(tool, CLEARED)) == {"outcome": "ignored", "incident": None}
    # It fires again: that is another incident.
    assert (await send(tool, FIRING))["outcome"] == "reported"


async def test_one_that_clears_leaves_a_note_where_somebody_has_started(api: Api) -> None:
    tool = await tool_of(api)
    agent = await api.client("Agent", Role.agent)
    reported = (await send(tool, FIRING))["incident"]
    path = f"/v1/incidents/{reported['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/start")
    cleared = await send(tool, CLEARED)
    assert (cleared["outcome"], cleared["incident"]["state"]) == ("noted", "in_progress")
    events = (await agent.read(f"{path}/events"))["items"]
    assert events[-1]["type"] == "incident.commented"
    assert events[-1]["given"]["text"] == "The alert has cleared: Disk full on mx-1"


async def test_what_cleared_before_it_began_is_news_of_an_earlier_one(api: Api) -> None:
    tool = await tool_of(api)
    await send(tool, FIRING, alerted_at=instant(ago(minutes=5)))
    head = await api.head()
    assert (await send(tool, CLEARED, alerted_at=instant(ago(minutes=6))))["outcome"] == "ignored"
    assert await api.head() == head


@pytest.mark.parametrize("alert", [FIRING, CLEARED], ids=["firing", "cleared"])
async def test_the_same_alert_sent_again_with_its_key_has_one_effect(api: Api, alert: Json) -> None:
    tool, key = await tool_of(api), {"Idempotency-Key": str(uuid4())}
    await send(tool, FIRING)
    first = await tool.post("/v1/alerts", json=alert, headers=key)
    await send(tool, FIRING)  # so that it would come out otherwise now
    head = await api.head()
    again = await tool.post("/v1/alerts", json=alert, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["outcome"] == first.json()["outcome"]
    assert again.json()["incident"]["version"] == first.json()["incident"]["version"]
    assert await api.head() == head
    other = await tool.post("/v1/alerts", json={**alert, "title": "Another"}, headers=key)
    assert other.json()["code"] == "idempotency_key_reused"


async def test_many_at_once_by_two_processes_make_one_incident(
    api: Api, place: DatabaseUrls, tmp_path: Any
) -> None:
    tool = await tool_of(api)
    async with serving(place.url, tmp_path / "secrets", api.ledger.settings) as second:
        twin = second.with_token(tool.token)
        for n in range(3 if WHOLE else 1):
            alert = FIRING | {"dedup_key": f"alert {n}"}
            answers = await asyncio.gather(*(send((tool, twin)[m % 2], alert) for m in range(8)))
            assert len({answer["incident"]["id"] for answer in answers}) == 1
            assert sorted(answer["outcome"] for answer in answers) == ["joined"] * 7 + ["reported"]
            last = await send(tool, alert)
            assert last["incident"]["alert_count"] == 9


@in_test_all
async def test_firing_and_clearing_at_once_leave_nothing_half_done(api: Api) -> None:
    tool = await tool_of(api)
    for n in range(3):
        alert, cleared = FIRING | {"dedup_key": f"{n}"}, CLEARED | {"dedup_key": f"{n}"}
        await send(tool, alert)
        await asyncio.gather(*(send(tool, delivery) for delivery in (alert, cleared, alert, cleared)))
        rows = await api.ledger.db.rows(
            "select state, alert_count from fold.incident where dedup_key = %s", (f"{n}",)
        )
        assert sum(row["state"] == "new" for row in rows) <= 1
        # One that had joined an incident before its clearing was known counts there, too.
        assert sum(row["alert_count"] for row in rows) >= 3


async def test_the_alerts_of_one_account_are_nothing_to_another(api: Api) -> None:
    tool, other = await tool_of(api), await tool_of(api, "Zabbix")
    incident = (await send(tool, FIRING))["incident"]
    assert (await send(other, CLEARED))["outcome"] == "ignored"
    another = await send(other, FIRING)
    assert another["outcome"] == "reported"
    assert another["incident"]["id"] != incident["id"]


async def test_what_has_another_open_incident_is_not_reopened(api: Api) -> None:
    tool = await tool_of(api)
    old = (await send(tool, FIRING))["incident"]
    await send(tool, CLEARED)
    new = (await send(tool, FIRING))["incident"]
    reason = {"reason": "It is back."}
    head = await api.head()
    refused = await tool.post(f"/v1/incidents/{old['id']}/reopen", json=reason)
    assert (refused.status_code, refused.json()["code"]) == (409, "alert_is_open_elsewhere")
    assert refused.json()["state"] == "resolved"
    assert await api.head() == head
    await act(api.ledger, rule_caller("tests"), "incident", "resolve", new["id"], MENDED)
    reopened = await tool.post_ok(f"/v1/incidents/{old['id']}/reopen", reason)
    assert reopened["state"] == "in_progress"
    assert (await send(tool, FIRING))["incident"]["id"] == old["id"]


@each_case(
    ("change", "pointer"),
    [
        ({"impact": None}, "/impact"),
        ({"effect": None}, "/effect"),
        ({"alerted_at": instant(datetime.now(UTC) + timedelta(days=1))}, "/alerted_at"),
        ({"alerted_at": "2001-01-01T00:00:00Z"}, "/alerted_at"),
        ({"status": "pending"}, "/status"),
        ({"unknown": 1}, "/unknown"),
    ],
)
async def test_what_is_wrong_with_an_alert_is_pointed_to(api: Api, change: Json, pointer: str) -> None:
    tool = await tool_of(api)
    head = await api.head()
    refused = await tool.post("/v1/alerts", json=FIRING | change)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    assert await api.head() == head


async def test_people_send_no_alerts(api: Api) -> None:
    agent = await api.client("Agent", Role.agent, Role.admin)
    refused = await agent.post("/v1/alerts", json=FIRING)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_the_longest_words_of_an_alert_are_taken(api: Api) -> None:
    tool = await tool_of(api)
    words = {"title": "x" * 200, "description": "y" * 20_000}
    await send(tool, FIRING, **words)
    assert (await send(tool, CLEARED, **words))["outcome"] == "resolved"


# On behalf of a requester


async def test_a_tool_reports_for_a_person_whom_it_does_not_see_and_sees_what_it_reported(api: Api) -> None:
    tool, requester = await tool_of(api, "Portal"), await api.client("Requester")
    assert (await tool.get(f"/v1/persons/{requester.id}")).status_code == 404
    report = an_incident(requester=requester.id)
    reported = await tool.post_ok("/v1/incidents", report)
    assert reported["requester"]["id"] == requester.id
    assert reported["reported_by"]["id"] == tool.id
    for client in (tool, requester):
        assert [item["id"] for item in (await client.read("/v1/incidents"))["items"]] == [reported["id"]]
        (event,) = (await client.read(f"/v1/incidents/{reported['id']}/events"))["items"]
        assert (event["actor"], event["on_behalf_of"]) == (f"integration:{tool.id}", f"person:{requester.id}")


async def test_it_may_name_them_as_another_system_does(api: Api, place: DatabaseUrls) -> None:
    tool, requester = await tool_of(api, "Portal"), await api.client("Requester")
    await known_as(api, place, "old_desk", "Caller 7", requester.id)
    reported = await tool.post_ok("/v1/incidents", an_incident(requester="old_desk:Caller 7"))
    assert reported["requester"]["id"] == requester.id
    (event,) = (await tool.read(f"/v1/incidents/{reported['id']}/events"))["items"]
    assert event["given"]["requester"] == requester.id, "the log holds ids, and no names"
    for wrong in ("old_desk:Caller 8", "new_desk:Caller 7", "Caller 7", str(uuid4())):
        refused = await tool.post("/v1/incidents", json=an_incident(requester=wrong))
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/requester"


async def test_a_requester_speaks_for_nobody_whom_they_do_not_see(api: Api, place: DatabaseUrls) -> None:
    caller, stranger = await api.client("One"), await api.client("Other")
    await known_as(api, place, "old_desk", "Caller 7", stranger.id)
    for name in (stranger.id, "old_desk:Caller 7"):
        refused = await caller.post("/v1/incidents", json=an_incident(requester=name))
        assert refused.status_code == 422


async def test_an_erased_person_is_reported_for_no_more(api: Api) -> None:
    tool, requester = await tool_of(api, "Portal"), await api.client("Requester")
    await act(api.ledger, rule_caller("tests"), "person", "erase", requester.id, EmptyPayload())
    refused = await tool.post("/v1/incidents", json=an_incident(requester=requester.id))
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/requester", "person_erased")


async def known_as(api: Api, place: DatabaseUrls, source: str, name: str, person_id: str) -> None:
    """As an import makes them known."""
    fingerprint = api.ledger.vault.fingerprint("known as", source, name)
    row = (str(uuid4()), source, fingerprint, person_id)
    query = "insert into vault.known_as (id, source, fingerprint, person_id) values (%s, %s, %s, %s)"
    async with await psycopg.AsyncConnection.connect(place.owner_url) as connection:
        await connection.execute(query, row)


# The severity of an alert that goes on


async def test_an_alert_that_becomes_graver_raises_its_open_incident(api: Api) -> None:
    tool = await tool_of(api)
    mild: Json = {"urgency": "3", "effect": "none", "title": "Disk at 80 %"}
    first = (await send(tool, FIRING, **mild))["incident"]
    assert first["priority"] == "P4"
    graver = await send(tool, FIRING, title="Disk at 99 %", description="1 % left", urgency="1")
    raised = graver["incident"]
    assert graver["outcome"] == "joined"
    assert (raised["impact"], raised["urgency"], raised["effect"]) == ("2", "1", "degraded")
    assert (raised["priority"], raised["title"]) == ("P2", "Disk at 80 %")
    (alert,) = (await tool.read(f"/v1/incidents/{first['id']}/alerts"))["items"]
    content = {name: alert[name] for name in ("title", "description", "urgency", "effect")}
    newest = {"title": "Disk at 99 %", "description": "1 % left", "urgency": "1", "effect": "degraded"}
    assert content == newest
    # The history says why: what the alert said when the priority changed.
    event = (await tool.read(f"/v1/incidents/{first['id']}/events"))["items"][-1]
    assert event["type"] == "incident.alert_repeated"
    assert event["given"].items() >= {**newest, "impact": "2"}.items()


async def test_an_alert_that_becomes_milder_lowers_nothing(api: Api) -> None:
    tool = await tool_of(api)
    first = (await send(tool, FIRING))["incident"]
    after = (await send(tool, FIRING, urgency="3", impact="3", effect="none"))["incident"]
    assert [after[name] for name in ("impact", "urgency", "effect", "priority")] == [
        first[name] for name in ("impact", "urgency", "effect", "priority")
    ]


async def test_what_a_person_has_set_stays_until_the_alert_is_graver_than_it_was(api: Api) -> None:
    tool = await tool_of(api)
    reported = (await send(tool, FIRING, urgency="2"))["incident"]
    agent = await api.client(Role.agent, Role.incident_manager)
    path = f"/v1/incidents/{reported['id']}"
    by_hand = {"impact": "3", "urgency": "3", "priority": "P4", "reason": "A disk of a test."}
    await agent.post_ok(f"{path}/prioritise", by_hand)
    same = (await send(tool, FIRING, urgency="2"))["incident"]
    assert (same["impact"], same["urgency"], same["priority"]) == ("3", "3", "P4")
    graver = (await send(tool, FIRING, urgency="1"))["incident"]
    assert (graver["impact"], graver["urgency"], graver["priority"]) == ("3", "1", "P3")


async def test_a_priority_above_the_matrix_is_not_lowered_by_a_graver_alert(api: Api) -> None:
    tool = await tool_of(api)
    reported = (await send(tool, FIRING, urgency="3"))["incident"]
    agent = await api.client(Role.agent, Role.incident_manager)
    by_hand = {"impact": "2", "urgency": "3", "priority": "P1", "reason": "It is pay day."}
    await agent.post_ok(f"/v1/incidents/{reported['id']}/prioritise", by_hand)
    graver = (await send(tool, FIRING, urgency="2"))["incident"]
    assert (graver["urgency"], graver["priority"]) == ("2", "P1")


async def test_an_alert_of_an_earlier_version_is_known_before_it_raises_anything(
    api: Api, place: DatabaseUrls
) -> None:
    tool = await tool_of(api)
    reported = (await send(tool, FIRING, urgency="2"))["incident"]
    async with await psycopg.AsyncConnection.connect(place.owner_url) as connection:
        await connection.execute("update fold.incident_alert set urgency = null, impact = null")
    unknown = (await send(tool, FIRING, urgency="1"))["incident"]
    assert (unknown["id"], unknown["priority"]) == (reported["id"], "P3")
    assert (await send(tool, FIRING, urgency="1", impact="1"))["incident"]["priority"] == "P2"


async def test_one_told_late_raises_but_is_not_the_newest(api: Api) -> None:
    tool = await tool_of(api)
    now = datetime.now(UTC)
    first = (await send(tool, FIRING, urgency="2", alerted_at=instant(now)))["incident"]
    earlier = instant(now - timedelta(minutes=5))
    late = (await send(tool, FIRING, title="Worse", urgency="1", alerted_at=earlier))["incident"]
    assert late["priority"] == "P2"
    (alert,) = (await tool.read(f"/v1/incidents/{first['id']}/alerts"))["items"]
    assert (alert["title"], alert["urgency"]) == (FIRING["title"], "2")
