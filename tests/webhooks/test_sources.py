"""Sources of webhooks are set up over HTTP, by administrators."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.contract.answers import as_written
from tests.webhooks.tools import Tool, a_source, process_all

SOURCES = "/v1/webhook_sources"
MAPPING = """
[[news]]
kind = "ticket"
case = "text(body.{case})"
at = "time(body.at)"
[news.fields]
title = "body.title"
"""


def told(case: int = 1, **more: object) -> Json:
    """What a tool without an adapter tells of a ticket."""
    return {"id": case, "title": f"Ticket {case}", "at": f"2026-03-02T08:0{case}:00Z", **more}


async def an_admin(api: Api) -> Client:
    return await api.client("Ada", Role.admin, Role.agent)


async def a_tool(api: Api, **more: Any) -> Tool:
    """A tool whose mapping is its own."""
    more = {"mapping": MAPPING.format(case="id")} | more
    return await a_source(api, await an_admin(api), "generic", **more)


def address(tool: Tool, below: str = "") -> str:
    return f"{SOURCES}/{tool.source['id']}{below}"


async def edited(tool: Tool, **changes: object) -> Any:
    """What a PATCH of the source answers."""
    version = (await tool.admin.read(address(tool)))["version"]
    return await tool.admin.patch(address(tool), json=changes, headers={"If-Match": f'"{version}"'})


async def test_a_secret_is_shown_once_and_one_that_the_tool_has_made_never(api: Api) -> None:
    admin = await an_admin(api)
    created = await a_source(api, admin)
    assert len(created.source["secret"]) >= 32
    assert "secret" not in await admin.read(address(created))
    own = await a_source(api, admin, "generic", secret="made-by-the-tool-1")
    assert own.source["secret"] is None
    own.source["secret"] = "made-by-the-tool-1"
    assert (await own.post(told())).status_code == 202


async def test_adding_it_again_with_the_same_key_shows_no_secret(api: Api) -> None:
    admin = await an_admin(api)
    body = {"key": "twice", "title": "Twice", "adapter": "generic"}
    first = await admin.post_ok(SOURCES, body, Idempotency_Key="once")
    again = await admin.post_ok(SOURCES, body, Idempotency_Key="once")
    assert (again["id"], again["secret"]) == (first["id"], None)
    other = await admin.post(SOURCES, json=body)
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/key")


async def test_an_adapter_that_does_not_exist_is_refused(api: Api) -> None:
    admin = await an_admin(api)
    answer = await admin.post(SOURCES, json={"key": "x", "title": "X", "adapter": "abacus"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/adapter")


async def test_after_a_rotation_the_old_secret_is_accepted_until_its_end(api: Api) -> None:
    tool = await a_tool(api)
    old = tool.source["secret"]
    rotated = await tool.admin.post_ok(address(tool, "/rotate"), {"overlap_seconds": 3600})
    assert rotated["secret"] not in (None, old)
    assert rotated["previous_ends_at"] > rotated["rotated_at"]
    assert (await tool.post(told(1))).status_code == 202
    tool.source["secret"] = rotated["secret"]
    assert (await tool.post(told(2))).status_code == 202

    again = await tool.admin.post_ok(address(tool, "/rotate"), {"overlap_seconds": 0})
    assert (await tool.post(told(3))).status_code == 401, "no time is left to the one before"
    tool.source["secret"] = old
    assert (await tool.post(told(4))).status_code == 401, "nor to the one before that"
    tool.source["secret"] = again["secret"]
    assert (await tool.post(told(5))).status_code == 202


async def test_a_wrong_mapping_is_refused_with_the_reason(api: Api) -> None:
    tool = await a_tool(api)
    for wrong in ("[[news", "[[news]]\nkind = 'ticket'\ncase = 'body.id +'\n", "[[news]]\nkind = 'song'\n"):
        answer = await edited(tool, mapping=wrong)
        assert answer.status_code == 422, answer.text
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/mapping", "wrong_mapping")
        assert error["message"].startswith("cannot be used: ")
        assert error["message"].count("cannot be used") == 1
    assert (await tool.admin.read(address(tool)))["mapping"] == MAPPING.format(case="id")


async def test_a_mailbox_has_no_mapping(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "mail")
    answer = await edited(tool, mapping=MAPPING.format(case="id"))
    assert answer.json()["errors"][0]["code"] == "mail_needs_no_mapping"


async def test_deliveries_of_a_paused_source_wait_until_it_resumes(api: Api) -> None:
    tool = await a_tool(api)
    await tool.admin.post_ok(address(tool, "/pause"))
    assert (await tool.deliver(told()))["state"] == "waiting"
    assert (await tool.admin.read(address(tool, "/status")))["waiting"] == 1
    assert await tool.tickets() == []
    await tool.admin.post_ok(address(tool, "/resume"))
    await process_all(api.ledger)
    assert [ticket["title"] for ticket in await tool.tickets()] == ["Ticket 1"]


async def test_a_retired_source_takes_nothing_and_keeps_what_came(api: Api) -> None:
    tool = await a_tool(api)
    await tool.deliver(told(1))
    await tool.admin.post_ok(address(tool, "/retire"))
    assert (await tool.post(told(2))).status_code == 401
    listed = (await tool.admin.read(address(tool, "/deliveries")))["items"]
    assert [delivery["state"] for delivery in listed] == ["processed"]
    assert len(await tool.tickets()) == 1


async def test_a_preview_tells_what_would_come_of_a_delivery_and_writes_nothing(api: Api) -> None:
    tool = await a_tool(api)
    before = await api.head()
    path = f"{tool.path}/preview"
    answer = await tool.admin.post(path, json=told())
    (news,) = answer.json()["news"]
    assert (news["kind"], news["case"]) == ("ticket", "1")
    failing = (await tool.admin.post(path, json={"title": "No number"})).json()
    assert None not in (failing["failure"], failing["mapping_key"])
    assert failing["news"] == []
    assert await api.head() == before
    assert (await tool.admin.read(address(tool, "/deliveries")))["items"] == []


async def test_deliveries_are_listed_page_by_page_the_last_first(api: Api) -> None:
    tool = await a_tool(api)
    for case in range(1, 6):
        await tool.post(told(case))
    await tool.post({"title": "No number"})
    await process_all(api.ledger)
    pages = await tool.admin.pages(address(tool, "/deliveries"), limit="4")
    assert [len(page) for page in pages] == [4, 2]
    times = [delivery["received_at"] for page in pages for delivery in page]
    assert times == sorted(times, reverse=True)
    (failed,) = (await tool.admin.read(address(tool, "/deliveries"), state="failed"))["items"]
    assert None not in (failed["reason"], failed["mapping_key"])
    cursor = (await tool.admin.read(address(tool, "/deliveries"), limit="4"))["next_cursor"]
    other = await tool.admin.get(address(tool, "/deliveries"), params={"cursor": cursor, "state": "failed"})
    assert other.status_code == 400, "a cursor is of the list that it came from"


async def test_a_delivery_is_shown_with_its_body_and_without_the_secret(api: Api) -> None:
    tool = await a_tool(api)
    answer = await tool.deliver(told(), x_sent_by="a test")
    assert (json.loads(answer["body"]), answer["headers"]["x-sent-by"]) == (told(), "a test")
    assert tool.source["secret"] not in str(answer)
    for nowhere in (
        f"{address(tool)}/deliveries/{uuid4()}",
        f"{SOURCES}/{uuid4()}/deliveries/{answer['id']}",
    ):
        assert (await tool.admin.get(nowhere)).status_code == 404


async def test_what_has_failed_is_replayed_after_the_mapping_was_mended(api: Api) -> None:
    tool = await a_tool(api, mapping=MAPPING.format(case="number"))
    failed = [await tool.deliver(told(case)) for case in (1, 2, 3)]
    assert {delivery["state"] for delivery in failed} == {"failed"}
    assert (await tool.admin.read(address(tool, "/status")))["failed"] == 3
    assert (await edited(tool, mapping=MAPPING.format(case="id"))).status_code == 200

    first = address(tool, f"/deliveries/{failed[0]['id']}")
    assert await tool.admin.post_ok(f"{first}/replay") == {"replayed": 1}
    await process_all(api.ledger)
    assert [ticket["title"] for ticket in await tool.tickets()] == ["Ticket 1"]

    assert await tool.admin.post_ok(address(tool, "/replay_failed")) == {"replayed": 2}
    await process_all(api.ledger)
    assert [ticket["title"] for ticket in await tool.tickets()] == ["Ticket 1", "Ticket 2", "Ticket 3"]
    assert await tool.admin.post_ok(address(tool, "/replay_failed")) == {"replayed": 0}


async def test_what_is_replayed_after_it_was_processed_changes_nothing(api: Api) -> None:
    tool = await a_tool(api)
    done = await tool.deliver(told())
    before = await api.head()
    path = address(tool, f"/deliveries/{done['id']}")
    assert await tool.admin.post_ok(f"{path}/replay") == {"replayed": 1}
    await process_all(api.ledger)
    again = await tool.admin.read(path)
    assert (again["state"], again["attempts"]) == ("processed", 2)
    assert await api.head() == before


async def test_the_status_tells_how_much_came_and_how_often(api: Api) -> None:
    tool = await a_tool(api)
    status = await tool.admin.read(address(tool, "/status"))
    assert (status["last_day"], status["last_received_at"], status["usual_gap_seconds"]) == (0, None, None)
    for case in range(1, 8):
        await tool.post(told(case))
    status = await tool.admin.read(address(tool, "/status"))
    assert (status["last_day"], status["waiting"]) == (7, 7)
    assert status["last_received_at"] is not None
    assert status["usual_gap_seconds"] >= 0


async def test_every_adapter_is_listed_with_a_mapping_that_a_source_can_begin_with(api: Api) -> None:
    admin = await an_admin(api)
    adapters = (await admin.read("/v1/webhook_adapters"))["items"]
    assert {"github", "alertmanager", "generic", "mail"} <= {adapter["key"] for adapter in adapters}
    for item in adapters:
        body = {"key": f"own-{item['key']}", "title": item["title"], "adapter": item["key"]}
        await admin.post_ok(SOURCES, body | ({} if item["mapping"] is None else {"mapping": item["mapping"]}))


async def test_administrators_set_up_sources_and_nobody_else(api: Api) -> None:
    tool = await a_tool(api)
    delivery = (await tool.deliver(told()))["id"]
    body = {"key": "mine", "title": "Mine", "adapter": "generic"}
    requests = [
        ("POST", SOURCES, body),
        ("POST", address(tool, "/rotate"), {}),
        ("POST", address(tool, "/pause"), {}),
        ("GET", address(tool, "/deliveries"), None),
        ("GET", address(tool, f"/deliveries/{delivery}"), None),
        ("GET", address(tool, "/status"), None),
        ("POST", address(tool, f"/deliveries/{delivery}/replay"), {}),
        ("POST", address(tool, "/replay_failed"), {}),
        ("POST", address(tool, "/send_sample"), {}),
        ("POST", address(tool, "/try_mapping"), {}),
        ("POST", f"{tool.path}/preview", told()),
    ]
    agent = await api.client("Ben", Role.agent)
    for method, path, json_body in requests:
        answer = await agent.request(method, path, json=json_body)
        assert answer.status_code == 403, (path, answer.text)
    requester = await api.client("Cy", Role.requester)
    for method, path, json_body in requests:
        answer = await requester.request(method, path, json=json_body)
        assert answer.status_code in (403, 404), (path, answer.text)
    assert (await agent.get("/v1/webhook_adapters")).status_code == 200
    assert len((await tool.admin.read(address(tool, "/deliveries")))["items"]) == 1


async def test_the_examples_of_the_contract_are_taken(api: Api) -> None:
    admin = await an_admin(api)
    shape = as_written()["components"]["schemas"]["NewWebhookSource"]["properties"]
    examples = {name: result["examples"][0] for name, result in shape.items() if "examples" in result}
    body = {name: examples[name] for name in examples if name not in ("service", "category")}
    created = await admin.post_ok("/v1/webhook_sources", body)
    assert created["mapping"] == examples["mapping"]
