"""The page of webhooks in a browser: what failed and why, tried, mended, replayed; on a phone, in Chinese."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from app.webhooks.sources import samples
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS, NOT_SIGNED_IN, SHOWN
from tests.client import serving
from tests.conftest import DatabaseUrls
from tests.served import behind_a_socket
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
ADMINS_ONLY = "This page is for administrators"
ROWS = "document.querySelectorAll('#deliveries tbody tr').length"
#: What an agent is answered here, and so the browser notes.
NOT_ALLOWED = "403 (Forbidden)"


@dataclass
class Place:
    """Where the application is served; a tool whose mapping does not fit it, and who may look at it."""

    url: str
    tool: Tool
    agent: str

    async def process(self) -> None:
        """Does what a worker would."""
        await process_all(self.tool.api.ledger)


@pytest.fixture
async def place(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Place]:
    """Two sources: one with three deliveries, which have failed, and one from which nothing has come."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        admin = await api.client("Ada", Role.admin, Role.agent)
        tool = await a_source(api, admin, "generic", title="Shop desk 商店服务台", mapping=WRONG)
        await a_source(api, admin, "alertmanager", title="Alerts of the <b>shop</b>")
        for n in range(3):
            await tool.post(
                {"id": n, "number": f"S-{n}", "subject": f"打印机 {n} <i>jams</i>", "status": "open"}
            )
        await process_all(api.ledger)
        agent = await api.client("Lin", Role.agent)
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        yield Place(f"http://{host}:{port}", tool, str(agent.token))


async def _text(page: Page, selector: str = "main") -> str:
    text: Any = await page.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return str(text)


async def _click(page: Page, selector: str) -> None:
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")


async def _faultless(page: Page) -> None:
    """No fault of accessibility, and nothing wider than the screen."""
    await page.run(AXE.read_text(encoding="utf-8") + "; 0")
    assert await page.run(FAULTS) == []
    assert await page.run("document.documentElement.scrollWidth <= innerWidth")


async def _sign_in(page: Page, url: str, key: str) -> None:
    await page.open(f"{url}/dashboard/webhooks?lang=en")
    await page.until("document.querySelector('#key')")
    await page.run(f"document.querySelector('#key').value = {json.dumps(key)}")
    await _click(page, ".login button")
    await page.until(f"{SHOWN} && !document.querySelector('#key')")


async def test_what_has_failed_is_seen_tried_and_replayed_with_a_mended_mapping(
    place: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await page.sized(1280, 900)
        await _sign_in(page, place.url, str(place.tool.admin.token))
        assert "3 deliveries of one source have failed." in await _text(page, "#attention")
        assert "Alerts of the <b>shop</b>" in await _text(page, "#sources")
        await _faultless(page)
        await _click(page, "#sources .missed")
        await page.until(f"{ROWS} === 3 && location.search.includes('state=failed')")
        assert "What the mapping needs is not in it. news 1, case" in await _text(page, "#deliveries")
        await _faultless(page)
        await _seen_whole(page)
        await _mended(place)
        await _tried(page)
        await _replayed(page, place)
        assert [error for error in page.errors if NOT_SIGNED_IN not in error] == []


async def _seen_whole(page: Page) -> None:
    """The newest delivery shows its headers and body, and what the mapping finds wrong with it."""
    await _click(page, "#deliveries tbody th a")
    await page.until("document.querySelector('#body pre')")
    assert "打印机 2 <i>jams</i>" in await _text(page, "#body pre")
    assert "application/json" in await _text(page, "#headers")
    await _click(page, "#preview button")
    await page.until("document.querySelector('#preview-told .wrong')")
    assert "body.ticket" in await _text(page, "#preview-told")
    await _faultless(page)


async def _mended(place: Place) -> None:
    path = f"/v1/webhook_sources/{place.tool.source['id']}"
    answer = await place.tool.admin.patch(path, json={"mapping": MENDED}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def _tried(page: Page) -> None:
    """The preview shows what the same delivery tells now; a line that is no header is named."""
    await _click(page, "#preview button")
    await page.until("document.querySelector('#preview-told .news')")
    preview = await _text(page, "#preview-told")
    assert "打印机 2 <i>jams</i>" in preview
    assert "A ticket" in preview
    await page.run("document.querySelector('#preview-headers').value = 'no header at all'")
    await _click(page, "#preview button")
    await page.until("document.querySelector('#preview-told .wrong')")
    assert "This line is no header: no header at all" in await _text(page, "#preview-told")


async def _replayed(page: Page, place: Place) -> None:
    """One is replayed, then all that failed; the page shows by itself what has become of them."""
    await page.run("history.back()")
    await page.until(f"{ROWS} === 3")
    await _click(page, "#deliveries tbody button")
    await page.until(f"{ROWS} === 2 && document.querySelector('#waiting').innerText === '1'")
    assert "1 delivery is processed again." in await _text(page, "#told")
    await _click(page, "#replay-failed")
    await page.until(f"{ROWS} === 0 && document.querySelector('#waiting').innerText === '3'")
    assert await page.run("document.querySelector('#replay-failed').disabled")
    await _click(page, "#show-all")
    await page.until(f"{ROWS} === 3")
    await place.process()
    await page.until("document.querySelectorAll('#deliveries .met').length === 3")
    assert "Opened: INC-" in await _text(page, "#deliveries")
    assert len(await place.tool.tickets()) == 3
    await _click(page, "#show-failed")
    await page.until(f"{ROWS} === 0 && location.search.includes('state=failed')")
    assert "There are no deliveries here." in await _text(page, "#deliveries")


async def test_it_is_read_in_chinese_on_a_phone_and_in_the_dark(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await page.sized(390, 844, dark=True)
        await _sign_in(page, place.url, str(place.tool.admin.token))
        await _click(page, "#language")
        await page.until(f"{SHOWN} && document.documentElement.lang === 'zh-CN'")
        assert "失败的推送 3 个" in await _text(page, "#attention")
        await _faultless(page)
        await _click(page, "#source-generic-1")
        await page.until(f"{ROWS} === 3")
        assert "其中没有映射所需的内容" in await _text(page, "#deliveries")
        await _click(page, "#preview summary")
        await _click(page, "#mapping summary")
        await _faultless(page)
        await _click(page, "#deliveries tbody th a")
        await page.until("document.querySelector('#body pre')")
        await _faultless(page)
        assert [error for error in page.errors if NOT_SIGNED_IN not in error] == []


async def test_who_is_no_administrator_is_told_so(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await _sign_in(page, place.url, place.agent)
        assert ADMINS_ONLY in await _text(page)
        assert await page.run("document.querySelector('#out') !== null")
        assert await page.run("document.querySelectorAll('table').length") == 0
        await page.open(f"{place.url}/dashboard/webhooks?lang=en&source=nobody")
        await page.until(f"{SHOWN} && document.querySelector('h1')")
        assert "There is no source “nobody”" in await _text(page)
        assert [e for e in page.errors if NOT_SIGNED_IN not in e and NOT_ALLOWED not in e] == []


async def test_a_source_sends_itself_a_sample(place: Place, browsing: Browsing) -> None:
    if not (Path(samples.__file__).parent / "sample_deliveries" / "alertmanager.json").exists():
        pytest.skip("no sample delivery of Alertmanager")
    async with browsing() as page:
        await _sign_in(page, place.url, str(place.tool.admin.token))
        await _click(page, "#source-alertmanager-1")
        await page.until("document.querySelector('#deliveries .soft')")
        await _click(page, "#sample")
        await page.until(f"{ROWS} === 1")
        assert "A sample of this tool has been sent" in await _text(page, "#told")
        await place.process()
        await page.until("document.querySelector('#deliveries .met')")
        assert "Reported as an incident: INC-" in await _text(page, "#deliveries")
        assert [error for error in page.errors if NOT_SIGNED_IN not in error] == []
