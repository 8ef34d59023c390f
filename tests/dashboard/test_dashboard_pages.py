"""The dashboard over HTTP: its figures are the API's, each number opens to so many rows, nobody sees more."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import cycle

import httpx
import pytest

from app.common.people import Role
from app.dashboard.router import FILES
from app.kpis.facts.consumer import FACTS
from app.log.events import Event
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.platform.settings import Settings
from tests.client import ADDRESS, Api, Client, an_incident, serving
from tests.conftest import Server, fresh
from tests.extent import first_of, in_test_all
from tests.kpis.histories import TEAMS, Scripted, write

USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument
KPI = "incident_resolution_seconds"
#: Of ten teams' cases in each month, these took so long in the month that a test plants.
USUAL_MINUTES, PLANTED_MINUTES = 60, 900
INLINE = re.compile(r"<style|<script>| on\w+=| style=")
PAGES = (
    "",
    f"/kpi/{KPI}",
    "/team/team-0",
    "/incident",
    "/request",
    "/problem",
    "/change",
    "/service-level",
    "/kpis",
    "/effects",
    "/report",
    "/improvement",
    "/committee",
    "/summaries",
)


def months(number: int) -> list[datetime]:
    """The beginnings of the last months, the running one last."""
    begins = [datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
    while len(begins) <= number:
        begins.append((begins[-1] - timedelta(days=1)).replace(day=1))
    return begins[::-1]


async def _tell(api: Api) -> Client:
    """Whoever reads the dashboard of an organisation of two teams: fourteen months of ten cases for each, of
    which those of one team took longer in the last month that is over.
    """
    log = list[Event]()
    begins = months(14)
    for begin in begins[:-1]:
        for team in TEAMS[:2]:
            for case in range(10):
                planted = begin == begins[-2] and team == TEAMS[1]
                minutes = PLANTED_MINUTES + case if planted else USUAL_MINUTES + begin.month % 3
                script = Scripted.begin(
                    begin + timedelta(days=1, hours=case), team_id=str(team), service="mail"
                )
                log += script.then("resolved", minutes=minutes).events
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    await write(connection, log)
    await catch_up(connection, FACTS)
    await connection.close()
    return await api.client("Quan", Role.quality_manager)


@pytest.fixture
async def quality(api: Api) -> Client:
    """The reader of an organisation in which a test may change something."""
    return await _tell(api)


@pytest.fixture(scope="module")
async def organisation(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Api, Client]]:
    with fresh(server) as place:
        async with serving(place.url, tmp_path_factory.mktemp("secrets"), USUAL) as api:
            yield api, await _tell(api)


@pytest.fixture
def reader(organisation: tuple[Api, Client]) -> Client:
    """The reader of an organisation in which no test changes a figure."""
    return organisation[1]


async def page(client: Client, path: str, **parameters: str) -> httpx.Response:
    """The page as the client sees it; it is no part of the contract."""
    headers = {"Accept": "text/html", "Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.get(f"/dashboard{path}", params=parameters or None, headers=headers)


async def text(client: Client, path: str, **parameters: str) -> str:
    answer = await page(client, path, **parameters)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def test_no_page_holds_a_script_or_a_style_of_its_own(reader: Client) -> None:
    # In a browser every page is opened, which would refuse them (tests/browser).
    for path, language in zip(first_of(PAGES, 4), cycle(("en", "zh", "zh")), strict=False):
        answer = await page(reader, path.replace("team-0", "team 0"), lang=language)
        assert answer.status_code == 200, path
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert INLINE.findall(answer.text) == [], path
        assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text


async def test_each_sentence_that_one_stands_for_leads_to_its_case(api: Api) -> None:
    manager = await api.client("Mia", Role.incident_manager, Role.agent)
    statement = {"commander": "me", "statement": "We work on it."}
    numbers = set[str]()
    for _ in range(3):
        incident = await manager.post_ok("/v1/incidents", an_incident())
        await manager.post_ok(f"/v1/incidents/{incident['id']}/declare_major", statement)
        numbers.add(incident["number"])
    html = await text(manager, "")
    (several,) = re.findall("<details><summary>All 3</summary><ul>(.*?)</ul>", html)
    assert set(re.findall('href="/desk/incident/([^"]*)"', several)) == numbers


async def test_a_team_that_got_worse_is_named_first_with_its_month_and_its_heaviest_cases(
    reader: Client,
) -> None:
    html = await text(reader, f"/kpi/{KPI}")
    (sentence,) = re.findall(r"Largest effect for the worse: ([^<]*)", html)
    month = f"{months(1)[0]:%b %Y}"
    assert sentence.startswith(f"Team 1 in {month}, 15 h")
    influence = await reader.read(f"/v1/kpis/{KPI}/influence", **period())
    (heavy,) = re.findall(r"Heaviest cases: (.*)</p>", html)
    assert re.findall(r">([A-Z]+-[\d-]+)<", heavy) == [case["number"] for case in influence["heaviest"][:3]]
    assert "Changed for the worse" in html
    (bold,) = re.findall(r'class="heavy">.*?</span> (?:<a[^>]*>)?([^<]*)<', html)
    assert bold.startswith("15 h")


def period() -> dict[str, str]:
    begin, end = months(1)
    return {"from": begin.date().isoformat(), "to": end.date().isoformat()}


async def test_the_number_on_the_page_is_the_number_of_rows_of_its_list(reader: Client) -> None:
    (item,) = (await reader.read("/v1/kpis/behaviours", keys=KPI))["items"]
    for scope in ({}, {"team": "team 1"}):
        (number,) = re.findall(r'id="cases">[^:]*: (\d+) cases', await text(reader, f"/kpi/{KPI}", **scope))
        answer = await page(reader, f"/kpi/{KPI}/cases.csv", **scope)
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        cases = (await reader.read(f"/v1/kpis/{KPI}/cases", limit=200, **period(), **scope))["items"]
        assert int(number) == len(rows) == len(cases) > 0
    assert item["judged"]["cases"] == 20
    sorted_rows = await text(reader, f"/kpi/{KPI}", sort="-measure")
    table = sorted_rows[sorted_rows.index('id="cases"') :]
    measures = re.findall(r"</a></th><td>([^<]*)</td>", table)
    assert measures[0] == "15 h 9 min"
    assert (await page(reader, f"/kpi/{KPI}/series.csv")).text.startswith("from,")


@in_test_all
async def test_a_team_and_a_month_are_chosen_in_the_table_of_both(reader: Client) -> None:
    html = await text(reader, f"/kpi/{KPI}", by="team")
    month = f"{months(1)[0]:%Y-%m}"
    (chosen,) = re.findall(r'class="heavy">.*?href="(/dashboard[^"]*)"', html)
    assert chosen == f"/dashboard/kpi/{KPI}?period={month}&team=team 1#cases".replace(" ", "+")
    assert f'href="/dashboard/kpi/{KPI}?period={month}&by=team#moved" aria-current="true"' in html
    every = await text(reader, f"/kpi/{KPI}", rows="all")
    table = every[every.index('id="cases"') :]
    assert table.count('scope="row"') == 20
    assert re.findall(r"<td>(\+[^<]*)</td></tr>", table), "what a heavy case moves stands beside it"


@in_test_all
async def test_moving_ranges_and_tables_stand_with_charts(reader: Client) -> None:
    plain, ranges = (
        await text(reader, f"/kpi/{KPI}"),
        await text(reader, f"/kpi/{KPI}", moving_range="true"),
    )
    assert "Moving range: the difference of each value" not in plain
    assert "Moving range: the difference of each value" in ranges
    assert '<th scope="col">Moving range</th>' in ranges
    process = await text(reader, "/incident")
    assert process.count('class="chart"') == process.count('<details class="table">') > 3


async def test_what_a_page_lacks_it_says_in_words(api: Api, quality: Client) -> None:
    few = await text(quality, f"/kpi/{KPI}", period=f"{months(0)[0]:%Y}", grain="year")
    assert re.search(r"No limits yet: \d more periods are needed", few)
    assert "no value (No cases)" in await text(quality, f"/kpi/{KPI}", team="team 2")
    assert "no value (" in await text(quality, "/kpi/reopen_rate", team="team 2"), "and never 0 %"
    refused = await page(await api.client("Marta", Role.incident_manager), "/kpi/csat")
    assert (refused.status_code, "quality" in refused.text.lower()) == (403, True), "it says which role"
    body = {"comparator": None, "value": None, "valid_from_at": "2020-01-01T00:00:00Z"}
    assert (await quality.request("PUT", f"/v1/kpis/{KPI}/target", json=body)).status_code == 201
    assert f'href="/desk/new/kpi_target/add?kpi={KPI}"' in await text(quality, f"/kpi/{KPI}")
    manager = await api.client("Mia", Role.incident_manager)
    assert "/desk/new/kpi_target" not in await text(manager, f"/kpi/{KPI}")


async def test_a_running_period_is_not_judged_and_is_compared_with_the_same_part(reader: Client) -> None:
    running = f"{datetime.now(UTC):%Y-%m}"
    html = await text(reader, "", period=running, compare="previous")
    assert "so far" in html
    assert 'class="mark worse"' not in html
    assert re.findall(r'class="compared">([^<]+)<', html) != []
    finished = await text(reader, "", compare="previous")
    assert 'class="mark worse"' in finished
    assert re.findall(r'class="compared">([^<]+)<', finished) != []


async def test_a_value_that_no_longer_changes_is_not_announced_to_change(reader: Client) -> None:
    long_ago = await text(reader, f"/kpi/{KPI}", period=f"{months(3)[0]:%Y-%m}")
    assert "Settled since" in long_ago
    assert "Can still change until" not in long_ago
    running = await text(reader, f"/kpi/{KPI}", period=f"{datetime.now(UTC):%Y-%m}")
    assert "Settled since" not in running


async def test_filters_hold_on_every_part_and_unknown_ones_are_named(reader: Client) -> None:
    html = await text(reader, "", team="team 0,nobody", color="red")
    assert "Unknown parts of the address were ignored: color=red, team=nobody" in html
    (item,) = (await reader.read("/v1/kpis/behaviours", keys="backlog", team="team 0"))["items"]
    assert f'class="value">{item["judged"]["value"]}' in html
    assert "Cannot be filtered by: " in await text(reader, "", priority="P1"), "availability has no priority"
    of_teams = await text(reader, "", team="team 0,team 1")
    assert "Targets out of reach this month. Cannot be filtered by: Team</li>" in of_teams
    assert (await page(reader, "/team/nobody")).status_code == 404


async def test_nobody_sees_more_than_by_the_api(organisation: tuple[Api, Client]) -> None:
    api, quality = organisation
    manager, requester = await api.client("Marta", Role.incident_manager), await api.client("Rae")
    names = re.findall(r'scope="row"><a href="/dashboard/kpi/(\w+)', await text(manager, ""))
    assert names == [item["key"] for item in (await manager.read("/v1/kpis/behaviours"))["items"]]
    assert "csat" not in names
    assert re.findall(r"/dashboard/kpi/", await text(requester, "")) == []
    assert (await page(requester, f"/kpi/{KPI}")).status_code == 403
    assert (await page(manager, "/kpi/csat")).status_code == 403
    assert (await page(requester, f"/kpi/{KPI}/cases.csv")).status_code == 403
    assert (await page(requester, "/incident")).status_code == 403
    assert (await page(quality, "/kpi/happiness")).status_code == 404


@in_test_all
async def test_all_figures_are_found_by_name_key_and_number_in_both_languages(reader: Client) -> None:
    for searched in ("backlog", "积压"):
        assert "/dashboard/kpi/backlog?" in await text(reader, "/kpis", q=searched)
    first = await text(reader, "/kpis", q="1")
    assert re.findall(r'scope="row"><a href="/dashboard/kpi/(\w+)', first) == ["incidents_opened"]
    worst = re.findall(r'class="mark (\w+)"', await text(reader, "/kpis", q="incident", sort="mark"))
    marks = [mark for mark in worst if mark in ("worse", "usual")]
    assert marks == sorted(marks, reverse=True)


async def test_an_effect_is_asked_for_and_answered_on_the_page(reader: Client) -> None:
    begins = [begin.date().isoformat() for begin in months(4)]
    form = {
        "kpi": KPI,
        "before_from": begins[0],
        "before_to": begins[2],
        "after_from": begins[3],
        "after_to": begins[4],
    }
    headers = {
        "Authorization": f"Bearer {reader.token}",
        "Sec-Fetch-Site": "same-origin",
        "Accept": "text/html",
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(reader.app), base_url=ADDRESS) as browser:
        answer = await browser.post("/dashboard/effects", data=form, headers=headers)
        assert answer.status_code == 303, answer.text
        html = await browser.get(answer.headers["location"], headers=headers)
        wrong = await browser.post("/dashboard/effects", data={**form, "after_to": ""}, headers=headers)
    (effect,) = (await reader.read("/v1/effects"))["items"]
    assert effect["sentence"] in unescape(html.text)
    assert html.text.count('class="chart"') == 3
    assert effect["sentence"] in await text(reader, "/effects")
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert f'value="{begins[0]}"' in wrong.text, "what was entered is kept"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("?kpi=backlog&period=2026-07-01&team=mail", "/dashboard/kpi/backlog?period=2026-07-01&team=mail"),
        ("?case=INC-2026-000001&kind=incident", "/desk/incident/INC-2026-000001"),
        ("/case/INC-2026-000001", "/desk/incident/INC-2026-000001"),
        ("/due?team=mail", "/desk/due?team=mail"),
        ("/changes?lang=zh", "/desk/changes?lang=zh"),
    ],
)
async def test_earlier_addresses_lead_to_where_it_is_now(api: Api, before: str, after: str) -> None:
    answer = await page(await api.client("Lin", Role.agent), before)
    assert (answer.status_code, answer.headers["location"]) == (308, after)


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in_and_gets_files_without(api: Api) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url=ADDRESS) as browser:
        answer = await browser.get(
            "/dashboard", headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        )
        assert answer.headers["location"].startswith("/sign-in")
        for name in FILES:
            answer = await browser.get(f"/dashboard/static/{name}")
            assert (answer.status_code, answer.headers["vary"]) == (200, "Accept-Encoding")
        assert (await browser.get("/dashboard/static/router.py")).status_code == 404
