"""The seventeen steps of the improvement programme over HTTP: a major improvement from the annual plan to the
standardised process, with a pilot that is extended once.

Cases are drawn from a seed and told by a tool; the pilot's team becomes faster. Each step is tried too
early, by somebody else, or without something compulsory first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests import boards
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import first_of, in_test_all
from tests.meetings.samples import held_meeting
from tests.processes.improvement_plans.samples import YEAR, contents, direction
from tests.processes.improvement_plans.samples import a_target as a_plan_target
from tests.processes.improvement_suggestions.samples import a_suggestion
from tests.processes.improvements.pilots import AHEAD, KPI, STEPS, WORD, event_types
from tests.processes.improvements.planted import (
    BASELINE,
    CHANGED,
    PROMISED,
    TEAMS,
    Dated,
    Planted,
    days_ago,
    planted_of,
)
from tests.processes.improvements.test_rollout import completed

PLANS, SUGGESTIONS, ASSESSMENTS, IMPROVEMENTS = (
    f"/v1/improvement_{name}" if name else "/v1/improvements"
    for name in ("plans", "suggestions", "assessments", "")
)
HALF = 0.5
#: The teams that have cases: that of the pilot, and more in `make test-all`.
TOLD = first_of(TEAMS, 1)


@pytest.fixture
async def planted(api: Api, place: DatabaseUrls) -> AsyncIterator[Planted]:
    follower: Connection = await connect(place.url, FOLLOW_LIMITS)
    yield await planted_of(api, follower, 17)
    await follower.close()


async def refused(client: Client, path: str, body: Json | None = None) -> str:
    """What is said of a refused POST: its code, and those of what is wrong in the payload."""
    answer = await client.post(path, json=body or {})
    document = answer.json()
    assert answer.status_code in (403, 404, 409, 422), answer.text
    assert document["detail"], "it is refused in words"
    errors = [f"{error['pointer']} {error['code']}" for error in document.get("errors") or []]
    return ", ".join(errors) or str(document["code"])


async def too_early(client: Client, path: str, *actions: str) -> None:
    """None of the actions can be taken yet."""
    answer = await client.read(path)
    offered = {action["action"] for action in answer["actions"]}
    assert offered.isdisjoint(actions), f"{answer['state']} offers {offered & set(actions)}"


async def plan_for_the_year(planted: Planted) -> str:
    """Steps 1 and 2: the plan of the year is drafted, submitted, approved, and begins. Gives its address."""
    quality, owner = planted.project.quality, planted.project.owner
    record = await quality.post_ok(
        PLANS, {"title": "Improvement", "year": YEAR, "co_authors": [owner.id], **direction()}
    )
    path = f"{PLANS}/{record['id']}"
    assert await refused(quality, f"{path}/submit", planted.project.question()) == "plan_lacks_present_state"
    await owner.post_ok(
        f"{path}/revise",
        contents(owner.id) | {"targets": [a_plan_target("restore-faster", kpi=KPI, goal="10800")]},
    )
    await planted.follow()
    assert await refused(owner, f"{path}/submit", planted.project.question()) == "forbidden"
    await quality.post_ok(f"{path}/submit", planted.project.question())
    await planted.project.decide(path)
    worker = Worker(planted.api.ledger)
    await worker.work(datetime.now(UTC))
    assert worker.failures == []
    assert (await quality.read(path))["state"] == "running"
    return path


async def select(planted: Planted, plan: str, steps: list[float]) -> str:
    """Steps 3 and 4: a suggestion is offered, assessed and selected. Gives the improvement's address."""
    quality, first, second = (
        Dated(client, steps)
        for client in (planted.project.quality, planted.project.first, planted.project.second)
    )
    number = (await planted.project.quality.read(plan))["number"]
    suggestion = a_suggestion(plan=number, plan_target="restore-faster")
    offered = await quality.post_ok(SUGGESTIONS, suggestion)
    # All of this happened weeks ago, in the month that is assessed, when the plan was not told of yet.
    month = (datetime.now(UTC) - timedelta(days=steps[0])).strftime("%Y-%m")
    opening = {"month": month, "assessors": [first.id, second.id]}
    opened = await quality.post_ok(ASSESSMENTS, opening)
    path = f"{ASSESSMENTS}/{opened['id']}"
    criteria = ("plan_fit", "benefit", "urgency", "ease", "outside_purchase", "risk")
    score = {"suggestion": offered["id"], **dict.fromkeys(criteria, 4)}
    assert await refused(planted.project.owner, f"{path}/score", score) == "not_an_assessor"
    assert await refused(planted.project.quality, f"{path}/conclude", {"verdicts": []}) == (
        "/verdicts verdict_missing"
    )
    for assessor in (first, second):
        await assessor.post_ok(f"{path}/score", score)
    verdict = {"suggestion": offered["id"], "verdict": "selected", "title": "Ask for the site first"}
    meeting = await held_meeting(
        planted.project.quality,
        planted.project.first,
        meeting_kind="monthly_assessment",
        about=f"improvement_assessment/{opened['id']}",
    )
    await quality.post_ok(f"{path}/conclude", {"meeting": meeting, "verdicts": [verdict]})
    answer = await planted.project.quality.read(f"{SUGGESTIONS}/{offered['id']}")
    assert answer["state"] == "selected"
    return f"{IMPROVEMENTS}/{answer['improvement_id']}"


async def approve(planted: Planted, path: str, plan: str, steps: list[float]) -> None:
    """Steps 5 to 7: it is proposed with a frozen baseline, approved by the committee, and found major."""
    people = planted.project
    await too_early(people.quality, path, "submit", "charter", "implement", "standardise")
    target = {
        "name": "restore",
        "kpi": KPI,
        "before": {"from": days_ago(BASELINE[0]), "to": days_ago(BASELINE[1])},
        "promised": {"change": PROMISED},
        "judged_by": "By the medians.",
    }
    texts = ("scope_and_goal", "benefit_inside", "benefit_outside", "method", "steps", "resources")
    body = {name: f"Of {name}." for name in (*texts, "judgement")} | {"targets": [target]}
    await planted.follow()
    assert await refused(people.executor, f"{path}/propose", body) == "forbidden"
    assert "plan_or_reason_missing" in await refused(people.owner, f"{path}/propose", body)
    number = (await people.quality.read(plan))["number"]
    serving = {**body, "plan": number, "plan_target": "restore-faster"}
    await Dated(people.owner, steps).post_ok(f"{path}/propose", serving)
    (baseline,) = (await people.quality.read(f"{path}/baselines"))["items"]
    assert (baseline["cases"], baseline["position"] > 0) == (40 * len(TOLD), True)
    weighed = ("goals", "practice", "present_state", "cost", "resources", "time")
    question = people.question() | {f"weighed_{name}": f"Of {name}." for name in weighed}
    await Dated(people.quality, steps).post_ok(f"{path}/submit", question)
    await too_early(people.first, path, "classify", "charter")
    await boards.decide([Dated(people.first, steps), Dated(people.second, steps)], path)
    major = {"kind": "reengineering", "impact": "2", "urgency": "2", "size_reason": "Who decides is new."}
    assert await refused(people.owner, f"{path}/classify", major | {"criteria": ["complex"]}) == "forbidden"
    assert "criteria_missing" in await refused(people.first, f"{path}/classify", major)
    await planted.asks(path, "classify", major | {"criteria": ["complex"]}, steps)
    assert await refused(people.quality, f"{path}/implement", {"plan": "At once."}) == "needs_project"


async def plan_project(planted: Planted, path: str, steps: list[float]) -> None:
    """Steps 12 and 13: it is chartered and planned, and its plan approved."""
    people = planted.project
    manager = Dated(people.manager, steps)
    charter = {
        "sponsor": people.sponsor.id,
        "project_manager": people.manager.id,
        "members": [people.executor.id],
        "resources": "Two engineers.",
        "budget": "12000.00",
        "currency": "CNY",
    }
    assert "/sponsor" in await refused(
        people.first, f"{path}/charter", charter | {"sponsor": people.owner.id}
    )
    await planted.asks(path, "charter", charter, steps)
    work = {"work": "Write it, try it.", "milestones": [{"title": "Tried", "due_at": AHEAD}]}
    assert await refused(people.quality, f"{path}/plan", work) in ("forbidden", "not_the_project_manager")
    await manager.post_ok(f"{path}/plan", work)
    assert await refused(people.first, f"{path}/approve_plan") == "pilot_is_missing"
    await planted.asks(path, "return_plan", {"lacking": "The pilot."}, steps)
    pilot = {
        "pilot_scope": {"team": ["network"]},
        "pilot_begins_at": days_ago(CHANGED),
        "pilot_ends_at": days_ago(0.5),
        "pilot_length_reason": "Enough cases come in that time.",
        "pilot_agreement": "All desks agree.",
        "data_gathering": "From the log.",
        "expected": [{"target": "restore", "promised": {"change": PROMISED}}],
    }
    await manager.post_ok(f"{path}/plan", work | pilot)
    await planted.asks(path, "approve_plan", {}, steps)


async def pilot_twice(planted: Planted, path: str) -> None:
    """Steps 14 to 16: it is piloted, reported, extended once, and passed on the measured effect."""
    people = planted.project
    quality, manager = people.quality, people.manager
    ready = await people.readiness()
    unlicensed = await people.api.client("Newcomer", Role.engineer)
    # Its agreed end is past by now, but it was started in time.
    assert await refused(manager, f"{path}/start_pilot", ready) == "not_kicked_off"
    assert await refused(manager, f"{path}/kick_off") == "forbidden"
    await people.sponsor.post_ok(f"{path}/kick_off", {"occurred_at": days_ago(CHANGED + 1)})
    assert await refused(manager, f"{path}/start_pilot", ready) == "pilot_is_over"
    too_soon = ready | {"occurred_at": days_ago(CHANGED + 2)}
    assert await refused(manager, f"{path}/start_pilot", too_soon) == "not_kicked_off"
    ready["occurred_at"] = days_ago(CHANGED)
    assert "/executor" in await refused(manager, f"{path}/start_pilot", ready | {"executor": unlicensed.id})
    untold = {name: text for name, text in ready.items() if name != "told"}
    assert "/told" in await refused(manager, f"{path}/start_pilot", untold)
    await manager.post_ok(f"{path}/start_pilot", ready)
    issue = {"title": "The form is slow", "text": "Ten seconds."}
    await manager.post_ok(f"{path}/log_pilot_issue", issue)
    (logged,) = (await quality.read(f"{path}/pilot_issues"))["items"]
    await manager.post_ok(f"{path}/solve_pilot_issue", {"issue": logged["id"], "solution": "It is cached."})
    feedback = {"person": people.executor.id, "stance": "in_favour", "text": "It helps."}
    await manager.post_ok(f"{path}/log_pilot_feedback", feedback)
    assert "effect_is_missing" in await refused(manager, f"{path}/report_pilot", dict(WORD))
    await planted.follow()
    await manager.post_ok(f"{path}/measure_effects")
    await manager.post_ok(f"{path}/report_pilot", dict(WORD))
    await too_early(manager, path, "roll_out", "ask_hand_over")
    first_report = (await quality.read(f"{path}/measurements"))["items"][-1]
    assert first_report["verdict"] == "improved"

    more = {"reason": "One more team.", "begins_at": days_ago(0), "ends_at": days_ago(-30)}
    longer = people.judgement(first_report["position"], "extended", **more)
    await quality.post_ok(f"{path}/ask_judgement", longer | {"scope": {"team": ["network"]}})
    extended = await people.decide(path)
    assert (extended["state"], extended["pilot_rounds"]) == ("piloting", 2)
    assert "effect_is_missing" in await refused(manager, f"{path}/report_pilot", dict(WORD))
    await planted.follow()
    await manager.post_ok(f"{path}/measure_effects")
    await manager.post_ok(f"{path}/report_pilot", dict(WORD))
    report = (await quality.read(f"{path}/measurements"))["items"][-1]
    assert (report["verdict"], report["pilot_round"]) == ("improved", 2)
    old = people.judgement(first_report["position"])
    assert "/position" in await refused(quality, f"{path}/ask_judgement", old)
    await quality.post_ok(f"{path}/ask_judgement", people.judgement(report["position"]))
    passed = await people.decide(path)
    assert (passed["state"], passed["judged_position"]) == ("rolling_out", report["position"])
    assert (passed["against_evidence"], passed["first_judgement"]) == (False, "extended")


async def roll_out(planted: Planted, path: str) -> None:
    """Step 17: it is rolled out in nine steps, handed over, standardised, and fixed."""
    people = planted.project
    quality, manager = people.quality, people.manager
    unplanned = {"handed_over": "All of it.", "external_numbers": ["SOP-12"]}
    assert await refused(manager, f"{path}/ask_hand_over", unplanned) == "rollout_not_planned"
    await manager.post_ok(f"{path}/roll_out", people.rollout())
    await completed(people, path, "name_owner", "organise")
    wrong_order = {
        "step": "publish",
        "evidence": "It is in place.",
        "external_numbers": ["SOP-12"],
        "effective_at": days_ago(0),
    }
    assert "order" in await refused(people.executor, f"{path}/complete_rollout_step", wrong_order)
    assert await refused(manager, f"{path}/ask_hand_over", unplanned) != "rollout_not_planned"
    await completed(people, path, "inform_and_train", "publish", "cut_over")
    assert (
        await refused(
            quality,
            f"{path}/revert",
            {
                "reason": "Too late.",
                "old_process_stands": True,
                "told": "Nobody.",
            },
        )
        == "not_in_this_state"
    )
    await completed(people, path, "manage_daily")
    await manager.post_ok(f"{path}/ask_hand_over", unplanned)
    await quality.post_ok(f"{path}/hand_over")
    done = await quality.post_ok(
        f"{path}/standardise", {"external_numbers": ["SOP-12"], "teams": ["network", "desk"]}
    )
    assert (done["state"], done["against_evidence"]) == ("standardised", False)
    assert done["next_benefit_due_at"] is not None
    optimised = {"step": "optimise", "evidence": "It asks once only."}
    assert await refused(people.owner, f"{path}/fix", optimised) == "optimised_too_early"
    despite = {"freeze_exception": "service_stop", "freeze_exception_reason": "It stopped the desk twice."}
    await people.first.post_ok(f"{path}/grant_freeze_exception", despite)
    await people.owner.post_ok(f"{path}/fix", optimised)
    early = {"step": "fix", "evidence": "The figures held."}
    assert "not_held" in await refused(people.owner, f"{path}/fix", early)


async def review_plan(planted: Planted, plan: str, number: str) -> None:
    """The plan's review says what the improvement has added to its target."""
    quality = planted.project.quality
    about = f"improvement_plan/{plan.rpartition('/')[2]}"
    meeting = await held_meeting(quality, planted.project.first, about=about)
    await planted.follow()
    await quality.post_ok(f"{plan}/review", {"meeting": meeting, "report": "On its way."})
    (review,) = (await quality.read(f"{plan}/reviews"))["items"]
    (target,) = review["progress"]
    (added,) = target["improvements"]
    assert (added["number"], added["state"], added["verdict"]) == (number, "standardised", "improved")
    # It adds up from its improvements, each with the part of the way that it explains.
    assert target["added"] == added["adds"]
    assert target["added_share"] == added["share"]
    distance = float(target["goal"]) - float(target["baseline"])
    assert float(target["added"]) < 0
    assert abs(float(target["added"]) / distance - float(target["added_share"])) < 0.01


@in_test_all
async def test_a_major_improvement_goes_through_all_seventeen_steps(planted: Planted) -> None:
    people, steps = planted.project, [49.0]
    await planted.cases(BASELINE, dict.fromkeys(TOLD, 1.0))
    await planted.cases((CHANGED, 0.0), dict.fromkeys(TOLD, 1.0) | {"network": HALF})
    plan = await plan_for_the_year(planted)
    path = await select(planted, plan, steps)
    await approve(planted, path, plan, steps)
    await plan_project(planted, path, steps)
    await pilot_twice(planted, path)
    await roll_out(planted, path)
    await review_plan(planted, plan, (await people.quality.read(path))["number"])
    documents = {item["document_class"] for item in (await people.quality.read(f"{path}/documents"))["items"]}
    assert documents >= {"PP", "PL", "HO"}
    types = await event_types(people.quality, path)
    assert (
        len([event_type for event_type in types if event_type == "improvement.rollout_step_completed"])
        == len(STEPS) - 3
    )
    order = [
        *("selected", "proposed", "submitted", "approved", "classified_by_decision"),
        *("chartered_by_decision", "planned", "plan_returned_by_decision", "plan_approved_by_decision"),
        *("pilot_started", "pilot_reported", "pilot_extended"),
        *("pilot_passed", "rollout_planned", "handover_asked", "handed_over", "standardised", "fixed"),
    ]
    steps_seen = list(dict.fromkeys(event_type.removeprefix("improvement.") for event_type in types))
    assert [step for step in steps_seen if step in order] == order
