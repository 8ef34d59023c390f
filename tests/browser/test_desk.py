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
from typing import Any

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS
from tests.client import Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.processes.changes.samples import a_board
from tests.served import behind_a_socket
from tests.waiting import until

SIZES = ((390, 844), (1280, 800), (1920, 1080))
#: The head of a page leaves the screen of a phone to the page.
HIGHEST_HEAD = 70
HEAD_HEIGHT = "document.querySelector('body > header').offsetHeight"
#: Where pictures are kept for whoever wants to look at them.
PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")
HOSTILE = "<img src=x onerror=alert(1)> 打印机坏了，三楼会议室旁边的那台彩色打印机从昨天下午开始就无法打印 "
#: The key codes of keys that are no letters.
KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowRight": 39, "ArrowDown": 40, ".": 190}
MOST_STEPS = 80
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


@pytest.fixture
async def place(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Place]:
    """A desk with some incidents in the queue of a team, and a change that waits for votes."""
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
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
            "work": (lin, "/desk"),
            "list": (lin, "/desk/incident"),
            "record": (lin, incident),
            "form": (lin, f"{incident}/assign"),
            "opening": (lin, "/desk/new/incident/report"),
            "vote": (board.member, vote),
        }
        server = behind_a_socket(application(place.url, secrets, settings))
        host, port = await stack.enter_async_context(server)
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
    keys_to = cycle([("en", False), ("zh", True), ("zh", False), ("en", True)])
    async with browsing() as page:
        for name, (client, path) in place.pages.items():
            for width, height in SIZES:
                language, dark = next(keys_to)
                await as_client(page, client, language)
                await page.sized(width, height, dark=dark)
                await page.open(f"{place.url}{path}")
                assert await page.run("document.documentElement.lang") == {"zh": "zh-CN"}.get(language, "en")
                assert await page.run("document.querySelector('main img')") is None
                await looked_at(page, f"{name}-{width}-{language}{'-dark' if dark else ''}")
            next(keys_to)
        assert page.errors == []


@dataclass
class Keyboard:
    """Hands on the keyboard, and no mouse."""

    page: Page

    async def press(self, key: str, *, ctrl: bool = False) -> None:
        """A key, pressed and let go."""
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        code = KEYS.get(key) or ord(key.upper())
        named: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 2 if ctrl else 0}
        down = {**named, "type": "keyDown", **({"text": text} if text and not ctrl else {})}
        await self.page.send("Input.dispatchKeyEvent", **down)
        await self.page.send("Input.dispatchKeyEvent", **named, type="keyUp")

    async def to(self, key: str, condition: str) -> None:
        """That key again and again, until what has the focus is what is meant."""
        for _ in range(MOST_STEPS):
            if await self.page.run(f"((one) => {condition})(document.activeElement)"):
                return
            await self.press(key)
        raise AssertionError(f"{key} does not lead to {condition}")

    async def act(self, label: str) -> None:
        """The action of that label on the record: a dot leads to all, arrows along them."""
        await self.press(".")
        await self.to("ArrowRight", f"one.innerText.startsWith({json.dumps(label)})")
        await self.press("Enter")

    async def fill(self, name: str, text: str) -> None:
        """The text into the field of that name."""
        await self.to("Tab", f"one.name === {json.dumps(name)}")
        await self.page.send("Input.insertText", text=text)

    async def choose(self, name: str, value: str) -> None:
        """That value of a list."""
        await self.to("Tab", f"one.name === {json.dumps(name)}")
        await self.to("ArrowDown", f"one.value === {json.dumps(value)}")

    async def arrive(self, path: str) -> None:
        """Waits for the page at that path."""
        await self.see(f"location.pathname === {json.dumps(path)}")

    async def see(self, is_present: str) -> None:
        """Waits for the page of which that is true."""
        refused = "document.querySelector('[role=alert]')"
        await self.page.until(f"document.readyState === 'complete' && ({is_present} || {refused})")
        assert (
            await self.page.run("[...document.querySelectorAll('.fault')].map((one) => one.innerText)") == []
        )

    async def send(self, path: str) -> None:
        """Sends the form, which leads to that path."""
        await self.press("Enter", ctrl=True)
        await self.arrive(path)


async def test_an_agent_works_by_keyboard_alone(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.sized(*SIZES[1])
        await page.open(f"{place.url}/desk")
        hands = Keyboard(page)
        photograph = [await take_next(page, hands) for _ in range(3)]
        assert len(set(photograph)) == len(photograph)
        for number in photograph:
            assert (await place.incident(number))["assignee"]["id"] == place.agent.id
        first, second, third = photograph
        await resolve(page, hands, third)
        await hands.act("Reopen")
        await hands.arrive(f"/desk/incident/{third}/reopen")
        await hands.fill("/reason", "It is back.")
        await hands.send(f"/desk/incident/{third}")
        await to_record(page, hands, second)
        await hands.act("Link")
        await hands.arrive(f"/desk/incident/{second}/link")
        await hands.fill("/other", first)
        await hands.choose("/kind", "relates_to")
        await hands.send(f"/desk/incident/{second}")
        await hands.act("Hold")
        await hands.arrive(f"/desk/incident/{second}/hold")
        await hands.choose("/reason", "awaiting_requester")
        await hands.send(f"/desk/incident/{second}")
        await raise_problem(hands, first)
        assert page.errors == []
    assert [(await place.incident(number))["state"] for number in (second, third)] == [
        "on_hold",
        "in_progress",
    ]
    assert (await place.agent.read(f"/v1/incidents/{first}/links"))["items"] != []
    (problem,) = (await place.agent.read("/v1/problems"))["items"]
    assert problem["title"] == "Mail is lost"


async def take_next(page: Page, hands: Keyboard) -> str:
    """The first ticket of the queue is taken; gives its number. Then it is my work again."""
    mine = await page.run("document.querySelectorAll('section[aria-labelledby=waiting] tbody tr').length")
    for _ in range(mine + 1):
        await hands.press("j")
    number = str(await page.run("document.activeElement.innerText"))
    await hands.press("t")
    await hands.arrive(f"/desk/incident/{number}")
    await hands.press("g")
    await hands.press("h")
    await hands.arrive("/desk")
    return number


async def to_record(page: Page, hands: Keyboard, number: str) -> None:
    """The record of that number, by one's own work."""
    await hands.press("g")
    await hands.press("h")
    await hands.arrive("/desk")
    await hands.to("j", f"one.innerText === {json.dumps(number)}")
    await hands.press("Enter")
    await hands.arrive(f"/desk/incident/{number}")


async def resolve(page: Page, hands: Keyboard, number: str) -> None:
    """It is resolved."""
    await to_record(page, hands, number)
    await hands.act("Acknowledge")
    await page.until("location.search === '?done=acknowledge' && document.readyState === 'complete'")
    await hands.act("Resolve")
    await hands.arrive(f"/desk/incident/{number}/resolve")
    await hands.choose("/resolution_code", "fixed")
    await hands.fill("/done", "Restarted the relay.")
    await hands.send(f"/desk/incident/{number}")
    assert "Resolved" in await page.run("document.querySelector('main').innerText")


async def raise_problem(hands: Keyboard, incident: str) -> None:
    """A problem is raised that the incident shows, from the list of problems."""
    await hands.to("Tab", "one.pathname === '/desk/problem'")
    await hands.press("Enter")
    await hands.arrive("/desk/problem")
    await hands.press(".")
    await hands.press("Enter")
    await hands.arrive("/desk/new/problem/raise")
    await hands.fill("/title", "Mail is lost")
    await hands.fill("/description", "Each night at two.")
    for name in ("/service", "/affected_services"):
        await hands.fill(name, "mail")
    await hands.fill("/affected_users", "120")
    await hands.fill("/tried", "A restart.")
    await hands.fill("/incidents", incident)
    await hands.press("Enter", ctrl=True)
    await hands.see("/PRB-/.test(location.pathname)")


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
