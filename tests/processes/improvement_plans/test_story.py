"""The annual improvement plan, from draft to lessons: what is asked, what is refused, what is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Direction
from app.processes.improvement_plans.dates import end_of_last_working_day, review_due, start_of_year
from app.processes.improvement_plans.progress import is_limit, is_met, share_of_way
from tests.automation.worker import Worker, by_rules
from tests.extent import in_test_all
from tests.meetings.samples import held_meeting
from tests.people import grant
from tests.processes.improvement_plans.samples import (
    BEFORE,
    NOW,
    YEAR,
    Programme,
    a_target,
    contents,
    direction,
    errors,
)
from tests.processes.improvement_suggestions.samples import offered


async def test_a_plan_is_submitted_with_all_five_contents_or_told_which_one_lacks(
    programme: Programme,
) -> None:
    quality, owner = programme.quality, programme.owner
    body = {"title": "Improvement", "year": YEAR}
    outsider = await programme.api.client("Outsider", Role.agent)
    refused = await quality.post("/v1/improvement_plans", json={**body, "co_authors": [outsider.id]})
    assert errors(refused.json()) == [("/co_authors/0", "no_process_owner")]
    alone = await quality.post_ok("/v1/improvement_plans", body)
    refused = await quality.post(f"/v1/improvement_plans/{alone['id']}/submit", json=programme.question())
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_lacks_process_owners")
    plan = await quality.post_ok("/v1/improvement_plans", {**body, "co_authors": [owner.id]})
    assert (plan["state"], plan["number"][:4], plan["edition"]) == ("drafted", "PLN-", 1)
    assert set(plan["weights"].values()) == {1}
    path = f"/v1/improvement_plans/{plan['id']}"
    rest = contents(owner.id)
    parts = [
        ("plan_lacks_direction", direction()),
        ("plan_lacks_present_state", {name: rest[name] for name in ("present_state", "best_practice")}),
        ("plan_lacks_targets", {name: rest[name] for name in ("targets", "drivers")}),
        ("plan_lacks_points", {"points": rest["points"]}),
        ("plan_lacks_schedule", {"steps": rest["steps"]}),
    ]
    for code, more in parts:
        refused = await quality.post(f"{path}/submit", json=programme.question())
        assert (refused.status_code, refused.json()["code"]) == (409, code), refused.text
        await owner.post_ok(f"{path}/revise", more)
    assert (await owner.post(f"{path}/submit", json=programme.question())).status_code == 403
    stranger = await programme.other_owner.post(f"{path}/revise", json={"title": "Mine"})
    assert (stranger.status_code, stranger.json()["code"]) == (409, "not_an_author")
    assert (await quality.post_ok(f"{path}/submit", programme.question()))["state"] == "submitted"
    [step] = (await quality.read(f"{path}/steps"))["items"]
    [point] = (await quality.read(f"{path}/points"))["items"]
    assert (step["person"]["id"], point["refers_to"]) == (owner.id, ["PRB-2026-000012"])


async def test_targets_are_refused_where_no_kpi_can_tell_of_them(programme: Programme) -> None:
    path = await programme.drafted()
    for changed, wrong in (
        ({"kpi": "sunshine"}, ("/targets/1/kpi", "unknown_value")),
        ({"kpi": "mtbf", "scope": {"channel": ["mail"]}}, ("/targets/1/scope/channel", "unknown_dimension")),
        (
            {"before": {"from": "2199-01-01", "to": "2199-02-01"}},
            ("/targets/1/before/to", "baseline_not_over"),
        ),
        ({"name": "fewer-incidents"}, ("/targets/1/name", "each_once")),
    ):
        targets = [a_target(), a_target("other") | changed]
        refused = await programme.quality.post(f"{path}/revise", json={"targets": targets})
        assert errors(refused.json()) == [wrong]
    # Whether there is such a team is known where the baseline is counted.
    named = [a_target(scope={"team": ["nobody"]})]
    await programme.quality.post_ok(f"{path}/revise", {"targets": named})
    refused = await programme.quality.post(f"{path}/submit", json=programme.question())
    assert errors(refused.json()) == [("/targets/0/scope/team", "unknown_value")]


async def test_a_baseline_is_frozen_at_submission_and_late_events_do_not_change_it(
    programme: Programme,
) -> None:
    await programme.incidents(4, days_ago=20)
    path = await programme.submitted()
    [baseline] = (await programme.quality.read(f"{path}/baselines"))["items"]
    assert (baseline["name"], baseline["value"], baseline["cases"]) == ("fewer-incidents", "4", 4)
    answer = await programme.quality.read("/v1/kpis/incidents_opened", grain="all", **BEFORE)
    assert (answer["points"][0]["value"], answer["position"]) == (4, baseline["position"])
    assert (await programme.quality.read(path))["baseline_position"] == baseline["position"]
    await programme.incidents(3, days_ago=20)
    await programme.follow()
    answer = await programme.quality.read("/v1/kpis/incidents_opened", grain="all", **BEFORE)
    assert answer["points"][0]["value"] == 7
    assert (await programme.quality.read(f"{path}/baselines"))["items"] == [baseline]
    # A returned plan is measured anew, since its targets may be others.
    await programme.vote(path, "reject")
    await programme.quality.post_ok(f"{path}/submit", programme.question())
    [anew] = (await programme.quality.read(f"{path}/baselines"))["items"]
    assert anew["value"] == "7"
    assert anew["position"] > baseline["position"]


async def test_the_committee_returns_or_approves_a_plan_and_its_authors_do_not_vote(
    programme: Programme,
) -> None:
    path = await programme.drafted()
    quality, owner = programme.quality, programme.owner
    await grant(programme.api.ledger, UUID(quality.id), Role.committee_member.value)
    left_out = {(quality.id, "duty")}
    await quality.post_ok(f"{path}/submit", programme.question())
    voters = (await quality.read(f"{path}/votes"))["items"]
    assert {voter["person"]["id"] for voter in voters} == {
        member.id for member in (*programme.committee, programme.third)
    }
    (decision,) = (await quality.read(f"{path}/decisions"))["items"]
    assert {(exclusion["person"], exclusion["because"]) for exclusion in decision["left_out"]} == left_out
    assert decision["rules"] == [{"rule": "improvement_plan", "edition": 0}]
    twin = await programme.drafted()
    refused = await quality.post(f"{twin}/submit", json=programme.question())
    assert (refused.status_code, refused.json()["code"]) == (409, "year_has_plan")
    returned = await programme.vote(path, "reject")
    assert (returned["state"], returned["approved_at"]) == ("returned", None)
    documents = (await quality.read(f"{path}/documents"))["items"]
    assert [(document["number"][:2], document["state"], document["edition"]) for document in documents] == [
        ("IP", "drafted", 1),
        ("PA", "drafted", 1),
    ]
    await owner.post_ok(f"{path}/revise", {"vision": "Measured first. 先度量。"})
    await quality.post_ok(f"{path}/submit", programme.question())
    approved = await programme.vote(path, "approve")
    assert approved["state"] == "approved"
    documents = (await quality.read(f"{path}/documents"))["items"]
    assert [(document["number"][:2], document["state"], document["edition"]) for document in documents] == [
        ("IP", "published", 2),
        ("PA", "published", 2),
    ]
    sections = (await quality.read(f"{path}/document_sections"))["items"]
    visions = [section["text"] for section in sections if section["heading"] == "vision"]
    assert visions == ["Measured, then steered. 先度量，后驾驭。", "Measured first. 先度量。"]
    assert (await quality.post(f"{path}/revise", json={"title": "Late"})).status_code == 409


async def _begin(programme: Programme, worker: Worker, path: str) -> None:
    await worker.work(datetime.now(UTC))
    assert worker.failures == []
    assert (await programme.quality.read(path))["state"] == "running"


async def _is_signed_by_a_second(programme: Programme, meeting: str) -> None:
    """Who has signed, or was absent, adds no second signature; a member of the committee who came does."""
    for person, code in ((programme.quality, "signed_already"), (programme.owner, "signs_second")):
        refused = await person.post(f"/v1/meetings/{meeting}/sign")
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    await programme.committee[0].post_ok(f"/v1/meetings/{meeting}/sign")


async def test_a_running_plan_is_reviewed_at_meetings_and_closed_with_its_results(
    programme: Programme, worker: Worker
) -> None:
    await programme.incidents(4, days_ago=20)
    path = await programme.approved()
    await _begin(programme, worker, path)
    quality = programme.quality
    body = {"meeting": await held_meeting(quality, held=False), "report": "All is well. 一切正常。"}
    refused = await quality.post(f"{path}/review", json=body)
    assert errors(refused.json()) == [("/meeting", "meeting_not_held")]
    about = path.removeprefix("/v1/").replace("plans", "plan")
    owner, member = programme.owner, programme.committee[0]
    for attended, named, because in (
        ((member, owner), None, "not_on_agenda"),
        ((quality, member), about, "minutes_not_signed"),
        ((owner, member), about, "committee_was_absent"),
    ):
        body["meeting"] = await held_meeting(quality, *attended, about=named)
        refused = await quality.post(f"{path}/review", json=body)
        assert errors(refused.json()) == [("/meeting", because)]
        if because == "minutes_not_signed":
            signed_by_one = body["meeting"]
    await _is_signed_by_a_second(programme, signed_by_one)
    refused = await quality.post(f"{path}/review", json={**body, "meeting": signed_by_one})
    assert errors(refused.json()) == [("/meeting", "committee_was_absent")], "he was not invited"
    body["meeting"] = await programme.meeting(path)
    committee = programme.committee[0]
    assert (await committee.post(f"{path}/review", json=body)).status_code == 403
    reviewed = await programme.owner.post_ok(f"{path}/review", {**body, "adjustments": "A later goal."})
    assert reviewed["state"] == "running"
    assert reviewed["next_review_due_at"] > reviewed["last_reviewed_at"]
    [review] = (await quality.read(f"{path}/reviews"))["items"]
    assert (review["meeting_id"], review["reviewed_by"]["id"]) == (body["meeting"], programme.owner.id)
    [progress] = review["progress"]
    # Nothing was opened since: all of the way, and more, is gone.
    assert (progress["baseline"], progress["value"], progress["goal"]) == ("4", "0", "2")
    assert (progress["share"], progress["met"]) == ("2", True)
    assert review["position"] >= (await quality.read(f"{path}/baselines"))["items"][0]["position"]
    objection = {"objection": "I was on leave."}
    await committee.post_ok(f"/v1/meetings/{body['meeting']}/object_to_statement", objection)
    await worker.work(datetime.now(UTC) + timedelta(seconds=1))
    [review] = (await quality.read(f"{path}/reviews"))["items"]
    plan = await quality.read(path)
    assert review["void_at"] is not None, "nobody else of the committee came"
    assert (plan["last_reviewed_at"], plan["next_review_due_at"]) == (None, review["void_at"])
    early = await committee.post(f"{path}/close", json={"lessons": "Pilot first."})
    assert errors(early.json()) == [("/reason", "closes_early")]
    closing = {"lessons": "Pilot first.", "reason": "The department was merged."}
    waiting = await committee.post_ok(f"{path}/close", closing)
    assert (waiting["state"], waiting["lessons"]) == ("running", "Pilot first.")
    again = await quality.post(f"{path}/close", json=closing)
    assert (again.status_code, again.json()["code"]) == (409, "plan_decision_open")
    running = await programme.vote(path, "reject")
    assert (running["state"], running["lessons"], running["result_position"]) == ("running", None, None)
    await quality.post_ok(f"{path}/close", closing)
    assert (await programme.vote(path, "approve"))["state"] == "closed"
    [target] = (await quality.read(f"{path}/targets"))["items"]
    assert (target["result_value"], target["result_share"], target["result_met"]) == ("0", "2", True)


@in_test_all
async def test_a_review_takes_a_meeting_of_its_kind_and_each_meeting_once(
    programme: Programme, worker: Worker
) -> None:
    path = await programme.approved()
    await _begin(programme, worker, path)
    quality = programme.quality

    async def refused(meeting: str) -> list[tuple[str, str]]:
        answer = await quality.post(f"{path}/review", json={"meeting": meeting, "report": "All is well."})
        assert answer.status_code == 422
        return errors(answer.json())

    talk = await programme.meeting(path, "improvement_talk")
    assert await refused(talk) == [("/meeting", "meeting_of_other_kind")]
    kinds = ("plan_review", "monthly_assessment", "quality_analysis")
    for meeting in [await programme.meeting(path, kind) for kind in kinds]:
        await quality.post_ok(f"{path}/review", {"meeting": meeting, "report": "All is well."})
        assert await refused(meeting) == [("/meeting", "reviewed_there")]
    assert len((await quality.read(f"{path}/reviews"))["items"]) == len(kinds)


@in_test_all
async def test_whoever_proposes_an_adjustment_does_not_vote_on_it(
    programme: Programme, worker: Worker
) -> None:
    path = await programme.approved()
    await _begin(programme, worker, path)
    both = await programme.api.client("Paula", Role.quality_manager, Role.committee_member)
    body = {"changes": "The end is later.", "reason": "Two services were added."}
    await both.post_ok(f"{path}/propose_adjustment", programme.question() | body)
    decision = (await both.read(f"{path}/decisions"))["items"][-1]
    assert decision["left_out"] == [{"person": both.id, "because": "asker"}]
    votes = (await both.read(f"{path}/votes"))["items"]
    assert {vote["person"]["id"] for vote in votes if vote["decision_id"] == decision["id"]} == {
        member.id for member in (*programme.committee, programme.third)
    }
    vote = {"decision": decision["id"], "verdict": "approve"}
    assert (await both.post(f"{path}/vote", json=vote)).status_code == 403


@in_test_all
async def test_an_adjustment_that_is_approved_makes_the_next_edition_and_another_changes_nothing(
    programme: Programme, worker: Worker
) -> None:
    await programme.incidents(4, days_ago=20)
    path = await programme.approved()
    await _begin(programme, worker, path)
    quality = programme.quality
    targets = [a_target(goal="3"), a_target("resolved", kpi="incidents_closed", title="Close more")]
    body = {"changes": "A goal, and a target more.", "reason": "Two services were added.", "targets": targets}
    wrong = programme.question() | body | {"targets": [a_target(kpi="sunshine")]}
    assert errors((await quality.post(f"{path}/propose_adjustment", json=wrong)).json()) == [
        ("/targets/0/kpi", "unknown_value")
    ]
    await quality.post_ok(f"{path}/propose_adjustment", programme.question() | body)
    again = await quality.post(f"{path}/propose_adjustment", json=programme.question() | body)
    assert (again.status_code, again.json()["code"]) == (409, "plan_decision_open")
    plan = await programme.vote(path, "reject")
    assert (plan["state"], plan["edition"], plan["adjustment_id"]) == ("running", 1, None)
    [target] = (await quality.read(f"{path}/targets"))["items"]
    assert target["goal"] == "2"
    [first] = (await quality.read(f"{path}/baselines"))["items"]
    await quality.post_ok(f"{path}/propose_adjustment", programme.question() | body)
    plan = await programme.vote(path, "approve")
    assert (plan["state"], plan["edition"], plan["adjustment_id"]) == ("running", 2, None)
    goals = {item["name"]: item["goal"] for item in (await quality.read(f"{path}/targets"))["items"]}
    assert goals == {"fewer-incidents": "3", "resolved": "2"}
    baselines = (await quality.read(f"{path}/baselines"))["items"]
    assert baselines[0] == first, "the question is the same, and so is the baseline"
    assert [baseline["name"] for baseline in baselines] == ["fewer-incidents", "resolved"]
    adjustments = (await quality.read(f"{path}/adjustments"))["items"]
    assert [(adjustment["edition"], adjustment["refused_at"] is None) for adjustment in adjustments] == [
        (None, False),
        (2, True),
    ]
    documents = (await quality.read(f"{path}/documents"))["items"]
    assert [(document["number"][:2], document["edition"]) for document in documents] == [("IP", 2), ("PA", 1)]


@in_test_all
async def test_a_plan_is_closed_with_its_results_before_its_year_is_over_only_with_a_reason(
    programme: Programme, worker: Worker
) -> None:
    await programme.incidents(4, days_ago=20)
    path = await programme.approved()
    await _begin(programme, worker, path)
    member, lessons = programme.committee[0], {"lessons": "Pilot first. 先试点。"}
    assert (await programme.owner.post(f"{path}/close", json=lessons)).status_code == 403
    refused = await member.post(f"{path}/close", json=lessons)
    assert errors(refused.json()) == [("/reason", "closes_early")]
    assert str(YEAR) in refused.json()["errors"][0]["message"]
    await member.post_ok(f"{path}/close", {**lessons, "reason": "The department was merged."})
    closed = await programme.vote(path, "approve")
    assert (closed["state"], closed["lessons"]) == ("closed", lessons["lessons"])
    [target] = (await programme.quality.read(f"{path}/targets"))["items"]
    assert (target["result_value"], target["result_share"], target["result_met"]) == ("0", "2", True)
    assert closed["result_position"] is not None
    # Its year is free again.
    assert (await programme.approved()) != path


async def test_a_plan_begins_at_the_first_instant_of_its_year_and_what_is_overdue_is_flagged(
    programme: Programme, worker: Worker
) -> None:
    year = YEAR + 2
    plan = contents(programme.owner.id, year) | {"title": f"Improvement in {year}", "year": year}
    path = await programme.approved(**plan, review_interval="monthly")
    zone = programme.api.ledger.settings.time_zone
    begins = start_of_year(year, ZoneInfo(zone))
    await worker.work(begins - timedelta(minutes=1))
    assert (await programme.quality.read(path))["state"] == "approved"
    await worker.work(begins + timedelta(hours=3))
    plan = await programme.quality.read(path)
    assert plan["state"] == "running"
    assert datetime.fromisoformat(plan["begun_at"]) == begins
    assert datetime.fromisoformat(plan["next_review_due_at"]) == review_due(begins, 1, ZoneInfo(zone))
    first = end_of_last_working_day(begins.astimezone(ZoneInfo(zone)).date(), ZoneInfo(zone))
    assert datetime.fromisoformat(plan["assessment_due_at"]) == first
    await worker.work(first + timedelta(minutes=1))
    plan = await programme.quality.read(path)
    assert datetime.fromisoformat(plan["assessment_overdue_at"]) == first
    assert plan["assessment_due_at"] > plan["assessment_overdue_at"]
    await worker.work(review_due(begins, 1, ZoneInfo(zone)) + timedelta(minutes=1))
    await worker.work(review_due(begins, 1, ZoneInfo(zone)) + timedelta(minutes=9))
    assert worker.failures == []
    done = [
        event.type
        for event in await by_rules(programme.api.ledger, path.replace("/v1/", "").replace("plans", "plan"))
    ]
    assert done == [
        "improvement_plan.begun",
        "improvement_plan.assessment_overdue",
        "improvement_plan.review_overdue",
    ]
    rows = await programme.api.ledger.db.rows(
        "select unnest(steps) as step from fold.notice where person_id = %s", (programme.quality.id,)
    )
    assert {"plan_begun", "assessment_overdue", "plan_review_overdue"} <= {row["step"] for row in rows}


async def test_an_opened_assessment_moves_the_next_one_to_the_next_month(programme: Programme) -> None:
    assert end_of_last_working_day(date(2026, 10, 1), UTC) == datetime(2026, 10, 31, tzinfo=UTC)
    assert end_of_last_working_day(date(2026, 5, 1), UTC) == datetime(2026, 5, 30, tzinfo=UTC)
    assert NOW.year == YEAR


@pytest.mark.parametrize(
    ("baseline", "value", "goal", "share"),
    [("10", "8", "6", "0.5"), ("10", "12", "6", "-0.5"), ("0.5", "0.9", "0.9", "1"), ("2", "1", "2", None)],
)
def test_the_share_of_the_way_is_from_the_baseline_to_the_goal(
    baseline: str, value: str, goal: str, share: str | None
) -> None:
    direction = Direction.up if Decimal(goal) > Decimal(baseline) else Direction.down
    computed = share_of_way(direction, baseline, value, goal)
    assert computed == (None if share is None else Decimal(share))
    assert share_of_way(direction, None, value, goal) is None


@pytest.mark.parametrize(
    ("direction", "baseline", "value", "goal", "met", "limit"),
    [
        # A limit to hold: the baseline is better than it, as with most targets of the process documents.
        (Direction.down, "3213", "0", "7200", True, True),
        (Direction.down, "1891", "4667", "2100", False, True),
        (Direction.up, "0.9995", "0.9993", "0.999", True, True),
        (Direction.up, "0.9995", "0.9", "0.999", False, True),
        # A goal to be reached.
        (Direction.down, "10", "8", "6", False, False),
        (Direction.down, "10", "6", "6", True, False),
        (Direction.up, "3.8", "4.2", "4", True, False),
        (Direction.up, None, "4.2", "4", True, False),
        # A KPI without a better way goes from the baseline to the goal.
        (Direction.none, "10", "12", "11", True, False),
        (Direction.none, "10", "12", "9", False, False),
        (Direction.none, None, "12", "9", None, False),
    ],
)
def test_a_target_is_judged_the_way_its_kpi_improves_also_where_it_is_a_limit_to_hold(
    direction: Direction, baseline: str | None, value: str, goal: str, met: bool | None, limit: bool
) -> None:
    assert is_met(direction, baseline, value, goal) is met
    assert is_limit(direction, baseline, goal) is limit
    if limit:
        assert share_of_way(direction, baseline, value, goal) is None


@pytest.mark.parametrize("key", sorted(KPIS))
def test_what_is_as_good_as_the_goal_meets_it_of_every_kpi(key: str) -> None:
    direction = KPIS[key].direction
    better = {Direction.up: "8", Direction.down: "2"}.get(direction)
    worse = {Direction.up: "2", Direction.down: "8"}.get(direction)
    if better is None or worse is None:
        return
    for baseline in (None, "1", "5", "9"):
        met = [is_met(direction, baseline, value, "5") for value in (better, "5", worse)]
        assert met == [True, True, False], baseline


async def test_what_waits_for_the_committee_is_on_the_agenda_of_its_next_meeting(
    programme: Programme, worker: Worker
) -> None:
    quality, tomorrow = programme.quality, datetime.now(UTC) + timedelta(days=1)
    times = {"starts_at": tomorrow.isoformat(), "ends_at": (tomorrow + timedelta(hours=1)).isoformat()}
    called = {"title": "About improvements", "meeting_kind": "plan_review", "chair": "me", **times}
    meeting = f"/v1/meetings/{(await quality.post_ok('/v1/meetings', called))['id']}"
    plan = await quality.read(await programme.submitted())
    await worker.work(datetime.now(UTC))
    assert worker.failures == []
    (item,) = (await quality.read(f"{meeting}/agenda"))["items"]
    assert (item["about"]["number"], item["decision"]["id"]) == (plan["number"], plan["decision_id"])
    number = (await offered(programme.owner))["number"]
    await quality.post_ok(f"{meeting}/add_agenda_item", {"topic": "A suggestion", "about": number})
    assert (await quality.read(f"{meeting}/agenda"))["items"][-1]["about"]["number"] == number
    other = {"topic": "Somebody", "about": f"person/{programme.owner.id}"}
    refused = await quality.post(f"{meeting}/add_agenda_item", json=other)
    assert errors(refused.json()) == [("/about", "not_discussed")]
