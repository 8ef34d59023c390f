"""The change calendar in a real browser: drawn and listed, both languages, on a phone, on paper."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_desk import as_client, looked_at
from tests.client import Client, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.changes.samples import a_board
from tests.served import behind_a_socket

DRAWN = "document.querySelector('svg.change-calendar') !== null"
ENTRIES = "document.querySelectorAll('table[data-keys=rows] tbody tr').length"
FREEZE = """
insert into fold.freeze (id, version, changed_at, state, freeze_kind, title, from_at, until_at, everything)
values (%s, 1, now(), 'declared', 'freeze', 'Quarter end 季末', %s, %s, true)
"""


THIS_WEEK = """
update fold.change set window_from_at = window_from_at - interval '14 days',
  window_until_at = window_until_at - interval '14 days'"""


@pytest.fixture
async def address(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> AsyncIterator[tuple[str, Client]]:
    """Where three changes and a freeze of this week are served, and somebody who sees them."""
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
        reader = board.manager
    with psycopg.connect(place.owner_url) as connection:
        connection.execute(THIS_WEEK)
        connection.execute(FREEZE, (uuid4(), begin + timedelta(days=3, hours=12), begin + timedelta(days=5)))
    async with contextlib.AsyncExitStack() as stack:
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        yield f"http://{host}:{port}", reader


@in_test_all
async def test_a_week_is_drawn_and_listed_on_every_screen_and_is_one_sheet_of_paper(
    address: tuple[str, Client], browsing: Browsing
) -> None:
    url, reader = address
    async with browsing() as page:
        for width, language, dark in ((1280, "en", False), (390, "zh", True), (1920, "zh", False)):
            await as_client(page, reader, language)
            await page.sized(width, 800, dark=dark)
            await page.open(f"{url}/desk/changes")
            await page.until(DRAWN)
            assert await page.run(ENTRIES) == 4
            await looked_at(page, f"changes-{width}-{language}")
            text = await page.run("document.querySelector('main').innerText")
            assert "更换核心交换机" in text
            assert "<b>Patch</b> & restart" in text
            top = "document.querySelector('[aria-labelledby={}]').getBoundingClientRect().top"
            is_list_first = await page.run(f"{top.format('listed')} < {top.format('drawn')}")
            assert is_list_first == (width == 390), "on a phone the list stands first"
        await _on_paper(page)
        assert page.errors == []


async def _on_paper(page: Page) -> None:
    """Printed, there are no controls, and the sheet lies on its side."""
    await page.send("Emulation.setEmulatedMedia", media="print")
    for control in ("body > header", ".actions", ".filters", "details"):
        assert await page.run(f"getComputedStyle(document.querySelector('{control}')).display") == "none"
    sheet = await page.send("Page.printToPDF", preferCSSPageSize=True)
    assert base64.b64decode(sheet["data"]).count(b"/Type /Page\n") <= 2
    await page.send("Emulation.setEmulatedMedia", media="screen")
