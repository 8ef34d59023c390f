"""The page of what is due next: drawn for whoever is signed in, with what they may see."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest

from app.common.people import Role
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.client import ADDRESS, Api, Client, an_incident
from tests.extent import in_test_all
from tests.people import ago
from tests.service_levels.clocks.agreements import add_calendar, sign, target

PAGE, OLD_PAGE = "/desk/due", "/dashboard/due"
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


async def follow(follower: Connection) -> None:
    """What the worker does."""
    await catch_up(follower, FACTS)


@pytest.fixture
async def desk(api: Api) -> Client:
    """A desk of two teams, under an agreement of ten hours for everybody."""
    await api.team("mail")
    await api.staffed_team("network")
    await add_calendar(api.ledger, "always", weekly=[{"weekdays": DAYS, "starts": "00:00", "ends": "24:00"}])
    pauses = {"pause_reasons": ["awaiting_requester"]}
    await sign(api.ledger, target("t1", "resolution", 36_000, **pauses), calendar="always")
    return await api.client("Lin 林", Role.incident_manager, Role.agent, Role.integration, teams=("mail",))


async def incident(desk: Client, hours_ago: float, **more: str) -> str:
    """The path of an incident that was opened so long ago, and half a minute: however fast or slow the test
    is, the minutes that are left are the same.
    """
    opened = ago(hours=hours_ago, seconds=30).isoformat()
    made = await desk.post_ok("/v1/incidents", an_incident(occurred_at=opened, **more))
    return f"/v1/incidents/{made['id']}"


async def page(client: Client, **parameters: str) -> str:
    """The page as the client sees it; it is no part of the contract."""
    headers = {"Accept": "text/html", "Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        answer = await browser.get(PAGE, params=parameters, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    return answer.text


def titles(text: str) -> list[str]:
    """The titles in the order of the page."""
    return re.findall(r'<span class="title">([^<]*)</span>', text)


async def test_open_cases_stand_by_their_due_time_with_what_is_left(
    desk: Client, follower: Connection
) -> None:
    await incident(desk, 2, title="Second")
    await incident(desk, 11, title="Overdue")
    await incident(desk, 9, title="First <b>")
    held = await incident(desk, 8, title="Held")
    await desk.post_ok(f"{held}/acknowledge")
    await desk.post_ok(f"{held}/assign", {"team": "mail", "person": "me"})
    await desk.post_ok(f"{held}/hold", {"reason": "awaiting_requester"})
    done = await incident(desk, 1, title="Done")
    await desk.post_ok(f"{done}/acknowledge")
    await desk.post_ok(f"{done}/resolve", {"resolution_code": "fixed", "done": "Mended."})
    await follow(follower)
    text = await page(desk)
    assert titles(text) == ["Overdue", "First &lt;b&gt;", "Second", "Held"]
    assert re.findall(r'class="left"[^>]*>([^<]*)<', text) == [
        "1 h 0 min overdue",
        "59 min",
        "7 h 59 min",
        "1 h 59 min",
    ]
    assert text.count("data-runs=") == 2
    (begins,) = re.findall(r'data-runs="([^/"]+)/[^/" ]+">59 min', text)
    assert abs((datetime.fromisoformat(begins) - datetime.now(UTC)).total_seconds()) < 60
    assert "Lin 林" in text
    chinese = await page(desk, lang="zh")
    assert 'lang="zh-CN"' in chinese
    assert "已超 1 小时 0 分" in chinese
    assert re.findall(r"<style|<script>| on\w+=| style=", text) == []


async def test_it_is_narrowed_by_team_and_service(desk: Client, follower: Connection) -> None:
    first = await incident(desk, 1, title="Of mail", service="mail")
    await desk.post_ok(f"{first}/assign", {"team": "mail"})
    second = await incident(desk, 2, title="Of the network")
    await desk.post_ok(f"{second}/assign", {"team": "network"})
    await follow(follower)
    assert titles(await page(desk, team="mail")) == ["Of mail"]
    assert titles(await page(desk, team="network", service="")) == ["Of the network"]
    assert titles(await page(desk, service="mail")) == ["Of mail"]
    assert titles(await page(desk, team="no-such-team")) == []
    assert '<option value="network" selected>' in await page(desk, team="network")


async def test_what_one_may_not_see_is_not_there(api: Api, desk: Client, follower: Connection) -> None:
    other = await api.client("Somebody 某人")
    mine = await api.client("Requester")
    await incident(desk, 1, title="Not theirs", requester=mine.id)
    await incident(desk, 2, title="Theirs", requester=other.id)
    await follow(follower)
    assert titles(await page(other)) == ["Theirs"]
    assert "Not theirs" not in await page(other)
    assert titles(await page(mine)) == ["Not theirs"]
    outsider = await api.client("Outsider")
    assert "Nothing is due" in await page(outsider)


@in_test_all
async def test_the_old_address_leads_there_with_its_filters(desk: Client, follower: Connection) -> None:
    await incident(desk, 1, title="Of mail", service="mail")
    await follow(follower)
    answer = await desk.get(OLD_PAGE, params={"service": "mail", "lang": "zh"})
    assert (answer.status_code, answer.headers["location"]) == (308, f"{PAGE}?service=mail&lang=zh")
    shown = await desk.get(answer.headers["location"])
    assert titles(shown.text) == ["Of mail"]
    assert 'lang="zh-CN"' in shown.text
    assert shown.headers["cache-control"] == "no-store"
