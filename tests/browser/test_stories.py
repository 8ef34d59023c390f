"""Whole stories in a browser: an agent's hour by keyboard alone, a change by five people, the vote of a
committee. Each is told in both languages, light and dark, on every screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.main import application
from app.platform.db import connect
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.keyboard import Keyboard
from tests.browser.test_desk import as_client, looked_at
from tests.client import Api, Client, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.desk.story_steps import FormStep, change_by_five_people, committee_vote
from tests.extent import WHOLE, in_test_all
from tests.processes.improvements.samples import improvers_of
from tests.served import behind_a_socket

#: Width, height, language, and whether it is dark.
SCREENS = (
    (1280, 800, "en", False),
    (390, 844, "zh", True),
    (1920, 1080, "en", True),
    (390, 844, "en", False),
    (1920, 1080, "zh", False),
)
TICKETS = 20 if WHOLE else 12


@dataclass
class Site:
    """Where the application is served."""

    api: Api
    url: str
    database: str


@pytest.fixture
async def site(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Site]:
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(serving(place.url, secrets, settings))
        host, port = await stack.enter_async_context(
            behind_a_socket(application(place.url, secrets, settings))
        )
        yield Site(api, f"http://{host}:{port}", place.url)


@in_test_all
async def test_an_agents_hour_is_worked_by_keyboard_alone(site: Site, browsing: Browsing) -> None:
    await site.api.team("network")
    lin = await site.api.client(
        "Lin 林晓雨", Role.agent, Role.engineer, Role.problem_manager, teams=("network",)
    )
    for n in range(TICKETS):
        record = await lin.post_ok("/v1/incidents", an_incident(title=f"Mail is late, floor {n} 层邮件延迟"))
        await lin.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": "network"})
    async with browsing() as page:
        hands, screens = Keyboard(page), cycle(SCREENS)
        await shown_on(page, next(screens), lin)
        await page.open(f"{site.url}/desk")
        numbers = [await take_next(page, hands) for _ in range(TICKETS)]
        assert len(set(numbers)) == TICKETS
        await looked_at(page, "hour-taken")
        await shown_on(page, next(screens), lin)
        for number in numbers[:3]:
            await act_on(
                hands, number, "comment", fill={"/text": "几点开始的？"}, choose={"/visibility": "public"}
            )
        await looked_at(page, "hour-asked")
        await shown_on(page, next(screens), lin)
        for number in numbers[4:7]:
            await to_record(hands, number)
            await hands.act("acknowledge")
            await page.until("location.search === '?done=acknowledge'")
            await send_action(
                hands, number, "resolve", {"/done": "Restarted."}, {"/resolution_code": "fixed"}
            )
        await looked_at(page, "hour-resolved")
        await send_action(hands, numbers[6], "reopen", {"/reason": "It is back."}, {})
        await shown_on(page, next(screens), lin)
        for number in numbers[9:11]:
            await act_on(hands, number, "link", fill={"/other": numbers[11]}, choose={"/kind": "relates_to"})
        await looked_at(page, "hour-linked")
        await shown_on(page, next(screens), lin)
        await raise_problem(hands, numbers[11])
        await looked_at(page, "hour-problem")
        assert page.errors == []
    records = [await lin.read(f"/v1/incidents/{number}") for number in numbers]
    assert {record["assignee"]["id"] for record in records} == {lin.id}
    assert [record["state"] for record in records[4:7]] == ["resolved"] * 2 + ["in_progress"]
    assert len((await lin.read(f"/v1/incidents/{numbers[11]}/links"))["items"]) == 3
    assert [problem["title"] for problem in (await lin.read("/v1/problems"))["items"]] == ["Mail is lost"]


async def shown_on(page: Page, screen: tuple[int, int, str, bool], client: Client | None = None) -> None:
    """From here on the screen is that, and its language; a client's key is sent, or what the browser has."""
    width, height, language, is_dark = screen
    await page.sized(width, height, dark=is_dark)
    if client is not None:
        await as_client(page, client, language)
    else:
        await page.send("Network.enable")
        await page.send("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})


async def take_next(page: Page, hands: Keyboard) -> str:
    """The first ticket of the queue is taken; gives its number. Then it is my work again."""
    mine = await page.run("document.querySelectorAll('section[aria-labelledby=waiting] tbody tr').length")
    await asyncio.gather(*(hands.press("j") for _ in range(mine + 1)))
    number = str(await page.run("document.activeElement.innerText"))
    await hands.press("t")
    await hands.arrive(f"/desk/incident/{number}")
    await to_work(hands)
    return number


async def to_work(hands: Keyboard) -> None:
    """My work, from anywhere."""
    await hands.press("g")
    await hands.press("h")
    await hands.arrive("/desk")


async def to_record(hands: Keyboard, number: str) -> None:
    """The record of that number, by one's own work."""
    await to_work(hands)
    await hands.to("j", f"one.innerText === {json.dumps(number)}")
    await hands.press("Enter")
    await hands.arrive(f"/desk/incident/{number}")


async def act_on(
    hands: Keyboard, number: str, action: str, *, fill: dict[str, str], choose: dict[str, str]
) -> None:
    """The action on the ticket of that number, by one's own work."""
    await to_record(hands, number)
    await send_action(hands, number, action, fill, choose)


async def send_action(
    hands: Keyboard, number: str, action: str, fill: dict[str, str], choose: dict[str, str]
) -> None:
    """The action on the record that is open, with texts and choices in its form."""
    await hands.act(action)
    await hands.arrive(f"/desk/incident/{number}/{action}")
    for name, text in fill.items():
        await hands.fill(name, text)
    for name, value in choose.items():
        await hands.choose(name, value)
    await hands.send(f"/desk/incident/{number}")


async def raise_problem(hands: Keyboard, incident: str) -> None:
    """A problem is raised that the incident shows, from the list of problems."""
    await hands.to("Tab", "one.pathname === '/desk/problem'")
    await hands.press("Enter")
    await hands.arrive("/desk/problem")
    await hands.press(".")
    await hands.press("Enter")
    await hands.arrive("/desk/new/problem/raise")
    texts = {"/title": "Mail is lost", "/description": "Each night at two.", "/service": "mail"}
    texts |= {"/affected_services": "mail", "/affected_users": "120", "/tried": "A restart."}
    for name, text in {**texts, "/incidents": incident}.items():
        await hands.fill(name, text)
    await hands.press("Enter", ctrl=True)
    await hands.see("/PRB-/.test(location.pathname)")


@in_test_all
async def test_five_people_bring_a_change_from_its_draft_to_its_review(
    site: Site, browsing: Browsing
) -> None:
    steps, screens = await change_by_five_people(site.api), cycle(SCREENS)
    assert len({step.client.id for step in steps}) == 5
    async with browsing() as page:
        address, signed_in = "/desk/new/change", ""
        for step in steps:
            if step.client.id != signed_in:
                await shown_on(page, next(screens))
                await sign_in(page, site, step.client)
                signed_in = step.client.id
            address = await carried_out(page, site, step, f"{address}/{step.action}")
        assert page.errors == []
    change = await step.client.read(f"/v1/changes/{address.rpartition('/')[2]}")
    assert (change["state"], change["outcome"]) == ("closed", "successful")


@in_test_all
async def test_a_committee_votes_beside_what_it_judges_by(site: Site, browsing: Browsing) -> None:
    connection = await connect(site.database, FOLLOW_LIMITS)
    improvers = await improvers_of(site.api, connection)
    steps, path = await committee_vote(improvers)
    async with browsing() as page:
        for step, screen in zip(steps, SCREENS[1:3], strict=True):
            await shown_on(page, screen)
            await sign_in(page, site, step.client)
            await carried_out(page, site, step, f"/desk/improvement/none/{step.action}")
        assert page.errors == []
    await connection.close()
    assert (await improvers.quality.read(path))["state"] == "approved"


async def sign_in(page: Page, site: Site, client: Client) -> None:
    """They sign in by their key, in the place of whoever was signed in."""
    await page.send("Network.clearBrowserCookies")
    await page.open(f"{site.url}/desk")
    await page.run(f"document.querySelector('#key').value = {json.dumps(client.token)}")
    await page.run("document.querySelector('#key').form.requestSubmit()")
    await page.until("location.pathname === '/desk'")


async def carried_out(page: Page, site: Site, step: FormStep, address: str) -> str:
    """The address to which the form leads: it is at that address; a vote waits for them in their work."""
    picture = f"{step.action}-{step.client.id[-4:]}"
    if step.action == "vote":
        await looked_at(page, f"waiting-{picture}")
        link = "document.querySelector('section[aria-labelledby=waiting] a[href*=\"/vote?\"]')"
        address = str(await page.run(f"{link}.getAttribute('href')"))
    await page.open(f"{site.url}{address}")
    if step.action == "vote":
        beside = (
            "document.querySelector('#evidence').compareDocumentPosition(document.querySelector('#form'))"
        )
        assert await page.run(beside) == 4, "what it is judged by stands before the vote"
    await looked_at(page, f"form-{picture}")
    fill = "Object.entries({}).forEach(([name, text]) => document.getElementsByName(name)[0].value = text)"
    await page.run(fill.replace("{}", json.dumps(step.filled)))
    await page.run("document.querySelector('form.action button.leads').click()")
    await page.until("(/[?]done=/.test(location.search) || document.querySelector('[role=alert]'))")
    assert await page.run("document.querySelector('[role=alert]')?.innerText ?? ''") == "", step.action
    return str(await page.run("location.pathname"))
