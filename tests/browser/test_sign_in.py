"""Signing in with a real browser, which alone decides when it sends which cookie."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import Request
from starlette.responses import HTMLResponse, Response

from app.api.authentication.auth import caller_of, signed_in
from app.api.pages.page_response import page_response
from app.api.sign_in.sign_in_first import sign_in_first
from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.api.issuers import issuing
from tests.api.pages.browsers import with_pages
from tests.api.pages.code_issuer import CodeIssuer
from tests.api.pages.test_provider_sign_in import as_client
from tests.api.test_tokens import known
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS
from tests.client import serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.served import behind_a_socket

SIZES = ((390, 844), (1280, 800), (1920, 1080))
PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")
HEAD = '<title>x</title><link rel="icon" href="data:,">'
SIGN_OUT = '<form method="post" action="/sign-out"><button>Sign out</button></form>'


@dataclass
class Site:
    """Where the application is served, where the provider is, at another site, and somebody's key."""

    url: str
    provider: str
    actor: str
    key: str


async def _whose(request: Request) -> Response:
    if signed_in(request) is None:
        return sign_in_first(request)
    return page_response(request, f"{HEAD}<main>{caller_of(request).actor}{SIGN_OUT}</main>")


@pytest.fixture
async def site(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Site]:
    installed()
    issuer, secrets = CodeIssuer(), tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(issuing(issuer))
        issuer.url = issuer.url.replace("127.0.0.1", "localhost")
        changed = as_client(settings, issuer)
        api = await stack.enter_async_context(serving(place.url, secrets, changed))
        admin = await known(api, "lin", Role.agent)
        app = with_pages(application(place.url, secrets, changed), {"/desk/incident": _whose})
        host, port = await stack.enter_async_context(behind_a_socket(app))
        url = f"http://{host}:{port}"

        async def mail() -> Response:
            return HTMLResponse(f'{HEAD}<a href="{url}/desk/incident?q=1">Your ticket</a>')

        issuer.app.add_api_route("/mail", mail)
        yield Site(url, issuer.url, f"person:{admin.headers['X-Person']}", str(admin.token))


async def looked_at(page: Page, name: str) -> None:
    """Nothing is wrong with what one sees, and nothing is wider than the screen."""
    await page.run(AXE.read_text(encoding="utf-8"))
    assert await page.run(FAULTS) == []
    assert await page.run("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES is not None:
        (Path(PICTURES) / f"{name}.png").write_bytes(await page.photograph())


async def told(page: Page, text: str) -> None:
    """Waits until the page says it."""
    await page.until(f"document.body.innerText.includes({json.dumps(text)})")


async def follow(page: Page, selector: str) -> None:
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")


async def test_the_provider_and_links_in_mails_lead_to_the_page_that_was_asked_for(
    site: Site, browsing: Browsing
) -> None:
    async with browsing() as page:
        await page.open(f"{site.url}/desk/incident?q=1")
        await told(page, "Sign in")
        await follow(page, "a.button")
        await told(page, site.actor)
        assert await page.run("location.pathname + location.search") == "/desk/incident?q=1"
        assert await page.run("document.cookie") == "", "no script reads it"
        await page.open(f"{site.provider}/mail")
        await follow(page, "a")
        await told(page, site.actor)
        assert await page.run("location.search") == "?q=1&once_more=1", (
            "by way of a page that asked once more"
        )
        await follow(page, "button")
        await told(page, "Sign in")
        await page.open(f"{site.provider}/mail")
        await follow(page, "a")
        await told(page, "Sign in")
        assert await page.run("location.search") == "?next=%2Fdesk%2Fincident%3Fq%3D1"
        assert page.errors == []


async def test_a_key_is_typed_and_a_wrong_one_is_refused_beside_it(site: Site, browsing: Browsing) -> None:
    async with browsing() as page:
        await page.open(f"{site.url}/desk/incident")
        await page.run("document.querySelector('#key').value = 'ldk_wrong'")
        await follow(page, "button")
        await told(page, "This key is not valid")
        await looked_at(page, "sign-in-wrong")
        page.errors.clear()  # the browser notes the status 401
        await page.run(f"document.querySelector('#key').value = {json.dumps(site.key)}")
        await follow(page, "button")
        await told(page, "person:")
        assert await page.run("location.pathname") == "/desk/incident"
        assert page.errors == []


@in_test_all
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_pages_can_be_read_on_every_screen(site: Site, browsing: Browsing, language: str) -> None:
    async with browsing() as page:
        for (width, height), dark in zip(SIZES, (True, False, True), strict=False):
            await page.sized(width, height, dark=dark)
            await page.open(f"{site.url}/sign-in?lang={language}")
            await looked_at(page, f"sign-in-{language}-{width}")
            low = await page.run(
                "Math.min(...[...document.querySelectorAll('button, .button, #key')]"
                ".map((each) => each.getBoundingClientRect().height))"
            )
            assert low >= 44, "a finger finds it"
            await page.open(f"{site.url}/portal/nothing?lang={language}")
            await looked_at(page, f"refusal-{language}-{width}")
