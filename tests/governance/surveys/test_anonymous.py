"""Answers to an anonymous survey: nothing ties one to a person, in the log, beside it, or in what is told."""

from __future__ import annotations

import json
from typing import Any

from app.common.people import Role
from app.foundation.surveys.box import sheets_in_box
from app.foundation.surveys.tokens import hash_of_token
from tests.client import Json
from tests.extent import WHOLE, in_test_all
from tests.governance.surveys.conftest import FORM, Office, speed, wish


async def _all_rows(office: Office) -> str:
    """Every row of every table, as text."""
    db = office.api.ledger.db
    tables = await db.rows(
        "select schemaname || '.\"' || tablename || '\"' as name from pg_tables "
        "where schemaname not in ('pg_catalog', 'information_schema') order by 1"
    )
    parts = [
        str(await db.value(f"select coalesce(string_agg(t::text, E'\\n'), '') from {table['name']} t"))
        for table in tables
    ]
    events = await db.rows("select convert_from(data, 'UTF8') as data from log.event")
    return "\n".join([*parts, *(row["data"] for row in events)])


async def test_whoever_has_the_token_answers_once_and_nobody_without_one(office: Office) -> None:
    survey, stranger = await office.running(), await office.api.client("Stranger")
    first, head = office.network[0], await office.api.head()
    assert (await stranger.get(f"/v1/surveys/{survey['id']}/link")).status_code == 404
    assert await office.answer(first, survey, speed(4)) == 204
    assert await office.answer(first, survey, speed(1)) == 409
    unknown = {"token": "x" * 32, "answers": [speed(1)]}
    assert (await stranger.post("/v1/surveys/answers", json=unknown)).status_code == 404
    other = {"token": await office.token(office.network[1], survey), "answers": [speed(5)]}
    assert (await stranger.post("/v1/surveys/answers", json=other)).status_code == 204, "it is the token's"
    assert await office.api.head() == head, "no answer is an event before the survey ends"


async def test_answers_enter_the_log_together_when_it_ends_without_their_persons(office: Office) -> None:
    survey = await office.running(remind_at=None)
    scores = [5, 4, 4, 3, 2, 1, 5, 4, 3]
    for client, score in zip(office.everybody, scores, strict=True):
        assert await office.answer(client, survey, speed(score), wish(f"More of {score}")) == 204
    before = await office.api.head()
    after = await office.end(survey)
    assert (after["answered"], after["invited"]) == (9, 9)
    answers = await office.collected(survey)
    assert sorted(answer["score"] for answer in answers if answer["question"] == "speed") == sorted(scores)
    rows = await office.api.ledger.db.rows(
        "select type, actor, credential, convert_from(data, 'UTF8') as data from log.event "
        "where position > %s and type not like 'notice.%%' order by position",
        (before,),
    )
    assert [row["type"] for row in rows] == ["survey.closed", "survey_result.collected", "survey.ended"]
    collected = rows[1]
    assert (collected["actor"], collected["credential"]) == ("rule:end_surveys", None)
    for client in office.everybody:
        assert client.id not in collected["data"]


async def test_nothing_beside_the_log_has_an_answer_a_time_or_an_order(office: Office) -> None:
    survey = await office.running()
    db = office.api.ledger.db
    columns = await db.rows(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'content' and table_name like 'survey%%'"
    )
    assert {(row["table_name"], row["column_name"]) for row in columns} == {
        ("survey_box", "id"),
        ("survey_box", "wrapped_key"),
        ("survey_box", "sealed"),
        *(("survey_token", name) for name in ("hash", "survey_id", "team_id", "person_id", "used")),
    }
    sizes = set()
    for client in office.everybody:
        await office.answer(client, survey, speed(4), wish("Call me back, 请回电"))
        sizes.add(await db.value("select length(sealed) from content.survey_box"))
        assert await db.value("select count(*) from content.survey_box") == 1
    assert len(sizes) == 1, "the box tells no length of an answer"
    assert await db.value("select count(*) from content.survey_token where person_id is not null") == 0
    assert "Call me back" not in await _all_rows(office)
    orders = {
        json.dumps(await sheets_in_box(office.api.ledger, await _id(office, survey)), sort_keys=True)
        for _ in range(3)
    }
    assert orders, "it can be opened by the rule that ends it"


async def _id(office: Office, survey: Json) -> Any:
    return await office.api.ledger.db.value(
        "select id from fold.survey where number = %s", (survey["number"],)
    )


async def test_when_it_has_ended_key_tokens_and_box_are_destroyed(office: Office) -> None:
    survey = await office.running()
    for client in office.everybody:
        await office.answer(client, survey, speed(3))
    token = await office.token(office.network[0], survey)
    await office.end(survey)
    await office.work(minutes=4)
    db = office.api.ledger.db
    assert await db.value("select count(*) from content.survey_box") == 0
    assert await db.value("select count(*) from content.survey_token") == 0
    assert (await office.network[0].get(f"/v1/surveys/{survey['id']}/link")).status_code == 404
    digest = hash_of_token(token)
    assert digest is not None
    assert digest.hex() not in await _all_rows(office)
    assert (await office.browser.get(f"/survey/{token}")).status_code == 404


async def test_groups_of_fewer_than_five_are_told_nowhere_not_even_as_what_is_left_over(
    office: Office,
) -> None:
    survey = await office.running()
    for client in office.everybody[:8]:  # five of the network, three of the storage
        await office.answer(client, survey, speed(4))
    for client in office.network[:2]:
        await office.answer(client, survey, wish("Too late"))
    await office.end(survey)
    assert {answer["team"] for answer in await office.collected(survey)} == {None}, (
        "of eight answers five of one team would tell the three of the other"
    )
    published = await office.quality.post_ok(f"/v1/surveys/{survey['id']}/publish")
    (figure,) = (await office.quality.read(f"/v1/surveys/{published['id']}/figures"))["items"]
    assert (figure["question"], figure["team"], figure["answers"], figure["mean"]) == (
        "speed",
        None,
        8,
        "4.00",
    )


@in_test_all
async def test_a_group_that_is_large_enough_is_told(office: Office) -> None:
    for n in range(2):
        office.storage.append(await office.api.client(f"Storage more {n}", teams=("storage",)))
    survey = await office.running()
    for client in office.network:
        await office.answer(client, survey, speed(5))
    for client in office.storage:
        await office.answer(client, survey, speed(3))
    await office.end(survey)
    await office.quality.post_ok(f"/v1/surveys/{survey['id']}/publish")
    figures = (await office.alone.read(f"/v1/surveys/{survey['id']}/figures"))["items"]
    by_team = {figure["team"] and figure["team"]["key"]: figure["mean"] for figure in figures}
    assert by_team == {None: "4.00", "network": "5.00", "storage": "3.00"}


async def test_a_question_that_fewer_than_five_have_answered_leaves_nothing_in_the_log(
    office: Office,
) -> None:
    survey = await office.running()
    for client in office.everybody[:4]:
        await office.answer(client, survey, speed(1), wish("Only few know this"))
    await office.end(survey)
    assert await office.collected(survey) == []
    (result,) = (await office.quality.read("/v1/survey_results"))["items"]
    assert (result["answered"], result["withheld"]) == (4, 8)


async def test_an_audience_of_fewer_than_five_is_refused(office: Office) -> None:
    body = {"persons": [client.id for client in office.network[:4]]}
    survey = {
        "title": "Few",
        "title_zh": "人数很少",
        "anonymous": True,
        "questions": [{"key": "a", "kind": "text", "text": "What else?", "text_zh": "还有什么？"}],
        "opens_at": "2199-01-01T00:00:00Z",
        "ends_at": "2199-01-02T00:00:00Z",
    }
    answer = await office.quality.post("/v1/surveys", json=survey | body)
    assert [error["code"] for error in answer.json()["errors"]] == ["too_few_to_be_anonymous"]
    few = {"teams": ["network"], "sample_size": 4}
    answer = await office.quality.post("/v1/surveys", json=survey | few)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/sample_size"]


async def test_no_one_reads_answers_but_who_runs_surveys_and_auditors(office: Office) -> None:
    survey = await office.running()
    for client in office.everybody:
        await office.answer(client, survey, speed(4), wish("Whisper of the walls"))
    await office.end(survey)
    (result,) = (await office.quality.read("/v1/survey_results"))["items"]
    path = f"/v1/survey_results/{result['id']}"
    few = [Role.quality_manager, Role.auditor, Role.admin, Role.requester]
    for role in list(Role) if WHOLE else few:
        reader = await office.api.client(f"Reader {role.value}", role)
        sees = role in (Role.quality_manager, Role.auditor)
        for below in ("", "/answers", "/events"):
            assert ((await reader.get(f"{path}{below}")).status_code == 200) is sees, (role, below)
        assert bool((await reader.read("/v1/survey_results"))["items"]) is sees, role
        feed = await reader.pages("/v1/events", limit=200)
        text = json.dumps([event for page in feed for event in page], ensure_ascii=False)
        assert ("Whisper of the walls" in text) is sees, role
    for client in office.everybody:
        assert (await client.get(path)).status_code == 404
        assert "Whisper" not in json.dumps(await client.read("/v1/notices"), ensure_ascii=False)


@in_test_all
async def test_a_text_is_taken_up_as_a_suggestion_or_a_complaint_of_nobody(office: Office) -> None:
    survey = await office.running()
    for client in office.everybody:
        await office.answer(client, survey, speed(4), wish("Call back"))
    await office.end(survey)
    (result,) = (await office.quality.read("/v1/survey_results"))["items"]
    answers = [answer for answer in await office.collected(survey) if answer["question"] == "wish"]
    path = f"/v1/survey_results/{result['id']}"
    body = {
        "answer": answers[0]["id"],
        "title": "Call back within the day",
        "process": "incident",
        "aspect": "activity",
        "proposal": "Call back.",
        "why": "It is wished for.",
    }
    await office.quality.post_ok(f"{path}/make_suggestion", body)
    again = await office.quality.post(f"{path}/make_suggestion", json=body)
    assert again.json()["errors"][0]["code"] == "taken_up_already"
    (suggestion,) = (await office.quality.read("/v1/improvement_suggestions"))["items"]
    assert suggestion["source"] == "satisfaction_survey"
    answer = next(a for a in await office.collected(survey) if a["id"] == answers[0]["id"])
    assert answer["taken_up"] == f"improvement_suggestion/{suggestion['id']}"


async def test_the_page_takes_the_form_once_without_scripts_and_in_both_languages(office: Office) -> None:
    survey = await office.running()
    path, head = f"/survey/{await office.token(office.alone, survey)}", await office.api.head()
    opened = await office.browser.get(path)
    assert opened.status_code == 200
    assert "This survey is anonymous" in opened.text
    assert "<script" not in opened.text
    assert "script-src 'none'" in opened.headers["content-security-policy"]
    assert opened.headers["cache-control"] == "no-store"
    assert "本调查为匿名调查" in (await office.browser.get(f"{path}?lang=zh")).text
    missing = await office.browser.post(path, content="wish=%E5%BF%AB", headers=FORM)
    assert (missing.status_code, "快" in missing.text) == (422, True), "what was written is not lost"
    for wrong in ("speed=6", "speed=x", "", "speed=%FF", "way=1"):
        assert (await office.browser.post(path, content=wrong, headers=FORM)).status_code == 422
    sent = await office.browser.post(path, content="speed=4&way=2&wish=Call+back", headers=FORM)
    assert (sent.status_code, "Thank you" in sent.text) == (200, True)
    assert (await office.browser.post(path, content="speed=1", headers=FORM)).status_code == 409
    assert (await office.browser.get(path)).status_code == 409
    assert (await office.browser.get("/survey/nothing")).status_code == 404
    assert await office.api.head() == head
