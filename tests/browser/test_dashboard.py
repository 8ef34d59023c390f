"""The dashboard in a real browser: in both languages, on every screen, by keyboard, within its budget."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.client import serving
from tests.conftest import DEMO, Server, fresh
from tests.extent import WHOLE, first_of, in_test_all
from tests.served import behind_a_socket

AXE = Path(__file__).with_name("axe-core") / "axe.min.js"
FAULTS = """
axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join(" | ")}`.slice(0, 500)))"""
SIZES = first_of(((390, 844), (1280, 800), (1920, 1080)), 2)
USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument
KPI = "/dashboard/kpi/incident_resolution_seconds"
PAGES = (
    "/dashboard",
    KPI,
    "/dashboard/incident",
    "/dashboard/effects",
    "/dashboard/kpis?q=backlog",
    "/dashboard/report",
    "/dashboard/improvement",
    "/dashboard/committee",
    "/dashboard/summaries",
)
#: Of the others `make test` sees only that they fit: axe takes seconds for a page of many figures.
LOOKED_AT = first_of(PAGES, 2)
#: What a first visit of home may take.
MOST_BYTES, MOST_REQUESTS, MOST_SCREENS = 60_000, 10, 3
TAKEN = """(() => { const all = [...performance.getEntriesByType('resource'),
  ...performance.getEntriesByType('navigation')];
  return [all.length, all.reduce((sum, each) => sum + each.transferSize, 0)]; })()"""


@dataclass
class Place:
    """Where the demo's last months are served, and the key of somebody who sees the figures."""

    url: str
    key: str


@pytest.fixture(scope="module")
async def place(server: Server, demo_secrets: Path) -> AsyncIterator[Place]:
    """No test changes anything."""
    installed()
    async with contextlib.AsyncExitStack() as stack:
        demo = stack.enter_context(fresh(server, DEMO))
        async with serving(demo.url, demo_secrets, USUAL) as api:
            key = str((await api.client("Quan", Role.quality_manager)).token)
        app = application(demo.url, demo_secrets, USUAL)
        host, port = await stack.enter_async_context(behind_a_socket(app))
        yield Place(f"http://{host}:{port}", key)


async def sign_in(page: Page, place: Place) -> None:
    await page.open(f"{place.url}/sign-in")
    await page.run(
        "(() => { const key = document.querySelector('input[name=key]');"
        f" key.value = {json.dumps(place.key)}; key.form.requestSubmit(); }})()"
    )
    await page.until("!location.pathname.startsWith('/sign-in')")


@in_test_all
async def test_every_page_fits_every_screen_in_both_languages(place: Place, browsing: Browsing) -> None:
    looks = cycle(
        (size, language, dark) for size in SIZES for language, dark in (("en", False), ("zh", True))
    )
    async with browsing() as page:
        await sign_in(page, place)
        for path, ((width, height), language, dark) in zip(PAGES * (2 if WHOLE else 1), looks, strict=False):
            await page.sized(width, height, dark=dark)
            await page.open(f"{place.url}{path}{'&' if '?' in path else '?'}lang={language}")
            assert await page.run("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            if path in LOOKED_AT:
                await page.run(AXE.read_text(encoding="utf-8") + "; 0")
                assert await page.run(FAULTS) == [], (path, width)
            assert await page.run("document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")
        assert page.errors == []


async def test_the_head_is_one_line_and_its_menu_leads_to_every_other_page(
    place: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await sign_in(page, place)
        for width, height in first_of(((390, 844), (1280, 800)), 1):
            await page.sized(width, height)
            for path in ("/dashboard?view=plain&lang=en", "/dashboard?view=plain&lang=zh", "/desk?lang=en"):
                await page.open(f"{place.url}{path}")
                assert await page.run("document.querySelector('header').offsetHeight") <= 64, (path, width)
        await page.sized(1280, 800)
        await page.open(f"{place.url}/dashboard?view=plain")
        assert not await page.run("document.querySelector('#more-ways').checkVisibility()")
        await page.run("document.querySelector('.more-ways').click()")
        for way in (
            "/dashboard/kpis",
            "/dashboard/effects",
            "/dashboard/integrations",
            "/dashboard/report",
            "/desk",
        ):
            link = f"document.querySelector('#more-ways a[href^=\"{way}\"]')"
            assert await page.run(f"{link}.checkVisibility()"), way
        assert page.errors == []


async def test_home_keeps_to_its_budget(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await sign_in(page, place)
        await page.sized(390, 844)
        await page.open(f"{place.url}/dashboard")
        requests, size = await page.run(TAKEN)
        assert (requests <= MOST_REQUESTS, size <= MOST_BYTES) == (True, True), (requests, size)
        assert await page.run("document.documentElement.scrollHeight") <= MOST_SCREENS * 844
        assert await page.run("document.querySelectorAll('.sentences li').length") <= 7
        await page.open(f"{place.url}{KPI}")
        assert (await page.run(TAKEN))[0] <= 6


@in_test_all
async def test_periods_and_tables_are_reached_by_keys(place: Place, browsing: Browsing) -> None:
    async def press(key: str) -> None:
        await page.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await page.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    async with browsing() as page:
        await sign_in(page, place)
        await page.open(f"{place.url}{KPI}")
        chosen = await page.run("document.querySelector('select[name=period]').value")
        await press("[")
        await page.until("location.search.includes('period=')")
        assert await page.run("document.querySelector('select[name=period]').value") < chosen
        await press("]")
        await page.until(f"document.querySelector('select[name=period]')?.value === '{chosen}'")
        await press("t")
        assert await page.run("document.querySelector('details.table').open")
        await press("j")
        assert await page.run("document.activeElement.closest('tr') !== null")
        await press("?")
        assert await page.run("document.getElementById('keys').open")
        assert page.errors == []
