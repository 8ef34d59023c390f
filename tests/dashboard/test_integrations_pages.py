"""The pages of integrations: what failed and why, tried, mended, replayed; and what others are told of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape

import httpx
import pytest

from app.common.people import Role
from tests.client import ADDRESS, Api, Client
from tests.dashboard.test_dashboard_pages import page, text
from tests.extent import first_of, in_test_all
from tests.webhooks.tools import Tool, a_source, process_all

#: The ticket's id is called otherwise by the tool; so nothing that it sends can be read.
WRONG = """
[[news]]
kind = "ticket"
case = 'body.ticket'
number = 'body.number'
at = 'received_at'
status = 'body.status'
[news.fields]
title = 'body.subject'
[news.values.status]
open = "new"
"""
MENDED = WRONG.replace("body.ticket", "body.id")
ALL = "/integrations"
SHOP = f"{ALL}/generic-1"
FAILED = re.compile(r'name="only" value="([0-9a-f-]{36})"')


@pytest.fixture
async def tool(api: Api) -> Tool:
    """Two sources: one with three deliveries, which have failed, and one from which nothing has come."""
    admin = await api.client("Ada", Role.admin, Role.agent)
    tool = await a_source(api, admin, "generic", title="Shop desk 商店服务台", mapping=WRONG)
    await a_source(api, admin, "alertmanager", title="Alerts of the <b>shop</b>")
    for n in range(3):
        await tool.post({"id": n, "number": f"S-{n}", "subject": f"打印机 {n} <i>jams</i>", "status": "open"})
    await process_all(api.ledger)
    return tool


async def send(client: Client, path: str, **inputs: str | list[str]) -> httpx.Response:
    """What the sending of a form is answered with, as a browser sends it from the page."""
    headers = {
        "Authorization": f"Bearer {client.token}",
        "Sec-Fetch-Site": "same-origin",
        "Accept": "text/html",
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.post(f"/dashboard{path}", data=inputs, headers=headers)


async def led_to(client: Client, answer: httpx.Response) -> str:
    """The page that the sending of a form leads to."""
    assert answer.status_code == 303, answer.text
    return await text(client, answer.headers["location"].removeprefix("/dashboard"))


async def mend(tool: Tool) -> None:
    path = f"/v1/webhook_sources/{tool.source['id']}"
    answer = await tool.admin.patch(path, json={"mapping": MENDED}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def preview_of(html: str) -> Mapping[str, str]:
    """What stands in the form of the preview."""
    return {
        name: re.findall(rf'name="{name}"[^>]*>\n(.*?)</textarea>', html, re.DOTALL)[0]
        for name in ("headers", "body")
    }


async def test_what_fails_stands_first_and_leads_to_exactly_these_deliveries(tool: Tool) -> None:
    for language, sentence in (("en", "Shop desk 商店服务台"), ("zh", "失败")):
        html = await text(tool.admin, ALL, lang=language)
        assert sentence in html.partition('id="sources"')[0]
        assert f'href="/dashboard{SHOP}?state=failed"' in html.partition('id="sources"')[0]
    raw = (await page(tool.admin, ALL)).text
    assert "Alerts of the &lt;b&gt;shop&lt;/b&gt;" in raw
    assert "Waiting to be processed" not in raw
    await tool.post({"id": 9, "number": "S-9", "subject": "Waits", "status": "open"})
    assert "the oldest since <time" in (waits := await text(tool.admin, ALL))
    assert f'href="/dashboard{SHOP}?state=waiting">Shop desk' in waits
    assert f'href="/dashboard{SHOP}?state=failed"' in await text(tool.admin, ""), "home leads there, too"


async def test_deliveries_are_listed_by_state_with_their_errors_in_words(tool: Tool) -> None:
    html = await text(tool.admin, SHOP, state="failed")
    assert html.count("The delivery lacks a value that the mapping needs. <code>news 1, case") == 3
    assert "推送中缺少映射所需的值" in await text(tool.admin, SHOP, lang="zh")
    assert "There are no deliveries." in await text(tool.admin, SHOP, state="processed")
    assert (await page(tool.admin, SHOP, state="lost")).status_code == 422
    assert (await page(tool.admin, f"{ALL}/nobody")).status_code == 404


async def test_one_delivery_is_seen_whole_and_tried_with_a_mended_mapping(tool: Tool) -> None:
    newest = FAILED.findall(await text(tool.admin, SHOP))[0]
    whole = await page(tool.admin, f"{SHOP}/{newest}")
    assert "打印机 2 &lt;i&gt;jams" in whole.text
    assert "application/json" in whole.text
    inputs = {**preview_of(unescape(whole.text)), "delivery": newest}
    assert json.loads(inputs["body"])["number"] == "S-2"
    tried = unescape((await send(tool.admin, f"{SHOP}/preview", **inputs)).text)
    assert "The mapping does not fit" in tried
    assert "body.ticket" in tried
    await mend(tool)
    tried = unescape((await send(tool.admin, f"{SHOP}/preview", **inputs)).text)
    assert "<dd>Ticket" in tried or ">Ticket<" in tried
    assert "<dd>打印机 2 <i>jams</i></dd>" in tried
    wrong = await send(tool.admin, f"{SHOP}/preview", headers="no header at all", body="{}")
    assert "This line is not a header: no header at all" in wrong.text
    assert (await page(tool.admin, f"{SHOP}/{tool.source['id']}")).status_code == 404
    assert await tool.tickets() == [], "nothing has been written"


async def test_one_those_chosen_and_all_that_failed_are_replayed(tool: Tool) -> None:
    await mend(tool)
    first, *failed_later = FAILED.findall(await text(tool.admin, SHOP))
    html = await led_to(tool.admin, await send(tool.admin, f"{SHOP}/replay", only=first, state="failed"))
    assert "Replayed deliveries: 1" in html
    assert FAILED.findall(html) == failed_later
    html = await led_to(
        tool.admin, await send(tool.admin, f"{SHOP}/replay", delivery=[first, failed_later[0]])
    )
    assert "Replayed deliveries: 1" in html, "the first waits already"
    html = await led_to(tool.admin, await send(tool.admin, f"{SHOP}/replay", all="true"))
    assert ("Replayed deliveries: 1" in html, FAILED.findall(html)) == (True, [])
    assert 'hx-trigger="every 5s"' in html, "while they wait, it renews itself"
    assert "No delivery was selected." in await led_to(tool.admin, await send(tool.admin, f"{SHOP}/replay"))
    await process_all(tool.api.ledger)
    html = await text(tool.admin, SHOP, state="processed")
    numbers = re.findall(r'Opened: <a href="/desk/incident/(INC-[\d-]+)"', html)
    assert sorted(numbers) == sorted(ticket["number"] for ticket in await tool.tickets())
    assert 'hx-trigger="every' not in html


async def test_what_was_altered_on_the_way_in_is_counted_and_named_on_the_pages(tool: Tool) -> None:
    await mend(tool)
    await tool.post({"id": 9, "number": "S-9", "subject": "Disk\nfull", "status": "open"})
    await process_all(tool.api.ledger)
    (ticket,) = await tool.tickets()
    for language, words in (
        ("en", ("Deliveries with altered fields", "Line breaks replaced", "Changed on receipt")),
        ("zh", ("接收时有字段被改动的推送", "换行已替换", "接收时的改动")),
    ):
        html = await text(tool.admin, SHOP, lang=language)
        assert 'id="altered">1</dd>' in html
        record = await tool.admin.get(
            f"/desk/incident/{ticket['number']}", headers={"accept": "text/html", "accept-language": language}
        )
        assert (words[0] in html, words[1] in html, words[1] in record.text, words[2] in record.text) == (
            *(True, True, True, True),
        )


@in_test_all
async def test_a_source_sends_itself_a_sample(tool: Tool) -> None:
    alerts = f"{ALL}/alertmanager-1"
    html = await led_to(tool.admin, await send(tool.admin, f"{alerts}/sample"))
    assert "A sample of this tool was sent" in html
    await process_all(tool.api.ledger)
    assert "Reported as an incident: <a" in await text(tool.admin, alerts)


async def test_who_is_no_administrator_sees_the_sources_and_neither_numbers_nor_deliveries(
    api: Api, tool: Tool
) -> None:
    agent, requester = await api.client("Lin", Role.agent), await api.client("Rae")
    html = await text(agent, ALL)
    assert "Shop desk" in html
    assert ("Failed" in html, "state=failed" in html) == (False, False)
    html = await text(agent, SHOP)
    assert "only to administrators" in html
    assert ("S-2" in html, 'id="deliveries"' in html, "/replay" in html) == (False, False, False)
    newest = FAILED.findall(await text(tool.admin, SHOP))[0]
    assert (await page(agent, f"{SHOP}/{newest}")).status_code == 403
    for form in ("replay", "sample"):
        answer = await send(agent, f"{SHOP}/{form}", only=newest)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    refused = await send(agent, f"{SHOP}/preview", headers="", body="{}")
    assert ">Ticket<" not in refused.text
    assert "There are no sources that you can see." in await text(requester, ALL)
    assert (await page(requester, SHOP)).status_code == 404


@pytest.mark.parametrize(
    ("before", "after"),
    first_of(
        [
            ("/webhooks?source=a-1&state=failed", "/dashboard/integrations/a-1?state=failed"),
            ("/webhooks?source=a-1&delivery=7", "/dashboard/integrations/a-1/7"),
            ("/webhooks", "/dashboard/integrations"),
            ("/webhooks?lang=zh", "/dashboard/integrations?lang=zh"),
        ],
        2,
    ),
)
async def test_old_addresses_lead_to_the_new_page(api: Api, before: str, after: str) -> None:
    answer = await page(await api.client("Lin", Role.agent), before)
    assert (answer.status_code, answer.headers["location"]) == (308, after)
