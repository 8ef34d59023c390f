"""Service requests of a tool are requests here: in whatever order they are told, and never incidents."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.kpis.reconcile import reconcile
from tests.canaries.erasing import follow
from tests.client import Api, Json
from tests.exchange.servicenow_files import fold_comparison
from tests.webhooks.tools import Tool, a_source

MAPPING = """
[[news]]
kind = "request"
case = 'body.id'
number = 'body.number'
at = 'time(body.at)'
opened_at = '"2026-03-02T08:00:00Z"'
resolved_at = 'time(body.done)'
status = 'body.status'
[news.fields]
title = 'body.title'
description = 'body.text'
requester = 'body.who'
priority = 'body.priority'
[[news]]
kind = "comment"
when = 'has(body.comment)'
case = 'body.id'
id = '"1"'
text = 'body.comment'
at = 'time(body.at)'
visibility = '"public"'
"""
#: The same ticket at three times; the comment is on the last one.
STORY: list[Json] = [
    {"at": "2026-03-02T08:00:00Z", "status": "submitted", "title": "A laptop", "priority": "P3"},
    {"at": "2026-03-02T09:00:00Z", "status": "in_progress", "title": "A laptop for Kim", "priority": "P2"},
    {
        "at": "2026-03-02T12:00:00Z",
        "status": "closed",
        "title": "A laptop for Kim",
        "priority": "P2",
        "done": "2026-03-02T11:00:00Z",
        "comment": "It is on your desk.",
    },
]
FIGURES = ("requests_opened", "requests_delivered", "request_lead_seconds", "request_on_time")
COMPARED = [
    "title",
    "state",
    "priority",
    "opened_at",
    "delivered_at",
    "closed_at",
    "started_at",
    "description",
    "requester",
]


async def a_tool(api: Api, adapter: str = "generic", **more: Any) -> Tool:
    return await a_source(api, await api.client("Ada", Role.admin, Role.agent), adapter, **more)


async def test_a_request_is_the_same_in_any_order_with_its_comment_and_its_end(api: Api) -> None:
    tool = await a_tool(api, mapping=MAPPING)
    for number, order in enumerate(permutations(STORY)):
        for step in order:
            await tool.deliver(
                step | {"id": f"{number}", "number": f"RITM-{number}", "text": "Soon", "who": "kim"}
            )
    requests = (await tool.admin.read("/v1/requests"))["items"]
    summaries = [{name: request.get(name) for name in COMPARED} for request in requests]
    assert len(summaries) == 6
    assert all(each == summaries[0] for each in summaries)
    assert (summaries[0]["state"], summaries[0]["title"]) == ("closed", "A laptop for Kim")
    assert summaries[0]["delivered_at"].startswith("2026-03-02T11:00:00")
    assert await tool.tickets() == []
    for number in range(6):
        (comment,) = (await tool.admin.read(f"/v1/requests/RITM-{number}/comments"))["items"]
        assert comment["text"] == "It is on your desk."
    await follow(api.ledger)
    comparison = await fold_comparison(api.ledger)
    assert (comparison.differing, comparison.examples) == ({}, [])
    report = await reconcile(api.ledger.db.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=FIGURES)
    assert (report.differences, report.compared > 0) == ([], True)


async def test_a_ticket_that_becomes_a_request_at_its_tool_stays_what_it_is_here(api: Api) -> None:
    tool = await a_tool(api, "freshservice")
    ticket = {"ticket_id": 7, "ticket_subject": "A laptop", "ticket_status": "Open"}
    await tool.deliver(ticket | {"ticket_type": "Incident"})
    await tool.deliver(ticket | {"ticket_type": "Service Request", "ticket_status": "Resolved"})
    await tool.deliver(ticket | {"ticket_id": 8, "ticket_type": "Service Request", "ticket_status": "Closed"})
    assert [incident["state"] for incident in await tool.tickets()] == ["resolved"]
    assert [each["state"] for each in (await tool.admin.read("/v1/requests"))["items"]] == ["closed"]


@pytest.mark.parametrize(
    ("adapter", "body"),
    [
        (
            "jira",
            {
                "timestamp": 1772445600000,
                "webhookEvent": "jira:issue_created",
                "issue": {
                    "id": "10",
                    "key": "IT-1",
                    "self": "https://acme.atlassian.net/rest/api/2/10",
                    "fields": {
                        "summary": "A laptop",
                        "issuetype": {"name": "[System] Service request with approvals"},
                        "status": {"name": "Waiting for support"},
                    },
                },
            },
        ),
        (
            "zendesk",
            {
                "ticket": {
                    "id": 10,
                    "type": "question",
                    "subject": "A laptop",
                    "status": "new",
                    "updated_at": "2026-03-02T08:00:00Z",
                }
            },
        ),
    ],
)
async def test_tools_with_requests_open_requests(api: Api, adapter: str, body: Json) -> None:
    tool = await a_tool(api, adapter)
    done = await tool.deliver(body)
    assert done["state"] == "processed", done
    assert [each["state"] for each in (await tool.admin.read("/v1/requests"))["items"]] == ["submitted"]
    assert await tool.tickets() == []
