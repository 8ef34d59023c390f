"""Lists in a browser: many open records on the first screen, and actions on several in a few clicks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from app.common.people import Role
from app.main import application
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.keyboard import Keyboard
from tests.browser.test_desk import USUAL, Place, as_client, looked_at
from tests.client import RESOLVED, an_incident, serving
from tests.conftest import Server, fresh
from tests.extent import WHOLE
from tests.served import behind_a_socket

#: A laptop's screen, and the least number of rows that it shows.
LAPTOP, LEAST_ROWS = (1366, 850), 20
MOST_CLICKS = 4
#: The least width of the column with the title, in pixels; and cells as long as those of an organisation.
LEAST_TITLE = 400
LONG_CELLS = """
const short = "[data-field=priority], :has(time)";
for (const cell of document.querySelectorAll(`#rows tbody td[data-field]:not(${short})`))
  cell.textContent = "服务台 Service desk Hannah Schmidt";
for (const title of document.querySelectorAll("td.wide .title"))
  title.textContent = "The payment terminal of the shop shows an error after each restart of the till";
"""
CUT_CELLS = (
    "[...document.querySelectorAll('#rows td:has(> time, > .state)')].filter((cell) => "
    "cell.scrollWidth > cell.clientWidth).map((cell) => cell.textContent)"
)
OPEN, RESOLVED_ONES = 31, 5
ROWS_SEEN = (
    "[...document.querySelectorAll('#rows tbody tr')].filter((row) => "
    "row.getBoundingClientRect().bottom <= innerHeight).length"
)
NUMBERS = "[...document.querySelectorAll('td.wide a')].map((one) => one.textContent)"
STATES = "[...document.querySelectorAll('#rows tbody tr')].map((row) => row.dataset.state)"


@pytest.fixture(scope="module")
async def place(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A desk with many open incidents of an agent, and some that are resolved."""
    installed()
    secrets = tmp_path_factory.mktemp("secrets")
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(fresh(server)).url
        api = await stack.enter_async_context(serving(url, secrets, USUAL))
        await api.team("network")
        lin = await api.client("Lin 林晓雨", Role.agent, Role.incident_manager, teams=("network",))
        numbers = []
        for n in range(OPEN + RESOLVED_ONES):
            body = an_incident(title=f"Mail does not arrive {n}", impact=str(n % 3 + 1))
            record = await lin.post_ok("/v1/incidents", body)
            path = f"/v1/incidents/{record['id']}"
            await lin.post_ok(f"{path}/assign", {"team": "network", "person": lin.id})
            if n >= OPEN:
                await lin.post_ok(f"{path}/acknowledge")
                await lin.post_ok(f"{path}/resolve", RESOLVED)
            numbers.append(record["number"])
        served = behind_a_socket(application(url, secrets, USUAL))
        host, port = await stack.enter_async_context(served)
        yield Place(api, f"http://{host}:{port}", lin, numbers, {})


class Mouse:
    """A hand on the mouse that counts its clicks."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    async def click(self, selector: str, *, shift: bool = False) -> None:
        """Click in the middle of what the selector means, the first that is visible."""
        self.clicks += 1
        box = await self.page.run(
            f"(() => {{ const part = [...document.querySelectorAll({json.dumps(selector)})]"
            ".find((one) => one.checkVisibility()); part.scrollIntoView({block: 'nearest'}); "
            "const box = part.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        mouse = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1, "modifiers": 8 if shift else 0}
        for kind in ("mousePressed", "mouseReleased"):
            await self.page.send("Input.dispatchMouseEvent", type=kind, **mouse)


def nth_box(n: int) -> str:
    """The checkbox in that row of the list."""
    return f"#rows tbody tr:nth-child({n}) input[type=checkbox]"


async def test_a_list_shows_twenty_open_records_on_the_first_screen(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        for language, dark in (("en", False), ("zh", True)) if WHOLE else (("zh", True),):
            await as_client(page, place.agent, language)
            await page.sized(*LAPTOP, dark=dark)
            await page.open(f"{place.url}/desk/incident")
            assert await page.run(ROWS_SEEN) >= LEAST_ROWS
            await page.run(LONG_CELLS)
            assert await page.run(ROWS_SEEN) >= LEAST_ROWS, "also with long names of people and teams"
            assert set(await page.run(STATES)) == {"new"}, "nothing that is done with"
            await looked_at(page, f"dense-{language}")
        await page.sized(390, 844)
        await page.open(f"{place.url}/desk/incident")
        await looked_at(page, "dense-390")
        assert page.errors == []


async def test_titles_keep_their_room_on_a_narrow_screen_and_nothing_is_cut_off_at_its_edge(
    place: Place, browsing: Browsing
) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.sized(1280, 800)
        await page.open(f"{place.url}/desk/incident?tab=all")
        await page.run(LONG_CELLS)
        assert await page.run("[...document.querySelectorAll('.bulk button')].every((one) => one.disabled)")
        table, view = await page.run(
            "[document.querySelector('#rows table').scrollWidth, "
            "document.querySelector('#rows .scroll').clientWidth]"
        )
        assert table <= view
        assert await page.run(CUT_CELLS) == [], "states and times are read in full"
        assert await page.run("document.querySelector('td.wide').clientWidth") >= LEAST_TITLE
        assert await page.run("document.querySelector('td.wide').title.length") > 0
        await looked_at(page, "titles-1280")
        assert page.errors == []


async def test_five_new_ones_are_resolved_and_closed_in_four_clicks(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.sized(*LAPTOP)
        await page.open(f"{place.url}/desk/incident")
        numbers = (await page.run(NUMBERS))[:5]
        mouse = Mouse(page)
        await mouse.click(nth_box(1))
        await mouse.click(nth_box(5), shift=True)
        await mouse.click(".bulk button[value=resolve_and_close]")
        await page.until("document.querySelector('[data-draft]')")
        await looked_at(page, "bulk-form-en")
        for field, text in (("resolution_code", "fixed"), ("done", "Restarted the relay.")):
            await page.run(f"document.getElementsByName('/{field}')[0].value = {json.dumps(text)}")
        await mouse.click("form.action button.leads")
        await page.until("document.querySelector('[data-sent]')")
        outcome = await page.run("document.querySelector('[data-sent]').innerText")
        assert "Resolve and close: done for 5 of 5" in outcome
        assert mouse.clicks <= MOST_CLICKS
        lines = await page.run("[...document.querySelectorAll('.hits li')].map((one) => one.innerText)")
        assert [line.split()[0] for line in lines] == numbers
        assert all("Mail does not arrive" in line and "Closed" in line for line in lines)
        for number in numbers:
            assert (await place.incident(number))["state"] == "closed"
        assert page.errors == []


async def test_five_are_closed_and_ten_assigned_in_four_clicks(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.sized(*LAPTOP)
        await page.open(f"{place.url}/desk/incident?state=resolved")
        mouse = Mouse(page)
        await mouse.click(nth_box(1))
        await mouse.click(nth_box(5), shift=True)
        assert await page.run("document.getElementById('selected').textContent") == "5 selected"
        await mouse.click(".bulk button[value=close]")
        await page.until("document.querySelector('form.action')")
        await mouse.click("form.action button.leads")
        await page.until("document.querySelector('[data-sent]')")
        assert "done for 5 of 5" in await page.run("document.querySelector('[data-sent]').innerText")
        assert mouse.clicks <= MOST_CLICKS
        for number in place.incidents[OPEN:]:
            assert (await place.incident(number))["state"] == "closed"
        await page.open(f"{place.url}/desk/incident")
        mouse = Mouse(page)
        await mouse.click(nth_box(1))
        await mouse.click(nth_box(10), shift=True)
        await mouse.click("#to")
        await page.send("Input.insertText", text="me")
        await Keyboard(page).press("Enter")
        await page.until("document.querySelector('form.action')")
        await mouse.click("form.action button.leads")
        await page.until("document.querySelector('[data-sent]')")
        assert "Assigned to Lin" in await page.run("document.querySelector('[data-sent]').innerText")
        assert "done for 10 of 10" in await page.run("document.querySelector('[data-sent]').innerText")
        assert mouse.clicks <= MOST_CLICKS
        assert page.errors == []


async def test_a_list_is_worked_by_keys(place: Place, browsing: Browsing) -> None:
    async with browsing() as page:
        await as_client(page, place.agent)
        await page.sized(*LAPTOP)
        await page.open(f"{place.url}/desk/incident")
        keyboard = Keyboard(page)
        checked = "document.querySelectorAll('input[name=records]:checked').length"
        all_rows = await page.run("document.querySelectorAll('input[name=records]').length")
        for key, count in (("j", 0), ("x", 1), ("j", 1), ("j", 1), ("X", 3), ("a", all_rows), ("a", 0)):
            await keyboard.press(key)
            assert await page.run(checked) == count, key
        await keyboard.press("f")
        assert await page.run("document.querySelector('.drop').open")
        await page.open(f"{place.url}/desk/incident")
        first, second = await page.run(
            "[...document.querySelectorAll('td.wide a')].slice(0, 2).map((one) => one.pathname)"
        )
        await keyboard.press("j")
        await keyboard.press("Enter")
        await keyboard.arrive(first)
        await keyboard.press("]")
        await keyboard.arrive(second)
        await keyboard.press("r")
        assert await page.run("document.activeElement.closest('.reply') !== null")
        await keyboard.press("Escape")
        await keyboard.press("[")
        await keyboard.arrive(first)
        await page.open(f"{place.url}/desk/incident")
        await keyboard.press("n")
        await keyboard.arrive("/desk/new/incident/report")
        await page.open(f"{place.url}/desk/incident")
        await keyboard.press("?")
        offered = await page.run("[...document.querySelectorAll('#keys kbd')].map((one) => one.textContent)")
        assert {"n", "t", "r", "x", "a", "f", "?"} <= set(offered), "every key stands in the list of keys"
        assert page.errors == []
