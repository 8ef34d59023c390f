"""The documents of an improvement plan, read as pages: the plan with its baselines, and the present state."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import Client
from tests.extent import in_test_all
from tests.kpis.drawing.drawings import parse
from tests.processes.improvement_plans.samples import BEFORE, YEAR, Programme, a_target, errors

HARM = "<img src=x onerror=alert(1)> & Co"
#: An adjustment has the targets as they were and as they would be.
SIDES = ("replaces", "targets")
DRAWING = re.compile(r"<svg .*?</svg>", re.DOTALL)


async def printed(client: Client, path: str, lang: str, **more: int) -> str:
    """The page of the document, whose drawings are well-formed and which runs nothing."""
    answer = await client.get(path, params={"lang": lang, **more})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, lang), answer.text
    assert HARM not in answer.text
    for match in DRAWING.findall(answer.text):
        parse(match)
    return answer.text


async def documents(programme: Programme, path: str) -> dict[str, str]:
    """By their classes, the paths of the plan's documents."""
    items = (await programme.quality.read(f"{path}/documents"))["items"]
    return {item["document_class"]: f"{path}/documents/{item['number']}" for item in items}


@in_test_all
async def test_a_plan_prints_with_its_targets_points_and_schedule(programme: Programme) -> None:
    await programme.incidents(7, days_ago=20)
    targets = [a_target(business_goal=f"Branches never wait. {HARM}")]
    record_path = await programme.submitted(title=f"Improve {HARM}", targets=targets)
    [baseline] = (await programme.quality.read(f"{record_path}/baselines"))["items"]
    assert baseline["value"] == "7"
    path = (await documents(programme, record_path))["IP"]
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
        word for word in ("改进计划", "草稿", "目标值", "改进点", "负责人", "指标走势") if word not in chinese
    ] == []
    assert (await programme.vote(record_path, "approve"))["state"] == "approved"
    assert "Published" in await printed(programme.owner, path, "en")


@in_test_all
async def test_the_present_state_is_a_document_of_its_own(programme: Programme) -> None:
    plan_path = await programme.submitted(present_state=f"Nobody hands over. {HARM}\nNor by day.")
    path = (await documents(programme, plan_path))["PA"]
    page = await printed(programme.owner, path, "en")
    assert "<p>Nor by day.</p>" in page
    assert "A written hand-over." in page
    assert DRAWING.findall(page) == []
    assert "流程现状评估" in await printed(programme.owner, path, "zh")


@in_test_all
async def test_a_plan_that_was_revised_since_prints_as_it_was_submitted(
    programme: Programme,
) -> None:
    path = await programme.submitted()
    await programme.vote(path, "reject")
    later = a_target("fewer-majors", title="Fewer major incidents", kpi="incidents_opened")
    await programme.quality.post_ok(f"{path}/revise", {"targets": [later]})
    page = await printed(programme.quality, (await documents(programme, path))["IP"], "en")
    assert "Two branches more." in page
    assert "Fewer incidents" in page
    assert "Fewer major incidents" not in page


async def test_a_document_is_there_for_whom_the_plan_is(programme: Programme) -> None:
    record_path = await programme.submitted()
    path = (await documents(programme, record_path))["IP"]
    customer = await programme.api.client("Customer", Role.requester)
    assert (await customer.get(path)).status_code == 404
    assert (await programme.owner.get(f"{record_path}/documents/IP1")).status_code == 404
    assert (await programme.owner.get(path)).status_code == 200


@in_test_all
async def test_each_edition_prints_with_its_targets_and_what_the_committee_decided(
    programme: Programme, worker: Worker
) -> None:
    await programme.incidents(4, days_ago=20)
    target = a_target("closed", kpi="incidents_closed", title="Close more")
    record_path = await programme.approved(targets=[a_target(), target])
    await worker.work(datetime.now(UTC))
    quality, member = programme.quality, programme.committee[0]
    before = {item["name"]: item for item in (await quality.read(f"{record_path}/baselines"))["items"]}
    body = {"changes": "A later goal.", "reason": "Two services more.", "targets": [a_target(goal="3")]}
    moved = body | {"targets": [a_target(before={"from": BEFORE["from"], "to": "2026-11-01"})]}
    refused = await quality.post(f"{record_path}/propose_adjustment", json=programme.question() | moved)
    assert errors(refused.json()) == [("/targets/0/before", "baseline_stays")]
    await quality.post_ok(f"{record_path}/propose_adjustment", programme.question() | body)
    # Those who vote see what was and what would be, in the list and on the plan's document.
    [proposed] = (await member.read(f"{record_path}/adjustments"))["items"]
    goals = {
        side: {change["target"]["name"]: change["target"]["goal"] for change in proposed[side]}
        for side in SIDES
    }
    assert goals == {
        "replaces": {"fewer-incidents": "2", "closed": "2"},
        "targets": {"fewer-incidents": "3", "closed": "2"},
    }
    path = (await documents(programme, record_path))["IP"]
    page = unescape(await printed(member, path, "en"))
    for words in ("An adjustment is proposed", "A later goal.", "4 → 2", "4 → 3", "edition 1"):
        assert words in page, words
    assert (await programme.vote(record_path, "approve"))["edition"] == 2
    after = {item["name"]: item for item in (await quality.read(f"{record_path}/baselines"))["items"]}
    assert after == before, "the baselines of targets that are kept stay"
    first = unescape(await printed(member, path, "en", edition=1))
    second = unescape(await printed(member, path, "en"))
    assert "Newest edition<td>edition 2" in first
    assert ('<b><span class="short">2</span></b>' in first, "A later goal." in first) == (True, False)
    for words in ("edition 2", '<b><span class="short">3</span></b>', "4 → 2", "A later goal."):
        assert words in second, words
    for page in (first, second):
        for words in ("Close more", "Decisions of the committee", "Approved", "Is this our plan?", "Member"):
            assert words in page, words
    assert (await member.get(f"{path}?edition=3")).status_code == 404
    drop = {"changes": "One less.", "reason": "Enough.", "dropped": ["closed"]}
    await quality.post_ok(f"{record_path}/propose_adjustment", programme.question() | drop)
    await programme.vote(record_path, "approve")
    assert [item["name"] for item in (await quality.read(f"{record_path}/targets"))["items"]] == [
        "fewer-incidents"
    ]
    assert "Close more" in await printed(member, path, "en", edition=2)


@in_test_all
async def test_a_page_that_is_saved_keeps_its_style_and_each_sheet_says_what_it_is(
    programme: Programme,
) -> None:
    plan_path = await programme.submitted()
    path = (await documents(programme, plan_path))["IP"]
    answer = await programme.owner.get(path, params={"lang": "en"})
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert '<link rel="stylesheet"' not in answer.text
    number = path.rpartition("/")[2]
    assert f'content: "{number} · Improvement plan · edition 1"' in style
    assert "counter(page)" in style
    assert "size: A4" in style
