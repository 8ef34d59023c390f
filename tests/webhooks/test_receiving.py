"""Deliveries are verified, stored before they are answered, and processed once."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.webhooks.tools import Tool, a_source, process_all


def an_issue(action: str = "opened", **more: object) -> Json:
    """An issue as GitHub tells it."""
    issue = {
        "id": 7001,
        "number": 12,
        "title": "Basket stays empty",
        "body": "Since the last release.",
        "state": "open",
        "html_url": "https://git.example.org/shop/web/issues/12",
        "user": {"login": "lin", "id": 3},
        "assignee": None,
        "labels": [],
        "created_at": "2026-03-02T08:00:00Z",
        "updated_at": "2026-03-02T08:00:00Z",
    }
    return {
        "action": action,
        "issue": issue | more,
        "repository": {"full_name": "shop/web", "html_url": "https://git.example.org/shop/web"},
        "sender": {"login": "lin", "id": 3},
    }


async def an_admin(api: Api) -> Client:
    """An administrator."""
    return await api.client("Ada", Role.admin, Role.agent)


async def a_tool(api: Api) -> Tool:
    """GitHub, as it was just set up."""
    return await a_source(api, await an_admin(api))


async def test_an_issue_of_github_becomes_an_incident_with_its_reference(api: Api) -> None:
    tool = await a_tool(api)
    done = await tool.deliver(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    assert (done["state"], [e["outcome"] for e in done["effects"]]) == ("processed", ["opened"]), done
    (ticket,) = await tool.tickets()
    assert (ticket["title"], ticket["state"]) == ("Basket stays empty", "new")
    assert ticket["opened_at"].startswith("2026-03-02T08:00:00")


async def test_a_delivery_that_comes_twice_has_its_effect_once(api: Api) -> None:
    tool = await a_tool(api)
    first = await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    again = await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    assert first.json() == again.json()
    await process_all(api.ledger)
    (ticket,) = await tool.tickets()
    events = await tool.admin.read(f"/v1/incidents/{ticket['id']}/events")
    assert len(events["items"]) == 1


async def test_an_older_update_never_overwrites_a_newer_one(api: Api) -> None:
    tool = await a_tool(api)
    closed = an_issue("closed", state="closed", updated_at="2026-03-02T10:00:00Z")
    older = an_issue("edited", title="Basket", updated_at="2026-03-02T09:00:00Z")
    for n, issue in enumerate((closed, older, an_issue())):
        await tool.deliver(issue, x_github_event="issues", x_github_delivery=f"d-{n}")
    (ticket,) = await tool.tickets()
    assert ticket["state"] in ("resolved", "closed")
    assert ticket["title"] == "Basket stays empty"


async def test_what_is_not_verified_is_refused_and_only_counted(api: Api) -> None:
    tool = await a_tool(api)
    answer = await api.with_token(None).post(
        tool.path, content=b"{}", headers={"x-hub-signature-256": "sha256=00"}
    )
    assert answer.status_code == 401
    status = await tool.admin.read(f"/v1/webhook_sources/{tool.source['id']}/status")
    assert (status["refused"], status["waiting"]) == (1, 0)


async def test_a_tool_that_does_not_exist_looks_like_one_whose_secret_is_wrong(api: Api) -> None:
    answer = await api.with_token(None).post("/v1/webhooks/nobody", content=b"{}")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (401, "unverified")


async def test_a_value_that_no_field_can_hold_is_in_nobody_elses_way(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "alertmanager")
    good = {"alerts": [_an_alert("Disk full")]}
    odd = {"alerts": [_an_alert("Disk") | {"fingerprint": ["f-Disk"]}]}
    ids = [(await tool.post(body)).json()["delivery_id"] for body in (odd, good)]
    await process_all(api.ledger)
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"
    deliveries = [await tool.admin.read(f"{path}/{delivery}") for delivery in ids]
    assert [delivery["state"] for delivery in deliveries] == ["failed", "processed"]
    assert deliveries[0]["reason"]


def _an_alert(summary: str) -> Json:
    return {
        "status": "firing",
        "labels": {"alertname": summary},
        "annotations": {"summary": summary},
        "startsAt": "2026-11-02T08:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": f"f-{summary}",
    }
