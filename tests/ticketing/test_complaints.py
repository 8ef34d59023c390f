"""Complaints have an owner, are listed over all kinds of tickets, and stand in the worklist until settled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.people import Role
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.ticketing.long_ago import complained_long_ago, resolved_long_ago
from tests.ticketing.test_ratings import ANSWER, SLOW

A_REQUEST: Json = {"title": "A laptop", "description": "For Monday.", "channel": "portal", "urgency": "3"}


async def resolved(requester: Client, lin: Client, **changed: Any) -> str:
    """Where an incident is that somebody reported and Lin resolved."""
    path = f"/v1/incidents/{(await requester.post_ok('/v1/incidents', an_incident(**changed)))['id']}"
    await lin.post_ok(f"{path}/assign", {"person": "me"})
    await lin.post_ok(f"{path}/acknowledge")
    await lin.post_ok(f"{path}/resolve", RESOLVED)
    return path


@pytest.fixture
async def zhao(api: Api) -> Client:
    return await api.client("Zhao Min")


@pytest.fixture
async def lin(api: Api) -> Client:
    return await api.client("Lin", Role.agent, Role.service_level_manager)


@pytest.fixture
async def wu(api: Api) -> Client:
    return await api.client("Wu Jing", Role.service_level_manager)


async def complained(zhao: Client, path: str, **changed: Any) -> Json:
    """The complaint that Zhao makes there."""
    await zhao.post_ok(f"{path}/complain", {**SLOW, **changed})
    complaint: Json = (await zhao.read(f"{path}/complaints"))["items"][-1]
    return complaint


async def faults(client: Client, path: str, body: Json) -> list[tuple[str, str]]:
    """Where and why what somebody says is refused."""
    refused = await client.post(path, json=body)
    assert refused.status_code == 422, refused.text
    return [(error["pointer"], error["code"]) for error in refused.json()["errors"]]


async def test_a_quality_manager_gives_a_complaint_an_owner_who_has_it_to_do(
    api: Api, zhao: Client, lin: Client, wu: Client
) -> None:
    quality = await api.client("Quality", Role.quality_manager)
    path = await resolved(zhao, lin)
    complaint = await complained(zhao, path)
    assert [complaint["owned"] for complaint in (await wu.read("/v1/me/work"))["complaints"]] == [False]
    await quality.post_ok(f"{path}/assign_complaint", {"complaint": complaint["id"], "owner": wu.id})
    (mine,) = (await wu.read("/v1/me/work"))["complaints"]
    assert (mine["id"], mine["owned"], mine["overdue"], mine["kind"]) == (
        complaint["id"],
        True,
        False,
        "incident",
    )
    assert f"/v1/incidents/{mine['ticket']}" == path
    assert (await quality.read("/v1/me/work"))["complaints"] == [], "somebody has it"
    (listed,) = (await wu.read("/v1/complaints", owner="me"))["items"]
    assert (listed["owner"]["name"], listed["state"]) == ("Wu Jing", "open")
    await wu.post_ok(f"{path}/answer_complaint", {"complaint": complaint["id"], **ANSWER})
    assert (await wu.read("/v1/me/work"))["complaints"] == []
    event_types = [event["type"] for event in (await zhao.read(f"{path}/events"))["items"]]
    assert "incident.complaint_assigned" not in event_types, "whoever complains is told the answer"


async def test_no_owner_is_complained_about_or_cannot_answer(
    api: Api, zhao: Client, lin: Client, wu: Client
) -> None:
    agent = await api.client("Agent", Role.agent)
    path = await resolved(zhao, lin)
    complaint = await complained(zhao, path, about_assignee=True)
    body = {"complaint": complaint["id"]}
    assert (await lin.read("/v1/me/work"))["complaints"] == [], "it is about Lin"
    assert await faults(wu, f"{path}/assign_complaint", {**body, "owner": lin.id}) == [
        ("/owner", "complained_about")
    ]
    assert await faults(wu, f"{path}/assign_complaint", {**body, "owner": agent.id}) == [
        ("/owner", "cannot_answer")
    ]
    elsewhere = await api.client("Elsewhere", f"{Role.service_level_manager.value}@service/printing")
    assert await faults(wu, f"{path}/assign_complaint", {**body, "owner": elsewhere.id}) == [
        ("/owner", "cannot_answer")
    ]
    assert (await agent.post(f"{path}/assign_complaint", json={**body, "owner": wu.id})).status_code == 403
    await wu.post_ok(f"{path}/answer_complaint", {**body, **ANSWER})
    assert await faults(wu, f"{path}/assign_complaint", {**body, "owner": "me"}) == [
        ("/complaint", "answered_already")
    ]


async def test_a_complaint_that_says_the_same_is_merged_and_answered_with_the_other(
    zhao: Client, lin: Client, wu: Client
) -> None:
    path = await resolved(zhao, lin)
    first, second = await complained(zhao, path), await complained(zhao, path)
    merge = f"{path}/merge_complaint"
    assert await faults(wu, merge, {"complaint": first["id"], "into": first["id"]}) == [
        ("/into", "is_the_same")
    ]
    await wu.post_ok(merge, {"complaint": second["id"], "into": first["id"]})
    assert await faults(wu, merge, {"complaint": first["id"], "into": second["id"]}) == [
        ("/into", "merged_already")
    ]
    assert await faults(wu, f"{path}/answer_complaint", {"complaint": second["id"], **ANSWER}) == [
        ("/complaint", "merged_already")
    ]
    assert [complaint["id"] for complaint in (await wu.read("/v1/me/work"))["complaints"]] == [first["id"]]
    (merged,) = (await wu.read("/v1/complaints", state="merged"))["items"]
    assert (merged["id"], merged["merged_into_id"]) == (second["id"], first["id"])
    assert (await zhao.read(f"{path}/complaints"))["items"][1]["merged_into_id"] == first["id"]


async def test_the_list_is_over_all_kinds_and_pages_through_them(
    api: Api, zhao: Client, lin: Client, wu: Client
) -> None:
    incident = await resolved(zhao, lin)
    request = f"/v1/requests/{(await zhao.post_ok('/v1/requests', A_REQUEST))['id']}"
    await api.staffed_team("desk")
    assessed = {"category": "hardware", "impact": "3", "urgency": "3", "path": "standard", "team": "desk"}
    await lin.post_ok(f"{request}/assess", assessed)
    await lin.post_ok(f"{request}/assign", {"person": "me"})
    await lin.post_ok(f"{request}/start")
    await lin.post_ok(f"{request}/fulfil", {"delivered": "A laptop."})
    complaints = [
        (await complained(zhao, path, subject=subject))["id"]
        for path, subject in ((incident, "speed"), (request, "result"), (incident, "conduct"))
    ]
    pages = await wu.pages("/v1/complaints", limit=1)
    assert [complaint["id"] for page in pages for complaint in page] == complaints[::-1]
    assert [complaint["kind"] for page in pages for complaint in page] == ["incident", "request", "incident"]
    pages = await wu.pages("/v1/complaints", limit=2, sort="due_at")
    assert [complaint["id"] for page in pages for complaint in page] == complaints
    other = await wu.get("/v1/complaints", params={"cursor": "bm90aGluZw"})
    assert other.status_code == 400


FILTERED: list[tuple[Json, set[str]]] = [
    ({"open": True}, {"open", "late"}),
    ({"open": False}, {"answered"}),
    ({"state": "answered"}, {"answered"}),
    ({"state": "open,answered"}, {"open", "late", "answered"}),
    ({"overdue": True}, {"late"}),
    ({"overdue": False}, {"open", "answered"}),
    ({"subject": "conduct"}, {"open"}),
    ({"subject": "conduct,speed"}, {"open", "late"}),
    ({"owner": "none"}, {"open", "answered"}),
    ({"owner": "me,none"}, {"open", "late", "answered"}),
    ({"service": "none"}, {"open", "late", "answered"}),
    ({"service": "mail"}, set()),
    ({"overdue": True, "owner": "none"}, set()),
]


@in_test_all
async def test_the_list_is_filtered(api: Api, zhao: Client, lin: Client, wu: Client) -> None:
    path = await resolved(zhao, lin)
    names = {}
    for name, subject in (("open", "conduct"), ("answered", "result")):
        names[(await complained(zhao, path, subject=subject))["id"]] = name
    answered = next(complaint for complaint, name in names.items() if name == "answered")
    await wu.post_ok(f"{path}/answer_complaint", {"complaint": answered, **ANSWER})
    old = await resolved_long_ago(api, zhao, lin, days=30)
    late = await complained_long_ago(api, zhao, old, days=20)
    names[late] = "late"
    await wu.post_ok(f"/v1/incidents/{old}/assign_complaint", {"complaint": late, "owner": "me"})
    for query, expected in FILTERED:
        listed = (await wu.read("/v1/complaints", **query))["items"]
        assert {names[complaint["id"]] for complaint in listed} == expected, query
    now = datetime.now(UTC).isoformat()
    ahead = (await wu.read("/v1/complaints", due_after=now))["items"]
    behind = (await wu.read("/v1/complaints", due_before=now))["items"]
    assert {names[complaint["id"]] for complaint in ahead} == {"open", "answered"}
    assert [(names[complaint["id"]], complaint["overdue"]) for complaint in behind] == [("late", True)]


async def test_only_staff_of_a_ticket_see_its_complaints_in_the_list(
    api: Api, zhao: Client, lin: Client, wu: Client
) -> None:
    await api.team("desk")
    path = await resolved(zhao, lin)
    await complained(zhao, path)
    assert (await zhao.read("/v1/complaints"))["items"] == []
    elsewhere = await api.client("Elsewhere", f"{Role.service_level_manager.value}@service/printing")
    assert (await elsewhere.read("/v1/complaints"))["items"] == []
    tool = await api.client("Tool", Role.integration)
    assert (await tool.read("/v1/complaints"))["items"] == []
    assert len((await wu.read("/v1/complaints"))["items"]) == 1
