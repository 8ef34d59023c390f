"""The pages of the improvement programme over HTTP: board, project and committee's desk."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest

from app.dashboard.improvement.evidence import approving_is_against
from app.dashboard.improvement.measured import relative_effect
from app.kpis.catalogue import KPIS
from app.kpis.drawing.effects.programme import ProgrammeEffect
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from tests.client import ADDRESS, Api, Client
from tests.extent import first_of, in_test_all
from tests.processes.improvements.pilots import Project, a_result, project_of

COMMITTEE = "/dashboard/committee"
INLINE = re.compile(r"<style|<script>| on\w+=| style=")


@pytest.fixture
async def project(api: Api) -> Project:
    """Those who carry out improvements; each holds exactly one role."""
    return await project_of(api)


async def page(client: Client, path: str, **parameters: str) -> httpx.Response:
    """The page as the client sees it; it is no part of the contract."""
    headers = {"Accept": "text/html", "Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.get(path, params=parameters or None, headers=headers)


async def text(client: Client, path: str, **parameters: str) -> str:
    answer = await page(client, path, **parameters)
    assert answer.status_code == 200, answer.text
    assert INLINE.findall(answer.text) == [], path
    return unescape(answer.text)


def form_of(html: str, decision: str) -> dict[str, str]:
    """What the form of that decision would send, without a verdict."""
    for form in re.findall(r'<form method="post" action="/dashboard/committee.*?</form>', html, re.DOTALL):
        inputs = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        if inputs["decision"] == decision:
            return inputs
    raise AssertionError(f"no form of {decision}")


async def send(client: Client, inputs: dict[str, str]) -> httpx.Response:
    """What is answered to the form."""
    headers = {
        "Authorization": f"Bearer {client.token}",
        "Sec-Fetch-Site": "same-origin",
        "Accept": "text/html",
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.post(COMMITTEE, data=inputs, headers=headers)


async def asked(project: Project, verdict: EffectVerdict, **more: Any) -> tuple[str, str, str]:
    """The address and number of an improvement whose pilot is to be passed, and the decision's id."""
    path, position = await project.reported(verdict)
    body = project.judgement(position, **more)
    record = await project.quality.post_ok(f"{path}/ask_judgement", body)
    return path, record["number"], record["decision_id"]


async def test_a_vote_is_cast_on_the_committees_desk_by_whoever_is_asked(project: Project) -> None:
    path, number, decision = await asked(project, EffectVerdict.improved)
    (effect,) = (await project.quality.read("/v1/effects"))["items"]
    html = await text(project.first, COMMITTEE)
    assert "Shall we?" in html
    assert "Waiting for you (1)" in html
    assert "0 of at least 2 votes" in html
    assert 'value="abstain"' in html
    inputs = form_of(html, decision)
    for _ in range(2):  # sent twice, it counts once
        answer = await send(project.first, {**inputs, "verdict": "approve", "comment": "It works."})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{COMMITTEE}?view=done")
    votes = (await project.quality.read(f"{path}/votes"))["items"]
    (vote,) = [vote for vote in votes if vote["decision_id"] == decision and vote["verdict"]]
    assert (vote["person"]["name"], vote["comment"]) == ("First", "It works.")
    done = await text(project.first, COMMITTEE, view="done")
    assert "Your vote is saved." in done
    assert "You have voted" in done
    second = await text(project.second, COMMITTEE, lang="zh")
    assert "It works." in second, "votes so far stand beside the question"
    assert "您的表决" in second
    inputs = form_of(second, decision)
    assert (await send(project.second, {**inputs, "verdict": "approve"})).status_code == 303
    assert (await project.quality.read(path))["state"] == "rolling_out"
    decided = await text(project.third, COMMITTEE)
    assert number in decided[decided.index('id="decided"') :]
    late = await send(project.third, {**inputs, "verdict": "approve", "key": "late"})
    assert late.status_code == 409
    assert 'role="alert"' in late.text, "what is refused and waits no more is said at the top"
    assert effect["verdict"] == "improved"


@in_test_all
async def test_whoever_votes_against_the_evidence_is_asked_for_the_reason_beside_the_question(
    project: Project,
) -> None:
    _, _, decision = await asked(project, EffectVerdict.no_evidence, reason="People like it.")
    html = await text(project.first, COMMITTEE)
    assert "to approve against the measured effect" in html
    inputs = {**form_of(html, decision), "verdict": "approve"}
    refused = await send(project.first, inputs)
    assert refused.status_code == 422
    ballot = unescape(refused.text)[unescape(refused.text).index('class="ballot"') :]
    assert "Please give a reason." in ballot
    assert re.search(r'value="approve" required checked', ballot), "what was chosen is kept"
    unreasoned = await send(project.first, {**inputs, "verdict": "reject"})
    assert unreasoned.status_code == 422
    assert 'role="alert"' in unreasoned.text
    assert (await send(project.first, {**inputs, "comment": "I saw it."})).status_code == 303


async def test_whoever_has_no_vote_is_told_why_and_others_see_nothing(api: Api, project: Project) -> None:
    _, number, _ = await asked(project, EffectVerdict.improved)
    quality = await text(project.quality, COMMITTEE)
    assert "Nothing is waiting for you." in quality
    row = quality[quality.index('id="others"') : quality.index('id="decided"')]
    assert number in row
    assert "You cannot vote because of separation of duties" in row or "You were not asked to vote." in row
    assert "First, Second, Third" in row
    requester = await text(await api.client("Rae"), COMMITTEE)
    assert number not in requester
    for path in ("/dashboard/improvement", f"/dashboard/improvement/{number}"):
        answer = await page(await api.client("Ruth"), path)
        assert number not in answer.text or answer.status_code in (403, 404), path
    forged = await send(
        project.executor,
        {
            **form_of(await text(project.first, COMMITTEE), (await _decision(project, number))),
            "verdict": "approve",
        },
    )
    assert forged.status_code == 403


async def _decision(project: Project, number: str) -> str:
    return str((await project.quality.read(f"/v1/improvements/{number}"))["decision_id"])


async def test_the_board_has_projects_by_phase_and_their_effects_and_a_project_its_sentence(
    project: Project,
) -> None:
    path, number, _ = await asked(project, EffectVerdict.improved)
    waiting = (await project.quality.read(await project.selected()))["number"]
    html = await text(project.quality, "/dashboard/improvement")
    rows = html[html.index('id="phases"') : html.index('id="effects"')]
    assert rows.index(waiting) < rows.index(number), "by phase"
    assert "Waiting for its proposal" in rows
    assert "Waiting for the pilot to be judged" in rows
    effects = html[html.index('id="effects"') :]
    assert "Pilot: −26 % (−34 % to −17 %)" in effects, "on the axis, and in the table beneath"
    assert effects.count("−26 %") >= 2
    assert len(set(re.findall(r"/dashboard/kpi/((?:suggestion|idea|pilot|effect|benefit)\w*)", effects))) == 7
    html = await text(project.quality, f"/dashboard/improvement/{number}")
    (effect,) = (await project.quality.read("/v1/effects"))["items"]
    assert effect["sentence"] in html
    assert html.count('class="chart"') >= 2
    assert html.count('<details class="table">') >= 2, "a table beneath each chart"
    assert f"/desk/improvement/{number}" in html
    assert f"/dashboard/committee#{number}" in html
    record = await project.quality.read(path)
    steps = html[html.index('id="steps"') :]
    assert record["pilot_started_at"][:10] in steps
    for path in first_of((f"/dashboard/improvement/{number}", "/dashboard/improvement", COMMITTEE), 1):
        assert 'lang="zh-CN"' in await text(project.quality, path, lang="zh")
    assert f"/dashboard/improvement/{number}" in await text(project.quality, f"/desk/improvement/{number}")
    unmeasured = await text(project.quality, f"/dashboard/improvement/{waiting}")
    assert "Not measured yet" in unmeasured
    assert (await page(project.quality, "/dashboard/improvement/IMP-1999-000001")).status_code == 404


async def test_whoever_may_not_see_an_effect_sees_its_verdict_and_no_figures(project: Project) -> None:
    _, number, _ = await asked(project, EffectVerdict.improved)
    assert (await project.manager.read("/v1/effects"))["items"] == []
    for path in ("/dashboard/improvement", f"/dashboard/improvement/{number}"):
        html = await text(project.manager, path)
        assert "Improved" in html
        assert "−26 %" not in html
    committee = await text(project.first, COMMITTEE)
    may_see = bool((await project.first.read("/v1/effects"))["items"])
    assert ("/chart.svg" in committee or 'class="chart"' in committee) == may_see


def test_effects_are_parts_of_what_was_before_with_the_sign_of_the_change() -> None:
    blank = ProgrammeEffect("Pilot", None)
    result = {
        "effect": -1750.0,
        "low": -3500.0,
        "high": 700.0,
        "scale": "difference",
        "before": {"compared": 7000.0},
        "promised": {"effect": -2100.0},
    }
    time, share = KPIS["first_resolution_seconds"], KPIS["first_contact_resolution"]
    shorter = relative_effect(blank, result, time)
    assert (shorter.change, shorter.low, shorter.high, shorter.promised) == (-0.25, -0.5, 0.1, -0.3)
    ratio = {**a_result(), "scale": "ratio", "effect": 0.5, "low": None, "high": 0.9, "promised": None}
    bounded = relative_effect(blank, ratio, time)
    assert (bounded.change, bounded.low) == (-0.5, None)
    assert bounded.high == pytest.approx(-0.1)
    nothing = {**result, "before": {"compared": 0.0}}
    assert relative_effect(blank, nothing, time).change is None
    wide = {**result, "low": -20_000.0, "high": 16_500.0}
    assert (relative_effect(blank, wide, time).low, relative_effect(blank, wide, time).high) == (-1, 16.5 / 7)
    of_share = {"effect": 0.05, "low": -1.1, "high": 1.2, "before": {"compared": 0.8}, "promised": None}
    points = relative_effect(blank, {**result, **of_share}, share)
    assert points.low == -1
    assert points.high == pytest.approx(0.25), "no share is above 100 %"
    beyond = {**result, "effect": -9000.0, "control_before": {"compared": 1.0}}
    assert relative_effect(blank, beyond, time).change is None, "no value falls by more than itself"


def test_an_effect_that_the_geometric_means_decided_is_drawn_with_their_interval() -> None:
    result = {
        "effect": -5900.0,
        "low": -11_700.0,
        "high": -1_800.0,
        "scale": "difference",
        "before": {"compared": 6430.0},
        "promised": None,
        "geometric": {"ratio": 0.11, "low": 0.07, "high": 0.18, "decides": True},
    }
    effect = relative_effect(ProgrammeEffect("Pilot", None), result, KPIS["first_resolution_seconds"])
    assert [effect.change, effect.low, effect.high] == pytest.approx([-0.89, -0.93, -0.82])


def test_approving_is_against_the_evidence_where_it_passes_the_unproven_or_gives_up_what_has_helped() -> None:
    def row(verdict: EffectVerdict, promise: PromiseVerdict) -> dict[str, str]:
        return {"verdict": verdict.value, "promise": promise.value}

    helped = [row(EffectVerdict.improved, PromiseVerdict.reached)]
    missed = [row(EffectVerdict.improved, PromiseVerdict.missed)]
    unproven = [*helped, row(EffectVerdict.no_evidence, PromiseVerdict.missed)]
    passing = [approving_is_against(rows, "passed") for rows in (helped, missed, unproven, [])]
    assert passing == [False, True, True, True]
    stopping = [approving_is_against(rows, "stopped") for rows in (helped, missed, unproven, [])]
    assert stopping == [True, False, False, False]
    assert not approving_is_against(unproven, "extended")
