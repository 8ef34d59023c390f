"""A pilot's whole story over HTTP: readiness, issues, the report, and each judgement of the committee."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Role
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from tests.automation.worker import Worker
from tests.client import Api, Json
from tests.extent import in_test_all
from tests.people import grant
from tests.processes.improvement_suggestions.samples import offered
from tests.processes.improvements.pilots import (
    WORD,
    Project,
    ago,
    event_types,
    project_of,
    refusal,
    sentences,
)


@pytest.fixture
async def project(api: Api) -> Project:
    return await project_of(api)


def soon(**time: float) -> str:
    """The instant so far ahead."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def sections(project: Project, path: str, of_class: str) -> list[tuple[str, str]]:
    """The headings and texts of the newest document of that class."""
    documents = (await project.quality.read(f"{path}/documents"))["items"]
    newest = [document for document in documents if document["document_class"] == of_class][-1]
    items = (await project.quality.read(f"{path}/document_sections"))["items"]
    return [(item["heading"], item["text"]) for item in items if item["document_id"] == newest["id"]]


async def test_a_pilot_starts_when_all_is_ready_and_says_what_is_missing(project: Project) -> None:
    path = await project.planned()
    start = f"{path}/start_pilot"
    assert await refusal(project.manager, start, {}) == (409, "not_kicked_off")
    assert await refusal(project.manager, f"{path}/kick_off", {}) == (403, "forbidden")
    kicked_off = (await project.sponsor.post_ok(f"{path}/kick_off"))["kicked_off_at"]
    assert await refusal(project.sponsor, f"{path}/kick_off", {}) == (409, "kicked_off_already")
    status, wrong = await refusal(project.manager, start, {})
    assert status == 422
    assert wrong == [
        ("told", "telling_missing"),
        ("key_user_training", "key_user_training_missing"),
        ("executor_training", "executor_training_missing"),
        ("duties", "adjusted_duties_missing"),
        ("standards", "revised_standards_missing"),
        ("executor", "executor_missing"),
    ]
    english, chinese = await sentences(project.manager, start, {})
    assert "enter the accountable executor" in english
    assert "请指定负责的执行人" in chinese
    ready = await project.readiness()
    assert (await refusal(project.quality, start, ready)) == (403, "forbidden")
    await key_users_are_trained_before_executors(project, start, ready)
    await the_executor_is_licensed_and_does_not_own_the_process(project, start, ready)
    ready["executor_training"] = await project.training("executor")
    record = await project.manager.post_ok(start, ready)
    assert (record["state"], record["pilot_rounds"], record["executor"]["id"]) == (
        "piloting",
        1,
        project.executor.id,
    )
    [readiness] = (await project.manager.read(f"{path}/pilot_readiness"))["items"]
    assert (readiness["kicked_off_at"], readiness["kicked_off_by"]["id"]) == (kicked_off, project.sponsor.id)
    assert (readiness["pilot_round"], readiness["external_numbers"], readiness["duties"]) == (
        1,
        ["SOP-12"],
        "The desk asks first.",
    )


async def test_a_pilot_rests_on_trainings_that_people_of_its_teams_attended_and_were_examined_in(
    project: Project,
) -> None:
    path = await project.planned()
    start = f"{path}/start_pilot"
    await project.sponsor.post_ok(f"{path}/kick_off")
    outsider = await project.api.client("Outsider", Role.engineer)
    elsewhere = await project.training("key_user", upto="plan", persons=[outsider.id])
    held = {"attended": [outsider.id], "contents": "What is new."}
    await project.quality.post_ok(f"/v1/trainings/{elsewhere}/hold", held)
    ready = await project.readiness()
    unexamined = await project.training("executor", upto="hold")
    for field, number, code in (
        ("key_user_training", elsewhere, "training_without_teams_in_scope"),
        ("executor_training", unexamined, "training_not_examined"),
    ):
        refused = await refusal(project.manager, start, ready | {field: number})
        assert refused == (422, [(field, code)])
    objection = {"objection": "I was ill."}
    key_users = f"/v1/trainings/{ready['key_user_training']}"
    await project.executor.post_ok(f"{key_users}/object_to_statement", objection)
    refused = await refusal(project.manager, start, ready)
    assert refused == (422, [("key_user_training", "training_attended_by_nobody")])


async def key_users_are_trained_before_executors(project: Project, start: str, ready: Json) -> None:
    """Else the pilot does not start."""

    async def refused(**changes: Any) -> tuple[int, Any]:
        return await refusal(project.manager, start, ready | changes)

    planned = await project.training("key_user", upto="plan")
    assert await refused(key_user_training=planned) == (422, [("key_user_training", "training_not_held")])
    swapped = {"key_user_training": ready["executor_training"]}
    assert await refused(**swapped) == (422, [("key_user_training", "training_of_others")])
    late = await project.training("key_user", upto="hold")
    assert await refused(key_user_training=late) == (
        422,
        [("executor_training", "executors_trained_first")],
    )
    other = await project.training("key_user", upto="hold", process="request", skills=["tidy"])
    assert await refused(key_user_training=other) == (
        422,
        [("key_user_training", "training_in_other_process")],
    )


async def the_executor_is_licensed_and_does_not_own_the_process(
    project: Project, start: str, ready: Json
) -> None:
    """Else the pilot does not start. In the end the executor has lost their licence."""
    client = await project.api.client("Nobody", Role.engineer)
    unlicensed = ready | {"executor": client.id}
    assert await refusal(project.manager, start, unlicensed) == (422, [("executor", "no_licence")])
    english, chinese = await sentences(project.manager, start, unlicensed)
    assert "no valid licence for incident" in english
    assert "有效资格" in chinese
    owner = ready | {"executor": project.owner.id}
    assert await refusal(project.manager, start, owner) == (422, [("executor", "executor_owns_process")])
    training = f"/v1/trainings/{ready['executor_training']}"
    [licence] = (await project.quality.read(f"{training}/licences"))["items"]
    revoke = {"licence": licence["id"], "reason": "They do it otherwise."}
    await project.quality.post_ok(f"{training}/revoke_licence", revoke)
    assert await refusal(project.manager, start, ready) == (422, [("executor", "no_licence")])


async def it_is_heard_from_the_teams_of_the_pilot(project: Project, path: str, own: Json) -> None:
    """Members of its teams give their own feedback, and none for others."""
    member = await project.api.client("Member", Role.engineer, teams=("network",))
    for_other = own | {"person": project.executor.id}
    assert await refusal(member, f"{path}/log_pilot_feedback", for_other) == (
        422,
        [("person", "not_your_feedback")],
    )
    await member.post_ok(f"{path}/log_pilot_feedback", own)


async def test_issues_and_feedback_are_logged_by_those_in_the_pilot(project: Project) -> None:
    record_path = await project.piloting()
    issue = {"title": "The form asks twice", "text": "For the site."}
    own = {"person": "me", "stance": "opposed", "text": "Slow."}
    for path, body, code, words in (
        ("log_pilot_issue", issue, "not_in_the_pilot", ("the executor and the project team", "项目组成员")),
        ("log_pilot_feedback", own, "no_pilot_participant", ("those who were trained", "试点团队的成员")),
    ):
        assert await refusal(project.quality, f"{record_path}/{path}", body) == (403, code)
        english, chinese = await sentences(project.quality, f"{record_path}/{path}", body)
        assert (words[0] in english, words[1] in chinese) == (True, True)
    await it_is_heard_from_the_teams_of_the_pilot(project, record_path, own)
    await project.executor.post_ok(f"{record_path}/log_pilot_issue", issue)
    await project.manager.post_ok(f"{record_path}/log_pilot_issue", {"title": "No paper"})
    first, second = (await project.manager.read(f"{record_path}/pilot_issues"))["items"]
    solved = {"issue": first["id"], "solution": "Asked once."}
    await project.manager.post_ok(f"{record_path}/solve_pilot_issue", solved)
    again = await refusal(project.manager, f"{record_path}/solve_pilot_issue", solved)
    assert again == (422, [("issue", "solved_already")])
    for stance in ("in_favour", "in_favour", "opposed"):
        fields = {"person": project.executor.id, "stance": stance, "text": "So it is."}
        await project.executor.post_ok(f"{record_path}/log_pilot_feedback", fields)

    report = f"{record_path}/report_pilot"
    assert await refusal(project.manager, report, dict(WORD)) == (409, "effect_is_missing")
    english, chinese = await sentences(project.manager, report, dict(WORD))
    assert "Mean time to resolve (MTTR, business time). Measure it first" in english
    assert "MTTR" in chinese
    for _ in range(2):
        await project.measured(record_path)
        await offered(project.executor)
    position = await project.measured(record_path)
    items = (await project.quality.read(f"{record_path}/measurements"))["items"]
    assert [measurement["times"] for measurement in items] == [1, 2, 3]
    agreed = (await project.quality.read(record_path))["pilot_ends_at"]
    for item in items:
        assert item["agreed_until_at"] == agreed
        assert item["from_at"] < item["until_at"] < agreed
    too_early = {**WORD, "early_reason": None}
    assert await refusal(project.manager, report, too_early) == (422, [("early_reason", "reported_early")])
    record = await project.manager.post_ok(report, dict(WORD))
    assert (record["state"], record["measured_position"]) == ("pilot_reported", position)
    texts = await sections(project, record_path, "PL")
    assert [heading for heading, _ in texts] == [
        "early",
        "goals_met",
        "tools",
        "open_issues",
        "reception",
        "reception",
        "rollout_advice",
        "institutionalise",
        "further_pilot",
        "legacy",
    ]
    assert "restore (incident_resolution_seconds): Improved" in texts[1][1]
    assert "已改善" in texts[1][1]
    assert f"log position {position}" in texts[1][1]
    assert texts[3][1] == second["title"]
    assert "In favour: 2, Neither: 0, Opposed: 2" in texts[4][1]


async def test_the_judgement_names_the_reported_effect_and_keeps_the_reason_against_the_evidence(
    project: Project,
) -> None:
    path, position = await project.reported(EffectVerdict.no_evidence)
    ask = f"{path}/ask_judgement"

    async def refused(judgement: str = "passed", at_position: int = position, **more: Any) -> Any:
        status, wrong = await refusal(project.quality, ask, project.judgement(at_position, judgement, **more))
        assert status == 422
        return wrong

    assert await refused(at_position=position + 1) == [("position", "not_the_reported_effect")]
    english, chinese = await sentences(project.quality, ask, project.judgement(position + 1))
    assert f"must be {position}" in english
    assert str(position) in chinese
    assert await refused() == [("reason", "passed_against_evidence")]
    english, chinese = await sentences(project.quality, ask, project.judgement(position))
    assert "(MTTR, business time) shows no improvement" in english
    assert "移交文件" in chinese
    assert await refused("extended") == [
        ("begins_at", "extension_dates_missing"),
        ("ends_at", "extension_dates_missing"),
    ]
    assert await refused("extended", begins_at=soon(days=9), ends_at=soon(days=8)) == [
        ("ends_at", "before_it_began")
    ]
    assert await refused("extended", begins_at=ago(days=9), ends_at=ago(days=8)) == [("ends_at", "not_ahead")]
    endless = await refused("extended", begins_at=soon(days=9), ends_at=soon(days=200))
    assert endless == [("ends_at", "extension_too_long")]
    dates: Json = {"begins_at": soon(days=1), "ends_at": soon(days=40)}
    assert await refused("extended", **dates, scope={"channel": ["mail"]}) == [
        ("scope/channel", "not_a_pilot_dimension")
    ]
    assert await refused("extended", **dates) == [("reason", "unusual_pilot_length")]
    before: Json = {"begins_at": ago(days=92), "ends_at": soon(seconds=75)}
    assert await refused("extended", **before, reason="Go on.") == [("begins_at", "before_report_of_round")]
    assert await refused("stopped") == [("reason", "stop_reason_missing"), ("told", "stop_telling_missing")]
    question = project.judgement(position, reason="The law asks for it.")
    assert await refusal(project.owner, ask, question) == (403, "forbidden")
    await neither_its_manager_nor_who_proposed_it_votes(project, path, question)
    improvement = await project.quality.read(path)
    assert (improvement["asked_judgement"], improvement["asked_position"]) == ("passed", position)
    improvement = await project.decide(path)
    assert (improvement["state"], improvement["judged_position"]) == ("rolling_out", position)
    assert (improvement["first_judgement"], improvement["last_judgement"]) == ("passed", "passed")
    assert (improvement["against_evidence"], improvement["against_evidence_reason"]) == (
        True,
        "The law asks for it.",
    )
    assert (await event_types(project.quality, path))[-1] == "improvement.pilot_passed"
    last = (await project.quality.read(f"{path}/events"))["items"][-1]
    assert last["given"]["position"] == position


async def neither_its_manager_nor_who_proposed_it_votes(project: Project, path: str, question: Json) -> None:
    """Although they belong to the committee. In the end its manager has asked the question."""
    apart = [project.manager, project.quality]
    for person in apart:
        await grant(project.api.ledger, UUID(person.id), Role.committee_member.value)
    for person in (project.second, project.third):
        await project.admin.post_ok(f"/v1/persons/{person.id}/deactivate")
    refused = await project.manager.post(f"{path}/ask_judgement", json=question)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "too_few_may_decide")
    left_out = {person.id for person in (*apart, project.sponsor)}
    assert {exclusion["person"] for exclusion in problem["left_out"]} == left_out, "its sponsor is management"
    for person in (project.second, project.third):
        await project.admin.post_ok(f"/v1/persons/{person.id}/activate")
    await project.manager.post_ok(f"{path}/ask_judgement", question)
    votes = (await project.quality.read(f"{path}/votes"))["items"]
    decision = (await project.quality.read(path))["decision_id"]
    assert {vote["person"]["id"] for vote in votes if vote["decision_id"] == decision} == {
        project.first.id,
        project.second.id,
        project.third.id,
    }
    assert await refusal(project.quality, f"{path}/ask_judgement", question) == (
        409,
        "improvement_decision_open",
    )


async def test_a_rejected_judgement_can_be_asked_again_and_an_extended_pilot_is_measured_anew(
    project: Project,
) -> None:
    path, position = await project.reported()
    ask = f"{path}/ask_judgement"
    await project.quality.post_ok(ask, project.judgement(position))
    improvement = await project.decide(path, "reject")
    assert (improvement["state"], improvement["first_judgement"]) == ("pilot_reported", None)

    begins, ends = soon(seconds=0), soon(days=15)
    unknown = project.judgement(
        position, "extended", scope={"service": ["mail"]}, begins_at=begins, ends_at=ends
    )
    assert await refusal(project.manager, ask, unknown) == (422, [("question", "rejected_before")])
    news = {"question": "Shall we go on with another team?", "reason": "Two weeks show it."}
    refused = await refusal(project.manager, ask, unknown | news)
    assert refused == (422, [("scope/service/0", "unknown_value")])
    itself = project.judgement(
        position, "extended", control={"team": ["network"]}, begins_at=begins, ends_at=ends
    )
    assert await refusal(project.manager, ask, itself | news) == (422, [("control", "compared_with_itself")])
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    await project.admin.post_ok("/v1/services", service)
    question = project.judgement(
        position,
        "extended",
        scope={"team": ["network"], "service": ["mail"]},
        control={"team": ["none"]},
        begins_at=begins,
        ends_at=ends,
    )
    question |= news
    improvement = await project.manager.post_ok(ask, question)
    assert improvement["next_scope"] == {"team": ["network"], "service": ["mail"]}
    improvement = await project.decide(path)
    outcome = (improvement["state"], improvement["pilot_rounds"], improvement["next_scope"])
    assert outcome == ("piloting", 2, None)
    assert improvement["pilot_scope"] == {"team": ["network"], "service": ["mail"]}
    assert improvement["pilot_control"] == {"team": ["none"]}
    assert datetime.fromisoformat(improvement["pilot_ends_at"]) == datetime.fromisoformat(ends)
    assert improvement["pilot_length"] == "short"
    assert (improvement["first_judgement"], improvement["last_judgement"]) == ("extended", "extended")

    assert await refusal(project.manager, f"{path}/report_pilot", dict(WORD)) == (409, "effect_is_missing")
    again = await project.measured(path, promise=PromiseVerdict.missed)
    await project.manager.post_ok(f"{path}/report_pilot", dict(WORD))
    states = [item["state"] for item in (await project.quality.read(f"{path}/documents"))["items"]]
    assert states[-2:] == ["superseded", "published"]
    stale = project.judgement(position)
    assert await refusal(project.quality, ask, stale) == (422, [("position", "not_the_reported_effect")])
    passed = project.judgement(again)
    assert await refusal(project.quality, ask, passed) == (422, [("reason", "passed_below_promise")])
    await project.quality.post_ok(ask, passed | {"reason": "The desks want it."})
    improvement = await project.decide(path)
    judgements = (improvement["first_judgement"], improvement["last_judgement"])
    assert (improvement["state"], *judgements) == ("rolling_out", "extended", "passed")


@in_test_all
async def test_a_judgement_that_lapses_is_flagged_and_can_be_asked_again(project: Project) -> None:
    path, position = await project.reported()
    due = datetime.now(UTC) + timedelta(days=8)
    question = project.judgement(position, due_at=due.isoformat())
    await project.manager.post_ok(f"{path}/ask_judgement", question)
    worker = Worker(project.api.ledger)
    for minutes in (-60, 1, 2, 5):
        await worker.work(due + timedelta(minutes=minutes))
    assert worker.failures == []
    improvement = await project.quality.read(path)
    assert (improvement["state"], improvement["first_judgement"]) == ("pilot_reported", None)
    assert improvement["judgement_overdue_at"] is not None
    assert "improvement.judgement_overdue" in await event_types(project.quality, path)
    notices = (await project.quality.read("/v1/notices"))["items"]
    assert "pilot_not_judged" in {step for notice in notices for step in notice["steps"]}
    improvement = await project.quality.post_ok(f"{path}/ask_judgement", project.judgement(position))
    assert improvement["judgement_overdue_at"] is None


@in_test_all
async def test_a_stopped_pilot_is_reverted_and_says_who_is_told(project: Project) -> None:
    path, position = await project.reported(EffectVerdict.worsened)
    question = project.judgement(position, "stopped", reason="It takes longer.", told="Both desks, by mail.")
    await project.quality.post_ok(f"{path}/ask_judgement", question)
    improvement = await project.decide(path)
    assert (improvement["state"], improvement["last_judgement"]) == ("reverted", "stopped")
    assert (improvement["revert_reason"], improvement["reverted_told"]) == (
        "It takes longer.",
        "Both desks, by mail.",
    )
    assert improvement["reverted_at"] is not None
    assert improvement["next_report_due_at"] is None
    assert (await event_types(project.quality, path))[-1] == "improvement.pilot_stopped"
    worker, now = Worker(project.api.ledger), datetime.now(UTC)
    for minutes in (0, 2):
        await worker.work(now + timedelta(minutes=minutes))
    for reader in (project.executor, project.manager):
        notices = (await reader.read("/v1/notices"))["items"]
        assert any("the old process applies again" in notice["text"] for notice in notices)
        details = [detail for notice in notices for step in notice["told"] for detail in step["details"]]
        assert "It takes longer." in [detail["value"] for detail in details]
