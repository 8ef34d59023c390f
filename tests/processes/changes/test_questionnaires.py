"""The questionnaire about risks: the usual one, one that an organisation sets, and what answers come to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.people import Role
from app.common.priorities.risk_level import RiskLevel
from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.policies.questionnaires import questionnaire_in_force, questionnaire_of
from app.processes.changes.policies.risk import DEFAULT_QUESTIONNAIRE, level, score
from app.registry import LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.client import Api, Client, Json

PATH = "/v1/risk_questionnaires"
USUAL = questionnaire_of(None)
#: The least, and the most risky answer to each usual question.
LEAST = {question.key: question.answers[0].key for question in DEFAULT_QUESTIONNAIRE.questions}
MOST = {question.key: question.answers[-1].key for question in DEFAULT_QUESTIONNAIRE.questions}


def answer(key: str, points: int) -> Json:
    return {"key": key, "text_en": key.capitalize(), "text_zh": "答", "points": points}


def question(key: str, *points: int) -> Json:
    """A question with answers `a`, `b`, … of these points."""
    answers = [answer(chr(ord("a") + n), point) for n, point in enumerate(points)]
    return {"key": key, "text_en": f"{key.capitalize()}?", "text_zh": "问？", "answers": answers}


def a_questionnaire(*questions: Json, **more: Any) -> Json:
    """What is said to set one."""
    listed = list(questions) or [question("money", 0, 10), question("night", 5, 0)]
    return {"questions": listed, "medium_from": 5, "high_from": 15, **more}


async def test_a_questionnaire_is_in_force_once_a_second_person_agrees(api: Api) -> None:
    manager, agent = await api.client("Ada", Role.change_manager), await api.client("Lin", Role.agent)
    second_manager = await api.client("Bo", Role.change_manager)
    usual = await agent.read(f"{PATH}/current")
    assert (usual["id"], usual["version"], len(usual["questions"])) == (None, 0, 7)
    first = await manager.post_ok(PATH, a_questionnaire())
    assert first["awaits_agreement"]
    assert (await agent.read(f"{PATH}/current"))["id"] is None, "nobody else has agreed"
    refused = await manager.post(f"{PATH}/{first['id']}/agree")
    assert refused.json()["code"] == "separation_of_duties"
    await second_manager.post_ok(f"{PATH}/{first['id']}/agree")
    now = await agent.read(f"{PATH}/current")
    assert (now["id"], now["version"], now["high_from"]) == (first["id"], 2, 15)
    assert [asked_question["key"] for asked_question in now["questions"]] == ["money", "night"]
    assert now["questions"] == first["questions"]
    await manager.post_ok(f"{PATH}/{first['id']}/revise", a_questionnaire(high_from=10))
    assert (await agent.read(f"{PATH}/current"))["high_from"] == 15
    refused = await second_manager.post(f"{PATH}/{first['id']}/agree", json={"edition": 1})
    assert refused.json()["errors"][0]["code"] == "another_edition"
    await manager.post_ok(f"{PATH}/{first['id']}/revise", a_questionnaire(high_from=10))
    refused = await second_manager.post(f"{PATH}/{first['id']}/agree")
    assert refused.json()["code"] == "proposal_rewritten"
    await second_manager.post_ok(f"{PATH}/{first['id']}/agree", {"edition": 3})
    assert (await agent.read(f"{PATH}/current"))["high_from"] == 10
    again = await second_manager.post(f"{PATH}/{first['id']}/agree")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_agree")
    second = await agreed(manager, second_manager, a_questionnaire(high_from=12))
    assert (await agent.read(f"{PATH}/current"))["id"] == second["id"], "the one that was set last"
    requester = await api.client("王芳")
    assert (await requester.get(f"{PATH}/current")).status_code == 403


async def agreed(setter: Client, second_person: Client, body: Json) -> Json:
    """A questionnaire that one person has set, and to which the other has agreed."""
    return await second_person.post_ok(f"{PATH}/{(await setter.post_ok(PATH, body))['id']}/agree")


async def test_change_managers_and_administrators_set_it_and_nobody_else(api: Api) -> None:
    for n, role in enumerate(Role):
        client = await api.client(f"Somebody {n}", role)
        status = (await client.post(PATH, json=a_questionnaire())).status_code
        assert status == (201 if role in (Role.change_manager, Role.admin) else 403), role


@each_case(
    ("body", "pointer", "code"),
    [
        (a_questionnaire(question("a", 0, 9), question("a", 0, 9)), "/questions/1/key", "question_twice"),
        (
            a_questionnaire({**question("a", 0, 20), "answers": [answer("x", 0), answer("x", 20)]}),
            "/questions/0/answers/1/key",
            "answer_twice",
        ),
        (a_questionnaire(high_from=5), "/high_from", "high_not_above_medium"),
        (a_questionnaire(high_from=16), "/high_from", "out_of_reach"),
        (a_questionnaire(medium_from=0), "/medium_from", "greater_than_equal"),
        (a_questionnaire(question("a", 0, 101)), "/questions/0/answers/1/points", "less_than_equal"),
        (a_questionnaire(question("a", 20)), "/questions/0/answers", "too_short"),
        (a_questionnaire(question("a", *range(21))), "/questions/0/answers", "too_long"),
        (a_questionnaire(*(question(f"q{n}", 0, 9) for n in range(51))), "/questions", "too_long"),
        (a_questionnaire(question("A b", 0, 20)), "/questions/0/key", "string_pattern_mismatch"),
    ],
)
async def test_a_questionnaire_that_cannot_tell_risks_apart_is_refused(
    api: Api, body: Json, pointer: str, code: str
) -> None:
    refused = await (await api.client("Ada", Role.change_manager)).post(PATH, json=body)
    assert refused.status_code == 422, refused.text
    error = refused.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, code)


def test_the_usual_questions_reach_every_level_and_are_asked_in_two_languages() -> None:
    assert USUAL.score(LEAST) == (0, RiskLevel.low)
    assert USUAL.score(MOST) == (56, RiskLevel.high)
    assert level(USUAL.medium_from, USUAL.medium_from, USUAL.high_from) is RiskLevel.medium
    assert USUAL.medium_from < USUAL.high_from < USUAL.score(MOST)[0]
    for question in DEFAULT_QUESTIONNAIRE.questions:
        assert question.text_en.isascii()
        assert not question.text_zh.isascii()
        assert [each.points for each in question.answers] == sorted(each.points for each in question.answers)


@each_case(
    ("answers", "pointer", "code"),
    [
        ({**LEAST, "weather": "fair"}, "/risk_answers/weather", "no_such_question"),
        ({**LEAST, "tested": "perhaps"}, "/risk_answers/tested", "no_such_answer"),
        ({k: v for k, v in LEAST.items() if k != "window"}, "/risk_answers/window", "not_answered"),
    ],
)
def test_answers_that_do_not_fit_the_questions_are_named(
    answers: dict[str, str], pointer: str, code: str
) -> None:
    with pytest.raises(WrongValue) as refused:
        USUAL.score(answers)
    assert (refused.value.pointer, refused.value.because) == (pointer, code)
    assert refused.value.further == ()


def test_all_that_is_wrong_with_answers_is_said_at_once() -> None:
    with pytest.raises(WrongValue) as refused:
        USUAL.score({"weather": "fair"})
    assert len(refused.value.further) == len(LEAST)


@given(st.fixed_dictionaries({q.key: st.sampled_from(q.answers) for q in DEFAULT_QUESTIONNAIRE.questions}))
def test_the_score_is_the_sum_of_the_points_and_never_falls_with_a_riskier_answer(chosen: Any) -> None:
    answers = {key: answer.key for key, answer in chosen.items()}
    points, faults = score(USUAL.questions, answers)
    assert faults == []
    assert points == sum(answer.points for answer in chosen.values())
    for key, worst in MOST.items():
        assert score(USUAL.questions, {**answers, key: worst})[0] >= points


async def test_whoever_assesses_relies_on_the_version_of_the_questionnaire(api: Api) -> None:
    def reads() -> ReadContext:
        return ReadContext(api.ledger.db, LIFECYCLES_BY_KIND, api.ledger.directory)

    before = reads()
    assert (await questionnaire_in_force(before)).id is None
    assert before.versions == {}
    manager, second = await api.client("Ada", Role.change_manager), await api.client("Bo", Role.admin)
    record = await agreed(manager, second, a_questionnaire())
    after = reads()
    in_force = await questionnaire_in_force(after)
    assert (str(in_force.id), in_force.score({"money": "b", "night": "a"})) == (
        record["id"],
        (15, RiskLevel.high),
    )
    assert after.versions == {f"risk_questionnaire/{record['id']}": 2}
