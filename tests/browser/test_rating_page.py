"""The page by which a requester rates a ticket, in a browser: on a phone and on a desk, in both languages."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from app.ticketing.satisfaction.rating_links import RatingLink
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS
from tests.client import RESOLVED, Api, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.served import behind_a_socket

SIZES = ((390, 844), (1280, 800))
#: Where pictures are kept for whoever wants to look at them.
PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")


@dataclass
class Place:
    """Where the application is served, and a link to rate a ticket there."""

    api: Api
    url: str
    incident: str
    link: str


@pytest.fixture
async def place(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Place]:
    """An incident that was resolved, and a link to rate it."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        zhao = await api.client("Zhao Min")
        lin = await api.client("Lin", Role.agent, Role.engineer)
        title = (
            "邮件收不到 Mail does not arrive since the change of last night, neither here nor on the phone"
        )
        incident = (await zhao.post_ok("/v1/incidents", an_incident(title=title)))["id"]
        for action, body in (("assign", {"person": "me"}), ("acknowledge", {}), ("resolve", RESOLVED)):
            await lin.post_ok(f"/v1/incidents/{incident}/{action}", body)
        until = datetime.now(UTC) + timedelta(days=30)
        rating_link = RatingLink("incident", UUID(incident), UUID(zhao.id), until)
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        token = rating_link.token(api.ledger.vault.fingerprint)
        yield Place(api, f"http://{host}:{port}", incident, f"http://{host}:{port}/rate/{token}")


async def looked_at(page: Page, name: str) -> None:
    """Nothing is wrong with what one sees, and nothing is wider than the screen."""
    await page.run(AXE.read_text(encoding="utf-8"))
    assert await page.run(FAULTS) == []
    assert await page.run("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES is not None:
        (Path(PICTURES) / f"{name}.png").write_bytes(await page.photograph())


async def rating(place: Place) -> int | None:
    """The score that is stored."""
    score: int | None = await place.api.ledger.db.value("select score from fold.rating")
    return score


@in_test_all
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_it_can_be_read_and_used_on_every_screen(
    place: Place, browsing: Browsing, language: str
) -> None:
    async with browsing() as page:
        for width, height in SIZES:
            await page.sized(width, height)
            await page.open(f"{place.link}?lang={language}")
            assert await page.run("document.documentElement.lang") == language
            assert await page.run("document.querySelectorAll('[name=score]').length") == 5
            assert await page.run("document.querySelector('script')") is None
            await looked_at(page, f"rating-{language}-{width}")
            low = await page.run(
                "Math.min(...[...document.querySelectorAll('.scores label, .rating button')]"
                ".map((one) => one.getBoundingClientRect().height))"
            )
            assert low >= 44, "a finger finds it"
        assert page.errors == []


async def test_the_button_stores_what_was_chosen_and_opening_it_stores_nothing(
    place: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await page.sized(*SIZES[0])
        await page.open(place.link)
        await page.run("document.querySelector('.rating button').click()")
        assert await page.run("document.querySelector('.rating').checkValidity()") is False
        assert await rating(place) is None, "nothing was chosen"
        await page.run("document.querySelectorAll('.scores label')[3].click()")
        await page.run("document.querySelector('#comment').value = '很快\\nQuick'")
        await page.run("document.querySelector('.rating button').click()")
        await page.until("document.body.innerText.includes('Thank you')")
        assert await rating(place) == 4
        await looked_at(page, "rating-thanks-390")
        await page.open(f"{place.link}?lang=zh")
        assert await page.run("document.querySelector('[name=score]:checked').value") == "4"
        await page.run("document.querySelector('.language a').click()")
        await page.until("document.documentElement.lang === 'en'")
        assert page.errors == []


@in_test_all
async def test_a_wrong_link_says_so(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        for width, height in SIZES:
            await page.sized(width, height)
            await page.open(f"{place.link}x?lang=en")
            assert "This link is not valid" in await page.run("document.body.innerText")
            await looked_at(page, f"rating-wrong-{width}")
