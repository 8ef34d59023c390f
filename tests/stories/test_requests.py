"""Two requests from intake to support after delivery, as people live them; over HTTP only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Client, Json
from tests.extent import first_of
from tests.stories.request_papers import (
    A_FORM,
    denied_by_the_group_it_waits_again,
    papers_print,
    requirements,
)

OLD = "2001-01-01T00:00:00Z"
AHEAD = "2199-01-01T00:00:00Z"
LATER = (datetime.now(UTC) + timedelta(days=300)).isoformat()
GOOD = {"feasibility": "good", "business_fit": "good", "cost_and_benefit": "acceptable"}
SOLUTION: Json = {
    "architecture": "一个服务和一张表。",
    "steps": "Build, try, roll out.",
    "resources": "Two people.",
    "schedule": "Three months.",
    "planned_at": AHEAD,
    "risks": [{"risk": "Payroll changes.", "response": "Agree on a format."}],
}


@dataclass
class People:
    """Those whom the stories are about."""

    requester: Client
    agent: Client
    engineer: Client
    architect: Client
    checker: Client
    reviewer: Client
    head: Client
    deputy: Client
    trainee: Client
    admin: Client


@pytest.fixture
async def people(api: Api) -> People:
    """A desk, a team that makes things, and a department that wants something."""
    for team in ("desk", "workplace"):
        await api.team(team)
    await api.team("finance", TeamKind.customer)
    return People(
        requester=await api.client("王芳", teams=("finance",)),
        agent=await api.client("Ada", Role.agent, teams=("desk", "workplace")),
        engineer=await api.client("Emil", Role.engineer, teams=("workplace",)),
        architect=await api.client("Anna", Role.engineer, teams=("workplace",)),
        checker=await api.client("Kim", Role.engineer, teams=("workplace",)),
        reviewer=await api.client("Rosa", Role.engineer, teams=("workplace",)),
        head=await api.client("Head", teams=("finance",)),
        deputy=await api.client("Deputy", teams=("finance",)),
        trainee=await api.client("Trainee"),
        admin=await api.client("Admin", Role.admin),
    )


async def refused(client: Client, path: str, body: Json | None = None) -> str:
    """The code of the problem that the client is answered; of a wrong value that of the first."""
    answer = await client.post(path, json=body or {})
    assert answer.status_code in (403, 404, 409, 422), answer.text
    problem = answer.json()
    return str(problem["errors"][0]["code"] if problem.get("errors") else problem["code"])


async def told(client: Client, path: str) -> list[str]:
    """The types of the record's events, without its kind."""
    pages = await client.pages(f"{path}/events", limit=200)
    return [event["type"].partition(".")[2] for page in pages for event in page]


async def state(client: Client, path: str) -> Any:
    return (await client.read(path))["state"]


async def test_a_laptop_is_asked_for_approved_delivered_and_rated(people: People) -> None:
    item = await _a_laptop(people)
    order = {"title": "新员工笔记本电脑", "description": "她周一入职。", "channel": "portal", "urgency": "2"}
    order["item"] = item
    assert await refused(people.requester, "/v1/requests", order | {"answers": {"size": "17"}}) == "enum"
    request = await people.requester.post_ok(
        "/v1/requests", order | {"answers": {"size": "15", "why": "出差用"}}
    )
    path = f"/v1/requests/{request['number']}"
    assert request["number"].startswith("REQ-")
    assert (request["state"], request["service"], request["target_seconds"]) == (
        "submitted",
        "workplace",
        259_200,
    )
    assert request["answers"] == '{"size":"15","why":"出差用"}'

    assessed = {"category": "hardware", "impact": "3", "urgency": "2", "path": "standard"}
    after = await people.agent.post_ok(f"{path}/assess", assessed)
    assert (after["state"], after["team"]["key"], after["priority"]) == (
        "awaiting_approval",
        "workplace",
        "P4",
    )
    decision = (await people.head.read(f"{path}/decisions"))["items"][0]
    voters = {vote["person"]["id"] for vote in (await people.head.read(f"{path}/votes"))["items"]}
    assert voters == {people.head.id, people.deputy.id}
    vote = {"decision": decision["id"], "verdict": "approve"}
    assert await refused(people.requester, f"{path}/vote", vote) == "not_asked_to_vote"
    assert (await people.head.post_ok(f"{path}/vote", vote))["state"] == "awaiting_approval"
    assert (await people.deputy.post_ok(f"{path}/vote", vote))["state"] == "assessed"

    tasks = (await people.engineer.read(f"{path}/tasks"))["items"]
    assert [task["title"] for task in tasks] == ["Order it", "装好系统"]
    await people.agent.post_ok(f"{path}/assign", {"team": "workplace", "person": people.engineer.id})
    await people.engineer.post_ok(f"{path}/start")
    await people.engineer.post_ok(f"{path}/hold", {"reason": "awaiting_requester"})
    assert await refused(people.requester, f"{path}/fulfil", {"delivered": "x"}) == "not_in_this_state"
    assert (await people.engineer.post_ok(f"{path}/resume"))["state"] == "in_progress"
    delivery = {"delivered": "一台已配置的笔记本电脑。"}
    assert await refused(people.engineer, f"{path}/fulfil", delivery) == "checklist_is_open"
    delivery["open_tasks_reason"] = "It was in stock, set up. 库存已配置。"
    done = await people.engineer.post_ok(f"{path}/fulfil", delivery)
    assert (done["state"], done["delivery"]) == ("delivered", "一台已配置的笔记本电脑。")
    await people.requester.post_ok(f"{path}/rate", {"score": 5})
    assert (await people.requester.post_ok(f"{path}/close"))["state"] == "closed"
    assert await told(people.requester, path) == [
        "submitted",
        "assessed",
        "voted",
        "voted",
        "approved",
        "assigned",
        "started",
        "held",
        "resumed",
        "fulfilled",
        "rated",
        "closed",
    ]


async def test_what_its_approvers_refuse_is_rejected_and_nobody_else_answers_for_them(people: People) -> None:
    request = {"title": "A laptop", "description": "A light one.", "channel": "chat", "urgency": "3"}
    body = request | {"item": await _a_laptop(people), "answers": {"size": "13", "why": "Travel"}}
    path = f"/v1/requests/{(await people.requester.post_ok('/v1/requests', body))['id']}"
    assessed = {"category": "hardware", "impact": "3", "urgency": "3", "path": "standard"}
    await people.agent.post_ok(f"{path}/assess", assessed)
    assert await refused(people.agent, f"{path}/assess", assessed) == "approval_is_open"
    (decision,) = (await people.agent.read(f"{path}/decisions"))["items"]
    vote = {"decision": decision["id"], "verdict": "reject", "comment": "She has one."}
    assert await refused(people.agent, f"{path}/vote", vote) == "not_asked_to_vote"
    assert await refused(people.agent, f"{path}/approve", _tally(decision["id"])) == "forbidden"
    assert (await people.head.post_ok(f"{path}/vote", vote))["state"] == "rejected"
    assert (await told(people.requester, path))[-2:] == ["voted", "refused"]


async def test_who_cancels_a_request_withdraws_the_question_to_its_approvers(people: People) -> None:
    request = {"title": "A laptop", "description": "A light one.", "channel": "chat", "urgency": "3"}
    body = request | {"item": await _a_laptop(people), "answers": {"size": "13", "why": "Travel"}}
    path = f"/v1/requests/{(await people.requester.post_ok('/v1/requests', body))['id']}"
    await people.agent.post_ok(
        f"{path}/assess", {"category": "hardware", "impact": "3", "urgency": "3", "path": "standard"}
    )
    await people.requester.post_ok(f"{path}/cancel", {"reason": "She has one."})
    (decision,) = (await people.requester.read(f"{path}/decisions"))["items"]
    assert decision["state"] == "withdrawn"


async def test_a_project_is_analysed_designed_twice_accepted_at_the_third_time_and_taught(
    api: Api, people: People
) -> None:
    path = await _asked_for(people)
    await _designed(people, path)
    await _made(people, path)
    for round_ in (1, 2):
        await _submitted(people, path)
        verdict = await _verdict(people, path, passed=False)
        failed = await people.head.post_ok(f"{path}/record_acceptance", verdict)
        assert (failed["state"], failed["rounds"]) == ("rectifying", round_)
        assert await refused(people.engineer, f"{path}/submit_for_acceptance", _papers()) == "task_is_open"
        await _neither_dropped_nor_altered(people, path)
        check = {"checkpoint": "单元测试", "passed": True, "findings": "It is mended."}
        await people.checker.post_ok(f"{path}/check_quality", check)  # before it was mended: does not count
        await _complete_all(people, path)
        unchecked = await refused(people.engineer, f"{path}/submit_for_acceptance", _papers())
        assert unchecked == "not_checked_since"
        await people.checker.post_ok(f"{path}/check_quality", check)
    await _submitted(people, path)
    assert await _forbids(people.requester, path, "record_acceptance") is None, "next to the group"
    strangers = await _verdict(people, path, passed=True) | {"participants": [people.agent.id]}
    assert await refused(people.head, f"{path}/record_acceptance", strangers) == "unknown_reference"
    verdict = await _verdict(people, path, passed=True)
    partly = verdict | {"results": verdict["results"][:1]}
    assert await refused(people.head, f"{path}/record_acceptance", partly) == "criteria_left_out"
    done = await denied_by_the_group_it_waits_again(people, api.ledger, path, verdict)
    assert (done["state"], done["verdict"], done["rounds"]) == ("delivered", "accepted", 3)
    training: Json = {"audience": "财务部", "topics": "审批请假", "material": "幻灯片", "attended": 12}
    assert (await people.trainee.get(path)).status_code == 404
    wrongs: Json = {"nobody_attended": {"attended": 0}, "before_it_was_opened": {"held_at": OLD}}
    for code, wrong in wrongs.items():
        assert await refused(people.engineer, f"{path}/record_training", training | wrong) == code
    training["participants"] = [people.trainee.id, people.requester.id]
    await people.engineer.post_ok(f"{path}/record_training", training)
    (recorded,) = (await people.trainee.read(f"{path}/trainings"))["items"]
    assert recorded["participant_ids"] == training["participants"]
    printed = (await people.trainee.read(f"{path}/documents"))["items"]
    assert "TR" in {row["document_class"] for row in printed}
    await people.requester.post_ok(f"{path}/close")

    events = await told(people.requester, path)
    assert events.count("acceptance_failed") == 2
    assert events.count("accepted") == 2
    rounds = (await people.head.read(f"{path}/acceptances"))["items"]
    verdicts = [(acceptance["round"], acceptance["verdict"]) for acceptance in rounds]
    assert verdicts == [(1, "failed"), (2, "failed"), (3, "accepted"), (3, "accepted")]
    documents = (await people.requester.read(f"{path}/documents"))["items"]
    classes = [document["document_class"] for document in documents]
    assert classes == ["SN", "SO", "IM", "TE", "TE", "AC", "TE", "TE", "AC", "TE", "TE", "AC", "AC", "TR"]
    assert all(document["state"] == "published" for document in documents)
    assert len({document["number"] for document in documents}) == len(documents)
    assert next(d["edition"] for d in documents if d["document_class"] == "SO") == 2
    await papers_print(people, path, documents)
    await _reopened_it_is_checked_again(people, path)


async def _reopened_it_is_checked_again(people: People, path: str) -> None:
    """Earlier checks do not count; another spelling is the same checkpoint."""
    submit = f"{path}/submit_for_acceptance"
    await people.requester.post_ok(f"{path}/reopen", {"reason": "It is slow."})
    assert await refused(people.engineer, submit, _papers()) == "not_checked_since"
    check = {"checkpoint": "单元 测试。", "passed": False, "findings": "It is slow."}
    await people.checker.post_ok(f"{path}/check_quality", check)
    assert (await people.checker.read(f"{path}/quality_checks"))["items"][-1]["checkpoint"] == "单元测试"
    await people.checker.post_ok(f"{path}/check_quality", check | {"passed": True})
    await _submitted(people, path)


async def _neither_dropped_nor_altered(people: People, path: str) -> None:
    """The issue stays as the acceptance has raised it; only its work goes to somebody else."""
    tasks = (await people.engineer.read(f"{path}/tasks"))["items"]
    (issue,) = (task["id"] for task in tasks if task["completed_at"] is None and not task["dropped_at"])
    drop = {"task": issue, "reason": "It is small."}
    assert await refused(people.engineer, f"{path}/drop_task", drop) == "issue_of_acceptance"
    for edit in ({"title": "Mend less"}, {"due_at": LATER}, {"visibility": "internal"}):
        body = {"task": issue} | edit
        assert await refused(people.engineer, f"{path}/edit_task", body) == "issue_of_acceptance"
    await people.engineer.post_ok(f"{path}/edit_task", {"task": issue, "assignee": people.engineer.id})
    await people.head.post_ok(f"{path}/edit_task", {"task": issue, "title": "Mend the list"})


async def _a_laptop(people: People) -> str:
    """An item of the catalogue that two people must approve; gives its key."""
    service = {"key": "workplace", "name_en": "Workplace", "name_zh": "办公终端", "criticality": "medium"}
    service |= {"owner": "me", "team": "workplace"}
    await people.admin.post_ok("/v1/services", service)
    await people.admin.post_ok("/v1/services/workplace/go_live")
    item = {
        "key": "laptop",
        "service": "workplace",
        "title_en": "A laptop",
        "title_zh": "笔记本电脑",
        "form": A_FORM,
        "fulfilment_path": "standard",
        "approver_persons": [people.head.id, people.deputy.id, people.requester.id],
        "approval_rule": "unanimous",
        "target_seconds": 259_200,
        "default_team": "workplace",
        "checklist": ["Order it", "装好系统"],
    }
    await people.admin.post_ok("/v1/catalogue_items", item)
    await people.admin.post_ok("/v1/catalogue_items/laptop/offer")
    return "laptop"


def _tally(decision: str) -> Json:
    numbers = {"voters": 2, "approvals": 2, "rejections": 0, "deferrals": 0, "abstentions": 0}
    return {"decision": decision, "outcome": "approved", **numbers}


async def test_what_is_planned_anew_drops_the_open_tasks_and_the_checks_of_the_plan_before(
    people: People,
) -> None:
    path = await _asked_for(people)
    task = {"assignee": people.engineer.id, "milestone": 1, "due_at": AHEAD}
    plan: Json = {"milestones": [{"title": "It runs", "due_at": AHEAD}], "tasks": [{"title": "Ask", **task}]}

    async def planned(*titles: str) -> None:
        """A solution is proposed and approved, and a plan made of these tasks."""
        await people.architect.post_ok(f"{path}/propose_solution", SOLUTION)
        for reviewer, side in ((people.reviewer, "it"), (people.deputy, "business")):
            await reviewer.post_ok(f"{path}/review_solution", {"side": side, "verdict": "approve", **GOOD})
        tasks = [{"title": title, **task} for title in titles]
        await people.architect.post_ok(f"{path}/begin_implementation", plan | {"tasks": tasks})

    await planned("Build it on paper", "Print it")
    check = {"checkpoint": "Unit tests", "passed": True, "findings": "All pass."}
    await people.checker.post_ok(f"{path}/check_quality", check)
    built, _ = (await people.engineer.read(f"{path}/tasks"))["items"]
    await people.engineer.post_ok(f"{path}/complete_task", {"task": built["id"], "outcome": "It is there."})
    await people.engineer.post_ok(f"{path}/add_task", {"title": "Tell the auditors", "due_at": AHEAD})
    await people.requester.post_ok(
        f"{path}/change_requirements", {"changed": "No paper.", "reason": "It burns."}
    )
    await people.architect.post_ok(f"{path}/confirm_requirements", requirements(people))
    await planned("Build it in code")
    tasks = {item["title"]: item for item in (await people.engineer.read(f"{path}/tasks"))["items"]}
    assert [title for title, task in tasks.items() if task["dropped_at"]] == ["Print it"]
    assert tasks["Build it on paper"]["completed_at"] is not None
    mine = (await people.engineer.read("/v1/me/work"))["tasks"]
    assert {task["title"] for task in mine} == {"Build it in code"}

    await _complete_all(people, path)
    assert await refused(people.engineer, f"{path}/submit_for_acceptance", _papers()) == "quality_not_checked"
    await people.checker.post_ok(f"{path}/check_quality", check | {"passed": False})
    first, second = (await people.checker.read(f"{path}/quality_checks"))["items"]
    assert (first["dropped_at"] is not None, second["dropped_at"]) == (True, None)
    documents = (await people.checker.read(f"{path}/documents"))["items"]
    reports = [document["state"] for document in documents if document["document_class"] == "TE"]
    assert reports == ["superseded", "published"]


async def _forbids(client: Client, path: str, action: str) -> str | None:
    """The reason for which the client is shown that the action is not open; None: it is."""
    offered = {action_shown["action"]: action_shown for action_shown in (await client.read(path))["actions"]}[
        action
    ]
    assert offered["open"] is (offered["reason"] is None)
    reason: str | None = offered["reason"]
    return reason


async def test_whoever_has_made_or_checked_it_or_acts_for_it_or_is_a_stranger_does_not_accept_it(
    people: People, api: Api
) -> None:
    path = await _asked_for(people)
    await api.team("sales", TeamKind.customer)
    stranger = await api.client("Sal", teams=("sales",))
    # Their own work may be theirs to accept by the group, and another's task theirs to complete.
    for person, side in (
        (people.agent.id, "development"),
        (people.engineer.id, "development"),
        (people.checker.id, "development"),
        (stranger.id, "key_user"),
    ):
        await people.admin.post_ok("/v1/groups/leave/add_member", {"person": person, "side": side})
    await _designed(people, path)
    await _made(people, path)
    more = {"title": "Make it quicker", "assignee": people.architect.id}
    await people.architect.post_ok(f"{path}/add_task", more)
    task = (await people.architect.read(f"{path}/tasks"))["items"][-1]["id"]
    assert await _forbids(people.reviewer, path, "check_quality") is None
    await people.reviewer.post_ok(f"{path}/complete_task", {"task": task, "outcome": "It is quick."})
    check = {"checkpoint": "Load test", "passed": True, "findings": "It is quick."}
    assert await refused(people.reviewer, f"{path}/check_quality", check) == "separation_of_duties"
    assert "(implementer)" in str(await _forbids(people.reviewer, path, "check_quality"))
    await people.checker.post_ok(f"{path}/check_quality", check)
    await _submitted(people, path)
    verdict = await _verdict(people, path, passed=True)
    answer = await people.engineer.post(f"{path}/record_acceptance", json=verdict)
    assert (answer.status_code, answer.json()["code"]) == (403, "separation_of_duties")
    assert answer.json()["detail"] == await _forbids(people.engineer, path, "record_acceptance")
    assert "(implementer)" in answer.json()["detail"]
    assert await refused(people.checker, f"{path}/record_acceptance", verdict) == "separation_of_duties"
    assert "(quality checker)" in str(await _forbids(people.checker, path, "record_acceptance"))
    assert (await stranger.get(path)).status_code == 404, "a member of another customer"
    await people.engineer.post_ok(f"{path}/follow", {"person": stranger.id})
    assert await refused(stranger, f"{path}/record_acceptance", verdict) == "not_in_the_acceptance_group"
    for chair in (people.agent, people.head):
        named, now = {"chair": chair.id}, {"If-Match": "*"}
        assert (await people.admin.patch("/v1/groups/leave", json=named, headers=now)).is_success
        assert await refused(people.agent, f"{path}/record_acceptance", verdict) == (
            "not_in_the_acceptance_group"
        ), "IT accepts nothing for the business, neither as a member nor as the chair"
    alone = verdict | {"participants": ["me", people.engineer.id]}
    assert await refused(people.head, f"{path}/record_acceptance", alone) == "group_absent"
    assert (await people.head.post_ok(f"{path}/record_acceptance", verdict))["state"] == "delivered"


async def test_other_customers_do_not_accept_even_if_the_requesters_own_has_nobody_in_the_group(
    people: People, api: Api
) -> None:
    path = await _asked_for(people)
    await _designed(people, path)
    await _made(people, path)
    verdict = await _verdict(people, path, passed=True) | {"participants": ["me", people.requester.id]}
    await api.team("sales", TeamKind.customer)
    sales = await api.client("Sal", teams=("sales",))
    await people.admin.post_ok("/v1/groups/leave/add_member", {"person": sales.id, "side": "business"})
    for person in (people.head, people.deputy):
        await people.admin.post_ok(f"/v1/persons/{person.id}/deactivate")
    await people.engineer.post_ok(f"{path}/submit_for_acceptance", _papers())
    assert await refused(sales, f"{path}/record_acceptance", verdict) == "not_found"
    alone = verdict | {"participants": ["me"]}
    assert (await people.requester.post_ok(f"{path}/record_acceptance", alone))["state"] == "delivered"


async def test_what_only_those_could_accept_who_have_made_it_is_not_submitted(people: People) -> None:
    path = await _asked_for(people)
    await _designed(people, path)
    await _made(people, path)
    await people.admin.post_ok("/v1/groups/leave/remove_member", {"person": people.deputy.id})
    # Work of IT is given to its staff only: whoever chairs the group works with the team that makes it.
    await people.admin.post_ok(f"/v1/persons/{people.head.id}/join", {"team": "workplace"})
    mend = {"title": "Bring the data", "owner": people.head.id, "due_at": AHEAD}
    await people.engineer.post_ok(
        f"{path}/report_progress", {"milestones": [], "expected_at": AHEAD, "problems": [mend]}
    )
    await _complete_all(people, path)
    check = {"checkpoint": "单元测试", "passed": True, "findings": "The data is there."}
    await people.checker.post_ok(f"{path}/check_quality", check)
    await people.admin.post_ok(f"/v1/persons/{people.requester.id}/deactivate")
    assert await refused(people.engineer, f"{path}/submit_for_acceptance", _papers()) == "nobody_to_accept"
    await people.admin.post_ok(
        "/v1/groups/leave/add_member", {"person": people.deputy.id, "side": "business"}
    )
    await _submitted(people, path)


async def _asked_for(people: People) -> str:
    """A project of which the requirements are confirmed; gives where it is."""
    group = await people.admin.post_ok(
        "/v1/groups", {"key": "leave", "name": "验收组", "chair": people.head.id}
    )
    await people.admin.post_ok(
        f"/v1/groups/{group['id']}/add_member", {"person": people.deputy.id, "side": "business"}
    )
    request = {
        "title": "请假系统",
        "description": "目前以纸质方式请假。",
        "channel": "portal",
        "urgency": "3",
    }
    path = f"/v1/requests/{(await people.requester.post_ok('/v1/requests', request))['number']}"
    assessed = {"category": "software", "impact": "2", "urgency": "3", "path": "project", "team": "workplace"}
    assert (await people.agent.post_ok(f"{path}/assess", assessed))["state"] == "analysing"
    confirmed = await people.architect.post_ok(f"{path}/confirm_requirements", requirements(people))
    assert confirmed["state"] == "requirements_confirmed"
    return path


async def _designed(people: People, path: str) -> None:
    """A first solution is sent back by the business, a second one approved by both sides."""
    (requirements,) = (await people.requester.read(f"{path}/documents"))["items"]
    unseen = await people.trainee.get(f"{path}/documents/{requirements['number']}")
    assert unseen.status_code == 404
    await people.architect.post_ok(f"{path}/propose_solution", SOLUTION)
    own = {"side": "it", "verdict": "approve", **GOOD}
    assert await refused(people.architect, f"{path}/review_solution", own) == "separation_of_duties"
    for_the_business = own | {"side": "business"}
    assert await refused(people.reviewer, f"{path}/review_solution", for_the_business) == "not_of_that_side"
    assert (await people.reviewer.post_ok(f"{path}/review_solution", own))["state"] == "solution_review"
    assert await refused(people.reviewer, f"{path}/review_solution", for_the_business) == "side_has_reviewed"
    assert (
        await refused(
            people.requester, f"{path}/review_solution", own | {"side": "business", "verdict": "revise"}
        )
        == "say_what_to_revise"
    )
    back = own | {"side": "business", "verdict": "revise", "business_fit": "poor", "comment": "半天假呢？"}
    assert (await people.deputy.post_ok(f"{path}/review_solution", back))["state"] == "revising"
    await people.architect.post_ok(f"{path}/propose_solution", SOLUTION)
    await people.requester.post_ok(f"{path}/review_solution", own | {"side": "business"})
    approved = await people.reviewer.post_ok(f"{path}/review_solution", own)
    assert (approved["state"], approved["first_planned_at"]) == (
        "solution_approved",
        "2199-01-01T00:00:00.000000Z",
    )


async def _made(people: People, path: str) -> None:
    """It is made and checked; nothing is submitted before."""
    plan = {
        "milestones": [{"title": "It runs", "due_at": AHEAD}],
        "tasks": [
            {"title": "Build it", "assignee": people.engineer.id, "milestone": 1, "due_at": AHEAD},
        ],
        "planned_cost": "120000.00",
        "currency": "CNY",
    }
    assert (await people.architect.post_ok(f"{path}/begin_implementation", plan))["state"] == "implementing"
    (milestone,) = (await people.requester.read(f"{path}/milestones"))["items"]
    report: Json = {"milestones": [], "expected_at": "2026-01-01T00:00:00Z"}
    assert await refused(people.engineer, f"{path}/report_progress", report) == "not_ahead"
    report = {"milestones": [{"milestone": milestone["id"], "done": 100}], "expected_at": AHEAD}
    unsaid = await refused(people.engineer, f"{path}/report_progress", report)
    assert unsaid == "milestone_result_missing"
    report |= {"text": "Both tools run.", "cost_to_date": "50000.00"}
    await people.engineer.post_ok(f"{path}/report_progress", report)
    assert await refused(people.engineer, f"{path}/submit_for_acceptance", _papers()) == "task_is_open"
    await _complete_all(people, path)
    assert await refused(people.engineer, f"{path}/submit_for_acceptance", _papers()) == "quality_not_checked"
    check = {"checkpoint": "单元测试", "passed": False, "findings": "One fails."}
    assert await refused(people.engineer, f"{path}/check_quality", check) == "separation_of_duties"
    await people.checker.post_ok(f"{path}/check_quality", check)
    unfit = await refused(people.engineer, f"{path}/submit_for_acceptance", _papers())
    assert unfit == "quality_check_failed"
    await people.checker.post_ok(f"{path}/check_quality", check | {"passed": True, "findings": "All pass."})


def _papers() -> Json:
    return {"manual": "SHELF-3", "wanted_at": AHEAD}


async def _submitted(people: People, path: str) -> None:
    await people.engineer.post_ok(f"{path}/submit_for_acceptance", _papers())
    assert await state(people.head, path) == "in_acceptance"


async def _verdict(people: People, path: str, *, passed: bool) -> Json:
    criteria = (await people.head.read(f"{path}/criteria"))["items"]
    results = [
        {"criterion": criterion["id"], "shown_by": "user_trial", "passed": passed} for criterion in criteria
    ]
    participants = ["me", people.deputy.id, people.requester.id, people.engineer.id]
    body: Json = {"participants": participants, "results": results, "early_reason": "They are away then."}
    if passed:
        return body | {"verdict": "accepted"}
    mended = {"title": "Mend the sum", "due_at": AHEAD, "owner": people.engineer.id}
    return body | {"verdict": "failed", "issues": [mended]}


async def _complete_all(people: People, path: str) -> None:
    for task in (await people.engineer.read(f"{path}/tasks"))["items"]:
        if task["completed_at"] is None and task["dropped_at"] is None:
            done = {"task": task["id"], "outcome": "It is there."}
            await people.engineer.post_ok(f"{path}/complete_task", done)


def _tells(text: str, figure: str) -> bool:
    """Whether the text has the figure by itself: ids and instants have any four digits by chance."""
    return re.search(rf"(?<![\w.-]){re.escape(figure)}(?![\w-])", text) is not None


async def test_what_it_costs_is_for_staff_and_its_plan_for_those_who_accept_it(people: People) -> None:
    record_path = await _asked_for(people)
    await _designed(people, record_path)
    await _made(people, record_path)
    await _submitted(people, record_path)
    await people.engineer.post_ok(f"{record_path}/log_work", {"minutes": 1373, "role_class": "engineer"})
    money = {"amount": "888.01", "currency": "CNY", "purpose": "A relay."}
    await people.engineer.post_ok(f"{record_path}/book_cost", money)
    record = await people.requester.read(record_path)
    here = "/v1/requests"
    reads: list[tuple[str, Json]] = [
        (record_path, {}),
        (record_path, {"fields": "planned_cost,currency"}),
        (record_path, {"as_of": (await people.engineer.read("/v1/meta"))["position"]}),
        (here, {}),
        (here, {"fields": "planned_cost"}),
        (here, {"expand": "requester,team"}),
        (here, {"q": "请假"}),
        ("/v1/me/work", {}),
        ("/v1/notices", {}),
        *((path.replace("{id}", record["id"]), {}) for path in _reads_of_one(people.requester)),
    ]
    figures = {"120000.00": "planned", "50000.00": "spent", "888.01": "booked", "1373": "minutes"}
    figures_seen: dict[str, set[str]] = {}
    names = first_of(("requester", "head", "engineer", "deputy"), 3)
    for name in names:
        client: Client = getattr(people, name)
        for path, query in reads:
            text = (await client.get(path, params=query)).text
            figures_seen.setdefault(name, set()).update(
                name for figure, name in figures.items() if _tells(text, figure)
            )
    bulk = {"items": [{"action": "comment", "id": record["id"], "body": {"text": "x"}}]}
    for answer in (
        await people.requester.post(f"{record_path}/comment", json={"text": "When?"}),
        await people.requester.post(f"{here}/bulk", json=bulk),
    ):
        assert answer.status_code == 200
        assert not [figure for figure in figures if _tells(answer.text, figure)]
    expected = {
        "requester": set(),
        "head": {"planned"},
        "engineer": {"planned", "spent", "booked", "minutes"},
        "deputy": {"planned"},
    }
    assert figures_seen == {name: expected[name] for name in names}
    listed = await people.head.read(here, fields="planned_cost,currency")
    assert [(item["planned_cost"], item["currency"]) for item in listed["items"]] == [("120000.00", "CNY")]


def _reads_of_one(client: Client) -> list[str]:
    """The addresses below a request that can be read."""
    paths = {getattr(route, "path", ""): getattr(route, "methods", ()) for route in client.app.routes}
    return [path for path, methods in paths.items() if "/requests/{id}/" in path and "GET" in methods]
