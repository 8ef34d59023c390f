"""Homes: each role opens on its own work, with counts and the figures that it answers for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from app.common.people import Role
from app.desk.administration import waiting
from app.desk.contract import screen_contract
from app.desk.homes import HOMES, OPEN_STATES, READER_TEAMS
from app.desk.pages.lists.tabs import open_states
from app.kpis.catalogue import KPIS
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.browser.page_kinds import ALL, demo_readers
from tests.client import Api, Client, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.desk.test_pages import page

TILE = re.compile(r'<a class="tile[^"]*" href="([^"]*)"><b>([^<]*)</b> <span>([^<]*)<')
FIGURE = re.compile(r'class="figure".*?<b>([^<]*)</b> <small>([^<]*)<')
OWN = re.compile(r'id="own-\d"><a href="([^"]*)"')
#: Roles whose persons see no figures that count records of others.
WITHOUT_FIGURES = {"agent", "engineer", "process_designer", "agreement_maintainer"}


@pytest.fixture
async def readers(
    demo_place: DatabaseUrls, demo_secrets: Path, settings: Settings
) -> AsyncIterator[dict[str, Client]]:
    """People of the demo, by the names of their keys."""
    async with serving(demo_place.url, demo_secrets, settings) as api:
        yield await demo_readers(api)


def test_every_role_of_people_has_a_home_whose_lists_and_figures_exist() -> None:
    assert set(HOMES) == set(Role) - {Role.requester, Role.integration}
    contract = screen_contract()
    for role, home in HOMES.items():
        assert set(home.figures) <= KPIS.keys(), role
        assert home.lists, role
        for each in home.lists:
            lifecycle = LIFECYCLES_BY_KIND[each.kind]
            listing: Any = contract.listing(lifecycle.plural)
            filters = dict(parse_qsl(each.query))
            assert filters.keys() <= {field.name for field in listing.filters}, each
            assert filters.get("state") != OPEN_STATES or open_states(lifecycle), each


async def test_the_filters_of_every_home_are_those_of_the_lists(api: Api) -> None:
    reader = await api.client("Ada", Role.admin)
    lists = []
    for each in dict.fromkeys(each for home in HOMES.values() for each in home.lists):
        states = ",".join(open_states(LIFECYCLES_BY_KIND[each.kind]))
        values = {OPEN_STATES: states, READER_TEAMS: "none"}
        lists.append(f"{each.kind}?{urlencode({k: values.get(v, v) for k, v in parse_qsl(each.query)})}")
    for begin in range(0, len(lists), 50):
        await reader.read("/v1/list_counts", selection=lists[begin : begin + 50])


async def test_the_home_of_each_role_shows_its_own_work_in_the_demo(readers: dict[str, Client]) -> None:
    for name, reader in readers.items():
        if name in (ALL, "requester"):
            continue
        html = unescape(await page(reader, "/desk"))
        tiles = {label: (address, count) for address, count, label in TILE.findall(html)}
        assert [label for label, (_, count) in tiles.items() if count != "0"], f"{name} has work"
        assert OWN.findall(html) or 'id="queue"' in html, f"{name} sees some of it"
        begin = html.partition('<h2 id="waiting">')[2].partition("</h2>")[0]
        assert re.search(r'Waiting for you|待您处理|(?:Go on with: |继续：) ?<a href="[^"]+">', begin), begin
        address, count = next((address, count) for address, count in tiles.values() if count != "0")
        listed = (await page(reader, f"{address}&limit=200")).count('<td class="wide"')
        assert count == str(listed) or count == "99+", f"{name}: the count is that of the list"
        figures = await page(reader, "/desk/figures?lang=en")
        values = FIGURE.findall(unescape(figures))
        assert len(values) >= (0 if name in WITHOUT_FIGURES else 2), name
        for value, remark in values:
            assert value != "–" or re.search(r"no cases|not computed", remark), name
        tiles_before = html.count('class="figure" href')
        assert tiles_before == len(values), f"{name}: no tile goes away or comes when the figures are there"
    assert "/portal/incident/" in await page(readers["requester"], "/portal/mine")


async def test_whoever_has_nothing_to_do_is_led_to_what_can_be_begun(api: Api) -> None:
    editor = await api.client("Wen", Role.knowledge_editor)
    html = await page(editor, "/desk")
    assert "Nothing is waiting for you." in html
    assert 'href="/desk/new/article/draft"' in html
    agent = await api.client("Lin", Role.agent)
    record = await agent.post_ok("/v1/incidents", an_incident(title="The printer burns"))
    tiles = [tile for tile in TILE.findall(unescape(await page(agent, "/desk"))) if tile[1] != "0"]
    assert (tiles[0][1], tiles[0][2]) == ("1", "Incidents without an assignee")
    assert record["number"] in await page(agent, tiles[0][0])


async def test_the_home_of_an_administrator_names_what_waits_with_the_next_step(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    body = {"name": "Yi", "kind": "human"}
    person = await admin.post_ok("/v1/persons", body)
    html = await page(admin, "/desk")
    assert "Accounts without a way to sign in: 1. Make a key for:" in html
    assert f'href="/desk/new/key/make?%2Fperson={person["id"]}">Yi</a>' in html
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    await admin.post_ok("/v1/keys", {"name": "Trial", "person": person["id"], "expires_at": soon})
    html = await page(admin, "/desk")
    assert "Accounts without a way to sign in" not in html
    assert "API keys that end within 30 days: 1" in html
    assert "administering" not in await page(await api.client("Lin", Role.agent), "/desk")


async def test_the_home_of_an_administrator_says_when_no_worker_runs(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = await api.client("Ada", Role.admin)
    assert "The background process has never run" in await page(admin, "/desk")
    columns = "consumer, position, moved_at"
    started = f"insert into log.checkpoint ({columns}) select 'notices', position, now() from log.head"
    await api.ledger.db.rows(f"{started} returning consumer")
    assert "background process has" not in await page(admin, "/desk"), "it has taken everything"
    await api.ledger.db.rows("update log.checkpoint set position = 0 returning consumer")
    assert "background process has" not in await page(admin, "/desk"), "it may be at it"
    monkeypatch.setattr(waiting, "LONGEST_LAG_SECONDS", 0.0)
    assert "The background process has been behind for 0 min" in await page(admin, "/desk")
