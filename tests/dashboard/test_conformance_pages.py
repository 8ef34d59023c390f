"""The pages of how cases ran: each number on them opens to so many cases, which lead to the desk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from app.common.people import Role
from app.i18n import LANGUAGES
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.client import Api, Client, serving
from tests.conformance.histories import histories
from tests.conformance.test_facts import FOLLOWER
from tests.conftest import Server, fresh
from tests.dashboard.test_dashboard_pages import INLINE, USUAL, page, text
from tests.extent import first_of
from tests.kpis.histories import write

OF_2026 = {"period": "2026"}
#: A link to the cases of a figure, and its number.
OPENED = re.compile(r'<a href="(/dashboard/conformance/incident/cases\?[^"]+)">(?:[^<\d]*)([\d,]+)')


@pytest.fixture(scope="module")
async def desk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """Made-up incidents, more than a page lists. No test changes more than who is there."""
    with fresh(server) as place:
        async with serving(place.url, tmp_path_factory.mktemp("secrets"), USUAL) as api:
            connection = await connect(place.url, FOLLOW_LIMITS)
            await write(connection, histories(5, cases=300))
            await catch_up(connection, FOLLOWER)
            await connection.close()
            yield api


@pytest.fixture
async def manager(desk: Api) -> Client:
    """Whoever oversees them."""
    return await desk.client("Marta", Role.incident_manager)


async def _listed(client: Client, address: str) -> list[str]:
    """The cases that the page at the address, and those after it, lead to."""
    numbers: list[str] = []
    while address:
        html = await text(client, address.removeprefix("/dashboard"))
        numbers += re.findall(r'scope="row"><a href="/desk/incident/([^"]+)"', html)
        following = re.search(r'href="(/dashboard/conformance/incident/cases\?[^"]*cursor=[^"]+)"', html)
        address = unescape(following[1]) if following else ""
    return numbers


async def test_every_number_opens_to_so_many_cases_at_the_desk(manager: Client) -> None:
    html = await text(manager, "/conformance/incident", **OF_2026)
    opened = {(unescape(address), int(number.replace(",", ""))) for address, number in OPENED.findall(html)}
    assert len({address for address, _ in opened}) > 20
    for address, number in first_of(sorted(opened), 4):
        listed = await _listed(manager, address)
        assert (len(listed), len(set(listed))) == (number, number), address
    summary = await manager.read("/v1/conformance/incident", **{"from": "2026-01-01", "to": "2027-01-01"})
    numbers = [number for address, number in opened if "fits=" in address]
    assert sorted(numbers) == sorted([summary["fitting"], summary["cases"] - summary["fitting"]])
    assert f"{summary['fitting']} of {summary['cases']} incidents fit the expected path" in html


async def test_the_ten_commonest_paths_stand_in_words_with_what_does_not_fit(manager: Client) -> None:
    html = await text(manager, "/conformance", **OF_2026)
    paths = re.findall(r'<ol class="path">(.*?)</ol>', html)
    assert len(paths) == 10
    variants = await manager.read(
        "/v1/conformance/incident/variants", **{"from": "2026-01-01", "to": "2027-01-01", "limit": "10"}
    )
    for path, variant in zip(paths, variants["items"], strict=True):
        assert path.count("<li") - path.count("lacking") == len(variant["steps"])
        assert ('class="misfit' in path) == bool(variant["misfits"])
    for language in LANGUAGES:
        for address in ("/conformance", "/conformance/incident/cases"):
            assert not INLINE.search(await text(manager, address, lang=language, **OF_2026))


async def test_nobody_sees_more_than_by_the_api(desk: Api, manager: Client) -> None:
    requester = await desk.client("Zhao Min")
    for path in ("/conformance", "/conformance/incident", "/conformance/incident/cases"):
        assert (await page(requester, path)).status_code == 403
        assert (await page(manager, path)).status_code == 200
    assert (await page(manager, "/conformance/person")).status_code == 404
    assert (await page(manager, "/conformance/nothing")).status_code == 404
