"""Administration in a browser: what takes an administrator two minutes at most, from pages alone; on a phone,
at 200 % zoom, in the dark, in both languages.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.keyboard import Keyboard
from tests.browser.test_desk import as_client, looked_at
from tests.client import Api, Client, serving
from tests.conftest import Server, fresh
from tests.served import behind_a_socket
from tests.webhooks.tools import process_all

USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument
ADMINISTRATION = "/desk/administration"
MOST_SECONDS = 120
#: What fills in an input, as somebody who types does.
FILL = """(() => {{ const input = document.querySelector({name});
  input.value = {value}; input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"""
ANSWERS = (
    "[...document.querySelectorAll('#preview [name^=\"/answers/\"]')].filter((one) => one.checkVisibility())"
)


@dataclass
class Installation:
    """Where the application is served, and its administrator."""

    api: Api
    url: str
    admin: Client

    async def begin(self, page: Page, path: str) -> float:
        """Go from the page of administration to the form at that path; return when that began."""
        started = time.monotonic()
        await page.open(f"{self.url}{ADMINISTRATION}")
        await click(page, f'a[href="{path}"]')
        await page.until(f"location.pathname === {json.dumps(path)}")
        return started


@pytest.fixture(scope="module")
async def installation(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """An installation with an administrator and one service."""
    installed()
    secrets = tmp_path_factory.mktemp("secrets")
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(fresh(server)).url
        api = await stack.enter_async_context(serving(url, secrets, USUAL))
        admin = await api.client("Ada 管理员", Role.admin, Role.agent)
        service = {"key": "devices", "name_en": "Devices", "name_zh": "设备", "criticality": "low"}
        await admin.post_ok("/v1/services", {**service, "owner": admin.id})
        await admin.post_ok("/v1/services/devices/go_live")
        served = behind_a_socket(application(url, secrets, USUAL))
        host, port = await stack.enter_async_context(served)
        yield Installation(api, f"http://{host}:{port}", admin)


async def click(page: Page, selector: str) -> None:
    """Click what the selector finds."""
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")


async def fill(page: Page, **values: str) -> None:
    """Fill in inputs by their names, in which `__` stands for a slash."""
    for name, value in values.items():
        selector = f'[name="/{name.replace("__", "/")}"]'
        await page.run(FILL.format(name=json.dumps(selector), value=json.dumps(value)))


#: A picture of one pixel.
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


async def test_a_key_that_works_is_made(installation: Installation, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, installation.admin)
        started = await installation.begin(page, "/desk/new/key/make")
        await fill(page, name="Reports", person="me")
        await page.run("document.querySelector('[name=\"/roles\"][value=agent]').click()")
        await click(page, "form.action .send button")
        await page.until("document.querySelector('textarea[readonly]') !== null")
        await looked_at(page, "administration-key")
        key = await page.run("document.querySelector('textarea[readonly]').value")
        me = await installation.api.with_token(key).read("/v1/me")
        assert [held["role"] for held in me["roles"]] == ["agent"]
        assert time.monotonic() - started < MOST_SECONDS
        assert page.errors == []


async def test_a_source_takes_a_delivery(installation: Installation, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, installation.admin)
        started = await installation.begin(page, "/desk/new/webhook_source/add")
        await fill(page, adapter="grafana", title="Monitoring 监控")
        await click(page, "form.action .send button")
        await page.until("document.querySelectorAll('textarea[readonly]').length === 2")
        await looked_at(page, "administration-source")
        secret, address = await page.run(
            "[...document.querySelectorAll('textarea[readonly]')].map((one) => one.value)"
        )
        await click(page, f'a[href^="{ADMINISTRATION}/sources/"]')
        await page.until("document.querySelector('form.actions') !== null")
        await click(page, "form.actions button")
        await page.until("location.search.startsWith('?delivery=')")
        await process_all(installation.api.ledger)
        await page.until("document.querySelector('[data-arrived]') !== null")
        await looked_at(page, "administration-test")
        assert (await installation.admin.read("/v1/incidents"))["items"] == [], "a test leaves nothing"
        tool = installation.api.with_token(secret)
        answer = await tool.post(
            address.partition("://")[2].partition("/")[2].join(("/", "")), json={"alerts": []}
        )
        assert answer.status_code == 202, answer.text
        assert time.monotonic() - started < MOST_SECONDS
        assert page.errors == []


async def question(page: Page, number: int, label: str, kind: str, **more: str) -> None:
    """Fill in the question of that number, which is added first if it is not there."""
    if number:
        await click(page, "button[value=add]")
        await page.until(f"document.getElementById('label-{number}') !== null")
    values = {"label": label, "kind": kind, **more}
    await fill(page, **{f"questions__{number}__{part}": value for part, value in values.items()})


async def test_an_item_with_four_questions_is_built_and_offered(
    installation: Installation, browsing: Browsing
) -> None:
    async with browsing() as page:
        await as_client(page, installation.admin)
        started = await installation.begin(page, f"{ADMINISTRATION}/items/new")
        await fill(page, title_en="A device", service="devices")
        await click(page, "form.action .send button")
        await page.until("location.pathname.endsWith('/form')")
        await question(page, 0, "Which device?", "choice", choices="Laptop\nPhone")
        await page.run("document.querySelector('[name=\"/questions/0/required\"]').click()")
        await question(page, 1, "Which screen?", "choice", choices="13 inch\n15 inch")
        await page.until("document.querySelector('#only-with-1').options.length === 3")
        await page.run("document.querySelector('#only-with-1').selectedIndex = 1")
        await question(page, 2, "Needed by", "date")
        await question(page, 3, "What for?", "text")
        await page.until(f"{ANSWERS}.length === 3")
        await page.run(
            FILL.format(name=json.dumps('#preview [name="/answers/which_device"]'), value='"Laptop"')
        )
        await page.until(f"{ANSWERS}.length === 4")
        await looked_at(page, "administration-builder")
        await click(page, "button[value=offer]")
        await page.until("location.search === '?done=offer'")
        assert time.monotonic() - started < MOST_SECONDS
        item = await installation.admin.read("/v1/catalogue_items/a-device")
        assert (item["state"], len(item["form"]["properties"])) == ("offered", 4)
        requester = await installation.api.client("Zhao Min")
        await as_client(page, requester)
        await page.open(f"{installation.url}/portal/catalogue_item/a-device")
        hidden = "document.querySelector('[name=\"/answers/which_screen\"]').checkVisibility()"
        assert await page.run(hidden) is False
        await fill(page, answers__which_device="Laptop")
        assert await page.run(hidden) is True
        assert page.errors == []


async def test_pages_fit_small_screens_and_the_keyboard(
    installation: Installation, browsing: Browsing
) -> None:
    # 640 pixels are a screen of 1280 at 200 % zoom.
    screens = ((390, "zh", True), (640, "en", False))
    item = (await installation.admin.read("/v1/catalogue_items", limit=1))["items"][0]["id"]
    paths = {
        "index": ADMINISTRATION,
        "invite": f"{ADMINISTRATION}/people/invite",
        "role": f"/desk/person/{installation.admin.id}/grant_role",
        "form": f"{ADMINISTRATION}/items/{item}/form",
        "branding": "/desk/settings/branding",
        "question": f"/desk/person/{installation.admin.id}/deactivate",
    }
    async with browsing() as page:
        for width, language, dark in screens:
            await as_client(page, installation.admin, language)
            await page.sized(width, 844, dark=dark)
            for name, path in paths.items():
                await page.open(f"{installation.url}{path}")
                await looked_at(page, f"administration-{name}-{language}-{width}")
        hands = Keyboard(page)
        await page.open(f"{installation.url}{paths['invite']}")
        await hands.fill("/name", "Ben Ode")
        await hands.press("Enter", ctrl=True)
        await page.until("document.querySelector('textarea[readonly]') !== null")
        assert "ldk_" in await page.run("document.querySelector('textarea[readonly]').value")
        assert page.errors == []


async def test_a_colour_is_judged_and_a_logo_is_shown_before_they_are_sent(
    installation: Installation, browsing: Browsing
) -> None:
    verdict = "document.querySelector('output.contrast')"
    async with browsing() as page:
        await as_client(page, installation.admin)
        await page.open(f"{installation.url}/desk/settings/branding")
        await page.until(f"{verdict}.value.includes('readable')")
        await page.run(
            "(() => { const input = document.querySelector('input[type=color]');"
            "input.value = '#ffee88'; input.dispatchEvent(new Event('input')); })()"
        )
        assert "needs 4.5" in await page.run(f"{verdict}.value")
        await page.run(
            "(() => { const all = new DataTransfer(), input = document.querySelector('input[type=file]');"
            f"const bytes = Uint8Array.from(atob('{DOT}'), (part) => part.charCodeAt(0));"
            "all.items.add(new File([bytes], 'logo.png', { type: 'image/png' })); input.files = all.files;"
            "input.dispatchEvent(new Event('change', { bubbles: true })); })()"
        )
        await page.until("document.querySelector('img.preview')?.naturalWidth === 1")
        await page.run("document.querySelector('input[type=color]').value = '#1f5fa8'")
        await fill(page, name="Example IT")
        await click(page, "form.action .send button")
        await page.until("location.pathname.startsWith('/desk/branding/')")
        await page.until("document.querySelector('.brand img')?.naturalWidth === 1")
        assert page.errors == []
