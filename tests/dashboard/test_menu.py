"""The menu of the dashboard leads only to pages that the reader may open."""

from __future__ import annotations

import re

import pytest

from app.common.people import Role
from tests.client import Api
from tests.extent import in_test_all

LINK = re.compile(r'href="(/dashboard[^"?#]*)')


@pytest.mark.parametrize(
    ("role", "processes"),
    [
        (Role.requester, set()),
        (Role.agent, {"change"}),
        pytest.param(Role.engineer, {"change"}, marks=in_test_all),
        (Role.incident_manager, {"incident", "change"}),
        (Role.quality_manager, {"incident", "request", "problem", "change", "service-level"}),
    ],
)
async def test_the_menu_has_the_processes_whose_figures_the_reader_sees(
    api: Api, role: Role, processes: set[str]
) -> None:
    reader = await api.client("Reader", role)
    home = await reader.get("/dashboard", headers={"Accept": "text/html"})
    head = home.text.partition("<main")[0]
    ways = {way for way in LINK.findall(head) if not way.startswith("/dashboard/static/")}
    assert {"/dashboard", "/dashboard/improvement", "/dashboard/kpis"} <= ways
    statuses = {way: (await reader.get(way, headers={"Accept": "text/html"})).status_code for way in ways}
    assert set(statuses.values()) == {200}, statuses
    pages = {way.removeprefix("/dashboard/") for way in ways}
    assert pages & {"incident", "request", "problem", "change", "service-level"} == processes
