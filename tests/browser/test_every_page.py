"""Every page loads without a script error, a failed request or a refused resource, and shows its content."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse

from app.api.areas import AREAS
from app.api.pages.page_headers import HEADERS
from app.common.people import Role
from app.platform.settings import Settings
from tests.automation.worker import Worker
from tests.browser.chromium import Browsing, installed
from tests.browser.page_kinds import (
    NOT_OPENED,
    OPENED_BY_DASHBOARD,
    PAGES,
    REFUSAL,
    SURVEY,
    PageKind,
    demo_readers,
    docs_page,
    names_in_demo,
    opened_templates,
)
from tests.browser.test_desk import as_client
from tests.browser.visits import crawl, faults_of, shape_of
from tests.client import Client, serving
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, in_test_all
from tests.governance.surveys.conftest import QUESTIONS
from tests.served import behind_a_socket

ROLES = (
    *("requester", "agent", "engineer", "change_manager", "quality_manager", "committee_member", "admin"),
)
STARTS = ("/", "/portal", "/desk", "/desk/all", "/desk/changes", "/dashboard", "/docs", "/problems")
#: So many pages of a role are opened at most: there are fewer shapes than that.
MOST_PAGES = 150


@dataclass
class DemoSite:
    """Where the demo is served, its readers, and what stands for the names in paths."""

    url: str
    readers: dict[str, Client]
    names: dict[str, str]


@pytest.fixture
async def demo(demo_place: DatabaseUrls, demo_secrets: Path, settings: Settings) -> AsyncIterator[DemoSite]:
    installed()
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(demo_place.url, demo_secrets, settings))
        readers = await demo_readers(api)
        names = await names_in_demo(api, readers)
        host, port = await stack.enter_async_context(behind_a_socket(api.app))
        yield DemoSite(f"http://{host}:{port}", readers, names)


def test_every_template_has_a_page_to_open_or_a_reason() -> None:
    opened = [kind.template for kind in (*PAGES, SURVEY, REFUSAL)]
    assert sorted({*opened, *NOT_OPENED}) == list(opened_templates())
    assert not set(opened) & set(NOT_OPENED)
    assert set(opened) >= OPENED_BY_DASHBOARD


async def test_a_page_of_each_template_shows_what_it_is_for(demo: DemoSite, browsing: Browsing) -> None:
    kinds = [kind for kind in PAGES if WHOLE or kind.template not in OPENED_BY_DASHBOARD]
    if WHOLE:
        kinds += [docs_page(area) for area in AREAS]
    faulty = await faulty_pages(demo, browsing, kinds)
    assert faulty == {}


async def faulty_pages(demo: DemoSite, browsing: Browsing, kinds: list[PageKind]) -> dict[str, list[str]]:
    """Open a page of each kind; return what is wrong, by path."""
    faulty = {}
    async with browsing() as page:
        for kind in kinds:
            await as_client(page, demo.readers[kind.reader])
            path = kind.path.format_map(demo.names)
            if faults := await faults_of(page, f"{demo.url}{path}", kind.selector):
                faulty[path] = faults
    return faulty


async def test_a_refusal_and_a_survey_are_shown(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, browsing: Browsing
) -> None:
    installed()
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, tmp_path / "secrets", settings))
        quality, participant = await api.client("Quan", Role.quality_manager), await api.client("Zhao Min")
        now = datetime.now(UTC)
        body = {
            "title": "Working with the desk",
            "title_zh": "服务台满意度",
            "questions": QUESTIONS,
            "persons": [participant.id],
            "anonymous": False,
            "seed": 17,
            "opens_at": (now - timedelta(minutes=1)).isoformat(),
            "ends_at": (now + timedelta(days=7)).isoformat(),
        }
        survey = await quality.post_ok("/v1/surveys", body)
        await Worker(api.ledger).work(now)
        path = (await participant.read(f"/v1/surveys/{survey['id']}/link"))["path"]
        host, port = await stack.enter_async_context(behind_a_socket(api.app))
        url = f"http://{host}:{port}"
        async with browsing() as page:
            assert await faults_of(page, f"{url}{path}", SURVEY.selector) == []
            await as_client(page, participant)
            (status,) = await faults_of(page, f"{url}{REFUSAL.path}", REFUSAL.selector)
            assert "404" in status


@in_test_all
@pytest.mark.parametrize("role", ROLES)
async def test_pages_that_links_lead_to_are_whole(demo: DemoSite, browsing: Browsing, role: str) -> None:
    async with browsing() as page:
        assert await crawl(page, demo.url, demo.readers[role], STARTS, MOST_PAGES) == []


async def test_a_script_error_a_missing_file_and_a_refused_style_are_noticed(browsing: Browsing) -> None:
    app = FastAPI()
    bodies = {
        "whole": "<main>Shown</main>",
        "error": "<main>Shown</main><script src='/script.js'></script>",
        "missing": "<main>Shown</main><link rel='stylesheet' href='/missing.css'>",
        "refused": "<main>Shown</main><style>main { color: red; }</style>",
        "hidden": "<main hidden>Not shown</main><script src='/script.js'></script>",
    }

    @app.get("/script.js")
    async def script() -> HTMLResponse:
        return HTMLResponse("Object.encrypt({});", media_type="text/javascript")

    @app.get("/pages/{name}")
    async def show(name: str) -> HTMLResponse:
        return HTMLResponse(f"<title>x</title><link rel='icon' href='data:,'>{bodies[name]}", headers=HEADERS)

    async with behind_a_socket(app) as (host, port), browsing() as page:
        found = {
            name: " ".join(await faults_of(page, f"http://{host}:{port}/pages/{name}", "main"))
            for name in bodies
        }
    assert found["whole"] == ""
    assert "Object.encrypt is not a function" in found["error"]
    assert "missing.css" in found["missing"]
    assert "Content Security Policy" in found["refused"]
    assert "main is not visible" in found["hidden"]


def test_pages_of_one_shape_differ_only_by_their_data() -> None:
    host = "http://127.0.0.1:1"
    assert shape_of(f"{host}/desk/incident/INC-2026-000001?done=x") == "/desk/incident/*?done"
    assert shape_of(f"{host}/v1/documents/01a222e7-56f9-7001-b530-c4da474f6ec8/documents/SL2024009") == (
        "/v1/documents/*/documents/*"
    )
