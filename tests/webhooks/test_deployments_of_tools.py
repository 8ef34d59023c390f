"""Deployments that GitLab and GitHub report are deployments here, one for each run, in any order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from app.common.people import Role
from tests.client import Api, Json
from tests.webhooks.tools import Tool, a_source, process_all


def of_gitlab(run: int, status: str) -> Json:
    """A deployment event of GitLab, after its documentation."""
    minute = {"running": 0, "success": 5}[status]
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": f"2026-03-02 09:0{minute}:00 +0100",
        "deployment_id": run,
        "environment": "production",
        "project": {"id": 30, "path_with_namespace": "shop/web"},
        "short_sha": "279484c0",
    }


def of_github(run: int, status: str) -> Json:
    """A deployment_status event of GitHub, after its documentation."""
    minute, state = {"running": (0, "in_progress"), "success": (5, "success")}[status]
    return {
        "action": "created",
        "deployment": {"id": run, "environment": "production", "created_at": "2026-03-02T08:00:00Z"},
        "deployment_status": {"state": state, "created_at": f"2026-03-02T08:0{minute}:00Z"},
        "repository": {"full_name": "shop/web", "html_url": "https://git.example.org/shop/web"},
    }


async def a_tool(api: Api, adapter: str, **more: Any) -> Tool:
    admin = await api.client("Ada", Role.admin, Role.agent)
    return await a_source(api, admin, adapter, **more)


async def test_a_change_event_in_the_form_of_pagerduty_is_a_deployment(api: Api) -> None:
    tool = await a_tool(api, "pagerduty_events")
    payload: Json = {"summary": "Build 7", "source": "ci", "timestamp": "2026-03-02T08:00:00Z"}
    event = {
        "routing_key": tool.source["secret"],
        "payload": payload | {"custom_details": {"service": "mail"}},
    }
    for _ in range(2):
        answer = await api.with_token(None).post("/v2/change/enqueue", json=event)
        assert (answer.status_code, answer.json()["message"]) == (202, "Change event processed"), answer.text
        await process_all(api.ledger)
    (deployment,) = (await tool.admin.read("/v1/deployments"))["items"]
    assert (deployment["state"], deployment["service"], deployment["pipeline"]) == ("succeeded", "mail", "ci")
    wrong = await api.with_token(None).post("/v2/change/enqueue", json=event | {"payload": {}})
    assert (wrong.status_code, wrong.json()["errors"]) == (400, ["'payload.summary' is missing or blank"])


@pytest.mark.parametrize(("adapter", "event"), [("gitlab", of_gitlab), ("github", of_github)])
async def test_reports_of_a_run_are_one_deployment_in_any_order(api: Api, adapter: str, event: Any) -> None:
    tool = await a_tool(api, adapter)
    failed = await tool.deliver(event(1, "running"))
    assert (failed["state"], failed["code"]) == ("failed", "no_service")
    tool = await a_tool(api, adapter, key="with-service", service="mail")
    for run, order in enumerate(permutations(("running", "success")), 10):
        for status in (*order, order[0]):
            done = await tool.deliver(event(run, status), x_github_event="deployment_status")
            assert done["state"] == "processed", done
    deployments = (await tool.admin.read("/v1/deployments"))["items"]
    summaries = {
        (each["state"], each["environment"], each["pipeline"], each["ended_at"]) for each in deployments
    }
    assert len(deployments) == 2
    assert summaries == {("succeeded", "production", "shop.web", "2026-03-02T08:05:00.000000Z")}
    assert await tool.tickets() == []
