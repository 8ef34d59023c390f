"""Navigation: few entries in the bar, all kinds by area, and the search as a command bar."""

from __future__ import annotations

import re
from html import unescape

from app.common.people import Role
from app.registry import AREA_OF_KIND, LIFECYCLES, Area
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import Api, an_incident
from tests.desk.sent_forms import send_form
from tests.desk.test_pages import page
from tests.extent import WHOLE
from tests.waiting import until

MOST_IN_BAR = 8
SUGGESTED = re.compile(r'<a href="([^"]*)">([^<]*)<small>([^<]*)</small>')


async def test_the_bar_has_few_entries_and_every_kind_stands_in_its_area(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    html = await page(agent, "/desk/all")
    bar = html.partition('<nav aria-label="Pages">')[2].partition("</nav>")[0]
    assert 0 < bar.count("<a ") <= MOST_IN_BAR
    menu = re.findall(r'href="/desk/all#(\w+)"', html)
    assert menu == [area.name for area in Area]
    places = {}
    for section in html.split("<section ")[1:]:
        (name,) = re.findall(r'<h2 id="(\w+)"', section)
        for kind in re.findall(r'<li><a href="/desk/(\w+)"', section):
            places[kind] = Area[name]
    assert places == AREA_OF_KIND
    assert places.keys() == {lifecycle.kind for lifecycle in LIFECYCLES}


async def test_the_command_bar_finds_numbers_people_actions_and_pages(indexed: Api) -> None:
    lin = await indexed.client("Lin Xiaoyu", Role.agent)
    outsider = await indexed.client("Zhao Min")
    incident = await lin.post_ok("/v1/incidents", an_incident(title="The relay is lost"))
    address = f"/desk/incident/{incident['number']}"

    async def suggested(typed: str, **headers: str) -> dict[str, str]:
        answer = await lin.get("/desk/commands", params={"q": typed}, headers=headers)
        assert answer.status_code == 200, answer.text
        return {path: label.strip() for path, label, _ in SUGGESTED.findall(unescape(answer.text))}

    async def is_indexed() -> bool:
        return address in await suggested("relay") and len(await suggested("xiaoyu")) > 0

    await until(is_indexed)
    for typed in (incident["number"], incident["number"].lower(), str(int(incident["number"][-6:]))):
        assert address in await suggested(typed), typed
    assert f"/desk/person/{lin.id}" in await suggested("xiaoyu")
    assert (await suggested("report incident"))["/desk/new/incident/report"] == "Report an incident"
    assert "/desk/changes" in await suggested("change cal")
    assert "/desk/problem" in await suggested("问题", **{"Accept-Language": "zh"})
    assert await suggested(" ") == {}
    assert await suggested("<script>") == {}
    here = {"HX-Current-URL": f"http://test{address}?done=assign"}
    assert (await suggested("assign", **here))[f"{address}/assign"] == "Assign"
    assert f"{address}/assign" not in await suggested("assign"), "it is offered where the record is open"
    assert "/desk/first-steps" not in await suggested("first steps"), "the page is for administrators"
    nothing = await page(lin, "/desk/commands?q=zzzz")
    assert ("Nothing was found" in nothing, "/desk/new/" in nothing) == (True, True)
    full = await lin.get("/desk/search", params={"q": incident["number"].lower()})
    assert (full.status_code, full.headers["location"]) == (303, address)
    html = await page(lin, "/desk/search?q=relay")
    assert address in html
    hidden = await outsider.get("/desk/commands", params={"q": incident["number"]})
    assert incident["number"] not in hidden.text, "whoever may not see a record is not led to it"


async def test_every_page_takes_a_language_in_its_address_until_the_reader_chooses_another(api: Api) -> None:
    admin = await api.client("Ada", *Role)
    lists = LIFECYCLES if WHOLE else LIFECYCLES[::12]
    for path in ("/desk", "/desk/due", "/desk/changes", "/portal", *(f"/desk/{each.kind}" for each in lists)):
        html = await page(admin, f"{path}?lang=zh", **{"Accept-Language": "en"})
        assert 'lang="zh' in html.partition("<head")[0], path
    address = "/desk/incident?tab=all&lang=zh&sort=priority"
    html = unescape(await page(admin, address))
    assert 'href="/desk/incident?tab=all&lang=zh&sort=' in html, "its links lead to pages in that language"
    switched = await send_form(admin, "/desk/language", {"language": ["en"], "next": [address]})
    assert switched.headers["location"] == "/desk/incident?tab=all&sort=priority"
