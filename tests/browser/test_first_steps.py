"""From an empty installation to a first ticket by a colleague, in a browser, by pages alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.api.authentication.first_administrator import first_link
from app.log import consumer_group as group
from app.main import application
from app.platform.settings import Settings
from app.search.index import consumer
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_desk import looked_at
from tests.client import Api, serving
from tests.conftest import DatabaseUrls
from tests.served import behind_a_socket

STEPS = "/desk/first-steps"
KEY = re.compile(r"ldk_[\w-]+")


@pytest.fixture
async def site(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[tuple[Api, str]]:
    """An installation without people, and its address."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        served = behind_a_socket(application(place.url, secrets, settings))
        host, port = await stack.enter_async_context(served)
        indexing = asyncio.create_task(group.run(place.url, [consumer(api.ledger)], failed=_unexpected))
        yield api, f"http://{host}:{port}"
        indexing.cancel()
        await asyncio.gather(indexing, return_exceptions=True)


def _unexpected(name: str, error: Exception) -> None:
    raise AssertionError(name) from error


async def follow(page: Page, text: str, path: str) -> None:
    """Click the link or button with that text, which leads to the path."""
    links = "[...document.querySelectorAll('main a, main button')]"
    matching_link = f"{links}.find((link) => link.innerText.trim() === {json.dumps(text)})"
    await page.until(f"{matching_link} !== undefined")
    await page.run(f"{matching_link}.click(); 0")
    await page.until(f"location.pathname === {json.dumps(path)}")


async def fill_in(page: Page, values: Mapping[str, str]) -> None:
    """Fill in the form, and send it by its button."""
    await page.run(
        f"for (const [name, value] of Object.entries({json.dumps(dict(values))})) "
        "document.querySelector(`main [name='${name}']`).value = value;"
        "document.querySelector('main form button:not([name])').click(); 0"
    )


async def sign_in(page: Page, url: str, key: str, path: str) -> None:
    await page.open(f"{url}{path}")
    await fill_in(page, {"key": key})
    await page.until(f"location.pathname === {json.dumps(path)}")


async def test_an_administrator_sets_up_and_a_colleague_reports(
    site: tuple[Api, str], browsing: Browsing
) -> None:
    api, url = site
    async with browsing() as page:
        await page.sized(1366, 850)
        await page.open(first_link(url, api.ledger.vault.fingerprint, datetime.now(UTC)))
        await fill_in(page, {"name": "Zhou Min"})
        await page.until("document.querySelector('textarea.once') !== null")
        await follow(page, "Continue", STEPS)
        await follow(page, "Add a team", "/desk/new/team/add")
        await fill_in(page, {"/name": "Service desk"})
        await page.until(f"location.pathname === '{STEPS}' && document.body.innerText.includes('1 of 6')")
        await follow(page, "Invite a person", "/desk/administration/people/invite")
        await fill_in(page, {"/name": "Li Na"})
        await page.until("document.querySelector('#message') !== null")
        (key,) = KEY.findall(str(await page.run("document.querySelector('#message').value")))
        await follow(page, "Continue", STEPS)
        await follow(page, "Add a calendar", "/desk/new/calendar/add")
        await fill_in(page, {"/name": "Office", "/time_zone": "Asia/Shanghai"})
        await page.until(f"location.pathname === '{STEPS}' && document.body.innerText.includes('3 of 6')")
        for size, language in (((683, 850), "zh"), ((1366, 850), "en")):  # the first as by a zoom of 200 %
            await page.sized(*size)
            await page.send("Network.enable")
            await page.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
            for name, path in (("steps", STEPS), ("calendar", "/desk/new/calendar/add")):
                await page.open(f"{url}{path}")
                await looked_at(page, f"{name}-{language}")
        assert page.errors == []
    async with browsing() as page:
        await sign_in(page, url, key, "/portal/report")
        await fill_in(page, {"/description": "The printer is on fire.", "/how_bad": "team_stopped"})
        await page.until("/^.portal.incident.INC-/.test(location.pathname)")
        assert page.errors == []
    assert await api.ledger.db.value("select count(*) from fold.incident") == 1
