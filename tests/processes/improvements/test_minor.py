"""A minor improvement over HTTP: from the suggestion to the standard, or back to the old process."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from app.common.people import Role
from app.common.records import empty
from app.foundation.people.records import TeamKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import WrongValue
from app.log.ids import uuid7
from app.processes.improvements.effects.payloads import StandardiseImprovement
from app.processes.improvements.evidence import evidence_of_other_improvement
from app.processes.improvements.records import Improvement
from tests.client import Client, an_incident
from tests.extent import in_test_all
from tests.people import grant
from tests.processes.improvement_suggestions.samples import offered
from tests.processes.improvement_suggestions.samples import tell as tell_all
from tests.processes.improvements.samples import (
    AT,
    Improvers,
    a_classification,
    a_day,
    a_judgement,
    a_proposal,
    a_target,
    refusal,
    weighed,
)


def soon(**time: float) -> str:
    """The instant so far ahead."""
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


async def event_types(client: Client, path: str) -> list[str]:
    return [event["type"] for page in await client.pages(f"{path}/events") for event in page]


@in_test_all
async def test_a_minor_improvement_goes_from_the_suggestion_to_the_standard(improvers: Improvers) -> None:
    await improvers.restored(hours=480, days_ago=15)
    implementer = await improvers.api.client("Implementer", Role.process_owner)
    path = await improvers.evaluating(implementer)
    await improvers.restored(hours=1)
    effect = await improvers.measured(path)
    assert (effect["occasion"], effect["verdict"]) == ("evaluation", "improved")
    standard = a_judgement(effect["position"], comment="Good.")
    refused = await refusal(implementer, f"{path}/evaluate", standard)
    assert refused == (403, "separation_of_duties", ""), "whoever has implemented it"
    refused = await refusal(improvers.quality, f"{path}/evaluate", standard | {"agreed_by": implementer.id})
    assert refused == (422, "has_implemented_it", "/agreed_by")
    evaluated = standard | {"agreed_by": improvers.owner.id}
    judged = await improvers.quality.post_ok(f"{path}/evaluate", evaluated)
    assert (judged["reached"], judged["against_evidence"]) == (True, False)
    assert judged["judged_position"] == judged["measured_position"] == effect["position"]
    await improvers.api.team("carrier", TeamKind.supplier)
    standard = {"external_numbers": ["SOP-12"], "teams": ["carrier"]}
    case = (await improvers.tool.post_ok("/v1/incidents", an_incident()))["id"]
    agent = await improvers.api.client("Agent", Role.agent, teams=("network",))
    await agent.post_ok(f"/v1/incidents/{case}/assign", {"team": "network"})
    assert judged["agreed_by"] is None
    alone = await refusal(improvers.quality, f"{path}/standardise", standard)
    assert alone == (409, "owner_has_not_agreed", ""), "nobody agrees in the owner's name"
    assert (await improvers.quality.post(f"{path}/agree_to_evaluation", json={})).status_code == 403
    third = await improvers.api.client("Third owner", Role.process_owner)
    for owner in (implementer, third):
        refused = await refusal(owner, f"{path}/agree_to_evaluation", {})
        assert refused == (409, "another_owner_asked", ""), "another owner was asked"
    judged = await improvers.quality.post_ok(f"{path}/evaluate", evaluated | {"goal_reached": False})
    refused = await refusal(improvers.owner, f"{path}/agree_to_evaluation", {})
    assert refused == (409, "proposal_rewritten", ""), "the owner has read another evaluation"
    version = str(judged["version"])
    agreed = await improvers.owner.post_ok(f"{path}/agree_to_evaluation", if_match=version)
    assert agreed["agreed_by"]["id"] == improvers.owner.id
    old = standard | {"published_at": "2026-01-01T00:00:00Z"}
    refused = await refusal(improvers.quality, f"{path}/standardise", old)
    assert refused == (422, "before_approval", "/published_at")
    done = await improvers.quality.post_ok(f"{path}/standardise", standard)
    assert (done["state"], done["external_numbers"]) == ("standardised", ["SOP-12"])
    assert done["next_benefit_due_at"] is not None
    team_ids = [(await improvers.quality.read(f"/v1/teams/{key}"))["id"] for key in ("network", "carrier")]
    assert set(team_ids) <= set(done["told_team_ids"]), "the teams of the process are told, whatever is named"
    await a_document_elsewhere_serves_one_improvement(improvers, UUID(done["id"]))
    assert await event_types(improvers.quality, path) == [
        *("improvement.selected", "improvement.proposed", "improvement.submitted"),
        *("improvement.voted", "improvement.voted", "improvement.approved"),
        *("improvement.class_asked", "improvement.voted", "improvement.voted"),
        "improvement.classified_by_decision",
        *("improvement.implementation_begun", "improvement.implemented", "improvement.effects_measured"),
        *("improvement.evaluated", "improvement.evaluation_agreed", "improvement.standardised"),
    ]


async def a_document_elsewhere_serves_one_improvement(improvers: Improvers, standardised: UUID) -> None:
    """Its number is evidence of that one, however it is written, until another edition is named."""
    ledger = improvers.api.ledger
    reads, ctx = ReadContext(ledger.db, ledger.lifecycles, ledger.directory), cast("Any", None)
    other = uuid7()
    for improvement_id, number, is_refused in (
        (other, "SOP-12", True),
        (other, "sop–12", True),
        (other, "SOP-12 v2", False),
        (standardised, "SOP-12", False),
    ):
        body = StandardiseImprovement.model_validate({"external_numbers": [number], "teams": ["network"]})
        with pytest.raises(WrongValue) if is_refused else nullcontext() as refused:
            await evidence_of_other_improvement(reads, empty(Improvement, improvement_id), body, ctx)
        if refused is not None:
            because = "evidence_of_other_improvement"
            assert (refused.value.pointer, refused.value.because) == ("/external_numbers/0", because)


async def test_what_did_not_help_is_reverted_and_only_a_reason_judges_it_otherwise(
    improvers: Improvers,
) -> None:
    await improvers.restored(hours=2, days_ago=15)
    path = await improvers.evaluating()
    assert await refusal(improvers.quality, f"{path}/evaluate", a_judgement(1)) == (
        409,
        "effect_is_missing",
        "",
    )
    await improvers.restored(hours=24 * 60)
    effect = await improvers.measured(path)
    position = effect["position"]
    assert effect["verdict"] == "worsened"
    old = await refusal(improvers.quality, f"{path}/evaluate", a_judgement(position - 1))
    assert old == (422, "not_the_newest_measurement", "/position")
    answer = await improvers.quality.post(f"{path}/evaluate", json=a_judgement(position))
    (wrong,) = answer.json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/reason", "against_evidence")
    assert "Mean time to resolve" in wrong["message"]
    assert "Worsened" in wrong["message"]
    reverting = {"reason": "No faster.", "old_process_stands": True, "told": "Both desks, at noon."}
    assert await refusal(improvers.quality, f"{path}/revert", reverting) == (409, "not_evaluated", "")
    bent = a_judgement(position, reason="A flood in the week after.")
    alone = await refusal(improvers.quality, f"{path}/evaluate", bent)
    assert alone == (422, "agreed_by_missing", "/agreed_by")
    other = await refusal(improvers.quality, f"{path}/evaluate", bent | {"agreed_by": improvers.author.id})
    assert other == (422, "agreed_by_no_owner", "/agreed_by")
    bent |= {"agreed_by": improvers.owner.id}
    another = await improvers.api.client("Another", Role.process_owner)
    parts = await refusal(improvers.quality, f"{path}/evaluate", bent | {"benefit_reached": False})
    assert parts == (422, "reached_in_part", "/comment")
    judged = await improvers.quality.post_ok(f"{path}/evaluate", bent)
    assert (judged["reached"], judged["against_evidence"]) == (True, True)
    assert judged["against_evidence_reason"] == "A flood in the week after."
    assert await refusal(improvers.quality, f"{path}/revert", reverting) == (409, "judged_reached", "")
    swapped = await refusal(improvers.quality, f"{path}/evaluate", bent | {"agreed_by": another.id})
    assert swapped == (422, "owner_agrees", "/agreed_by"), "the first one was asked"
    judged = await improvers.quality.post_ok(f"{path}/evaluate", bent | {"reached": False, "reason": None})
    assert (judged["reached"], judged["against_evidence"]) == (False, False)
    body = {"external_numbers": ["SOP-12"], "teams": ["network"]}
    refused = await refusal(improvers.quality, f"{path}/standardise", body)
    assert refused == (409, "not_judged_reached", "")
    alone = await refusal(improvers.quality, f"{path}/revert", reverting)
    assert alone == (409, "owner_has_not_agreed", "")
    await improvers.owner.post_ok(f"{path}/agree_to_evaluation", if_match=str(judged["version"]))
    half = await refusal(improvers.quality, f"{path}/revert", reverting | {"old_process_stands": False})
    assert half == (422, "old_process_must_stand", "/old_process_stands")
    untold = await refusal(improvers.quality, f"{path}/revert", reverting)
    assert untold == (422, "reverted_teams_missing", "/teams")
    record = await improvers.quality.post_ok(f"{path}/revert", reverting | {"teams": ["network"]})
    assert (record["state"], record["reverted_told"]) == ("reverted", "Both desks, at noon.")


async def test_it_is_selected_by_an_assessment_or_for_a_reason_and_its_suggestions_with_it(
    improvers: Improvers,
) -> None:
    suggestion = await offered(improvers.author)
    body = {
        "title": "Sooner",
        "suggestions": [suggestion["number"]],
        "scope": "process",
        "process": "incident",
    }
    quality = improvers.quality
    assert await refusal(quality, AT, body) == (422, "selection_reason_missing", "/reason")
    body["reason"] = "It cannot wait."
    twice = body | {"suggestions": [suggestion["number"], suggestion["id"]]}
    assert await refusal(quality, AT, twice) == (422, "each_once", "/suggestions")
    wrong = await refusal(quality, AT, body | {"aspect": "platform"})
    assert wrong == (422, "aspect_of_other_scope", "/aspect")
    record = await quality.post_ok(AT, body)
    assert (record["state"], record["proposer_ids"]) == ("selected", [improvers.author.id])
    answer = await quality.read(f"/v1/improvement_suggestions/{suggestion['id']}")
    assert (answer["state"], answer["improvement_id"]) == ("selected", record["id"])
    followers = (await quality.read(f"{AT}/{record['id']}/followers"))["items"]
    assert [follower["person"]["id"] for follower in followers] == [improvers.author.id]
    again = await quality.post(AT, json=body)
    assert again.status_code == 422, "a suggestion is carried out by one improvement"
    assert again.json()["errors"][0]["pointer"] == "/suggestions/0"


@in_test_all
async def test_a_proposal_serves_a_target_of_a_plan_or_says_why_not(improvers: Improvers) -> None:
    path, quality = await improvers.selected(), improvers.quality
    await improvers.follow()
    alone = a_proposal(outside_plan_reason=None)
    refused = await refusal(quality, f"{path}/propose", alone)
    assert refused == (422, "plan_or_reason_missing", "/outside_plan_reason")
    cheap = await refusal(quality, f"{path}/propose", a_proposal(currency=None))
    assert cheap == (422, "missing", "/currency")
    twice = a_proposal(targets=[a_target(), a_target()])
    assert await refusal(quality, f"{path}/propose", twice) == (422, "each_once", "/targets/1/name")
    assert await refusal(quality, f"{path}/submit", improvers.question() | weighed()) == (
        *(409, "not_in_this_state"),
        "",
    )
    await quality.post_ok(f"{path}/propose", a_proposal())
    await quality.post_ok(f"{path}/propose", a_proposal(targets=[a_target(name="sooner")]))
    targets = (await quality.read(f"{path}/targets"))["items"]
    assert [(target["name"], target["dropped_at"] is None) for target in targets] == [
        ("restore-faster", False),
        ("sooner", True),
    ]
    baselines = (await quality.read(f"{path}/baselines"))["items"]
    assert [baseline["name"] for baseline in baselines] == ["sooner"]
    (document,) = (await quality.read(f"{path}/documents"))["items"]
    assert (document["document_class"], document["edition"], document["state"]) == ("PP", 2, "drafted")
    await quality.post_ok(f"{path}/submit", improvers.question() | weighed())
    (document,) = (await quality.read(f"{path}/documents"))["items"]
    assert document["state"] == "published"


@in_test_all
async def test_a_member_of_the_committee_who_worded_it_is_left_out(improvers: Improvers) -> None:
    path = await improvers.proposed()
    worded, other = improvers.committee
    edited = await worded.patch(path, json={"title": "Sooner"}, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    await improvers.quality.post_ok(f"{path}/submit", improvers.question() | weighed())
    decision = (await improvers.quality.read(f"{path}/decisions"))["items"][0]
    assert decision["left_out"] == [{"person": worded.id, "because": "author"}]
    votes = (await improvers.quality.read(f"{path}/votes"))["items"]
    assert {vote["person"]["id"] for vote in votes} == {other.id, improvers.third.id}


async def test_management_votes_as_well_if_most_of_the_committee_have_made_it(improvers: Improvers) -> None:
    path = await improvers.proposed()
    quality = improvers.quality
    await grant(improvers.api.ledger, UUID(quality.id), Role.committee_member.value)
    editor = await improvers.api.client("Editor", Role.quality_manager, Role.committee_member)
    answer = await editor.patch(path, json={"title": "Ask for the site first"}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    admin = await improvers.api.client("Another admin", Role.admin)
    away = [improvers.committee[1], improvers.third]
    for person in away:
        await admin.post_ok(f"/v1/persons/{person.id}/deactivate")
    await quality.post_ok(f"{path}/submit", improvers.question() | weighed())
    votes = (await quality.read(f"{path}/votes"))["items"]
    assert {vote["person"]["id"] for vote in votes} == {improvers.committee[0].id, improvers.sponsor.id}
    left_out = {(editor.id, "author"), (quality.id, "duty")}
    decision = (await quality.read(f"{path}/decisions"))["items"][0]
    assert {(exclusion["person"], exclusion["because"]) for exclusion in decision["left_out"]} == left_out


async def test_whoever_asks_names_no_voters_and_gives_no_more_time_than_the_rule(
    improvers: Improvers,
) -> None:
    path = await improvers.proposed()
    for field in ("role", "persons", "group", "rule", "quorum", "chair"):
        body = improvers.question(**{field: "committee_member"}) | weighed()
        refused = await refusal(improvers.quality, f"{path}/submit", body)
        assert refused == (422, "extra_forbidden", f"/{field}")
    late = improvers.question(due_at=soon(days=15)) | weighed()
    assert await refusal(improvers.quality, f"{path}/submit", late) == (422, "later_than_rule", "/due_at")
    sooner = soon(days=8)
    await improvers.quality.post_ok(f"{path}/submit", improvers.question(due_at=sooner) | weighed())
    decision = (await improvers.quality.read(f"{path}/decisions"))["items"][0]
    assert datetime.fromisoformat(decision["due_at"]) == datetime.fromisoformat(sooner)
    assert (decision["rules"], decision["rule"], decision["quorum"]) == (
        [{"rule": "improvement_proposal", "edition": 0}],
        "majority",
        2,
    )


@in_test_all
async def test_what_is_deferred_is_taken_up_by_the_committee(improvers: Improvers) -> None:
    until = (datetime.now(UTC) + timedelta(days=100)).isoformat()
    path = await improvers.in_review(defer_until_at=until)
    deferred = await improvers.vote(path, "defer")
    assert (deferred["state"], deferred["deferral_reason"]) == ("deferred", "by_vote")
    assert datetime.fromisoformat(deferred["deferred_until_at"]) == datetime.fromisoformat(until)
    silent = await refusal(improvers.quality, f"{path}/take_up", {})
    assert silent == (422, "missing", "/what_changed")
    again = await improvers.quality.post_ok(f"{path}/take_up", {"what_changed": "The engineers are free."})
    assert (again["state"], again["deferred_until_at"]) == ("in_review", None)
    assert again["decision_id"] != deferred["decision_id"]
    rejected = await improvers.vote(path, "reject")
    assert rejected["state"] == "rejected"
    await tell_all(improvers.api)
    numbers = [item["number"] for item in (await improvers.author.read("/v1/notices"))["items"]]
    assert rejected["number"] in numbers


async def test_it_is_classified_before_anything_is_made_of_it(improvers: Improvers) -> None:
    path = await improvers.approved()
    plan = {"plan": "By Friday."}
    assert await refusal(improvers.owner, f"{path}/implement", plan) == (409, "not_classified", "")
    bare = a_classification(kind="new_process")
    member = improvers.committee[0]
    assert await refusal(member, f"{path}/classify", bare) == (422, "criteria_missing", "/criteria")
    urgent = {"impact": "1", "urgency": "1", "reason": "I find it urgent."}
    await improvers.quality.post_ok(f"{path}/classify", bare | {"criteria": ["complex"]})
    code = await refusal(improvers.quality, f"{path}/prioritise", urgent)
    assert code == (409, "improvement_decision_open", "")
    record = await improvers.vote(path, "approve")
    decided = await refusal(improvers.quality, f"{path}/prioritise", urgent)
    assert decided == (409, "priority_is_decided", "")
    assert (record["size"], record["to_pilot"], record["priority"]) == ("major", True, "P3")
    assert await refusal(improvers.owner, f"{path}/implement", plan) == (409, "needs_project", "")
    refused = await improvers.asks(path, "classify", a_classification(), "reject")
    assert (refused["size"], refused["asked_size"]) == ("major", "minor")
    again = await refusal(improvers.quality, f"{path}/classify", a_classification())
    assert again == (422, "rejected_before", "/question")
    changed = {"question": "Is it minor, now that one team does it?"}
    await improvers.asks(path, "classify", a_classification() | changed)
    begun = await improvers.owner.post_ok(f"{path}/implement", plan)
    assert begun["state"] == "implementing"


async def test_the_class_may_stand_on_the_ballot_of_the_proposal(improvers: Improvers) -> None:
    path = await improvers.proposed()
    question = improvers.question() | weighed()
    for class_fields, code in (
        ({"kind": "activity"}, "class_is_incomplete"),
        (a_classification(kind="new_process"), "criteria_missing"),
    ):
        refused = await refusal(improvers.quality, f"{path}/submit", question | class_fields)
        assert refused[:2] == (422, code)
    submitted = await improvers.quality.post_ok(f"{path}/submit", question | a_classification())
    assert (submitted["size"], submitted["priority"]) == (None, None), "nothing is classified before the vote"
    approved = await improvers.vote(path, "approve")
    assert (approved["state"], approved["size"], approved["priority"]) == ("approved", "minor", "P3")
    begun = await improvers.owner.post_ok(f"{path}/implement", {"plan": "By Friday."})
    assert begun["state"] == "implementing"


async def test_a_step_that_is_skipped_is_refused_and_says_what_can_be_done(improvers: Improvers) -> None:
    path = await improvers.selected()
    for action in ("charter", "plan", "start_pilot", "roll_out", "hand_over", "standardise"):
        answer = await improvers.quality.post(f"{path}/{action}", json={})
        # A body that lacks something is refused for that first.
        assert answer.status_code in (409, 422), action
        if answer.status_code == 409:
            problem = answer.json()
            assert (problem["state"], "propose" in problem["allowed_actions"]) == ("selected", True), action


async def test_a_file_of_an_improvement_is_there_for_whom_the_improvement_is(improvers: Improvers) -> None:
    path = await improvers.selected()
    sent = (await improvers.quality.put(f"/v1/uploads/{uuid4()}", content=b"The runbook.")).json()["id"]
    await improvers.quality.post_ok(f"{path}/attach", {"upload": sent, "name": "runbook.txt"})
    file = f"{path}/attachments/{sent}/content"
    assert (await improvers.quality.get(file)).content == b"The runbook."
    stranger = await improvers.api.client("Somebody")
    assert (await stranger.get(file)).status_code == 404


async def test_a_baseline_has_cases_of_the_last_year_or_a_printed_reason(improvers: Improvers) -> None:
    await improvers.restored(hours=1, days_ago=500, cases=2)
    path = await improvers.selected()
    await improvers.follow()
    empty = a_target(baseline_reason=None, before={"from": "2015-01-01", "to": "2015-02-01"})
    old = a_target(baseline_reason=None, before={"from": a_day(520), "to": a_day(480)})
    for target, code in ((empty, "baseline_without_cases"), (old, "baseline_too_old")):
        refused = await refusal(improvers.quality, f"{path}/propose", a_proposal(targets=[target]))
        assert refused == (422, code, "/targets/0/baseline_reason")
    reason = "The relays stood still for a year."
    target = old | {"baseline_reason": reason}
    await improvers.quality.post_ok(f"{path}/propose", a_proposal(targets=[target]))
    (document,) = (await improvers.quality.read(f"{path}/documents"))["items"]
    assert reason in (await improvers.quality.get(f"{path}/documents/{document['number']}")).text
