"""What a tool tells beside a ticket's state: when it was resolved, its levels, who asked, that it is gone."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import Api, Json
from tests.extent import WHOLE
from tests.webhooks.test_receiving import an_admin, an_issue
from tests.webhooks.tools import Tool, a_source, clock

KEPT = ("state", "title", "resolved_at", "closed_at", "opened_at", "priority", "impact", "urgency")


def a_ticket(minute: int, status: str, **more: object) -> Json:
    """What a tool tells of a ticket at that minute."""
    times = {"created_at": "2026-03-02T08:00:00Z", "updated_at": f"2026-03-02T08:{minute:02}:00Z"}
    return {"title": f"As of {minute}", "status": status} | times | more


async def the_ticket(tool: Tool, name: str) -> Json:
    read = await tool.admin.read(f"/v1/incidents/{name}")
    return {field: read[field] for field in KEPT}


async def tell(api: Api) -> None:
    """Tells whom it concerns what has happened."""
    for minutes in (0, 2):
        await Worker(api.ledger).work(clock() + timedelta(minutes=minutes))


async def test_a_ticket_told_closed_alone_was_resolved_when_the_tool_says(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "generic")
    await tool.deliver(a_ticket(0, "open", id="1"))
    await tool.deliver(a_ticket(30, "closed", id="1", resolved_at="2026-03-02T08:25:00Z"))
    await tool.deliver(a_ticket(30, "closed", id="2", resolved_at="2026-03-02T08:25:00Z"))
    for name in ("1", "2"):
        item = await the_ticket(tool, name)
        assert (item["state"], item["resolved_at"][:16], item["closed_at"][:16]) == (
            "closed",
            "2026-03-02T08:25",
            "2026-03-02T08:30",
        ), name


async def test_resolutions_told_beside_are_the_same_in_any_order(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "generic")
    first, again = ({"resolved_at": f"2026-03-02T08:{minute}:00Z"} for minute in (10, 25))
    story = [
        a_ticket(0, "open"),
        a_ticket(10, "resolved", **first),
        a_ticket(20, "in progress"),
        a_ticket(30, "closed", **again),
        a_ticket(40, "closed", **again),
    ]
    results = []
    for n, order in enumerate(permutations(story)):
        # Some of 120: the first in order, the others in all kinds of disorder.
        if n % (7 if WHOLE else 49):
            continue
        for body in order:
            done = await tool.deliver(body | {"id": f"T{n}"}, x_delivery_id=f"{n}-{body['updated_at']}")
            assert done["state"] == "processed", done
        results.append(await the_ticket(tool, f"T{n}"))
    assert results[0]["resolved_at"].startswith("2026-03-02T08:25")
    assert [item for item in results if item != results[0]] == []


async def test_what_no_tool_tells_gives_a_priority_by_the_matrix(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "github", impact="2", urgency="1")
    await tool.deliver(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    assert (await the_ticket(tool, "7001"))["priority"] == "P2"
    other = await a_source(api, await an_admin(api), "generic", impact="2")
    await other.deliver(a_ticket(0, "open", id="1", urgency="3"))
    assert (await the_ticket(other, "generic-1:1"))["priority"] == "P4"
    await other.deliver(a_ticket(5, "open", id="1", urgency="1"))
    assert (await the_ticket(other, "generic-1:1"))["priority"] == "P2"
    prioritised = {"impact": "1", "urgency": "1", "reason": "It is pay day."}
    await other.admin.post_ok("/v1/incidents/generic-1:1/prioritise", prioritised)
    await other.deliver(a_ticket(8, "open", id="1", urgency="1"))
    assert (await the_ticket(other, "generic-1:1"))["priority"] == "P1", "what a person has set stays"
    none = {"id": "3", "priority": None, "impact": None, "urgency": "1"}
    for minute in (0, 5):  # a tool that tells each time that it has none
        await other.deliver(a_ticket(minute, "open", **none))
        assert (await the_ticket(other, "generic-1:3"))["priority"] == "P2"
    for priority, then in (("P1", "P1"), (None, "P2")):
        await other.deliver(a_ticket(10 if priority else 11, "open", **none | {"priority": priority}))
        assert (await the_ticket(other, "generic-1:3"))["priority"] == then
    await other.deliver(a_ticket(10, "open", id="2", urgency="1", priority="P1"))
    assert (await the_ticket(other, "generic-1:2"))["priority"] == "P1"


async def test_whoever_has_a_ticket_is_told_that_it_is_gone_over_there_and_it_says_so(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "github")
    agent = await api.client("Lin", Role.agent)
    done = await tool.deliver(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    number = done["effects"][0]["number"]
    await tool.admin.post_ok(f"/v1/incidents/{number}/assign", {"person": agent.id})
    await tell(api)
    before = len((await agent.read("/v1/notices"))["items"])
    for n in range(2):  # told twice, it is said once
        removed = await tool.deliver(
            an_issue("deleted"), x_github_event="issues", x_github_delivery=f"d-gone-{n}"
        )
        assert removed["state"] == "processed", removed["reason"]
    await tell(api)
    (comment,) = (await agent.read(f"/v1/incidents/{number}/comments"))["items"]
    assert comment["text"].startswith("It was deleted or moved away in the tool")
    assert len((await agent.read("/v1/notices"))["items"]) == before + 1
    assert (await the_ticket(tool, number))["state"] == "new"


async def test_whoever_opens_an_issue_of_gitlab_asks_for_it(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "gitlab")
    issue = {
        "id": 81,
        "iid": 3,
        "title": "No mail",
        "description": "None.",
        "state": "opened",
        "action": "open",
    }
    issue |= {
        "url": "https://git.example.org/shop/web/-/issues/3",
        "assignee_id": None,
        "severity": "unknown",
    }
    issue |= {"created_at": "2026-03-02 08:00:00 UTC", "updated_at": "2026-03-02 08:00:00 UTC"}
    body = {"object_kind": "issue", "user": {"name": "Li Na", "username": "lin", "email": "[REDACTED]"}}
    body |= {"project": {"path_with_namespace": "shop/web"}, "object_attributes": issue, "assignees": []}
    done = await tool.deliver(body)
    assert done["state"] == "processed", done["reason"]
    later = issue | {"action": "update", "title": "No mails", "updated_at": "2026-03-02 09:00:00 UTC"}
    other = body | {"object_attributes": later, "user": {"name": "Wang Wei", "username": "wang"}}
    await tool.deliver(other)
    (ticket,) = await tool.tickets()
    assert (ticket["title"], ticket["requester"]["name"]) == ("No mails", "Li Na")
