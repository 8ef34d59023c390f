"""Maintenance rounds fall due by themselves, are gone through, and open tickets for what they find."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from app.common.people import rule_caller
from app.foundation.calendars.lifecycle import AddCalendar
from tests.automation.worker import Worker
from tests.client import Client, Json
from tests.extent import in_test_all
from tests.governance.quality.conftest import NOW, House, at, errors, kinds_of
from tests.people import act

PLAN = "/v1/maintenance_plans"
ROUNDS = "/v1/maintenance_rounds"
FIND = "/record_finding"


def plan_fields(**more: object) -> Json:
    """What is said to plan maintenance, each week, of the network's service."""
    return {
        "title": "Machine room",
        "service": "mail",
        "team": "network",
        "interval": "weekly",
        "days": 2,
        "items": ["Filters are clean", "No lamp is red"],
        "limits": [{"name": "Temperature", "unit": "°C", "lower": "18", "upper": 27.5}],
        "first_round_at": at(days=1),
        **more,
    }


async def rounds(client: Client) -> list[Json]:
    """Every round, the earliest first."""
    page: Json = await client.read(ROUNDS, sort="planned_at")
    return list(page["items"])


async def first_round(house: House, **more: object) -> str:
    """The address of the first round of a plan, which has fallen due."""
    await house.quality.post_ok(PLAN, plan_fields(**more))
    await house.pass_time(days=1)
    (due,) = await rounds(house.first)
    return f"{ROUNDS}/{due['number']}"


async def test_a_round_falls_due_by_itself_is_gone_through_and_completed(house: House) -> None:
    plan = await house.quality.post_ok(PLAN, plan_fields())
    await house.pass_time(hours=23)
    assert await rounds(house.first) == []
    await house.pass_time(days=1, hours=3)
    await house.pass_time(days=1, hours=4)
    (due,) = await rounds(house.first)
    assert (due["number"][:4], due["state"], due["plan_id"]) == ("MNT-", "due", plan["id"])
    assert datetime.fromisoformat(due["planned_at"]) == NOW + timedelta(days=1)
    assert datetime.fromisoformat(due["due_at"]) == NOW + timedelta(days=3)
    assert await house.told(house.first) == await house.told(house.second) == ["maintenance_due"]
    assert [entry["action"] for entry in (await house.first.read("/v1/me/work"))["asked"]] == ["complete"]

    path = f"{ROUNDS}/{due['number']}"
    assert (await house.agent.post(f"{path}/tick", json={"items": [1]})).status_code == 403
    ticked = await house.first.post_ok(f"{path}/tick", {"items": [2, 1]})
    assert ticked["ticked"] == [1, 2]
    assert (await house.first.post_ok(f"{path}/tick", {"items": [2], "ticked": False}))["ticked"] == [1]
    hot = await house.second.post_ok(f"{path}/read", {"readings": [{"reading": 1, "value": 31.5}]})
    assert hot["out_of_limits"] == 1
    (reading,) = (await house.first.read(f"{path}/readings"))["items"]
    assert (reading["value"], reading["unit"], reading["upper"], reading["is_out"]) == (
        "31.5",
        "°C",
        "27.5",
        True,
    )
    assert reading["read_by"]["id"] == house.second.id
    cooler = await house.second.post_ok(f"{path}/read", {"readings": [{"reading": 1, "value": "27.5"}]})
    assert cooler["out_of_limits"] == 0

    refused = await house.first.post(f"{path}/complete", json={})
    assert errors(refused) == [("/left_out", "left_out_without_reason")]
    assert "No lamp is red" in refused.json()["errors"][0]["message"]
    done = await house.first.post_ok(f"{path}/complete", {"items": [2], "remark": "All is well."})
    assert (done["state"], done["ticked"], done["done_by"]["id"]) == ("done", [1, 2], house.first.id)
    assert await kinds_of(house.first, path) == [
        f"maintenance.{name}" for name in ("due", "ticked", "ticked", "read", "read", "done")
    ]
    assert (await house.first.read("/v1/me/work"))["asked"] == []


async def test_what_is_found_opens_an_incident_a_problem_or_a_change_in_the_same_step(house: House) -> None:
    path = await first_round(house)
    words = {"title": "A fan stands still", "description": "The third from the left."}
    for opens in ("incident", "problem", "change"):
        tried = {"tried": "We have turned it by hand."} if opens == "problem" else {}
        await house.first.post_ok(f"{path}{FIND}", {"opens": opens, "reading": 1, **words, **tried})
    assert (await house.first.read(path))["findings"] == 3
    findings = (await house.first.read(f"{path}/findings"))["items"]
    for row, plural in zip(findings, ("incidents", "problems", "changes"), strict=True):
        ticket = await house.quality.read(f"/v1/{plural}/{row['about'].partition('/')[2]}")
        assert ticket["title"] == words["title"]
        assert (ticket.get("service") or ticket["services"][0]) == "mail"
    events = [event for page in await house.first.pages(f"{path}/events") for event in page]
    finding = next(event for event in events if event["type"] == "maintenance.finding")
    incident = findings[0]["about"].partition("/")[2]
    (opening, *_) = [
        event for page in await house.quality.pages(f"/v1/incidents/{incident}/events") for event in page
    ]
    assert (opening["type"], opening["correlation_id"]) == ("incident.reported", finding["correlation_id"])
    assert abs(opening["position"] - finding["position"]) == 1


@in_test_all
async def test_what_the_ticket_refuses_is_refused_at_the_finding_and_nothing_is_opened(house: House) -> None:
    path = await first_round(house, service=None, ci_class="server")
    words = {"title": "A fan stands still", "description": "The third from the left."}
    refused = await house.first.post(f"{path}{FIND}", json={"opens": "problem", **words})
    assert errors(refused) == [("/ci", "missing")]
    refused = await house.first.post(f"{path}{FIND}", json={"opens": "problem", "ci": "srv-1", **words})
    assert errors(refused) == [("/tried", "missing")]
    refused = await house.first.post(f"{path}{FIND}", json={"opens": "change", "ci": "nothing-1", **words})
    assert errors(refused) == [("/ci", "unknown_reference")]
    refused = await house.first.post(f"{path}{FIND}", json={"opens": "incident", "reading": 2, **words})
    assert errors(refused) == [("/reading", "unknown_value")]
    assert (await house.first.read(path))["findings"] == 0
    assert (await house.quality.read("/v1/changes"))["items"] == []


@in_test_all
async def test_what_is_not_done_in_time_is_overdue_at_that_instant_and_the_next_round_comes(
    house: House,
) -> None:
    path = await first_round(house)
    await house.pass_time(days=4)
    late = await house.first.read(path)
    assert datetime.fromisoformat(late["overdue_at"]) == NOW + timedelta(days=3)
    for client in (house.first, house.second, house.quality):
        assert (await house.told(client)).count("maintenance_overdue") == 1
    await house.pass_time(days=8)
    assert [row["state"] for row in await rounds(house.first)] == ["due", "due"]


@in_test_all
async def test_rounds_that_fell_due_while_no_worker_was_there_are_left_out(house: House) -> None:
    await house.quality.post_ok(PLAN, plan_fields(interval="daily"))
    await house.pass_time(days=5, hours=1)
    begins = [datetime.fromisoformat(row["planned_at"]) for row in await rounds(house.first)]
    assert begins == [NOW + timedelta(days=1)]
    await house.pass_time(days=6)
    begins = [datetime.fromisoformat(row["planned_at"]) for row in await rounds(house.first)]
    assert begins == [NOW + timedelta(days=1), NOW + timedelta(days=6)]


@in_test_all
async def test_rounds_begin_in_the_time_of_the_plans_calendar_or_on_any_day(
    house: House,
) -> None:
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    saturday = (NOW + timedelta(days=(5 - NOW.weekday()) % 7 or 7)).replace(hour=6, minute=0, second=0)
    monday = saturday + timedelta(days=2, hours=3)
    for key, weekdays, starts, ends in (
        ("office", every_day[:5], "09:00", "18:00"),
        ("always", every_day, "00:00", "24:00"),
    ):
        hours = [{"weekdays": weekdays, "starts": starts, "ends": ends}]
        body = AddCalendar.model_validate({"key": key, "name": key, "time_zone": "UTC", "weekly": hours})
        await act(house.api.ledger, rule_caller("tests"), "calendar", "add", body=body)
    first = {"interval": "daily", "first_round_at": saturday.isoformat()}
    plans = {
        key: await house.quality.post_ok(PLAN, plan_fields(**first, calendar=key))
        for key in ("office", "always", None)
    }
    begins = {key: datetime.fromisoformat(plan["next_round_at"]) for key, plan in plans.items()}
    assert begins == {"office": monday, "always": saturday, None: saturday}
    await house.worker.work(saturday + timedelta(hours=1))
    assert [row["plan_id"] for row in await rounds(house.first)].count(plans["office"]["id"]) == 0
    assert len(await rounds(house.first)) == 2, "both others, on a Saturday"
    await house.worker.work(monday + timedelta(hours=1))
    (of_office,) = [row for row in await rounds(house.first) if row["plan_id"] == plans["office"]["id"]]
    assert datetime.fromisoformat(of_office["planned_at"]) == monday
    office = await house.quality.read(f"{PLAN}/{plans['office']['number']}")
    assert datetime.fromisoformat(office["next_round_at"]) == monday + timedelta(days=1), "one for all three"
    refused = await house.quality.post(PLAN, json=plan_fields(calendar="never"))
    assert errors(refused) == [("/calendar", "unknown_reference")]
    moved = await house.quality.request(
        "PATCH", f"{PLAN}/{office['number']}", json={"calendar": None}, headers={"If-Match": "*"}
    )
    assert moved.status_code == 200, moved.text


@in_test_all
async def test_two_workers_do_not_open_two_rounds(house: House) -> None:
    await house.quality.post_ok(PLAN, plan_fields())
    workers = [Worker(house.api.ledger, is_alone=False) for _ in range(2)]
    await asyncio.gather(*(worker.work(NOW + timedelta(days=1, hours=1)) for worker in workers))
    assert [worker.failures for worker in workers] == [[], []]
    assert len(await rounds(house.first)) == 1


@in_test_all
async def test_a_plan_that_is_edited_changes_what_comes_and_one_that_is_retired_ends_it(house: House) -> None:
    plan = await house.quality.post_ok(PLAN, plan_fields())
    path = f"{PLAN}/{plan['number']}"
    await house.pass_time(days=1)
    edited = await house.quality.request(
        "PATCH", path, json={"items": ["Doors are shut"], "interval": "daily"}, headers={"If-Match": "*"}
    )
    assert edited.status_code == 200, edited.text
    await house.pass_time(days=2)
    before, after = await rounds(house.first)
    assert (before["items"], after["items"]) == (["Filters are clean", "No lamp is red"], ["Doors are shut"])
    await house.quality.post_ok(f"{path}/retire", {"reason": "The room is closed."})
    await house.pass_time(days=9)
    assert len(await rounds(house.first)) == 2
    refused = await house.quality.post(ROUNDS, json={"plan": plan["number"], "planned_at": at(days=9)})
    assert errors(refused) == [("/plan", "maintenance_plan_retired")]


async def test_a_plan_without_an_object_or_anything_to_look_at_is_refused(house: House) -> None:
    refused = await house.quality.post(PLAN, json=plan_fields(ci_class="server"))
    assert errors(refused) == [("", "service_or_ci_class")]
    refused = await house.quality.post(PLAN, json=plan_fields(items=[], limits=[]))
    assert errors(refused) == [("/items", "nothing_to_look_at")]
    limits = [{"name": "Load", "unit": "%", "lower": "9", "upper": "5"}]
    refused = await house.quality.post(PLAN, json=plan_fields(limits=limits))
    assert errors(refused) == [("/limits/0", "limits_reversed")]
    assert (await house.agent.post(PLAN, json=plan_fields())).status_code == 403
