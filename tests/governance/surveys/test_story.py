"""The life of surveys: drawn by a seed, run by themselves, compared with the year before."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.common.people import rule_caller
from app.governance.surveys.sampling import drawn
from tests.client import Json
from tests.extent import in_test_all
from tests.governance.surveys.conftest import FORM, Office, now, speed, wish
from tests.people import act


async def _codes(office: Office, **wrong: object) -> list[str]:
    """What is said of a plan that is refused."""
    body = {
        "title": "A survey",
        "title_zh": "调查",
        "questions": [{"key": "speed", "kind": "rating", "text": "How?", "text_zh": "如何？"}],
        "anonymous": False,
        "everybody": True,
        "opens_at": "2199-01-01T00:00:00Z",
        "ends_at": "2199-01-08T00:00:00Z",
        **wrong,
    }
    answer = await office.quality.post("/v1/surveys", json=body)
    assert answer.status_code == 422, answer.text
    return [f"{error['pointer']} {error['code']}" for error in answer.json()["errors"]]


async def test_what_does_not_fit_is_refused_where_it_stands(office: Office) -> None:
    assert await _codes(office, everybody=False) == ["/everybody audience_missing"]
    assert await _codes(office, ends_at="2198-01-01T00:00:00Z") == ["/ends_at not_ahead"]
    assert await _codes(office, remind_at="2199-02-01T00:00:00Z") == ["/remind_at outside_of_the_period"]
    question = {"key": "way", "kind": "choice", "text": "Which?", "text_zh": "哪个？"}
    assert await _codes(office, questions=[question]) == ["/questions/0/choices too_few_choices"]
    two = {**question, "choices": ["A", "B"], "choices_zh": ["甲"]}
    assert await _codes(office, questions=[two]) == ["/questions/0/choices_zh same_number_in_both_languages"]
    rated = {**question, "kind": "rating", "choices": ["A", "B"], "choices_zh": ["甲", "乙"]}
    assert await _codes(office, questions=[rated]) == ["/questions/0/choices only_of_choices"]
    same = {"key": "a", "kind": "text", "text": "A", "text_zh": "甲"}
    assert await _codes(office, questions=[same, same]) == ["/questions/1/key each_once"]


async def test_the_draw_is_drawn_again_from_its_event_alone(office: Office) -> None:
    survey = await office.running(persons=[], everybody=True, sample_size=6, seed=23)
    assert (survey["invited"], survey["seed"]) == (6, 23)
    events = (await office.quality.read(f"/v1/surveys/{survey['id']}/events"))["items"]
    (started,) = [event["set"] for event in events if event["type"] == "survey.started"]
    (draw,) = [row for key, row in started.items() if key.startswith("survey_draw/")]
    participants = {row["person_id"] for key, row in started.items() if key.startswith("survey_participant/")}
    again = drawn(map(UUID, draw["population_ids"]), draw["seed"], draw["size"])
    assert participants == {str(person) for person in again}


async def test_a_survey_with_names_from_invitation_to_results_and_the_year_before(office: Office) -> None:
    first = await _run(office, 2)
    second = await _run(office, 4, compare_with=first["number"])
    figures = (await office.network[0].read(f"/v1/surveys/{second['id']}/figures"))["items"]
    everybody = next(figure for figure in figures if figure["team"] is None)
    assert (everybody["mean"], everybody["mean_before"], everybody["answers_before"]) == ("4.00", "2.00", 9)
    other = {"series": "another", "compare_with": first["number"]}
    assert await _codes(office, **other) == ["/compare_with of_another_series"]


async def _run(office: Office, score: int, **more: object) -> Json:
    """A survey that all answer alike, and whose results are published."""
    survey = await office.running(anonymous=False, series="desk", **more)
    for client in office.everybody[:-1]:
        body = {"survey": survey["number"], "answers": [speed(score)]}
        await client.post_ok("/v1/survey_responses", body)
    path = f"/survey/{await office.token(office.alone, survey)}"
    assert "with your name" in (await office.browser.get(path)).text
    assert (await office.browser.post(path, content=f"speed={score}", headers=FORM)).status_code == 200
    await office.end(survey)
    return await office.quality.post_ok(f"/v1/surveys/{survey['id']}/publish")


async def test_answers_by_name_are_for_who_gave_them_and_who_runs_surveys(office: Office) -> None:
    survey = await office.running(anonymous=False)
    first, second = office.network[:2]
    body = {"survey": survey["id"], "answers": [speed(2), wish("Call back")]}
    response = await first.post_ok("/v1/survey_responses", body)
    again = await first.post("/v1/survey_responses", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "answered_before")
    path = f"/v1/survey_responses/{response['id']}"
    for reader in (first, office.quality):
        answers = (await reader.read(f"{path}/answers"))["items"]
        assert [answer["text"] for answer in answers] == [None, "Call back"]
    assert (await second.get(path)).status_code == 404
    stranger = await office.api.client("Stranger")
    assert (await stranger.post("/v1/survey_responses", json=body)).status_code in (409, 422)
    await act(office.api.ledger, rule_caller("tests"), "person", "erase", first.id)
    answers = (await office.quality.read(f"{path}/answers"))["items"]
    assert [answer["text"] for answer in answers] == [None, None], "words go with their author"
    assert answers[0]["score"] == 2


@in_test_all
async def test_participants_are_invited_and_reminded_and_who_has_answered_by_name_is_not(
    office: Office,
) -> None:
    remind_at = (now() + timedelta(days=3)).isoformat()
    survey = await office.running(anonymous=False, remind_at=remind_at)
    await office.work(seconds=65)
    notices = (await office.network[1].read("/v1/notices"))["items"]
    assert [notice["steps"] for notice in notices] == [["survey_invited"]]
    body = {"survey": survey["id"], "answers": [speed(2)]}
    await office.network[0].post_ok("/v1/survey_responses", body)
    await office.work(days=3, hours=1)
    await office.work(days=3, hours=2)
    assert (await office.quality.read(f"/v1/surveys/{survey['id']}"))["answered"] == 1
    steps = [notice["steps"] for notice in (await office.network[1].read("/v1/notices"))["items"]]
    assert ["survey_reminded"] in steps
    steps = [notice["steps"] for notice in (await office.network[0].read("/v1/notices"))["items"]]
    assert ["survey_reminded"] not in steps


async def test_a_survey_opens_and_ends_by_itself(office: Office) -> None:
    body = {
        "title": "By itself",
        "title_zh": "自行",
        "questions": [{"key": "speed", "kind": "rating", "text": "How?", "text_zh": "如何？"}],
        "anonymous": False,
        "everybody": True,
        "opens_at": (now() + timedelta(days=1)).isoformat(),
        "ends_at": (now() + timedelta(days=2)).isoformat(),
    }
    path = f"/v1/surveys/{(await office.quality.post_ok('/v1/surveys', body))['id']}"
    states = []
    for hours in (1, 25, 47, 49):
        await office.work(hours=hours)
        states.append((await office.quality.read(path))["state"])
    assert states == ["planned", "running", "running", "ended"]
