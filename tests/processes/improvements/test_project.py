"""An improvement as a project: its charter, its plan with a pilot, the committee's answer, and progress."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.common.people import Grade, Role
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.records import ImprovementState
from tests.client import Json
from tests.extent import in_test_all
from tests.people import grant
from tests.processes.improvement_suggestions.samples import tell as tell_all
from tests.processes.improvements.samples import AHEAD, Improvers, refusal


def a_charter(improvers: Improvers, **changes: Any) -> Json:
    """What is said to charter a project."""
    return {
        "sponsor": improvers.sponsor.id,
        "project_manager": improvers.manager.id,
        "members": [improvers.author.id],
        "resources": "Two engineers, a test relay.",
        "budget": "12000.00",
        "currency": "CNY",
        **changes,
    }


def a_plan(**changes: Any) -> Json:
    """What is said to plan one, with its pilot."""
    return {
        "work": "Write the runbooks, train the desk.",
        "milestones": [{"title": "The runbooks are written", "due_at": "2198-02-01T00:00:00Z"}],
        "pilot_scope": {"team": ["network"]},
        "pilot_begins_at": "2198-03-01T00:00:00Z",
        "pilot_ends_at": "2198-06-01T00:00:00Z",
        "pilot_agreement": "Both departments by mail.",
        "data_gathering": "From the tickets, by the KPI.",
        "expected": [{"target": "restore-faster", "promised": {"change": "-0.3"}}],
        **changes,
    }


WITHOUT_PILOT: Json = {
    "work": "Write the runbooks.",
    "milestones": [{"title": "The runbooks are written", "due_at": AHEAD}],
}


async def chartered(improvers: Improvers) -> str:
    """The address of a project with its charter."""
    path = await improvers.classified(kind="new_process", criteria=["several_teams"])
    done = await improvers.asks(path, "charter", a_charter(improvers))
    assert done["state"] == "chartered"
    return path


async def test_what_is_piloted_is_a_project_with_a_sponsor_of_the_management_and_a_project_manager(
    improvers: Improvers,
) -> None:
    path = await improvers.classified()
    member = improvers.committee[0]
    assert await refusal(member, f"{path}/charter", a_charter(improvers)) == (409, "needs_no_project", "")
    piloted = {"kind": "tool", "to_pilot": True, "impact": "2", "urgency": "3"}
    await improvers.asks(path, "classify", piloted)
    junior = a_charter(improvers, sponsor=improvers.author.id)
    assert await refusal(member, f"{path}/charter", junior) == (422, "not_of_management", "/sponsor")
    charter = a_charter(improvers, project_manager=improvers.author.id)
    expected = (422, "no_project_manager", "/project_manager")
    assert await refusal(member, f"{path}/charter", charter) == expected
    twice = a_charter(improvers, members=[improvers.author.id] * 2)
    assert await refusal(member, f"{path}/charter", twice) == (422, "each_once", "/members")
    odd = await refusal(member, f"{path}/charter", a_charter(improvers, budget="12000.000"))
    assert odd == (422, "other_digits", "/budget")
    waiting = await member.post_ok(f"{path}/charter", a_charter(improvers))
    assert (waiting["state"], waiting["sponsor"]) == ("approved", None), "nothing is done before the vote"
    assert waiting["asked_sponsor"]["id"] == improvers.sponsor.id
    again = await refusal(improvers.quality, f"{path}/charter", a_charter(improvers))
    assert again == (409, "improvement_decision_open", "")
    done = await improvers.vote(path, "approve")
    assert (done["sponsor"]["id"], done["budget"]) == (improvers.sponsor.id, "12000.00")
    await tell_all(improvers.api)
    for client in (improvers.sponsor, improvers.manager, improvers.author):
        numbers = [item["number"] for item in (await client.read("/v1/notices"))["items"]]
        assert done["number"] in numbers


async def test_a_pilot_is_planned_whole_by_its_own_manager_and_cut_by_what_can_be_piloted(
    improvers: Improvers,
) -> None:
    path, manager = await chartered(improvers), improvers.manager
    another = await improvers.api.client("Another", Role.project_manager)
    assert (await another.post(f"{path}/plan", json=a_plan())).status_code == 403
    half = a_plan(data_gathering=None)
    answer = await manager.post(f"{path}/plan", json=half)
    (wrong,) = answer.json()["errors"]
    assert (answer.status_code, wrong["code"]) == (422, "pilot_is_incomplete")
    assert wrong["members"] == ["/data_gathering"]
    by_priority = await refusal(manager, f"{path}/plan", a_plan(pilot_scope={"priority": ["P1"]}))
    assert by_priority == (422, "not_a_pilot_dimension", "/pilot_scope/priority")
    by_item = await refusal(manager, f"{path}/plan", a_plan(pilot_scope={"catalogue_item": ["laptop"]}))
    assert by_item == (422, "not_a_pilot_dimension", "/pilot_scope/catalogue_item"), "of no incident"
    unknown_team = await refusal(manager, f"{path}/plan", a_plan(pilot_scope={"team": ["nobody"]}))
    assert unknown_team == (422, "unknown_value", "/pilot_scope/team/0")
    itself = await refusal(manager, f"{path}/plan", a_plan(pilot_control={"team": ["network"]}))
    assert itself == (422, "compared_with_itself", "/pilot_control")
    back = await refusal(manager, f"{path}/plan", a_plan(pilot_ends_at="2198-02-01T00:00:00Z"))
    assert back == (422, "before_it_began", "/pilot_ends_at")
    unknown = a_plan(expected=[{"target": "other", "promised": {"change": "-0.3"}}])
    refused = await refusal(manager, f"{path}/plan", unknown)
    assert refused == (422, "no_such_proposal_target", "/expected/0/target")
    for ends_at, length in (("2198-05-31", "short"), ("2198-09-01", "usual"), ("2198-10-01", "long")):
        dates = {"pilot_ends_at": f"{ends_at}T00:00:00Z"}
        if length != "usual":
            unsaid = await refusal(manager, f"{path}/plan", a_plan(**dates))
            assert unsaid == (422, "unusual_pilot_length", "/pilot_length_reason")
            dates["pilot_length_reason"] = "The season decides."
        planned = await manager.post_ok(f"{path}/plan", a_plan(**dates))
        assert (planned["pilot_length"], planned["pilot_length_reason"]) == (
            length,
            dates.get("pilot_length_reason"),
        )
        await improvers.asks(path, "return_plan", {"lacking": "Other dates."})
    planned = await manager.post_ok(f"{path}/plan", a_plan(pilot_ends_at=None))
    assert planned["pilot_ends_at"] == "2198-06-01T00:00:00.000000Z", "three months, unless it is said"
    assert (planned["state"], planned["pilot_length"]) == ("planned", "usual")
    (target,) = (await manager.read(f"{path}/targets"))["items"]
    assert (target["promised"], target["pilot_promised"]) == ("-0.5", "-0.3")


@in_test_all
async def test_without_a_pilot_there_is_no_approval_and_a_returned_plan_is_made_anew(
    improvers: Improvers,
) -> None:
    path, member = await chartered(improvers), improvers.committee[0]
    await improvers.manager.post_ok(f"{path}/plan", WITHOUT_PILOT)
    assert await refusal(member, f"{path}/approve_plan", {}) == (409, "pilot_is_missing", "")
    payload = {"question": "May the plan be approved as it is?", "lacking": "The pilot. 缺少试点。"}
    returned = await improvers.asks(path, "return_plan", payload)
    question = (await member.read(f"{path}/decisions"))["items"][-1]["question"]
    assert question == (
        "【提请退回计划 Return plan; 欠缺之处 What is missing: 见记录 see the record】 "
        "May the plan be approved as it is?"
    )
    assert (returned["state"], returned["lacking"]) == ("chartered", "The pilot. 缺少试点。")
    planned = await improvers.manager.post_ok(f"{path}/plan", a_plan())
    assert (planned["state"], planned["lacking"]) == ("planned", None)
    milestones = (await member.read(f"{path}/milestones"))["items"]
    assert [milestone["dropped_at"] is None for milestone in milestones] == [False, True]
    done = await improvers.asks(path, "approve_plan")
    assert (done["state"], done["chartered_at"]) == ("plan_approved", returned["chartered_at"])
    await tell_all(improvers.api)
    steps = [item["steps"] for item in (await improvers.manager.read("/v1/notices"))["items"]]
    assert {"project_plan_returned", "approved"} <= {step for notice_steps in steps for step in notice_steps}


async def test_nobody_alone_names_the_people_of_a_project(improvers: Improvers) -> None:
    path, api = await chartered(improvers), improvers.api
    proposer = (await improvers.quality.read(path))["proposed_by"]["id"]
    assert proposer == improvers.quality.id
    admin = await api.client("Registrar", Role.admin)
    other = await api.client("Other", Role.quality_manager, Role.project_manager)
    successor = await api.client("Successor", Role.project_manager)
    body, hand_over = {"person": improvers.manager.id}, f"{path}/hand_over_duties"
    active = await refusal(other, hand_over, body | {"new_holder": successor.id})
    assert active == (422, "committee_replaces", "/person"), "the committee has named the manager"
    worker = await api.client("Worker", Role.project_manager)
    await improvers.quality.post_ok(f"{path}/add_task", {"title": "Ask the desks", "assignee": worker.id})
    await other.post_ok(hand_over, {"person": worker.id, "new_holder": successor.id})
    [task] = (await other.read(f"{path}/tasks"))["items"]
    assert task["assignee"]["id"] == successor.id, "others are replaced while they are active"
    await admin.post_ok(f"/v1/persons/{improvers.manager.id}/deactivate")
    own = await refusal(other, hand_over, body | {"new_holder": "me"})
    assert own == (422, "takes_post_oneself", "/new_holder")
    for client, named in ((other, "me"), (improvers.quality, successor.id)):
        order = {"new_holder": named, "kinds": ["improvement"]}
        await client.post(f"/v1/persons/{improvers.manager.id}/transfer_duties", json=order)
        await tell_all(api)
        unchanged = (await other.read(path))["project_manager"]["id"]
        assert unchanged == improvers.manager.id, "a rule that they order names nobody for them"
    alone = await refusal(improvers.quality, hand_over, body | {"new_holder": successor.id})
    assert alone == (422, "proposer_names_people", "/new_holder")
    done = await other.post_ok(hand_over, body | {"new_holder": successor.id})
    assert done["project_manager"]["id"] == successor.id
    await tell_all(api)
    newest = (await improvers.committee[1].read("/v1/notices"))["items"][0]
    assert "Successor" in str(newest), "the committee is told who has the post now"
    assert "Project manager" in str(newest)


async def test_a_post_stays_vacant_whose_holder_has_left_since_the_committee_was_asked(
    improvers: Improvers,
) -> None:
    path = await improvers.classified(kind="new_process", criteria=["several_teams"])
    admin = await improvers.api.client("Registrar", Role.admin)
    successor = await improvers.api.client("Successor", Role.project_manager)
    await improvers.quality.post_ok(f"{path}/charter", a_charter(improvers))
    await admin.post_ok(f"/v1/persons/{improvers.manager.id}/deactivate")
    done = await improvers.vote(path, "approve")
    assert (done["state"], done["project_manager"]) == ("chartered", None)
    assert done["sponsor"]["id"] == improvers.sponsor.id
    await tell_all(improvers.api)
    for asker in (improvers.quality, improvers.committee[0]):
        tasks = (await asker.read("/v1/me/work"))["asked"]
        assert ("change_people", done["id"]) in {(task["action"], task["record"]) for task in tasks}
    named = await improvers.asks(path, "change_people", {"project_manager": successor.id})
    assert named["project_manager"]["id"] == successor.id


async def test_whoever_manages_the_project_has_no_vote_on_its_plan_and_a_rejected_one_is_returned(
    improvers: Improvers,
) -> None:
    path = await improvers.classified(kind="new_process", criteria=["several_teams"])
    await grant(improvers.api.ledger, UUID(improvers.sponsor.id), "committee_member")
    both = await improvers.api.client("Both", Role.project_manager, Role.committee_member)
    await improvers.asks(path, "charter", a_charter(improvers, project_manager=both.id))
    await both.post_ok(f"{path}/plan", a_plan())
    waiting = await both.post_ok(f"{path}/approve_plan")
    voters = {ballot["person"]["id"] for ballot in (await both.read(f"{path}/votes"))["items"][-3:]}
    assert waiting["state"] == "planned"
    assert {both.id, improvers.sponsor.id}.isdisjoint(voters), "the charter gave them their posts"
    returned = await improvers.vote(path, "reject")
    assert (returned["state"], returned["lacking"]) == ("chartered", None)


async def test_charter_and_plan_are_one_question_if_the_plan_is_made_ahead(improvers: Improvers) -> None:
    path, manager = await improvers.classified(kind="new_process", criteria=["risky"]), improvers.manager
    charter = a_charter(improvers, with_plan=True)
    early = await refusal(improvers.quality, f"{path}/charter", charter)
    assert early == (422, "no_plan_ahead", "/with_plan")
    assert (await manager.post_ok(f"{path}/plan_ahead", a_plan()))["state"] == "approved"
    done = await improvers.asks(path, "charter", charter)
    assert (done["state"], done["sponsor"]["id"]) == ("plan_approved", improvers.sponsor.id)
    assert None not in (done["chartered_at"], done["plan_approved_at"], done["next_report_due_at"])


async def test_progress_is_reported_against_the_budget(improvers: Improvers) -> None:
    path, manager = await chartered(improvers), improvers.manager
    early = {"milestones": [], "expected_at": AHEAD}
    assert (await manager.post(f"{path}/report_progress", json=early)).status_code == 409
    await manager.post_ok(f"{path}/plan", a_plan(report_every_days=7))
    (milestone,) = (await manager.read(f"{path}/milestones"))["items"]
    body = {
        "milestones": [{"milestone": milestone["id"], "done": 50}],
        "expected_at": "2198-02-01T00:00:00Z",
        "cost_to_date": "3000.00",
        "problems": [{"title": "A relay is late", "owner": improvers.author.id, "due_at": AHEAD}],
    }
    assert (await improvers.quality.post(f"{path}/report_progress", json=body)).status_code == 403
    reported = await manager.post_ok(f"{path}/report_progress", body)
    assert reported["next_report_due_at"] is not None
    (report,) = (await manager.read(f"{path}/progress_reports"))["items"]
    assert (report["cost_to_date"], report["planned_cost"], report["late"]) == ("3000.00", "12000.00", False)
    (milestone,) = (await manager.read(f"{path}/milestones"))["items"]
    assert milestone["done"] == 50
    assert [task["title"] for task in (await manager.read(f"{path}/tasks"))["items"]] == ["A relay is late"]
    assert reported["overrun"] is None
    await tell_all(improvers.api)
    later = {"milestones": [], "expected_at": AHEAD}
    for cost, overrun in (("12000.01", "cost_and_time"), ("12000.00", "time")):
        over = await manager.post_ok(f"{path}/report_progress", later | {"cost_to_date": cost})
        assert over["overrun"] == overrun
    await tell_all(improvers.api)
    notices = (await improvers.committee[0].read("/v1/notices"))["items"]
    steps = [step for notice in notices for step in notice["steps"]]
    assert (steps.count("updated"), steps.count("project_overrun")) == (1, 2)
    assert "Cost and time" in str(notices)


async def test_the_committee_replaces_an_active_manager_and_sponsor_in_every_state_of_a_project(
    improvers: Improvers,
) -> None:
    path, api = await chartered(improvers), improvers.api
    successor = await api.client("Successor", Role.project_manager)
    sponsor = await api.client("Second sponsor", grade=Grade.management)
    naming = {"project_manager": successor.id}
    for client, body, expected in (
        (improvers.manager, naming, (403, "forbidden", "")),
        (improvers.sponsor, naming, (403, "forbidden", "")),
        (improvers.quality, {}, (422, "nobody_is_replaced", "")),
        (
            improvers.quality,
            {"project_manager": improvers.manager.id},
            (422, "holds_it_already", "/project_manager"),
        ),
        (improvers.quality, {"sponsor": successor.id}, (422, "not_of_management", "/sponsor")),
    ):
        assert (await refusal(client, f"{path}/change_people", body))[:2] == expected[:2], body
    unchanged = await improvers.asks(path, "change_people", naming, "reject")
    assert unchanged["project_manager"]["id"] == improvers.manager.id, "nothing changes without the committee"
    again = {**naming, "question": "The manager agrees now."}
    changed = await improvers.asks(path, "change_people", again)
    assert (changed["project_manager"]["id"], changed["state"]) == (successor.id, "chartered")
    assert changed["sponsor"]["id"] == improvers.sponsor.id
    assert (await refusal(improvers.manager, f"{path}/plan", a_plan()))[0] == 403, "no longer theirs"
    await successor.post_ok(f"{path}/plan", a_plan())
    both = {"project_manager": improvers.manager.id, "sponsor": sponsor.id}
    changed = await improvers.asks(path, "change_people", both)
    assert (changed["sponsor"]["id"], changed["state"]) == (sponsor.id, "planned")
    votes = (await improvers.quality.read(f"{path}/votes", limit=200))["items"]
    assert not {vote["person"]["id"] for vote in votes} & {sponsor.id, successor.id}
    await tell_all(api)
    steps = [item["steps"] for item in (await successor.read("/v1/notices"))["items"]]
    assert "relieved" in {step for notice_steps in steps for step in notice_steps}


async def test_nobody_votes_on_their_own_appointment(improvers: Improvers) -> None:
    path = await chartered(improvers)
    candidate = await improvers.api.client("Candidate", Role.project_manager, Role.committee_member)
    await improvers.quality.post_ok(f"{path}/change_people", {"project_manager": candidate.id})
    (question,) = [d for d in await decisions(improvers, path) if d["state"] == "open"]
    ballot = {"decision": question["id"], "verdict": "approve"}
    assert (await refusal(candidate, f"{path}/vote", ballot))[0] == 403
    reasons = {row["person"]: row["because"] for row in question["left_out"]}
    assert reasons[candidate.id] == "candidate"


@pytest.mark.parametrize("loss", ["leaves", "loses the role"])
async def test_a_question_ends_at_once_without_effect_if_a_candidate_can_no_longer_take_the_post(
    improvers: Improvers, loss: str
) -> None:
    path, api = await chartered(improvers), improvers.api
    admin = await api.client("Registrar", Role.admin)
    candidate = await api.client("Candidate", Role.project_manager)
    await improvers.quality.post_ok(f"{path}/change_people", {"project_manager": candidate.id})
    await tell_all(api)
    assert "Candidate" in str(await improvers.committee[0].read("/v1/notices")), "who is to be named"
    if loss == "leaves":
        await admin.post_ok(f"/v1/persons/{candidate.id}/deactivate")
    else:
        await admin.post_ok(f"/v1/persons/{candidate.id}/revoke_role", {"role": "project_manager"})
    (question,) = [d for d in await decisions(improvers, path) if d["state"] == "open"]
    votes = [
        await member.post(f"{path}/vote", json={"decision": question["id"], "verdict": "approve"})
        for member in (*improvers.committee, improvers.third)
    ]
    refused = [vote.json()["code"] for vote in votes if vote.status_code != 200]
    assert set(refused) == {"candidate_lost"}, "the vote that would decide has no effect"
    await tell_all(api)
    voided = [d for d in await decisions(improvers, path) if d["id"] == question["id"]]
    assert [(d["state"], d["outcome"]) for d in voided] == [("withdrawn", None)]
    for reader in (improvers.quality, improvers.committee[0]):
        newest = (await reader.read("/v1/notices"))["items"][0]
        assert "decided" in newest["steps"]
        assert "Candidate" in str(newest)
    other = await api.client("Other", Role.project_manager)
    named = await improvers.asks(path, "change_people", {"project_manager": other.id})
    assert named["project_manager"]["id"] == other.id


async def decisions(improvers: Improvers, path: str) -> list[Json]:
    """The questions about an improvement."""
    items: list[Json] = (await improvers.quality.read(f"{path}/decisions", limit=200))["items"]
    return items


def test_the_people_of_a_project_can_be_changed_wherever_it_can_be_stopped() -> None:
    states = LIFECYCLE["ask_to_revert"].from_states
    with_people = LIFECYCLE["change_people"].from_states
    assert isinstance(states, frozenset)
    assert isinstance(with_people, frozenset)
    assert states - with_people == {ImprovementState.approved, ImprovementState.implementing}, (
        "without a charter"
    )
