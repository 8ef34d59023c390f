"""The figures that a case counts in: its page folds them out, and each leads to its page of the period."""

from __future__ import annotations

import re

import httpx

from app.common.people import Role
from tests.client import ADDRESS, Api, Client, an_incident
from tests.dashboard.test_dashboard_pages import KPI, page, period, quality, text  # noqa: F401  # a fixture


async def _desk(client: Client, path: str) -> httpx.Response:
    headers = {"Accept": "text/html", "Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.get(path, headers=headers)


async def test_a_case_names_the_figures_that_list_it_and_to_nobody_who_may_not_see_them(
    api: Api,
    quality: Client,  # noqa: F811  # a fixture
) -> None:
    month = period()["from"]
    listed = (await quality.read(f"/v1/kpis/{KPI}/cases", **period(), limit="1"))["items"]
    number = listed[0]["number"]
    html = await text(quality, f"/counted_in/incident/{number}")
    named = re.findall(r'scope="row"><a href="/dashboard/kpi/(\w+)\?period=([\d-]+)"', html)
    assert (KPI, month[:7]) in named
    counted = (await quality.read(f"/v1/incidents/{number}/kpis"))["items"]
    assert [(item["key"], item["period"]) for item in counted] == named
    measures = [item["measure"] for item in counted if item["key"] == KPI]
    assert measures == [listed[0]["measure"]]
    stranger, agent = await api.client("Zhao Min"), await api.client("Lin", Role.incident_manager)
    assert (await stranger.get(f"/v1/incidents/{number}/kpis")).status_code == 404
    assert (await page(stranger, f"/counted_in/incident/{number}")).status_code == 404
    keys = {item["key"] for item in (await agent.read("/v1/kpis"))["items"]}
    of_agent = {item["key"] for item in (await agent.read(f"/v1/incidents/{number}/kpis"))["items"]}
    assert of_agent == {item["key"] for item in counted} & keys


async def test_the_page_of_a_case_folds_them_out_when_it_is_opened(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    number = (await agent.post_ok("/v1/incidents", an_incident()))["number"]
    record = await _desk(agent, f"/desk/incident/{number}")
    assert f'hx-get="/dashboard/counted_in/incident/{number}"' in record.text
    assert f'href="/desk/incident/{number}"' in await text(agent, f"/counted_in/incident/{number}")
