"""A training's whole story over HTTP: planned from the gaps, held, examined twice, licensed, revoked."""

from __future__ import annotations

import httpx

from tests.client import Client, Json
from tests.processes.trainings.conftest import School, marked, said


def errors(answer: httpx.Response) -> list[tuple[str, str]]:
    """Where values are wrong, and why."""
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def rows(client: Client, at: str, of: str) -> list[Json]:
    found: list[Json] = (await client.read(f"{at}/{of}"))["items"]
    return found


async def test_a_training_is_planned_held_examined_twice_and_licensed(school: School) -> None:
    training = await school.plan(trainer=school.project.id)
    assert (training["state"], training["number"][:4], training["pass_mark"]) == ("planned", "TRN-", 60)
    assert training["topics"] == ["what_is_new", "what_differs", "own_duty", "how_to_do_it"]
    at = f"/v1/trainings/{training['id']}"
    invited = await rows(school.quality, at, "participants")
    learners = {school.first.id, school.second.id, school.guest.id}
    assert {one["person"]["id"] for one in invited} == learners
    assert {tuple(one["missing_skills"]) for one in invited} == {("triage", "handling")}

    there = {
        "attended": [school.first.id, school.second.id],
        "contents": "Triage. 分级。",
        "material": "The film.",
    }
    held = await school.project.post_ok(f"{at}/hold", there)
    assert held["state"] == "held"
    assert held["held_at"] is not None
    attended = {
        one["person"]["id"]: one["attended"] for one in await rows(school.quality, at, "participants")
    }
    assert attended == {school.first.id: True, school.second.id: True, school.guest.id: False}
    [document] = await rows(school.quality, at, "documents")
    assert (document["document_class"], document["number"][:2]) == ("TR", "TR")
    sections = await rows(school.quality, at, "document_sections")
    assert [(one["heading"], one["text"]) for one in sections] == [
        ("topics", "Triage. 分级。"),
        ("material", "The film."),
    ]

    sat = [marked(school.first, 60), marked(school.second, 100, own_duty=59)]
    examined = await school.quality.post_ok(f"{at}/examine", {"results": sat})
    assert (examined["state"], examined["failed_ids"]) == ("examined", [school.second.id])
    results = {one["person"]["id"]: one for one in await rows(school.quality, at, "results")}
    assert [results[one.id]["passed"] for one in (school.first, school.second)] == [True, False]

    refused = await school.quality.post(
        f"{at}/license", json={"persons": [school.first.id, school.second.id]}
    )
    assert errors(refused) == [("/persons/1", "has_not_passed")]
    assert "has not passed" in refused.json()["errors"][0]["message"]

    again = await school.quality.post_ok(f"{at}/examine", {"results": [marked(school.second, 61)]})
    assert (again["state"], again["failed_ids"]) == ("examined", [])
    results = {one["person"]["id"]: one for one in await rows(school.quality, at, "results")}
    assert (results[school.second.id]["sitting"], results[school.second.id]["marks"]["own_duty"]) == (2, 61)
    events = [event for page in await school.quality.pages(f"{at}/events") for event in page]
    sittings = [event["given"]["results"] for event in events if event["type"] == "training.examined"]
    assert [one[-1]["marks"]["own_duty"] for one in sittings] == [59, 61]

    done = await school.quality.post_ok(f"{at}/license")
    assert done["state"] == "licensed"
    licences = await rows(school.quality, at, "licences")
    assert {one["person"]["id"] for one in licences} == {school.first.id, school.second.id}
    assert {(one["process"], tuple(one["skills"])) for one in licences} == {
        ("incident", ("triage", "handling"))
    }
    first = licences[0]
    assert int(first["until_at"][:4]) == int(first["licensed_at"][:4]) + 2


async def test_only_who_lacks_a_skill_takes_part_unless_everybody_does(school: School) -> None:
    await school.licensed(school.first, school.second, skills=["triage"])
    second = await school.plan()
    invited = await rows(school.quality, f"/v1/trainings/{second['id']}", "participants")
    missing = {one["person"]["id"]: one["missing_skills"] for one in invited}
    assert missing == {
        school.first.id: ["handling"],
        school.second.id: ["handling"],
        school.guest.id: ["triage", "handling"],
    }
    two = {"persons": [school.first.id, school.second.id], "teams": [], "skills": ["triage"]}
    nobody = await school.quality.post("/v1/trainings", json=said(**two))
    assert errors(nobody) == [("/persons", "nobody_lacks_skills")]
    assert "incident" in nobody.json()["errors"][0]["message"]
    elsewhere = await school.plan(**two, process="request")
    assert elsewhere["state"] == "planned"
    everybody = await school.plan(**two, everybody=True)
    invited = await rows(school.quality, f"/v1/trainings/{everybody['id']}", "participants")
    assert [one["missing_skills"] for one in invited] == [[], []]


async def test_a_licence_that_is_revoked_or_over_counts_no_more(school: School) -> None:
    at = await school.licensed(school.first, skills=["triage"])
    [licence] = await rows(school.quality, at, "licences")
    only = {"persons": [school.first.id], "teams": [], "skills": ["triage"]}
    assert errors(await school.quality.post("/v1/trainings", json=said(**only)))
    body = {"licence": licence["id"], "reason": "They do it otherwise."}
    after = await school.quality.post_ok(f"{at}/revoke_licence", body)
    assert after["state"] == "licensed"
    twice = await school.quality.post(f"{at}/revoke_licence", json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "licence_is_revoked")
    [licence] = await rows(school.quality, at, "licences")
    assert (licence["revoked_by"]["id"], licence["revocation_reason"]) == (
        school.quality.id,
        "They do it otherwise.",
    )
    assert (await school.plan(**only))["state"] == "planned"


async def test_nobody_examines_themselves_or_those_they_learn_with(school: School) -> None:
    both = await school.api.client("Owner", "process_owner", teams=("network",))
    at = await school.held(school.first, both)
    body = {"results": [marked(both, 100)]}
    own = await both.post(f"{at}/examine", json=body)
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    named = await school.quality.post(f"{at}/examine", json={**body, "examiner": both.id})
    assert errors(named) == [("/examiner", "is_a_participant")]
    await school.quality.post_ok(f"{at}/examine", body)
    license_ = await both.post(f"{at}/license", json={})
    assert (license_.status_code, license_.json()["code"]) == (403, "separation_of_duties")


async def test_what_is_wrong_is_refused_and_said_where(school: School) -> None:
    quality = school.quality
    wrong: list[tuple[Json, list[tuple[str, str]]]] = [
        ({"teams": []}, [("/persons", "audience_missing")]),
        ({"material": None}, [("/material", "material_missing")]),
        ({"skills": ["triage", "triage"]}, [("/skills", "each_once")]),
        ({"topics": ["own_duty", "own_duty"]}, [("/topics", "each_once")]),
        ({"skills": []}, [("/skills", "too_short")]),
    ]
    for more, expected in wrong:
        assert errors(await quality.post("/v1/trainings", json=said(**more))) == expected
    await school.api.team("empty")
    nobody = await quality.post("/v1/trainings", json=said(teams=["empty"]))
    assert errors(nobody) == [("/teams", "teams_have_no_members")]

    at = f"/v1/trainings/{(await school.plan())['id']}"
    early = await quality.post(f"{at}/examine", json={"results": [marked(school.first, 90)]})
    assert (early.status_code, early.json()["code"]) == (409, "not_in_this_state")
    stranger = await quality.post(f"{at}/hold", json={"attended": [quality.id], "contents": "It."})
    assert errors(stranger) == [("/attended/0", "not_a_participant")]
    twice = {"attended": [school.first.id, school.first.id], "contents": "It."}
    assert errors(await quality.post(f"{at}/hold", json=twice)) == [("/attended/1", "each_once")]
    await quality.post_ok(f"{at}/hold", {"attended": [school.first.id], "contents": "It."})

    absent = await quality.post(f"{at}/examine", json={"results": [marked(school.second, 90)]})
    assert errors(absent) == [("/results/0/person", "was_not_there")]
    one = {"person": school.first.id, "marks": {"own_duty": 90}}
    lacking = await quality.post(f"{at}/examine", json={"results": [one]})
    assert errors(lacking) == [("/results/0/marks", "mark_for_each_topic")]
    assert "how_to_do_it" in lacking.json()["errors"][0]["message"]
    await quality.post_ok(f"{at}/examine", {"results": [marked(school.first, 10)]})
    none = await quality.post(f"{at}/license", json={})
    assert (none.status_code, none.json()["code"]) == (409, "nobody_has_passed")
    chinese = await quality.post(f"{at}/license", json={}, headers={"Accept-Language": "zh"})
    assert "无人通过考核" in chinese.json()["detail"]
    await quality.post_ok(f"{at}/examine", {"results": [marked(school.first, 60)]})
    past = await quality.post(f"{at}/license", json={"until_at": "2020-01-01T00:00:00Z"})
    assert errors(past) == [("/until_at", "not_ahead")]


async def test_a_participant_sees_the_training_and_of_the_results_their_own(school: School) -> None:
    at = await school.held(school.first, school.guest)
    sat = [marked(school.first, 90), marked(school.guest, 20)]
    await school.quality.post_ok(f"{at}/examine", {"results": sat})
    assert len(await rows(school.first, at, "results")) == 2  # an engineer is of the staff
    [own] = await rows(school.guest, at, "results")
    assert (own["person"]["id"], own["passed"], own["marks"]["own_duty"]) == (school.guest.id, False, 20)
    shown = await school.guest.read(at)
    assert (shown["failed_ids"], shown["actions"]) == (None, [])
    types = [event["type"] for page in await school.guest.pages(f"{at}/events") for event in page]
    assert types == ["training.planned", "training.held"]
    stranger = await school.api.client("Stranger")
    assert (await stranger.get(at)).status_code == 404


async def test_who_may_plan_hold_and_examine(school: School) -> None:
    assert (await school.first.post("/v1/trainings", json=said())).status_code == 403
    planned = await school.project.post_ok("/v1/trainings", said())
    at = f"/v1/trainings/{planned['id']}"
    await school.project.post_ok(f"{at}/hold", {"attended": [school.first.id], "contents": "It."})
    refused = await school.project.post(f"{at}/examine", json={"results": [marked(school.first, 90)]})
    assert refused.status_code == 403
    owner = await school.api.client("Owner", "process_owner@process/incident")
    assert (
        await owner.post(f"{at}/examine", json={"results": [marked(school.first, 90)]})
    ).status_code == 200
    other = await school.api.client("Other", "process_owner@process/change")
    assert (await other.post(f"{at}/license", json={})).status_code == 403


async def test_trainings_are_listed_by_what_they_are_and_who_takes_part(school: School) -> None:
    one = await school.plan()
    other = await school.plan(
        process="change", kind="key_user", year=2028, teams=[], persons=[school.first.id]
    )
    listed: list[tuple[Json, list[Json]]] = [
        ({"year": "2028"}, [other]),
        ({"year": "2027,2028", "sort": "planned_at"}, [one, other]),
        ({"process": "incident"}, [one]),
        ({"kind": "key_user"}, [other]),
        ({"participant": school.second.id}, [one]),
        ({"state": "held"}, []),
        ({"improvement_id": "none", "process": "change"}, [other]),
        ({"planned_after": "2199-01-01T00:00:00Z", "kind": "executor"}, [one]),
    ]
    for query, expected in listed:
        found = (await school.quality.read("/v1/trainings", **query))["items"]
        assert {each["id"] for each in found} == {each["id"] for each in expected}, query
    assert len((await school.guest.read("/v1/trainings", participant="me"))["items"]) == 1
    assert (await school.quality.get("/v1/trainings?year=soon")).status_code == 422


async def test_a_training_that_is_cancelled_is_over(school: School) -> None:
    at = f"/v1/trainings/{(await school.plan())['id']}"
    cancelled = await school.quality.post_ok(f"{at}/cancel", {"reason": "The room is taken."})
    assert cancelled["state"] == "cancelled"
    late = await school.quality.post(f"{at}/hold", json={"attended": [school.first.id], "contents": "It."})
    assert (late.status_code, late.json()["allowed_actions"]) == (409, [])
