"""The pages of integrations in a browser: on a phone, in the dark, in Chinese; and how they are renewed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS
from tests.browser.test_desk import as_client
from tests.client import serving
from tests.conftest import DatabaseUrls
from tests.dashboard.test_integrations_pages import WRONG
from tests.extent import in_test_all
from tests.served import behind_a_socket
from tests.webhooks.tools import Tool, a_source, process_all

SOURCE = "/dashboard/integrations/generic-1"
STATES = "[...document.querySelectorAll('.deliveries .state')].map((each) => each.innerText).join()"


@pytest.fixture
async def shop(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[tuple[str, Tool]]:
    """Where a tool is served whose two deliveries have failed."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        admin = await api.client("Ada", Role.admin, Role.agent)
        tool = await a_source(api, admin, "generic", title="Shop desk 商店服务台", mapping=WRONG)
        for n in range(2):
            await tool.post({"id": n, "number": f"S-{n}", "subject": f"打印机 {n}", "status": "open"})
        await process_all(api.ledger)
        served = behind_a_socket(application(place.url, secrets, settings))
        host, port = await stack.enter_async_context(served)
        yield f"http://{host}:{port}", tool


async def is_faultless(page: Page) -> None:
    """No fault of accessibility, and nothing wider than the screen."""
    await page.run(AXE.read_text(encoding="utf-8") + "; 0")
    assert await page.run(FAULTS) == []
    assert await page.run("document.documentElement.scrollWidth <= innerWidth")


@in_test_all
async def test_they_fit_a_phone_and_a_desk_in_both_languages(
    shop: tuple[str, Tool], browsing: Browsing
) -> None:
    url, tool = shop
    async with browsing() as page:
        for width, language, dark in ((390, "zh", True), (1280, "en", False)):
            await as_client(page, tool.admin, language)
            await page.sized(width, 844, dark=dark)
            await page.open(f"{url}/dashboard/integrations")
            await is_faultless(page)
            await page.open(f"{url}{SOURCE}")
            await page.run("document.querySelectorAll('details').forEach((each) => each.open = true)")
            await is_faultless(page)
            newest = await page.run("document.querySelector('.deliveries a').href")
            await page.open(newest)
            await is_faultless(page)
        assert page.errors == []


@in_test_all
async def test_what_has_become_of_a_delivery_shows_by_itself(
    shop: tuple[str, Tool], browsing: Browsing
) -> None:
    url, tool = shop
    async with browsing() as page:
        await as_client(page, tool.admin)
        await page.open(f"{url}{SOURCE}")
        await page.until(f"{STATES} === 'Failed,Failed'")
        await page.run("document.querySelector('button[name=all]').click()")
        await page.until(f"{STATES} === 'Waiting,Waiting'")
        await process_all(tool.api.ledger)
        await page.until(f"{STATES} === 'Failed,Failed'")
        assert page.errors == []
