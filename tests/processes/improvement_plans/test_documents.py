"""The documents of an improvement plan, read as pages: the plan with its baselines, and the present state."""

from __future__ import annotations

import re
from html import unescape

from app.common.people import Role
from tests.client import Client
from tests.kpis.drawing.drawings import parse
from tests.processes.improvement_plans.samples import YEAR, Programme, a_target

HARM = "<img src=x onerror=alert(1)> & Co"
DRAWING = re.compile(r"<svg .*?</svg>", re.DOTALL)


async def printed(client: Client, path: str, lang: str) -> str:
    """The page of the document, whose drawings are well-formed and which runs nothing."""
    answer = await client.get(path, params={"lang": lang})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, lang), answer.text
    assert HARM not in answer.text
    for one in DRAWING.findall(answer.text):
        parse(one)
    return answer.text


async def documents(programme: Programme, at: str) -> dict[str, str]:
    """By their classes, the paths of the plan's documents."""
    found = (await programme.quality.read(f"{at}/documents"))["items"]
    return {one["document_class"]: f"{at}/documents/{one['number']}" for one in found}


async def test_a_plan_prints_with_its_targets_points_and_schedule(programme: Programme) -> None:
    await programme.incidents(7, days_ago=20)
    targets = [a_target(business_goal=f"Branches never wait. {HARM}")]
    at = await programme.submitted(title=f"Improve {HARM}", targets=targets)
    [baseline] = (await programme.quality.read(f"{at}/baselines"))["items"]
    assert baseline["value"] == "7"
    path = (await documents(programme, at))["IP"]
    page = await printed(programme.committee[0], path, "en")
    for words in (
        path.rpartition("/")[2],
        "Drafted",
        "Fewer incidents 减少事件",
        f"{YEAR}-12-31",
        f"Branches never wait. {HARM}",
        "PRB-2026-000012",
        "Pilot it",
        f"log position {baseline['position']:,}",
        "Measured, then steered. 先度量，后驾驭。",
        "For the committee",
    ):
        assert words in page or words in unescape(page), words
    assert '<span class="short">7</span> <small>(7)</small>' in page
    assert len(DRAWING.findall(page)) == 1
    chinese = await printed(programme.committee[0], path, "zh")
    assert [
        one for one in ("改进计划", "草稿", "目标值", "改进点", "负责人", "指标走势") if one not in chinese
    ] == []
    assert (await programme.vote(at, "approve"))["state"] == "approved"
    assert "Published" in await printed(programme.owner, path, "en")


async def test_the_present_state_is_a_document_of_its_own(programme: Programme) -> None:
    at = await programme.submitted(present_state=f"Nobody hands over. {HARM}\nNor by day.")
    path = (await documents(programme, at))["PA"]
    page = await printed(programme.owner, path, "en")
    assert "<p>Nor by day.</p>" in page
    assert "A written hand-over." in page
    assert DRAWING.findall(page) == []
    assert "流程现状评估" in await printed(programme.owner, path, "zh")


async def test_a_plan_that_was_revised_since_says_so_and_shows_no_others(
    programme: Programme,
) -> None:
    at = await programme.submitted()
    await programme.vote(at, "reject")
    later = a_target("fewer-majors", title="Fewer major incidents", kpi="incidents_opened")
    await programme.quality.post_ok(f"{at}/revise", {"targets": [later]})
    page = await printed(programme.quality, (await documents(programme, at))["IP"], "en")
    assert "have been revised since" in page
    assert "Two branches more." in page
    assert "Fewer incidents" not in page
    assert "Fewer major incidents" not in page


async def test_a_document_is_there_for_whom_the_plan_is(programme: Programme) -> None:
    at = await programme.submitted()
    path = (await documents(programme, at))["IP"]
    customer = await programme.api.client("Customer", Role.requester)
    assert (await customer.get(path)).status_code == 404
    assert (await programme.owner.get(f"{at}/documents/IP1")).status_code == 404
    assert (await programme.owner.get(path)).status_code == 200
