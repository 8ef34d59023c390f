"""Views as of an instant show the same figures for ever; selections are saved, opened and removed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import httpx

from app.common.people import Role
from app.kpis.answers import as_of
from app.kpis.facts.consumer import FACTS
from app.log.events import Event
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.client import ADDRESS, Api, Client
from tests.dashboard.test_dashboard_pages import KPI, months, page, text
from tests.extent import first_of, in_test_all
from tests.kpis.histories import TEAMS, Scripted, write, write_more

VALUE = re.compile(r'class="value">([^<]*)')
SPARK = re.compile(r'<svg class="spark".*?</svg>', re.DOTALL)
SENT = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


async def recorded(api: Api, *, more: bool = False) -> None:
    """Cases of twelve months for one team; `more`: many more, in the same months, that took longer."""
    log = list[Event]()
    for begin in months(12)[:-1]:
        for case in range(12 if more else 6):
            script = Scripted.begin(
                begin + timedelta(days=2, hours=case), team_id=str(TEAMS[0]), service="mail"
            )
            log += script.then("resolved", minutes=600 if more else 60 + begin.month).events
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    await (write_more if more else write)(connection, log)
    await catch_up(connection, FACTS)
    await connection.close()


async def frozen(client: Client, path: str = "", **parameters: str) -> str:
    """The address to which the link of the page at that path leads."""
    answer = await page(client, f"/frozen{path}", **parameters)
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    return address.removeprefix("/dashboard")


async def send(client: Client, path: str, **form: str) -> httpx.Response:
    """What comes of a form of the page."""
    headers = {**SENT, "Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.post(f"/dashboard{path}", data=form, headers=headers)


async def test_a_frozen_view_has_the_same_figures_for_everybody_whatever_comes_later(api: Api) -> None:
    await recorded(api)
    quan, olga = (
        await api.client("Quan", Role.quality_manager),
        await api.client("Olga", Role.quality_manager),
    )
    requester = await api.client("Rae")
    paths = first_of(("", f"/kpi/{KPI}", "/incident"), 1)
    addresses = [await frozen(quan, path, compare="year") for path in paths]
    before = [await text(quan, address) for address in addresses]
    now = await text(quan, "")
    await recorded(api, more=True)
    for address, html in zip(addresses, before, strict=True):
        again = await text(olga, address)
        assert VALUE.findall(again) == VALUE.findall(html), address
        assert SPARK.findall(again) == SPARK.findall(html), address
        assert "later events are not included" in again
        assert (await page(requester, address)).status_code in (200, 403)
    assert VALUE.findall(await text(quan, "")) != VALUE.findall(now), "the present has moved"
    assert "Past sentences about what needed attention are not stored" in before[0]
    anew = await text(quan, f"{addresses[0]}&recompute=true")
    assert "figures are the same" in anew
    assert VALUE.findall(anew) == VALUE.findall(before[0])
    assert re.findall(r"/dashboard/kpi/", await text(requester, addresses[0])) == []


async def test_what_is_kept_is_not_read_from_the_log_again(api: Api) -> None:
    await recorded(api)
    quan = await api.client("Quan", Role.quality_manager)
    address = await frozen(quan, f"/kpi/{KPI}")
    await text(quan, address)
    await recorded(api, more=True)
    limits = as_of.LIMITS
    as_of.LIMITS = "set local statement_timeout = '1ms'"
    try:
        assert (await page(quan, address)).status_code == 200
        assert (await page(quan, f"{address}&recompute=true")).status_code == 422
    finally:
        as_of.LIMITS = limits


async def test_an_instant_ahead_is_named_and_a_position_is_as_good_as_an_instant(api: Api) -> None:
    await recorded(api)
    quan = await api.client("Quan", Role.quality_manager)
    ahead = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    for wrong in first_of((ahead, "tomorrow", "999999999"), 1):
        assert f"were ignored: as_of={wrong}" in await text(quan, f"/kpi/{KPI}", as_of=wrong)
    assert "As of" in await text(quan, f"/kpi/{KPI}", as_of="3")
    period = f"{months(1)[0]:%Y-%m}"
    assert f'<option value="{period[:4]}">' in await text(quan, "", period=period)


@in_test_all
async def test_the_years_of_the_log_can_be_chosen_and_then_their_months(api: Api) -> None:
    await recorded(api)
    quan = await api.client("Quan", Role.quality_manager)
    year = str(months(12)[0].year)
    assert f'<option value="{year}">{year}</option>' in await text(quan, "")
    html = await text(quan, "", period="2016", grain="month")
    assert {f'value="2016-{month:02}"' in html for month in range(1, 8)} == {True}


async def test_a_selection_is_saved_listed_opened_made_home_and_removed(api: Api) -> None:
    quan, olga = (
        await api.client("Quan", Role.quality_manager),
        await api.client("Olga", Role.quality_manager),
    )
    html = await text(quan, f"/kpi/{KPI}", priority="P1")
    (query,) = re.findall(r'name="query" value="([^"]*)"', html)
    assert unescape(query) == f"page=kpi/{KPI}&priority=P1", (
        "the period is the last one whenever it is opened"
    )
    view_id = str(uuid4())
    saved = await send(quan, f"/saved/{view_id}", name="Urgent ones", query=unescape(query))
    address = f"/dashboard/kpi/{KPI}?priority=P1"
    assert (saved.status_code, saved.headers["location"]) == (303, address)
    assert f'href="{address}">Urgent ones' in await text(quan, "")
    assert "Urgent ones" not in await text(olga, "")
    assert (await send(olga, f"/saved/{view_id}/remove")).status_code == 404
    await send(quan, f"/saved/{view_id}/home")
    opened = await page(quan, "")
    assert (opened.status_code, opened.headers["location"]) == (303, address)
    assert (await page(quan, "", view="plain")).status_code == 200
    other = (await send(quan, f"/saved/{uuid4()}", name="All", query="page=", home="yes")).headers["location"]
    assert (await page(quan, "")).headers["location"] == other
    assert (await page(quan, other.removeprefix("/dashboard"))).status_code == 200, "and leads nowhere else"
    assert [view["home"] for view in (await quan.read("/v1/views"))["items"] if view["name"] != "All"] == [
        False
    ]
    await send(quan, f"/saved/{view_id}/remove")
    assert "Urgent ones" not in await text(quan, "", view="plain")


async def test_what_no_address_chooses_is_not_saved(api: Api) -> None:
    quan = await api.client("Quan", Role.quality_manager)
    for query in ("page=../desk", "period=2016-1", "color=red", "periods=2"):
        body = {"name": "A", "kind": "dashboard", "query": query}
        refused = await quan.put(f"/v1/views/{uuid4()}", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query"), query


async def test_each_figure_can_be_taken_along_as_it_is_shown(api: Api) -> None:
    await recorded(api)
    quan = await api.client("Quan", Role.quality_manager)
    for path in first_of(("/incident", ""), 1):
        html = await text(quan, path, team="team 0")
        (drawing, *_) = re.findall(r'href="(/v1/kpis/incident_resolution_seconds/chart\.svg\?[^"]*)"', html)
        assert (await quan.get(drawing)).text.startswith("<svg")
        (call, *_) = re.findall(r'href="(/v1/kpis/incident_resolution_seconds\?[^"]*)"', html)
        assert (await quan.get(call)).json()["points"] != []
        (table, *_) = re.findall(
            r'href="/dashboard(/kpi/incident_resolution_seconds/series\.csv\?[^"]*)"', html
        )
        assert (await page(quan, table)).text.startswith("from,")
