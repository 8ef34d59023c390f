"""What was acknowledged is somewhere: a delivery is known by its id and by what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from app.common.people import Role
from app.webhooks.adapters import MAIL, adapter_keys
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.intake.receipt import store
from app.webhooks.sources.samples import samples_of
from tests.cases import Failures
from tests.client import Api, Json
from tests.extent import WHOLE, in_test_all
from tests.webhooks.test_mail import a_mail, a_mailbox
from tests.webhooks.test_receiving import a_tool, an_admin, an_issue
from tests.webhooks.tools import Tool, a_source, process_all

ROWS = "select delivery_key, heard, last_heard_at from plumbing.webhook_delivery order by received_at, id"


async def rows_of(tool: Tool) -> list[dict[str, Any]]:
    return [dict(row) for row in await tool.api.ledger.db.rows(ROWS)]


async def shown(tool: Tool, delivery: str) -> Json:
    return await tool.admin.read(f"/v1/webhook_sources/{tool.source['id']}/deliveries/{delivery}")


async def the_state(tool: Tool) -> str:
    (ticket,) = await tool.tickets()
    return str(ticket["state"])


async def differ_in_a_byte(tool: Tool) -> None:
    """Assert that deliveries which differ in a byte are two, and that what repeats is counted."""
    sample = samples_of(tool.source["adapter"], datetime.now(UTC))[0].raw
    bodies = [sample.body, sample.body, sample.body + b"\n", sample.body + b"\n", sample.body + b"\n\n"]
    answers = [(await tool.post(body, **sample.headers)).json()["delivery_id"] for body in bodies]
    assert answers[0] == answers[1] != answers[2] == answers[3] != answers[4]
    results = [await shown(tool, delivery) for delivery in dict.fromkeys(answers)]
    assert [item["heard"] for item in results] == [2, 2, 1]
    assert [item["last_heard_at"] is None for item in results] == [False, False, True]
    assert [item["body"] for item in results] == [body.decode() for body in dict.fromkeys(bodies)]
    await process_all(tool.api.ledger)
    became = [await shown(tool, delivery) for delivery in answers]
    assert {item["state"] for item in became} == {"processed"}
    assert len({effect["record"] for item in became for effect in item["effects"]}) == 1


async def test_what_was_acknowledged_is_somewhere_whatever_its_id_with_all_adapters(api: Api) -> None:
    admin, failures = await api.client("Ada", Role.admin, Role.agent), Failures()
    # A tool with an id, one without, one of alerts, and mail.
    for adapter in sorted(adapter_keys()) if WHOLE else ("github", "freshservice", "alertmanager", MAIL):
        tool = await a_source(api, admin, adapter, zone="UTC", user_name="tool")
        await failures.wait(adapter, partial(differ_in_a_byte, tool))
    failures.report()


async def test_an_id_with_the_same_bytes_is_a_repetition_whenever_it_comes(api: Api) -> None:
    tool = await a_tool(api)
    closed = an_issue("closed", state="closed", updated_at="2026-03-02T10:00:00Z")
    first = await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    await tool.deliver(closed, x_github_event="issues", x_github_delivery="d-1")
    again = await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    assert again.json() == first.json()
    assert [row["heard"] for row in await rows_of(tool)] == [2, 1]
    assert await the_state(tool) == "closed"


async def test_what_was_stored_under_a_key_of_before_is_still_known(api: Api) -> None:
    tool = await a_tool(api)
    body = json.dumps(an_issue()).encode()
    raw = RawDelivery({"x-github-event": "issues"}, body)
    source = UUID(tool.source["id"])
    for key in ("id:d-1", f"hash:{raw.content_hash}"):
        stored, is_new = await store(api.ledger, source, key, raw)
        assert is_new
        await process_all(api.ledger)
        assert await store(api.ledger, source, key, raw) == (stored, False)


async def test_an_id_of_any_length_is_one(api: Api) -> None:
    tool = await a_tool(api)
    for length in (119, 120, 121, 200, 3000):
        headers = {"x_github_event": "issues", "x_github_delivery": "d" * length}
        done = [
            await tool.deliver(body, **headers) for body in (an_issue(), an_issue(title="Basket"), an_issue())
        ]
        assert [delivery["state"] for delivery in done] == ["processed"] * 3, done
        assert [row["heard"] for row in await rows_of(tool)][-2:] == [2, 1], length


def a_trigger(status: str, **more: object) -> Json:
    """What a trigger of Zendesk sends whose JSON is made of placeholders: all of them are texts."""
    ticket = {"id": "35436", "type": "Incident", "subject": "No mail", "status": status}
    return ticket | {"priority": "Normal", "requester_id": "77", "assignee_id": ""} | more


async def test_triggers_of_zendesk_are_known_by_the_call_and_not_by_the_ticket(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "zendesk")
    ids = []
    for n, status in enumerate(("New", "Open", "Solved")):
        body = a_trigger(status, updated_at=f"2026-03-02T1{n}:00:00Z")
        done = await tool.deliver(body, x_zendesk_webhook_invocation_id=f"835020558{n}")
        assert done["state"] == "processed", done
        ids.append(done["id"])
    assert len(set(ids)) == 3
    assert await the_state(tool) == "resolved"


@in_test_all
async def test_triggers_of_zendesk_without_the_header_are_known_by_what_they_say(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "zendesk")
    for n, status in enumerate(("New", "Open", "Solved")):
        await tool.deliver(a_trigger(status, updated_at=f"2026-03-02T1{n}:00:00Z", type=""))
    assert await the_state(tool) == "resolved"


def a_freshdesk_ticket(status: str) -> Json:
    """A ticket as Freshdesk tells it, without a time."""
    return {
        "freshdesk_webhook": {
            "ticket_id": 11,
            "ticket_subject": "No mail",
            "ticket_description": "Since noon.",
            "ticket_status": status,
            "ticket_priority": "Low",
        }
    }


async def test_a_ticket_that_changes_back_has_changed_and_what_was_said_last_has_not(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "freshservice")
    deliveries = []
    for status in ("Open", "Pending", "Open", "Pending", "Pending"):
        deliveries.append(await tool.deliver(a_freshdesk_ticket(status)))
    assert await the_state(tool) == "on_hold"
    assert [row["heard"] for row in await rows_of(tool)] == [1, 1, 1, 2]
    assert deliveries[3]["id"] == deliveries[4]["id"]


async def test_what_equals_the_last_of_its_ticket_is_a_repetition_beside_news_of_others(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "freshservice")
    other = a_freshdesk_ticket("Open")
    other["freshdesk_webhook"]["ticket_id"] = 12
    done = [
        await tool.deliver(body) for body in (a_freshdesk_ticket("Open"), other, a_freshdesk_ticket("Open"))
    ]
    assert [delivery["effects"][0]["outcome"] for delivery in done] == ["opened", "opened", "known_already"]
    events = await api.ledger.db.value(
        "select count(*) from log.event where type like 'incident.%%' and source = %s",
        (f"webhook:{tool.source['key']}",),
    )
    assert events == 2


async def test_changes_that_wait_together_are_judged_in_their_order(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "freshservice")
    for status in ("Open", "Pending", "Open", "Open"):
        await tool.post(a_freshdesk_ticket(status))
    await process_all(api.ledger)
    assert await the_state(tool) == "new"
    assert [row["heard"] for row in await rows_of(tool)] == [1, 1, 2]


async def test_copies_of_a_mail_with_other_headers_open_one_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    dated = {"Date": "Mon, 02 Mar 2026 10:00:00 +0000"}
    mails = [
        a_mail(**dated),
        a_mail(**dated, received="from list.example.org"),
        a_mail(Date="Tue, 03 Mar 2026 10:00:00 +0000"),
    ]
    done = [await tool.deliver(mail.as_bytes(), content_type="message/rfc822") for mail in mails]
    assert [delivery["state"] for delivery in done] == ["processed"] * 3, done
    assert [delivery["effects"][0]["outcome"] for delivery in done] == ["opened", "known_already", "opened"]
    assert done[0]["effects"][0]["record"] == done[1]["effects"][0]["record"]
    assert tool.source["adapter"] == MAIL
