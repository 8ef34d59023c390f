"""Gaps between the skills that a process needs and those that licences cover, without planning anything."""

from __future__ import annotations

from tests.processes.trainings.conftest import School

GAPS = "/v1/trainings/gaps"


async def test_the_gaps_of_a_team_are_shown_with_who_lacks_most_in_front(school: School) -> None:
    await school.licensed(school.first, skills=["triage"])
    query = {"process": "incident", "team": "network"}
    answer = await school.quality.read(GAPS, **query, skill=["triage", "handling"])
    assert (answer["skills"], answer["lacking"], len(answer["items"])) == (["triage", "handling"], 3, 3)
    last = answer["items"][-1]
    assert (last["person"]["name"], last["held"], last["missing"]) == ("First", ["triage"], ["handling"])
    assert last["until_at"] is not None
    assert {tuple(item["missing"]) for item in answer["items"][:2]} == {("triage", "handling")}
    taught = await school.quality.read(GAPS, **query)
    assert (taught["skills"], taught["lacking"]) == (["triage"], 2)
    assert (await school.quality.read(GAPS, **query | {"process": "change"}))["skills"] == []


async def test_staff_ask_for_gaps_and_nobody_else(school: School) -> None:
    assert (await school.first.get(f"{GAPS}?process=incident&team=network")).status_code == 200
    assert (await school.guest.get(f"{GAPS}?process=incident&team=network")).status_code == 403
    unknown = await school.first.get(f"{GAPS}?process=incident&team=nowhere")
    [error] = unknown.json()["errors"]
    assert (unknown.status_code, error["parameter"], error["code"]) == (422, "team", "unknown_reference")
    assert (await school.first.get(f"{GAPS}?process=incident")).status_code == 422
