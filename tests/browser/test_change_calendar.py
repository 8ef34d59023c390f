"""The change calendar in a real browser: week and month, both languages, on a phone, subscribed, on paper."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS, NOT_SIGNED_IN
from tests.client import serving
from tests.conftest import DatabaseUrls
from tests.processes.changes.samples import a_board
from tests.served import behind_a_socket

SHOWN = "document.querySelector('main[aria-busy=false]') && !document.querySelector('.waiting')"
DRAWN = f"{SHOWN} && document.querySelector('.change-calendar')"
ENTRIES = "document.querySelectorAll('.change-calendar .cc-entry').length"
FREEZE = """
insert into fold.freeze (id, version, changed_at, state, freeze_kind, title, from_at, until_at, everything)
values (%s, 1, now(), 'declared', 'freeze', 'Quarter end 季末', %s, %s, true)
"""


THIS_WEEK = """
update fold.change set window_from_at = window_from_at - interval '14 days',
  window_until_at = window_until_at - interval '14 days'"""


@pytest.fixture
async def address(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Where three changes and a freeze of this week are served, and a key that sees them."""
    installed()
    secrets, now = tmp_path / "secrets", datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    begin = now - timedelta(days=now.weekday(), hours=now.hour)
    async with serving(place.url, secrets, settings) as api:
        board = await a_board(api)
        for n, title in enumerate(("Renew the mail relay", "更换核心交换机", "<b>Patch</b> & restart")):
            path = await board.approved(title=title)
            starts = begin + timedelta(days=2 * n + 1, hours=2 + n)
            # Only what lies ahead can be scheduled; it is moved to its day of this week below.
            ahead = starts + timedelta(days=14)
            times = {"from_at": ahead.isoformat(), "until_at": (ahead + timedelta(hours=5)).isoformat()}
            await board.manager.post_ok(f"{path}/schedule", times)
        key = str(board.manager.token)
    with psycopg.connect(place.owner_url) as connection:
        connection.execute(THIS_WEEK)
        connection.execute(FREEZE, (uuid4(), begin + timedelta(days=3, hours=12), begin + timedelta(days=5)))
    async with contextlib.AsyncExitStack() as stack:
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        yield f"http://{host}:{port}", key


async def _text(page: Page, selector: str = "main") -> str:
    text: Any = await page.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return str(text)


async def _click(page: Page, selector: str) -> None:
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")
    await page.until(DRAWN)


async def _faultless(page: Page) -> None:
    await page.run(AXE.read_text(encoding="utf-8") + "; 0")
    assert await page.run(FAULTS) == []


async def _sign_in(page: Page, url: str, key: str) -> None:
    await page.open(f"{url}/dashboard/changes?lang=en")
    await page.until("document.querySelector('#key')")
    await page.run(f"document.querySelector('#key').value = {json.dumps(key)}")
    await page.run("document.querySelector('.login button').click()")
    await page.until(DRAWN)


async def test_the_week_and_the_month_are_shown_listed_and_can_be_subscribed_to(
    address: tuple[str, str], browsing: Browsing
) -> None:
    url, key = address
    async with browsing() as page:
        await page.sized(1280, 900)
        await _sign_in(page, url, key)
        assert await page.run(ENTRIES) == 4
        assert await page.run("document.querySelectorAll('#list tbody tr').length") == 4
        await _opened(page)
        await _narrowed(page)
        assert "<b>Patch</b> & restart" in await _text(page, "#list")
        await _faultless(page)
        await _click(page, "#month")
        assert "view=month" in await page.run("location.search")
        await _click(page, "#later")
        await _click(page, "#later")
        assert await page.run(ENTRIES) == 0
        assert "Nothing is planned" in await _text(page, "#list")
        await page.run("history.back()")
        await page.until("location.search.includes('date=')")
        await _click(page, "#today")
        assert await page.run(ENTRIES) >= 4
        await _click(page, "#week")
        await _click(page, "#language")
        await page.until("document.documentElement.lang === 'zh-CN'")
        await page.until(DRAWN)
        assert "更换核心交换机" in await _text(page, "#list")
        assert "变更冻结" in await page.run("document.querySelector('.change-calendar').textContent")
        await _faultless(page)
        await _subscribed(page)
        for width in (390, 1920):
            await page.sized(width, 800, dark=width < 1000)
            assert await page.run("document.documentElement.scrollWidth") <= width
            await _faultless(page)
        await _on_paper(page)
        assert [error for error in page.errors if NOT_SIGNED_IN not in error] == []


async def _opened(page: Page) -> None:
    """A number leads to what is known of the change; what is drawn, to its row."""
    number = await page.run("document.querySelector('#list tbody a').innerText")
    await _click(page, "#list tbody a")
    assert f"change={number}" in await page.run("location.search")
    assert "Version 3 is no longer kept." in await _text(page, "#change")
    await _faultless(page)
    await _click(page, "#close")
    await page.run("document.querySelector('[data-entry]').dispatchEvent(new Event('click'))")
    await page.until("document.querySelectorAll('#list tbody tr').length === 1")
    await _click(page, "#show-all")
    assert await page.run("document.querySelectorAll('#list tbody tr').length") == 4


async def _narrowed(page: Page) -> None:
    """Types, teams and zones are chosen on the page, and stand in the address."""
    choose = "(one, value) => { one.value = value; one.dispatchEvent(new Event('change')); }"
    await page.run(f"({choose})(document.querySelector('#type'), 'standard')")
    await page.until(f"location.search.includes('type=standard') && {DRAWN}")
    assert await page.run("document.querySelectorAll('#list tbody tr').length") == 1, "the freeze stays"
    await page.run("history.back()")
    await page.until(f"!location.search.includes('type=') && {DRAWN}")
    await page.until("document.querySelector('#team option[value=network]')")
    for width in (1366, 390):
        await page.sized(width, 800)
        cut = (
            "[...document.querySelectorAll('#list .scroll')].some((one) => one.scrollWidth > one.clientWidth)"
        )
        assert not await page.run(cut), width
        assert "Renew the mail relay" in await _text(page, "#list")
    await page.sized(1280, 900)


async def _subscribed(page: Page) -> None:
    """The address that the page makes is one of a calendar, for whoever has it."""
    await page.run("document.querySelector('#subscribe').open = true")
    await page.run("document.querySelector('#make-key').click()")
    await page.until("document.querySelector('#subscription')")
    address = await page.run("document.querySelector('#subscription').value")
    async with httpx.AsyncClient() as program:
        answer = await program.get(address)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.text.count("BEGIN:VEVENT") == 4


async def _on_paper(page: Page) -> None:
    """Printed, there are no controls, and the drawing alone is one sheet; the list is another choice."""
    await page.send("Emulation.setEmulatedMedia", media="print")
    hidden = "getComputedStyle(document.querySelector('{}')).display === 'none'"
    for control in ("header", ".steps", "#subscribe"):
        assert await page.run(hidden.format(control)), control
    assert await page.run(hidden.format("#list"))
    sheet = await page.send("Page.printToPDF", preferCSSPageSize=True)
    assert base64.b64decode(sheet["data"]).count(b"/Type /Page\n") == 1
    await page.run("document.body.classList.add('paper-list')")
    assert await page.run(hidden.format("#drawn"))
    assert not await page.run(hidden.format("#list"))
    await page.send("Emulation.setEmulatedMedia", media="screen")
