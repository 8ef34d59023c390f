"""The desk in a browser: on every screen, in both languages, light and dark; by keyboard alone; and without
JavaScript.
"""

from __future__ import annotations

import contextlib
import json
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
from tests.browser.keyboard import Keyboard
from tests.browser.test_dashboard import AXE, FAULTS, MOST_BYTES, MOST_REQUESTS, TAKEN
from tests.client import Api, Client, Json, an_incident, serving
from tests.conftest import Server, fresh
from tests.extent import WHOLE, first_of
from tests.foundation.text_blocks.test_text_blocks import BLOCKS, a_block
from tests.processes.changes.samples import a_board
from tests.served import behind_a_socket
from tests.waiting import until

SIZES = first_of(((390, 844), (1280, 800), (1920, 1080)), 2)
USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument
#: The head of a page leaves the screen of a phone to the page.
HIGHEST_HEAD = 70
HEAD_HEIGHT = "document.querySelector('body > header').offsetHeight"
#: Where pictures are kept for whoever wants to look at them.
PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")
HOSTILE = "<img src=x onerror=alert(1)> 打印机坏了，三楼会议室旁边的那台彩色打印机从昨天下午开始就无法打印 "
#: Families that have the signs of Chinese, without the name of their script.
CHINESE_FONTS = {
    "Noto Sans CJK",
    "Noto Serif CJK",
    "Source Han Sans",
    "WenQuanYi Zen",
    "PingFang",
    "Microsoft",
}


@dataclass
class Place:
    """Where the application is served, to whom, and paths of pages there."""

    api: Api
    url: str
    agent: Client
    incidents: list[str]
    pages: dict[str, tuple[Client, str]]

    async def incident(self, number: str) -> Json:
        """The incident of that number."""
        return await self.agent.read(f"/v1/incidents/{number}")


@pytest.fixture(scope="module")
async def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A desk with some incidents in the queue of a team, and a change that waits for votes."""
    installed()
    secrets = tmp_path_factory.mktemp("secrets")
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(fresh(server)).url
        api = await stack.enter_async_context(serving(url, secrets, USUAL))
        board = await a_board(api)
        for name in ("Nils", "Ines"):
            await api.client(name, Role.cab_member)
        lin = await api.client(
            "Lin 林晓雨", Role.agent, Role.engineer, Role.problem_manager, teams=("network",)
        )
        incidents = []
        for n, title in enumerate((HOSTILE, "Mail does not arrive", "VPN drops", "Disk full")):
            record = await lin.post_ok("/v1/incidents", an_incident(title=title, impact=str(n % 3 + 1)))
            await lin.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": "network"})
            incidents.append(record["number"])
        path = await board.assessed("medium")
        await board.manager.post_ok(f"{path}/request_approval", board.question())
        change = await board.member.read(path)
        vote = f"/desk/change/{change['number']}/vote?/decision={change['approval_id']}"
        incident = f"/desk/incident/{incidents[0]}"
        pages = {
            "record": (lin, incident),
            "list": (lin, "/desk/incident"),
            "vote": (board.member, vote),
            "work": (lin, "/desk"),
            "form": (lin, f"{incident}/assign"),
            "opening": (lin, "/desk/new/incident/report"),
        }
        served = behind_a_socket(application(url, secrets, USUAL))
        host, port = await stack.enter_async_context(served)
        yield Place(api, f"http://{host}:{port}", lin, incidents, pages)


async def as_client(page: Page, client: Client, language: str = "en") -> None:
    """Whatever the browser asks for, it asks with the client's key and in that language."""
    headers = {"Authorization": f"Bearer {client.token}", "Accept-Language": language}
    await page.send("Network.enable")
    await page.send("Network.setExtraHTTPHeaders", headers=headers)


async def looked_at(page: Page, name: str) -> None:
    """Nothing is wrong with what one sees, nothing is wider than the screen, and every sign has a glyph."""
    await page.run(AXE.read_text(encoding="utf-8") + "; 0")
    assert await page.run(FAULTS) == [], name
    wide = (
        "[...document.querySelectorAll('main *')].filter((one) => !one.closest('.scroll, .hidden') && "
        "one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 200))"
    )
    assert await page.run(f"document.documentElement.scrollWidth <= innerWidth ? [] : {wide}") == [], name
    assert await page.run(HEAD_HEIGHT) <= HIGHEST_HEAD, name
    if PICTURES is not None:
        (Path(PICTURES) / f"desk-{name}.png").write_bytes(await page.photograph())
    assert [fonts for fonts in await fonts_of_chinese(page) if not fonts & CHINESE_FONTS] == [], name


async def fonts_of_chinese(page: Page) -> list[set[str]]:
    """The fonts of some texts in Chinese on the page; what a font lacks is drawn by no other than itself."""
    await page.run(
        "[...document.querySelectorAll('main *')].filter((one) => [...one.childNodes].some((node) => "
        r"node.nodeType === 3 && /[\u4e00-\u9fff]/.test(node.data))).slice(0, 12)"
        ".forEach((one) => one.dataset.chinese = '')"
    )
    for domain in ("DOM", "CSS"):
        await page.send(f"{domain}.enable")
    root = (await page.send("DOM.getDocument"))["root"]["nodeId"]
    problems = await page.send("DOM.querySelectorAll", nodeId=root, selector="[data-chinese]")
    fonts = []
    for node in problems["nodeIds"]:
        used = await page.send("CSS.getPlatformFontsForNode", nodeId=node)
        fonts.append({font["familyName"].rpartition(" ")[0] for font in used["fonts"]})
    for domain in ("CSS", "DOM"):
        await page.send(f"{domain}.disable")
    return [names for names in fonts if names]


async def test_pages_of_the_desk_are_read_on_every_screen(place: Place, browsing: Browsing) -> None:
    # Each page in each size by `make test-all`, by `make test` some in one, in turn.
    looks, sizes = cycle([("en", False), ("zh", True), ("zh", False), ("en", True)]), cycle(SIZES)
    async with browsing() as page:
        for name, (client, path) in first_of(list(place.pages.items()), 4):
            for width, height in SIZES if WHOLE else (next(sizes),):
                language, dark = next(looks)
                await as_client(page, client, language)
                await page.sized(width, height, dark=dark)
                await page.open(f"{place.url}{path}")
                assert await page.run("document.documentElement.lang") == {"zh": "zh-CN"}.get(language, "en")
                assert await page.run("document.querySelector('main img')") is None
                await looked_at(page, f"{name}-{width}-{language}{'-dark' if dark else ''}")
            if WHOLE:
                next(looks)
        assert page.errors == []


async def test_forms_are_sent_without_javascript(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, place.agent, "zh")
        await page.send("Emulation.setScriptExecutionDisabled", value=True)
        await page.sized(*SIZES[0])
        await page.send("Page.navigate", url=f"{place.url}/desk/new/incident/report")
        await drawn(page, "form.action")
        sent = {f"/{name}": value for name, value in an_incident(title="无脚本").items()}
        fill = (
            "Object.entries({}).forEach(([name, value]) => document.getElementsByName(name)[0].value = value)"
        )
        await page.run(fill.replace("{}", json.dumps(sent)))
        await page.run("document.querySelector('form.action button.leads').click()")
        await drawn(page, "#timeline")
        assert "无脚本" in await page.run("document.querySelector('h1').innerText")
        assert page.errors == []


async def test_the_menu_on_a_phone_opens_without_javascript_and_is_well_made(
    place: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.sized(*SIZES[0])
        is_shown = "document.querySelector('#menu a').checkVisibility()"
        await page.send("Emulation.setScriptExecutionDisabled", value=True)
        await page.send("Page.navigate", url=f"{place.url}/desk")
        await drawn(page, "#menu")
        assert not await page.run(is_shown)
        await page.run("document.querySelector('.menu').click()")
        assert await page.run(is_shown)
        await page.send("Emulation.setScriptExecutionDisabled", value=False)
        if WHOLE:
            await looked_at(page, "menu-390-en")
        await Keyboard(page).press("Escape")
        assert not await page.run(is_shown)
        await page.sized(*SIZES[1])
        assert await page.run(is_shown), "it stands in the head where there is room"


async def drawn(page: Page, selector: str) -> None:
    """Waits for the page that has that, which runs no script that could wait for it."""

    async def told() -> bool:
        is_present = f"document.readyState === 'complete' && document.querySelector('{selector}') !== null"
        return bool(await page.run(is_present))

    await until(told)


async def test_pages_are_light_at_the_first_visit_and_fit_at_twice_their_size(
    place: Place, browsing: Browsing
) -> None:
    """A window of 1366 × 850 at 200 % has the room of 683 × 425."""
    for name, (client, path) in place.pages.items():
        async with browsing() as page:  # a browser that has nothing of the pages yet
            await as_client(page, client)
            await page.sized(683, 425)
            await page.open(f"{place.url}{path}")
            wide = "document.documentElement.scrollWidth - innerWidth"
            assert await page.run(wide) <= 0, name
            assert await page.run(HEAD_HEIGHT) <= HIGHEST_HEAD, name
            requests, size = await page.run(TAKEN)
            assert (requests <= MOST_REQUESTS, size <= MOST_BYTES) == (True, True), (name, requests, size)
            if PICTURES is not None:
                (Path(PICTURES) / f"desk-{name}-zoomed.png").write_bytes(await page.photograph())
            assert page.errors == []


async def test_a_name_that_is_chosen_becomes_a_line_of_the_list(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.open(f"{place.url}/desk/new/problem/raise")
        choose = """(() => { const input = document.querySelector('[data-adds=f-affected_services]');
          for (const name of ['E-mail', 'Wi-Fi']) {
            input.value = name; input.dispatchEvent(new Event('change', { bubbles: true })); }
          return [input.checkVisibility(), input.value, document.getElementById('f-affected_services').value];
        })()"""
        assert await page.run(choose) == [True, "", "E-mail\nWi-Fi"]
        enter = """(() => { const input = document.querySelector('[data-adds=f-affected_services]');
          input.value = 'Prin';
          input.nextElementSibling.replaceChildren(new Option('', 'Printing'), new Option('', 'Wi-Fi'));
          const key = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true });
          return [input.dispatchEvent(key), input.form, document.getElementById('f-affected_services').value];
        })()"""
        assert await page.run(enter) == [False, None, "E-mail\nWi-Fi\nPrinting"]
        assert page.errors == []


async def test_a_text_block_is_offered_to_those_who_begin_to_write(place: Place, browsing: Browsing) -> None:
    keeper = await place.api.client("Keeper", Role.incident_manager)
    await keeper.post_ok(BLOCKS, a_block())
    number = place.incidents[0]
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.open(f"{place.url}/desk/incident/{number}")
        assert not await page.run("document.querySelector('#reply [name=block]')")
        await page.run("document.getElementById('reply-text').focus()")
        await page.until("document.querySelector('#reply [name=block]')")
        choose = """(() => { const blocks = document.querySelector('#reply [name=block]');
          blocks.value = 'done'; blocks.dispatchEvent(new Event('change', { bubbles: true }));
          return document.getElementById('reply-text').value; })()"""
        assert f"{number} is done." in await page.run(choose)
        assert page.errors == []


async def test_a_note_for_staff_cannot_be_sent_as_a_question_even_without_javascript(
    place: Place, browsing: Browsing
) -> None:
    address = f"/desk/incident/{place.incidents[1]}"
    ask = "document.querySelector('#reply button[formaction]').offsetParent !== null"
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.send("Emulation.setScriptExecutionDisabled", value=True)
        await page.send("Page.navigate", url=f"{place.url}{address}")
        await drawn(page, "#reply")
        assert await page.run(ask)
        await page.run("document.querySelector('#reply [value=internal]').click()")
        assert not await page.run(ask)
        await page.run("document.querySelector('#reply [value=public]').click()")
        assert await page.run(ask)
        assert page.errors == []
