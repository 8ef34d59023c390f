"""Sentences on pages: each part of one that stands for several leads on, and each stands on its own page."""

from __future__ import annotations

import re

from app.common.people import Role
from app.platform.db import Connection
from tests.attention.true_conditions import Scene, service_down
from tests.client import Api
from tests.dashboard.test_dashboard_pages import text
from tests.extent import in_test_all

#: Watched KPIs of incidents, one of which is about services and stands on their page.
MISSED = ("incident_resolution_seconds", "incident_response_seconds", "service_availability")


async def test_of_a_sentence_that_stands_for_several_each_part_leads_to_its_page(
    api: Api, follower: Connection
) -> None:
    scene, quality = Scene(api, follower, ""), await api.client("Quan", Role.quality_manager)
    for key in MISSED:
        await scene.judged(key, running=False, met=False)
    home = await text(quality, "")
    (folded,) = re.findall(r"<details><summary>[^<]*</summary><ul>(.*?)</ul></details>", home)
    assert set(re.findall(r'href="/dashboard/kpi/(\w+)\?', folded)) == set(MISSED)
    services = await text(quality, "/service-level")
    (sentences,) = re.findall(r'<ol class="sentences".*?</ol>', services, re.DOTALL)
    assert re.findall(r'href="/dashboard/kpi/(\w+)\?', sentences) == ["service_availability"]


@in_test_all
async def test_a_service_that_is_down_is_named_on_the_page_of_services_too(
    api: Api, follower: Connection
) -> None:
    condition = await service_down(Scene(api, follower, ""))
    for path in ("", "/incident", "/service-level"):
        assert "Mail has been down" in await text(condition.reader, path), path
    assert "Mail has been down" not in await text(condition.reader, "/request")
