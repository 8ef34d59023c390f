"""Pages of the demo show names where there are names, and never what only programs read."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.browser.page_kinds import ALL, demo_readers
from tests.client import Client, serving
from tests.conftest import DatabaseUrls
from tests.desk.shown_texts import unreadable
from tests.extent import WHOLE, in_test_all

HTML = {"Accept": "text/html", "Accept-Language": "en"}
#: Kinds whose records have keys, besides names.
KEYED = ("services", "teams", "catalogue_items", "calendars", "categories", "cis", "groups")
#: Pages without records of their own, each with its reader.
FIRST_PAGES = (
    ("agent", "/desk/due"),
    ("change_manager", "/desk/changes"),
    ("agent", "/desk"),
    ("requester", "/portal"),
    ("requester", "/portal/status"),
    ("requester", "/portal/catalogue"),
)
#: Kinds of records that showed keys once; `make test` opens a record of these.
SOME_KINDS = (
    *("change", "problem_candidate", "improvement", "sla", "release", "kpi_effect", "service"),
    *("request", "incident"),
)
#: Kinds without pages of their own, and those whose titles are made of keys, the same in all languages.
LEFT_OUT = ("document", "notice")


@dataclass
class DemoDesk:
    """The readers of the demo, and the keys that are no names."""

    readers: dict[str, Client]
    keys: frozenset[str]

    async def faults_of(self, reader: str, path: str) -> list[str]:
        """What cannot be read on the page."""
        answer = await self.readers[reader].get(path, headers=HTML)
        assert answer.status_code == 200, (path, answer.text[:200])
        return [f"{path}: {fault}" for fault in unreadable(answer.text, self.keys)]


@pytest.fixture
async def demo_desk(
    demo_place: DatabaseUrls, demo_secrets: Path, settings: Settings
) -> AsyncIterator[DemoDesk]:
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(demo_place.url, demo_secrets, settings))
        readers = await demo_readers(api)
        yield DemoDesk(readers, await _keys(readers[ALL]))


async def _keys(reader: Client) -> frozenset[str]:
    keys, names = set(), set()
    for plural in KEYED:
        for record in [record for page in await reader.pages(f"/v1/{plural}", limit=200) for record in page]:
            named = {record.get(name) for name in ("name", "name_en", "name_zh", "title_en", "title_zh")}
            names |= {name.casefold() for name in named if name}
            keys.add(record["key"])
    return frozenset(key for key in keys if key and key.casefold() not in names)


async def test_first_pages_show_names_and_times_with_a_zone(demo_desk: DemoDesk) -> None:
    assert [fault for page in FIRST_PAGES for fault in await demo_desk.faults_of(*page)] == []


async def test_pages_of_records_show_names_in_the_place_of_keys(demo_desk: DemoDesk) -> None:
    kinds = [kind for kind in LIFECYCLES_BY_KIND if kind not in LEFT_OUT] if WHOLE else SOME_KINDS
    faults = []
    for kind in kinds:
        page = await demo_desk.readers[ALL].get(f"/v1/{LIFECYCLES_BY_KIND[kind].plural}", params={"limit": 2})
        for record in page.json().get("items", ()):
            faults += await demo_desk.faults_of(ALL, f"/desk/{kind}/{record['id']}")
    assert faults == []


@in_test_all
async def test_service_reports_name_services(demo_desk: DemoDesk) -> None:
    reader, faults = demo_desk.readers[ALL], []
    for agreement in (await reader.read("/v1/slas", limit=50))["items"]:
        reports = (await reader.read(f"/v1/slas/{agreement['id']}/reports"))["items"]
        paths = [f"/v1/slas/{agreement['id']}/reports/{report['number']}" for report in reports[:1]]
        faults += [fault for path in paths for fault in await demo_desk.faults_of(ALL, path)]
    assert [fault for fault in faults if "key:" in fault] == []
