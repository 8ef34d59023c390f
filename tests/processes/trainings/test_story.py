"""A training's whole story over HTTP: planned from the gaps, held, examined twice, licensed, revoked."""

from __future__ import annotations

import httpx

from tests.client import Client, Json
from tests.processes.trainings.conftest import School, marked, said


def errors(answer: httpx.Response) -> list[tuple[str, str]]:
    """Where values are wrong, and why."""
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def rows(client: Client, path: str, listing: str) -> list[Json]:
    items: list[Json] = (await client.read(f"{path}/{listing}"))["items"]
    return items


async def test_a_training_is_planned_held_examined_twice_and_licensed(school: School) -> None:
    training = await school.plan(trainer=school.project.id)
    assert (training["state"], training["number"][:4], training["pass_mark"]) == ("planned", "TRN-", 60)
    assert training["topics"] == ["what_is_new", "what_differs", "own_duty", "how_to_do_it"]
    path = f"/v1/trainings/{training['id']}"
    invited = await rows(school.quality, path, "participants")
    learners = {school.first.id, school.second.id, school.guest.id}
    assert {participant["person"]["id"] for participant in invited} == learners
    assert {tuple(participant["missing_skills"]) for participant in invited} == {("triage", "handling")}

    said_of_it = {"contents": "Triage. 分级。", "material": "The film."}
    attendance: Json = {"attended": [school.first.id, school.second.id], **said_of_it}
    ahead = await school.plan(planned_at="2199-01-31T06:00:00Z")
    early = await school.project.post(f"/v1/trainings/{ahead['id']}/hold", json=attendance)
    assert (early.status_code, early.json()["code"]) == (409, "training_not_begun")
    held = await school.project.post_ok(f"{path}/hold", attendance)
    assert (held["state"], held["held_at"] is not None) == ("held", True)
    attended = {
        row["person"]["id"]: row["attended"] for row in await rows(school.quality, path, "participants")
    }
    assert attended == {school.first.id: True, school.second.id: True, school.guest.id: False}
    [document] = await rows(school.quality, path, "documents")
    assert (document["document_class"], document["number"][:2]) == ("TR", "TR")
    sections = await rows(school.quality, path, "document_sections")
    assert [(section["heading"], section["text"]) for section in sections] == [
        ("topics", "Triage. 分级。"),
        ("material", "The film."),
    ]

    sat = [marked(school.first, 60), marked(school.second, 100, own_duty=59)]
    examined = await school.quality.post_ok(f"{path}/examine", {"results": sat})
    assert (examined["state"], examined["failed_ids"]) == ("examined", [school.second.id])
    results = {row["person"]["id"]: row for row in await rows(school.quality, path, "results")}
    assert [results[client.id]["passed"] for client in (school.first, school.second)] == [True, False]

    refused = await school.quality.post(
        f"{path}/license", json={"persons": [school.first.id, school.second.id]}
    )
    assert errors(refused) == [("/persons/1", "has_not_passed")]
    assert "has not passed" in refused.json()["errors"][0]["message"]

    again = await school.quality.post_ok(f"{path}/examine", {"results": [marked(school.second, 61)]})
    assert (again["state"], again["failed_ids"]) == ("examined", [])
    sittings = [row for row in await rows(school.quality, path, "results") if row["sitting"] == 2]
    assert [(row["person"]["id"], row["marks"]["own_duty"]) for row in sittings] == [(school.second.id, 61)]
    await who_passed_does_not(school, path)
    events = [event for page in await school.quality.pages(f"{path}/events") for event in page]
    examined_events = [event for event in events if event["type"] == "training.examined"]
    assert [event["given"]["results"][-1]["marks"]["own_duty"] for event in examined_events] == [59, 61]

    done = await school.quality.post_ok(f"{path}/license")
    assert done["state"] == "licensed"
    licences = await rows(school.quality, path, "licences")
    assert {licence["person"]["id"] for licence in licences} == {school.first.id, school.second.id}
    assert {(licence["process"], tuple(licence["skills"])) for licence in licences} == {
        ("incident", ("triage", "handling"))
    }
    await who_failed_sits_again(school, path)
    first = licences[0]
    assert int(first["until_at"][:4]) == int(first["licensed_at"][:4]) + 2


async def who_passed_does_not(school: School, path: str) -> None:
    """Who has passed does not sit again, and no sitting is forgotten."""
    refused = await school.quality.post(f"{path}/examine", json={"results": [marked(school.second, 10)]})
    assert errors(refused) == [("/results/0/person", "passed_already")]
    assert len(await rows(school.quality, path, "results")) == 3


async def who_failed_sits_again(school: School, path: str) -> None:
    """Also once another is licensed; whoever holds the licence does not sit for it again."""
    sat = {"results": [marked(school.first, 90)]}
    licensed = await school.quality.post(f"{path}/examine", json=sat)
    assert errors(licensed) == [("/results/0/person", "licensed_already")]
    third = await school.held(school.first, school.second, kind="business", method="outside", everybody=True)
    sat = {"results": [marked(school.first, 90), marked(school.second, 10)]}
    stated = {"closed_book": True, "examiner": school.project.id}
    refused = await school.quality.post(f"{third}/examine", json=sat | stated)
    assert errors(refused) == [("/closed_book", "examiner_states")]
    await school.quality.post_ok(f"{third}/examine", sat | {"closed_book": True})
    await school.quality.post_ok(f"{third}/license")
    again = await school.quality.post_ok(f"{third}/examine", {"results": [marked(school.second, 70)]})
    assert (again["state"], again["failed_ids"]) == ("licensed", [])
    assert [row["closed_book"] for row in await rows(school.quality, third, "results")] == [True, True, False]
    await school.quality.post_ok(f"{third}/license")
    assert len(await rows(school.quality, third, "licences")) == 2


async def test_only_who_lacks_a_skill_takes_part_unless_everybody_does(school: School) -> None:
    await school.licensed(school.first, school.second, skills=["triage"])
    second = await school.plan()
    invited = await rows(school.quality, f"/v1/trainings/{second['id']}", "participants")
    missing = {participant["person"]["id"]: participant["missing_skills"] for participant in invited}
    assert missing == {
        school.first.id: ["handling"],
        school.second.id: ["handling"],
        school.guest.id: ["triage", "handling"],
    }
    two = {"persons": [school.first.id, school.second.id], "teams": [], "skills": ["triage"]}
    answer = await school.quality.post("/v1/trainings", json=said(**two))
    assert errors(answer) == [("/persons", "nobody_lacks_skills")]
    assert "incident" in answer.json()["errors"][0]["message"]
    elsewhere = await school.plan(**two, process="request")
    assert elsewhere["state"] == "planned"
    everybody = await school.plan(**two, everybody=True)
    invited = await rows(school.quality, f"/v1/trainings/{everybody['id']}", "participants")
    assert [participant["missing_skills"] for participant in invited] == [[], []]


async def test_a_licence_that_is_revoked_or_over_counts_no_more(school: School) -> None:
    path = await school.licensed(school.first, skills=["triage"])
    [licence] = await rows(school.quality, path, "licences")
    only = {"persons": [school.first.id], "teams": [], "skills": ["triage"]}
    assert errors(await school.quality.post("/v1/trainings", json=said(**only)))
    body = {"licence": licence["id"], "reason": "They do it otherwise."}
    after = await school.quality.post_ok(f"{path}/revoke_licence", body)
    assert after["state"] == "licensed"
    twice = await school.quality.post(f"{path}/revoke_licence", json=body)
    assert (twice.status_code, twice.json()["code"]) == (409, "licence_is_revoked")
    [licence] = await rows(school.quality, path, "licences")
    assert (licence["revoked_by"]["id"], licence["revocation_reason"]) == (
        school.quality.id,
        "They do it otherwise.",
    )
    assert (await school.plan(**only))["state"] == "planned"


async def test_nobody_examines_themselves_or_those_they_learn_with(school: School) -> None:
    both = await school.api.client("Owner", "process_owner", teams=("network",))
    path = await school.held(school.first, both)
    body = {"results": [marked(both, 100)]}
    own = await both.post(f"{path}/examine", json=body)
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    named = await school.quality.post(f"{path}/examine", json={**body, "examiner": both.id})
    assert errors(named) == [("/examiner", "is_a_participant")]
    await school.quality.post_ok(f"{path}/examine", body)
    license_ = await both.post(f"{path}/license", json={})
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
    answer = await quality.post("/v1/trainings", json=said(teams=["empty"]))
    assert errors(answer) == [("/teams", "teams_have_no_members")]

    path = f"/v1/trainings/{(await school.plan())['id']}"
    early = await quality.post(f"{path}/examine", json={"results": [marked(school.first, 90)]})
    assert (early.status_code, early.json()["code"]) == (409, "not_in_this_state")
    stranger = await quality.post(
        f"{path}/hold",
        json={"attended": [quality.id], "contents": "It."},
    )
    assert errors(stranger) == [("/attended/0", "not_a_participant")]
    twice = {
        "attended": [school.first.id, school.first.id],
        "contents": "It.",
    }
    assert errors(await quality.post(f"{path}/hold", json=twice)) == [("/attended/1", "each_once")]
    await quality.post_ok(
        f"{path}/hold",
        {"attended": [school.first.id], "contents": "It."},
    )

    absent = await quality.post(f"{path}/examine", json={"results": [marked(school.second, 90)]})
    assert errors(absent) == [("/results/0/person", "was_not_there")]
    examined = {"person": school.first.id, "marks": {"own_duty": 90}}
    lacking = await quality.post(f"{path}/examine", json={"results": [examined]})
    assert errors(lacking) == [("/results/0/marks", "mark_for_each_topic")]
    assert "how_to_do_it" in lacking.json()["errors"][0]["message"]
    await quality.post_ok(f"{path}/examine", {"results": [marked(school.first, 10)]})
    none = await quality.post(f"{path}/license", json={})
    assert (none.status_code, none.json()["code"]) == (409, "nobody_has_passed")
    chinese = await quality.post(f"{path}/license", json={}, headers={"Accept-Language": "zh"})
    assert "无人通过考核" in chinese.json()["detail"]
    await quality.post_ok(f"{path}/examine", {"results": [marked(school.first, 60)]})
    past = await quality.post(f"{path}/license", json={"until_at": "2020-01-01T00:00:00Z"})
    assert errors(past) == [("/until_at", "not_ahead")]


async def test_a_participant_sees_the_training_and_of_the_results_their_own(school: School) -> None:
    path = await school.held(school.first, school.guest)
    sat = [marked(school.first, 90), marked(school.guest, 20)]
    await school.quality.post_ok(f"{path}/examine", {"results": sat})
    assert len(await rows(school.first, path, "results")) == 2  # an engineer is of the staff
    [own] = await rows(school.guest, path, "results")
    assert (own["person"]["id"], own["passed"], own["marks"]["own_duty"]) == (school.guest.id, False, 20)
    answer = await school.guest.read(path)
    assert answer["failed_ids"] is None
    # What they may do is about its documents, and what it says of them.
    open_to_them = {offered["action"] for offered in answer["actions"]}
    assert open_to_them == {"acknowledge_document", "request_document_access", "object_to_statement"}
    types = [event["type"] for page in await school.guest.pages(f"{path}/events") for event in page]
    assert types == ["training.planned", "training.held"]
    stranger = await school.api.client("Stranger")
    assert (await stranger.get(path)).status_code == 404


async def test_who_may_plan_hold_and_examine(school: School) -> None:
    assert (await school.first.post("/v1/trainings", json=said())).status_code == 403
    planned = await school.project.post_ok("/v1/trainings", said())
    path = f"/v1/trainings/{planned['id']}"
    await school.project.post_ok(
        f"{path}/hold",
        {"attended": [school.first.id], "contents": "It."},
    )
    refused = await school.project.post(f"{path}/examine", json={"results": [marked(school.first, 90)]})
    assert refused.status_code == 403
    owner = await school.api.client("Owner", "process_owner@process/incident")
    assert (
        await owner.post(f"{path}/examine", json={"results": [marked(school.first, 90)]})
    ).status_code == 200
    other = await school.api.client("Other", "process_owner@process/change")
    assert (await other.post(f"{path}/license", json={})).status_code == 403


async def test_trainings_are_listed_by_what_they_are_and_who_takes_part(school: School) -> None:
    first = await school.plan(planned_at="2199-01-31T06:00:00Z")
    other = await school.plan(
        process="change", kind="key_user", year=2028, teams=[], persons=[school.first.id]
    )
    listed: list[tuple[Json, list[Json]]] = [
        ({"year": "2028"}, [other]),
        ({"year": "2027,2028", "sort": "planned_at"}, [first, other]),
        ({"process": "incident"}, [first]),
        ({"kind": "key_user"}, [other]),
        ({"participant": school.second.id}, [first]),
        ({"state": "held"}, []),
        ({"improvement_id": "none", "process": "change"}, [other]),
        ({"planned_after": "2199-01-01T00:00:00Z", "kind": "executor"}, [first]),
    ]
    for query, expected in listed:
        items = (await school.quality.read("/v1/trainings", **query))["items"]
        assert {each["id"] for each in items} == {each["id"] for each in expected}, query
    assert len((await school.guest.read("/v1/trainings", participant="me"))["items"]) == 1
    assert (await school.quality.get("/v1/trainings?year=soon")).status_code == 422


async def test_a_training_that_is_cancelled_is_over(school: School) -> None:
    path = f"/v1/trainings/{(await school.plan())['id']}"
    cancelled = await school.quality.post_ok(f"{path}/cancel", {"reason": "The room is taken."})
    assert cancelled["state"] == "cancelled"
    late = await school.quality.post(
        f"{path}/hold",
        json={"attended": [school.first.id], "contents": "It."},
    )
    assert (late.status_code, late.json()["allowed_actions"]) == (409, [])


async def test_a_pass_mark_below_sixty_needs_a_reason_and_none_lets_everybody_pass(school: School) -> None:
    async def planned(**more: object) -> Json | list[tuple[str, str]]:
        answer = await school.quality.post("/v1/trainings", json=said(**more))
        return answer.json() if answer.status_code == 201 else errors(answer)

    assert await planned(pass_mark=59) == [("/pass_mark_reason", "pass_mark_low")]
    assert await planned(pass_mark=0, pass_mark_reason="It is new to all.") == [
        ("/pass_mark", "passes_everybody")
    ]
    low = await planned(pass_mark=59, pass_mark_reason="It is new to all.")
    assert isinstance(low, dict)
    assert (low["pass_mark"], low["pass_mark_reason"]) == (59, "It is new to all.")
    assert isinstance(await planned(pass_mark=60), dict)
