"""The page of the API in a browser: an operation is read, authorised and tried out, in both languages."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.common.people import Role
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.client import Client, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.served import behind_a_socket

PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")
OPERATION = "#operations-incidents-list_incidents"
FIND = "Find operations by name, method or path"
#: React takes over a value only if it comes as from a person who types.
TYPE = """(() => {{ const field = document.querySelector({selector});
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, {text});
  field.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"""
#: What Swagger UI complains of when an operation's id has an underscore; it opens it all the same.
UNDERSCORES = "escaping deep link whitespace with `_` is unsupported"


@dataclass
class Place:
    """Where the application is served, and an agent who has reported an incident there."""

    url: str
    agent: Client


@pytest.fixture
async def site(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Place]:
    installed()
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, tmp_path / "secrets", settings))
        agent = await api.client("Lin", Role.agent)
        await agent.post_ok("/v1/incidents", an_incident(title="Printer 打印机"))
        host, port = await stack.enter_async_context(behind_a_socket(api.app))
        yield Place(f"http://{host}:{port}", agent)


async def click(page: Page, selector: str) -> None:
    """Click the first element that the selector finds, as soon as it is there."""
    await page.until(f"document.querySelector({json.dumps(selector)})")
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")


async def photographed(page: Page, name: str) -> None:
    if PICTURES is not None:
        (Path(PICTURES) / f"docs-{name}.png").write_bytes(await page.photograph())


@in_test_all
@pytest.mark.parametrize(("language", "title"), [("en", "Incidents API"), ("zh", "事件接口")])
async def test_an_operation_is_read_and_tried_out_with_a_key(
    site: Place, browsing: Browsing, language: str, title: str
) -> None:
    async with browsing() as page:
        await page.sized(1280, 900)
        await page.open(f"{site.url}/docs?lang={language}")
        await page.until("document.querySelectorAll('.opblock').length > 3")
        assert await page.run("document.title") == f"{title} · Ledgerdesk"
        await photographed(page, f"list-{language}")
        await click(page, ".btn.authorize")
        key = {"selector": json.dumps(".auth-container input"), "text": json.dumps(site.agent.token)}
        await page.until("document.querySelector('.auth-container input')")
        await page.run(TYPE.format(**key))
        await photographed(page, f"key-{language}")
        await click(page, ".auth-container .authorize")
        await click(page, ".btn-done")
        await click(page, f"{OPERATION} .opblock-summary-control")
        await page.until(f"document.querySelector('{OPERATION} .parameters')")
        assert await page.run(f"document.querySelectorAll('{OPERATION} .parameters tbody tr').length") > 3
        await click(page, f"{OPERATION} .try-out__btn")
        await click(page, f"{OPERATION} .execute")
        await page.until(f"document.querySelector('{OPERATION} .live-responses-table .response')")
        answer = await page.run(f"document.querySelector('{OPERATION} .live-responses-table').innerText")
        await page.run(f"document.querySelector('{OPERATION} .live-responses-table').scrollIntoView()")
        await photographed(page, f"answer-{language}")
        assert "200" in answer
        assert "Printer 打印机" in answer
        asked = await page.run(f"document.querySelector('{OPERATION} .curl').innerText")
        assert f"Accept-Language: {language}" in asked
        assert page.errors == []


@in_test_all
async def test_operations_are_found_by_their_path_and_the_other_language_shows_the_same_one(
    site: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await page.open(f"{site.url}/docs?lang=en")
        await page.until("document.querySelectorAll('.opblock').length > 3")
        assert await page.run("document.querySelector('.opblock-tag').dataset.tag") == "incidents"
        field = ".operation-filter-input"
        assert await page.run(f"document.querySelector('{field}').placeholder") == FIND
        await page.run(TYPE.format(selector=json.dumps(field), text=json.dumps("incidents/{id}/acknowledge")))
        await page.until("document.querySelectorAll('.opblock').length === 1")
        await page.run(TYPE.format(selector=json.dumps(field), text=json.dumps("no such operation")))
        await page.until("document.querySelector('#contract [role=status]')")
        shown = await page.run("document.querySelector('#contract').innerText")
        assert "No operation of this area matches" in shown
        assert "No operations defined" not in shown
        await page.run("location.hash = '#/incidents/acknowledge_incident'")
        await page.run("document.querySelector('header .language a').click()")
        await page.until("document.documentElement.lang.startsWith('zh')")
        assert await page.run("location.hash") == "#/incidents/acknowledge_incident"
        assert [error for error in page.errors if UNDERSCORES not in error] == []


@in_test_all
async def test_a_link_to_an_operation_opens_its_area_and_shows_its_fields(
    site: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await page.open(f"{site.url}/docs?lang=zh#/changes/draft_change")
        await page.until("document.querySelector('#operations-changes-draft_change .opblock-body')")
        assert await page.run("document.querySelector('#areas [aria-current]').innerText") == "变更"
        await page.until("document.querySelector('#operations-changes-draft_change .body-param__example')")
        assert [error for error in page.errors if UNDERSCORES not in error] == []
