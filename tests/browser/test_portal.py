"""The portal in a browser: on a phone and on a desk, light and dark, in both languages."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS
from tests.browser.test_desk import HEAD_HEIGHT, HIGHEST_HEAD
from tests.client import Api, Client, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.desk.test_portal import offered_item
from tests.every_action.test_who_gets_work import tell_all
from tests.extent import WHOLE, first_of
from tests.served import behind_a_socket
from tests.service_levels.agreements.samples import the_parties

SCREENS = first_of(((390, 844, False), (1280, 800, True), (1920, 1080, True)), 2)
#: Where pictures are kept for whoever wants to look at them.
PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")
LONG_WORD = "Benutzerkontensteuerungsdienstverwaltungsoberflächenfehlermeldung"


@dataclass
class Portal:
    """Where the portal is served, a requester with their key, and their ticket's address in it."""

    url: str
    requester: Client
    ticket: str


async def _ticket(api: Api, requester: Client) -> str:
    title = f"邮件收不到 Mail does not arrive {LONG_WORD}"
    incident = await requester.post_ok(
        "/v1/incidents", an_incident(title=title, service="mail", effect="down")
    )
    agent = await api.client("Lin", Role.agent, Role.engineer)
    await agent.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": f"Since when? {LONG_WORD}"})
    await agent.post_ok(f"/v1/incidents/{incident['id']}/acknowledge")
    return f"/portal/incident/{incident['number']}"


@pytest.fixture
async def portal(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Portal]:
    """The portal of a requester who has reported an incident, and may ask for an item."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        await offered_item(api)
        requester = await api.client("Zhao Min")
        ticket = await _ticket(api, requester)
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        yield Portal(f"http://{host}:{port}", requester, ticket)


FILL_AND_SEND = """
document.querySelector('[name="/description"]').value = 'TEXT';
document.querySelector('[name="/how_bad"]').value = 'can_wait';
document.querySelector('form.action .send button').click();
"""


async def _is_well_made(page: Page, name: str) -> None:
    """Nothing serious is wrong with the page, and nothing is wider than the screen."""
    if PICTURES is not None:
        (Path(PICTURES) / f"{name}.png").write_bytes(await page.photograph())
    await page.run(AXE.read_text(encoding="utf-8") + "; 0")
    assert await page.run(FAULTS) == [], name
    assert await page.run("document.documentElement.scrollWidth <= innerWidth"), name
    assert await page.run(HEAD_HEIGHT) <= HIGHEST_HEAD, name


@pytest.mark.parametrize("language", first_of(["zh", "en"], 1))
async def test_each_page_can_be_read_and_used_on_every_screen(
    portal: Portal, browsing: Browsing, language: str
) -> None:
    pages = {
        "ticket": portal.ticket,
        "home": "/portal",
        "item": "/portal/catalogue_item/mailbox",
        "search": "/portal/search?q=mail",
        "report": "/portal/report",
        "catalogue": "/portal/catalogue",
        "mine": "/portal/mine",
        "status": "/portal/status",
        "comment": f"{portal.ticket}/comment",
    }
    # Each page on each screen by `make test-all`, by `make test` some on one, in turn.
    looks = [(screen, name) for screen in SCREENS for name in pages]
    if not WHOLE:
        looks = list(zip(cycle(SCREENS), list(pages)[:5], strict=False))
    async with browsing() as page:
        await page.send("Network.enable")
        key = {"Authorization": f"Bearer {portal.requester.token}"}
        await page.send("Network.setExtraHTTPHeaders", headers=key)
        for (width, height, dark), name in looks:
            path = pages[name]
            await page.sized(width, height, dark=dark)
            await page.open(f"{portal.url}{path}{'&' if '?' in path else '?'}lang={language}")
            assert await page.run("document.documentElement.lang.slice(0, 2)") == language
            await _is_well_made(page, f"portal-{name}-{language}-{width}")
        assert page.errors == []


@pytest.mark.parametrize("language", first_of(["zh", "en"], 1))
async def test_a_representative_signs_on_a_phone(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, browsing: Browsing, language: str
) -> None:
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        parties = await the_parties(api)
        path, customer = await parties.submitted("SLA", "finance"), parties.leads["finance"]
        await tell_all(api.ledger)
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        page = await stack.enter_async_context(browsing())
        await page.send("Network.enable")
        headers = {"Authorization": f"Bearer {customer.token}"}
        await page.send("Network.setExtraHTTPHeaders", headers=headers)
        await page.sized(390, 844)
        address = f"/portal/sla/{(await customer.read(path))['number']}"
        await page.open(f"http://{host}:{port}{address}?lang={language}")
        await _is_well_made(page, f"portal-matter-{language}-390")
        await page.open(f"http://{host}:{port}/portal?lang={language}")
        await page.run(f"document.querySelector('#waiting ~ * a[href=\"{address}/sign\"]').click(); 0")
        await page.until(f"location.pathname === '{address}/sign'")
        words = await page.run("document.querySelector('main').innerText")
        assert all(term in words for term in ("12,000.00", "CNY", "2026-01-01"))
        await _is_well_made(page, f"portal-sign-{language}-390")
        await page.run("document.querySelector('form.action .send button').click(); 0")
        await page.until(f"location.pathname === '{address}'")
        assert (await customer.read(path))["pending_consents"] == ["sign:party"]
        assert page.errors == []


async def test_a_form_that_is_sent_again_after_going_back_is_done_once(
    portal: Portal, browsing: Browsing
) -> None:
    before = await _number_of_tickets(portal)
    async with browsing() as page:
        await page.send("Network.enable")
        key = {"Authorization": f"Bearer {portal.requester.token}"}
        await page.send("Network.setExtraHTTPHeaders", headers=key)
        for text, expected in (("The scanner hums.", 1), ("The scanner hums.", 1), ("It smokes.", 2)):
            # A page that is left and opened again has a new key, as after "Back".
            await page.open(f"{portal.url}/portal/report")
            await page.run(FILL_AND_SEND.replace("TEXT", text))
            await page.until("location.pathname.startsWith('/portal/incident/')")
            assert await _number_of_tickets(portal) == before + expected, text


async def _number_of_tickets(portal: Portal) -> int:
    return len((await portal.requester.read("/v1/incidents"))["items"])
