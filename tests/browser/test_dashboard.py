"""The dashboard in a real browser: languages, periods, teams, cases, events; by keyboard, on a phone."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.client import serving
from tests.conftest import DatabaseUrls
from tests.demo.making import following
from tests.kernel.incidents import a_report
from tests.people import act, add_caller
from tests.served import behind_a_socket

AXE = Path(__file__).with_name("axe-core") / "axe.min.js"
PAGE = 50
FAULTS = """
axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations
  .filter(({impact}) => impact === "serious" || impact === "critical")
  .map(({id, nodes}) => `${id}: ${nodes.map(({html}) => html).join(" | ")}`.slice(0, 500)))"""
SHOWN = "document.querySelector('main[aria-busy=false]') && !document.querySelector('.waiting')"
#: Of a fact that is told of an event, what it is called and what it is.
SAID = "(one) => [one.querySelector('dt').innerText, one.querySelector('dd').innerText]"
#: What the page of a KPI tells of its last period and of its teams, and what the API answers.
TOLD_BY_CLOCK = """(async () => {
  const {get} = await import('/dashboard/api.js');
  const format = await import('/dashboard/format.js');
  const {asked} = await import('/dashboard/overview.js');
  const [kpi] = (await get('/v1/kpis')).items.filter((one) => one.key === 'incident_resolution_seconds');
  const zone = (await get('/v1/kpis')).tz;
  const {points} = await get(`/v1/kpis/${kpi.key}`, asked(kpi, zone));
  const words = (of) => Object.fromEntries(
    Object.entries(of ?? {}).map(([name, value]) => [name, format.duration(value)]));
  const table = document.querySelector('#teams table');
  const heads = [...table.querySelectorAll('thead th')].map((one) => one.innerText);
  const place = heads.indexOf('Median');
  const teams = [...table.querySelectorAll('tbody tr')].map((row) => row.children[place].innerText);
  const {chosen, next} = await import('/dashboard/periods.js');
  const {state} = await import('/dashboard/state.js');
  const begin = chosen(state, zone);
  const period = {grain: 'all', from: begin, to: next(begin, state.grain), by: 'team'};
  const by = await get(`/v1/kpis/${kpi.key}`, period);
  const rows = by.points.map((point) => point.business ? format.duration(point.business.median) : '–');
  const last = points.at(-1);
  return [document.querySelector('#trend .facts').innerText, heads, teams.toSorted(),
    {business: words(last.business), elapsed: words(last.elapsed), teams: rows.toSorted()}];
})()"""
UUID_LIKE = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-")
PERIOD, TEAM = "#period", "#team"
#: What an unknown visitor is answered, and so the browser notes; nothing else may be complained of.
NOT_SIGNED_IN = "401 (Unauthorized)"


@pytest.fixture
async def address(
    demo_place: DatabaseUrls, demo_secrets: Path, settings: Settings
) -> AsyncIterator[tuple[str, str, str]]:
    """Where the demo's last months are served, a key that sees the figures, and one that does not."""
    installed()
    async with serving(demo_place.url, demo_secrets, settings) as api:
        monitor = await add_caller(api.ledger, "Monitor", Role.integration)
        old = a_report(occurred_at=datetime(2016, 3, 5, 12, tzinfo=UTC))
        await act(api.ledger, monitor, "incident", "report", body=old)
        keys = [(await api.client("Lin", role)).token for role in (Role.auditor, Role.requester)]
    # When all is written: a page that is behind asks again and again.
    async with following(demo_place.url) as follow:
        await follow()
    app = application(demo_place.url, demo_secrets, settings)
    async with contextlib.AsyncExitStack() as stack:
        host, port = await stack.enter_async_context(behind_a_socket(app))
        yield f"http://{host}:{port}", str(keys[0]), str(keys[1])


async def _sign_in(page: Page, key: str) -> None:
    await page.until("document.querySelector('#key')")
    await page.run(f"document.querySelector('#key').value = {json.dumps(key)}")
    await page.run("document.querySelector('.login button').click()")
    await page.until("document.querySelector('#out')")
    await page.until(SHOWN)


async def _choose(page: Page, where: str, value: str) -> None:
    await page.run(
        f"(() => {{ const one = document.querySelector('{where}'); one.value = {json.dumps(value)};"
        " one.dispatchEvent(new Event('change')); })()"
    )
    await page.until(SHOWN)


async def _faultless(page: Page) -> None:
    await page.run(AXE.read_text(encoding="utf-8") + "; 0")
    assert await page.run(FAULTS) == []


async def _click(page: Page, selector: str) -> None:
    await page.run(f"document.querySelector({json.dumps(selector)}).click()")
    await page.until(SHOWN)


async def _text(page: Page, selector: str = "main") -> str:
    text: Any = await page.run(f"document.querySelector({json.dumps(selector)}).innerText")
    return str(text)


async def test_figures_open_to_cases_and_events_in_both_languages(
    address: tuple[str, str, str], browsing: Browsing
) -> None:
    url, key, requesters = address
    async with browsing() as page:
        await page.sized(1280, 900)
        await page.open(f"{url}/dashboard?lang=en")
        await _sign_in(page, requesters)
        assert "no figures for this key" in await _text(page)
        await page.run("document.querySelector('#out').click()")
        await _sign_in(page, key)
        assert "Mean time to resolve" in await _text(page)
        assert await page.run("document.documentElement.lang") == "en"
        await _by_process(page)
        await _faultless(page)
        await _back_and_forth(page)
        await _down_to_events(page)
        await _told_by_their_own_clock(page, url)
        await _years_back(page, url)
        await _holds_its_limits(page)
        await _says_once_what_ails(page)
        await _down_to_cases_of_another_kind(page, url)
        await _on_a_phone(page, url)
        await _by_keyboard(page)
        assert [error for error in page.errors if NOT_SIGNED_IN not in error] == []


async def _by_process(page: Page) -> None:
    """Each process has its figures below its name, and each figure a value or says why it has none."""
    headings = await page.run("[...document.querySelectorAll('h2.process')].map((one) => one.innerText)")
    assert headings == [
        *("Incidents", "Service requests", "Problems", "Changes"),
        *("Configuration items", "Deployments", "Agreements", "Services", "Knowledge"),
        *("Suggestions", "Improvements"),
        *("Corrective actions", "Maintenance", "Findings", "Audits", "Documents", "Risks"),
    ]
    below = "[...document.querySelectorAll('h2.process + .tiles')].map((one) => one.children.length)"
    numbers = await page.run(below)
    assert all(number > 5 for number in numbers[:4])
    assert numbers[4:] == [1, 4, 1, 1, 4, *(5, 5), *(1, 1, 2, 2, 1, 2)]
    values = await page.run(
        "[...document.querySelectorAll('.tile .value')].map((one) => one.innerText.trim())"
    )
    assert len(values) > 40
    assert "" not in values
    assert "[object" not in await _text(page)


async def _back_and_forth(page: Page) -> None:
    """What is chosen stands in the address."""
    await _choose(page, TEAM, "network")
    assert "team=network" in await page.run("location.search")
    here = await page.run("location.search")
    last = await page.run(f"document.querySelector('{PERIOD}').options[1].value")
    await _choose(page, PERIOD, last)
    assert f"period={last}" in await page.run("location.search")
    await page.run("history.back()")
    await page.until(f"location.search === {json.dumps(here)}")
    await page.until(SHOWN)
    assert await page.run(f"document.querySelector('{TEAM}').value") == "network"
    await _choose(page, TEAM, "")


async def _down_to_events(page: Page) -> None:
    """From a number to its cases, and to what happened; in Chinese."""
    opened = "[data-kpi=incidents_opened]"
    # On the first day of a month there may be nothing in it yet, but there is in the one before.
    if not await page.run(f"document.querySelector('{opened} .value a') !== null"):
        before = await page.run(f"document.querySelector('{PERIOD}').options[1].value")
        await _choose(page, PERIOD, before)
    counted = await _text(page, f"{opened} .value a")
    await _click(page, "#language")
    assert await page.run("document.documentElement.lang") == "zh-CN"
    assert "事件提出数" in await _text(page)
    await _faultless(page)
    await _click(page, f"{opened} h3 a")
    await page.until("document.querySelector('#trend canvas')")
    assert "自然界限" in await _text(page, "#behaviour")
    assert "按团队" in await _text(page)
    await _faultless(page)
    await _click(page, "#trend .value a")
    rows = await page.run("document.querySelectorAll('tbody tr').length")
    assert rows == min(int(counted.replace(",", "")), PAGE)
    await _faultless(page)
    number = await _text(page, "tbody th")
    await _click(page, "tbody a")
    assert number in await _text(page)
    assert await page.run("document.querySelectorAll('.events li').length") > 1
    assert await page.run("document.querySelectorAll('.events li.marked').length") == 1
    fields = await page.run(f"[...document.querySelectorAll('.events dl.given > div')].map({SAID})")
    of_people = [value for name, value in fields if name in ("person", "team", "assignee", "requester")]
    assert of_people, "somebody is named in what was said"
    assert [value for value in of_people if UUID_LIKE.search(value)] == []
    await _faultless(page)


async def _told_by_their_own_clock(page: Page, url: str) -> None:
    """Beside a mean stand the median and the 90th percentile of the same clock, of the whole and of each
    team; those of the other one are told with its name.
    """
    await page.open(f"{url}/dashboard?lang=en&kpi=incident_resolution_seconds&grain=quarter")
    await page.until("document.querySelector('#trend canvas')")
    await page.until(SHOWN)
    texts, heads, teams, expected = await page.run(TOLD_BY_CLOCK)
    own, wall = expected["business"], expected["elapsed"]
    assert own["median"] != wall["median"], "the demo's tickets wait for the morning"
    assert f"Median {own['median']}" in texts
    assert f"9 of 10 within {own['p90']}" in texts
    assert f"by the wall clock: mean {wall['mean']}, median {wall['median']}" in texts
    assert heads.count("Median") == 1
    assert teams == expected["teams"]


async def _years_back(page: Page, url: str) -> None:
    """What was brought in of 2016 can be chosen, and who has chosen an empty period is led to it."""
    await page.open(f"{url}/dashboard?lang=en&period=2016-05-01")
    await page.until(SHOWN)
    assert "May 2016" in await _text(page, "#empty")
    await _click(page, "#empty a")
    assert "period=2016-03-01" in await page.run("location.search")
    assert await page.run("document.querySelector('#empty')") is None
    assert await _text(page, "[data-kpi=incidents_opened] .value a") == "1"
    await _choose(page, PERIOD, await page.run(f"document.querySelector('{PERIOD}').options[0].value"))
    assert "same days before" in await _text(page)
    oldest = await page.run(f"[...document.querySelector('{PERIOD}').options].at(-1).value")
    assert oldest == "2016-03-01", "it can be chosen from the running one"


async def _holds_its_limits(page: Page) -> None:
    """Of a behaviour chart the axis holds the limits, whatever its unit."""
    for unit, low, high in (
        ("cases", 0, 31.4),
        ("ratio", -0.2, 0.93),
        ("seconds", 0, 91_000),
        ("number", -3, 2),
    ):
        script = f"""import('/dashboard/charts.js').then(({{behaviour}}) => {{
          const point = {{value: {high / 2}}}, limits = {{centre: 0, low: {low}, high: {high}}};
          const {{yAxis}} = behaviour([point, point], limits, new Map(), '{unit}', ['', ''], {{}})();
          return [yAxis.min, yAxis.max, yAxis.interval];
        }})"""
        least, most, interval = await page.run(script)
        assert least <= low <= high <= most, unit
        assert (most - least) / interval <= 8, unit


async def _says_once_what_ails(page: Page) -> None:
    """Where no figure can be had that is said once, and trying again shows them."""
    await page.run(
        "window.whole = window.fetch; window.fetch = (path, ...more) =>"
        " /kpis.[a-z_]+.grain=month&from/.test(path) ? Promise.reject(new TypeError('Failed to fetch'))"
        " : window.whole(path, ...more); 0"
    )
    await _choose(page, TEAM, "network")
    assert await page.run("document.querySelectorAll('.tile').length") > 40
    assert await page.run("document.querySelectorAll('.banner').length") == 1
    assert "does not answer" in await _text(page, ".banner")
    assert "Failed to fetch" not in await _text(page, "body")
    await _faultless(page)
    await page.run("window.fetch = window.whole; 0")
    await _click(page, ".banner button")
    assert await page.run("document.querySelector('.banner')") is None
    assert "not loaded" not in await _text(page)


async def _down_to_cases_of_another_kind(page: Page, url: str) -> None:
    """A figure of requests and incidents opens to both, and from there back to it."""
    cases = "lang=en&kpi=requests_per_agent_day&view=cases"
    before = await page.run(f"document.querySelector('{PERIOD}').options[1].value")
    for changes in ("", f"&period={before}"):
        await page.open(f"{url}/dashboard?{cases}{changes}")
        await page.until(SHOWN)
        if await page.run("document.querySelector(\"a[href*='kind=incident']\") !== null"):
            break
    await _click(page, "a[href*='kind=incident']")
    assert "INC-" in await _text(page)
    assert await page.run("document.querySelectorAll('.events li').length") > 1
    await page.run("history.back()")
    await page.until("!location.search.includes('kind=')")
    await page.until(SHOWN)
    assert "REQ-" in await _text(page)


async def _on_a_phone(page: Page, url: str) -> None:
    """Nothing is wider than the screen, and what is dark can be read."""
    await page.sized(360, 740, dark=True)
    for changes in ("&kpi=incident_resolution_seconds", "&kpi=backlog&view=cases", ""):
        await page.open(f"{url}/dashboard?lang=en{changes}")
        await page.until(SHOWN)
        assert await page.run("document.documentElement.scrollWidth") <= 360
        await _faultless(page)


async def _by_keyboard(page: Page) -> None:
    """Somebody without a mouse comes to a figure, and sees where they are."""
    for _ in range(40):
        for kind in ("keyDown", "keyUp"):
            await page.send(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )
        if await page.run("document.activeElement.matches('.tile h3 a')"):
            break
    assert await page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
    await page.send("Input.dispatchKeyEvent", type="keyDown", **enter)
    await page.until("location.search.includes('kpi=')")
    await page.until("document.activeElement.matches('h1')")
