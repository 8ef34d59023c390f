"""The documents of the improvement programme in a real browser: in both languages, on every screen, on paper,
with their drawings.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.log.follow import FOLLOW_LIMITS
from app.main import application
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, installed
from tests.browser.test_service_levels import SCREENS, as_client, looked_at, on_paper
from tests.client import Client, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.improvement_plans.samples import the_programme
from tests.processes.improvements.samples import a_day, a_target, improvers_of
from tests.served import behind_a_socket


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection as the worker has it."""
    async with await connect(place.url, FOLLOW_LIMITS) as connection:
        yield connection


@pytest.fixture
async def address(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, follower: Connection
) -> AsyncIterator[tuple[str, list[str], Client]]:
    """Where it is served, the paths of a proposal, a plan and a present state, and who may read them."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        improvers = await improvers_of(api, follower)
        for days_ago in (11, 17, 23, 29, 35, 41, 47):
            await improvers.restored(hours=1 + days_ago % 5, days_ago=days_ago, cases=2)
        counted = a_target(
            name="fewer-incidents",
            kpi="incidents_opened",
            before={"from": a_day(200), "to": a_day(10)},
            promised={"change": "-5", "of": "absolute"},
        )
        path = await improvers.proposed(targets=[a_target(), counted])
        paths = [
            f"{path}/documents/{document['number']}" for document in await listed(improvers.quality, path)
        ]
        plan = await (await the_programme(api, follower)).submitted()
        paths += [
            f"{plan}/documents/{document['number']}" for document in await listed(improvers.quality, plan)
        ]
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        yield f"http://{host}:{port}", paths, improvers.quality


async def listed(client: Client, path: str) -> list[dict[str, str]]:
    """The documents of the record."""
    documents: list[dict[str, str]] = (await client.read(f"{path}/documents"))["items"]
    return documents


@in_test_all
async def test_what_is_proposed_is_read_on_every_screen_and_on_paper(
    address: tuple[str, list[str], Client], browsing: Browsing
) -> None:
    url, paths, reader = address
    drawings = []
    widest = "Math.max(0, ...[...document.querySelectorAll('svg')].map((one) => one.clientWidth))"
    async with browsing() as page:
        await as_client(page, reader)
        for path in paths:
            number = path.rpartition("/")[2]
            for language, (width, height) in SCREENS:
                await page.sized(width, height)
                await page.open(f"{url}{path}?lang={language}")
                assert number in await page.run("document.body.innerText")
                await looked_at(page, f"{number}-{language}-{width}")
                await on_paper(page, f"{number}-{language}")
                drawings.append(await page.run("document.querySelectorAll('.figure svg').length"))
                assert await page.run(f"{widest} <= document.querySelector('main').clientWidth")
        assert page.errors == []
    assert sorted(drawings) == sorted([0, 1, 2] * len(SCREENS))
