"""A rollout over HTTP: nine steps in their order, each with its evidence; hand-over, and what comes after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Person, Role
from app.common.records import from_row
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.effects.records import MeasurementOccasion
from app.processes.improvements.rollout.records import DAILY_MANAGEMENT, FIXED_IN
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.governance.process_definitions.conftest import a_registry
from tests.processes.improvements.pilots import (
    AHEAD,
    STEPS,
    TOPICS,
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


def shown(names: Iterable[str]) -> Json:
    """What is said of each of these."""
    return {name: f"Of {name}." for name in names}


def evidence(project: Project, step: str, **more: Any) -> Json:
    """What is said to complete the step."""
    of_steps: dict[str, Json] = {
        "name_owner": {"owner": project.owner.id},
        "organise": {"goals": "Half the time.", "weekly_plan": "One team a week."},
        "inform_and_train": {
            "announcements": [
                {"medium": "Mail", "announced_at": ago(), "reach": 120},
                {"medium": "Meeting", "announced_at": ago(), "reach": 30},
            ]
        },
        "publish": {"external_numbers": ["SOP-12"], "effective_at": ago()},
        "cut_over": {
            "share": 100,
            "pilot_shown": "PL2026001.",
            "people_shown": "The examination.",
            "resources_shown": "The tool is there.",
            "obstacles_shown": "None is known.",
        },
        "manage_daily": {"went_well": "Nobody asks twice any more.", **shown(DAILY_MANAGEMENT)},
    }
    return {"step": step, "evidence": f"Done: {step}.", **of_steps.get(step, {}), **more}


async def completed(project: Project, path: str, *steps: str) -> Json:
    """The improvement after its steps were completed."""
    improvement: Json = {}
    for step in steps:
        more = {}
        if step == "inform_and_train":
            training = await project.training("everybody", upto="examine")
            more = {"training": training, "absent": await project.absent()}
        body = evidence(project, step, **more)
        improvement = await project.of_step(step).post_ok(f"{path}/complete_rollout_step", body)
    return improvement


async def steps_of(client: Client, path: str) -> dict[str, Json]:
    """The steps of the rollout by name."""
    return {item["step"]: item for item in (await client.read(f"{path}/rollout_steps"))["items"]}


async def examined(project: Project, marks: dict[str, int], *, closed_book: bool = True) -> str:
    """The number of a training in which each of the persons got those marks in all topics."""
    persons = list(marks)
    number = await project.training("everybody", upto="plan", persons=persons)
    path = f"/v1/trainings/{number}"
    await project.quality.post_ok(f"{path}/hold", {"attended": persons, "contents": "What is new."})
    results = [{"person": person, "marks": dict.fromkeys(TOPICS, mark)} for person, mark in marks.items()]
    await project.quality.post_ok(f"{path}/examine", {"results": results, "closed_book": closed_book})
    return number


AHEAD_CUTOVER = "2030-03-31T04:00:00.000000Z"
FIRST_SEVEN = tuple(step for step in STEPS[:7] if step != "pilot")


async def test_a_rollout_is_planned_in_nine_steps_of_which_the_pilot_is_done(project: Project) -> None:
    path = await project.rolling_out(reason="It is better.")
    passed = await project.quality.read(path)
    assert (passed["against_evidence"], passed["against_evidence_reason"]) == (False, None)
    roll_out, plan = f"{path}/roll_out", project.rollout(cutover_at="2030-03-31T04:00:00Z")
    assert await refusal(project.quality, roll_out, plan) == (403, "forbidden")
    step = {"step": "organise", "evidence": "It is in place.", "goals": "Half.", "weekly_plan": "All."}
    unplanned = (409, "rollout_not_planned")
    assert await refusal(project.executor, f"{path}/complete_rollout_step", step) == unplanned
    english, chinese = await sentences(project.executor, f"{path}/complete_rollout_step", step)
    assert "Plan it first" in english
    assert "请先制定推广计划" in chinese

    teamless = plan | {"teams": []}
    assert await refusal(project.manager, roll_out, teamless) == (422, [("teams", "rollout_teams_missing")])
    for person, code in ((project.executor, "owner_is_executor"), (project.manager, "not_a_process_owner")):
        led = plan | {"steps": [plan["steps"][0] | {"owner": person.id}, *plan["steps"][1:]]}
        assert await refusal(project.manager, roll_out, led) == (422, [("steps/0/owner", code)])
    left = plan | {"steps": [step for step in plan["steps"] if step["step"] not in ("publish", "fix")]}
    assert await refusal(project.manager, roll_out, left) == (422, [("steps", "rollout_steps_missing")])
    english, chinese = await sentences(project.manager, roll_out, left)
    assert "missing: Publish, Fix" in english
    assert "正式发布、固化" in chinese
    twice = plan | {"steps": [*plan["steps"], plan["steps"][0]]}
    assert await refusal(project.manager, roll_out, twice) == (422, [("steps/8/step", "each_once")])
    for dues, wrong in (
        ({"name_owner": ago(days=1)}, ("steps/0/due_at", "not_ahead")),
        ({"organise": AHEAD}, ("steps/2/due_at", "before_earlier_step")),
    ):
        assert await refusal(project.manager, roll_out, project.rollout(**dues)) == (422, [wrong])
    for place, name, due_at in ((6, "optimise", "2030-09-29T12:00:00Z"), (7, "fix", "2030-12-30T12:00:00Z")):
        soon = project.rollout(cutover_at="2030-03-31T04:00:00Z", **{name: due_at})
        too_soon = (422, [(f"steps/{place}/due_at", "due_too_soon_after_cutover")])
        assert await refusal(project.manager, roll_out, soon) == too_soon
    in_years = project.rollout(optimise=ago(days=-3_000)) | {"schedule_reason": None}
    too_slow = (422, [("schedule_reason", "rollout_too_slow")])
    assert await refusal(project.manager, roll_out, in_years) == too_slow
    undated = plan | {"steps": [{"step": "name_owner", "owner": project.owner.id}, *plan["steps"][1:]]}
    undated_step = (422, [("steps/0/due_at", "undated_step")])
    assert await refusal(project.manager, roll_out, undated) == undated_step

    record = await project.manager.post_ok(roll_out, plan)
    assert (record["state"], record["rollout_departments"]) == ("rolling_out", ["Service desk"])
    steps = await steps_of(project.manager, path)
    assert list(steps) == list(STEPS)
    assert [step["place"] for step in steps.values()] == list(range(1, 10))
    assert steps["optimise"]["due_at"].startswith("2030-09-30T04:00")
    assert steps["fix"]["due_at"].startswith("2030-12-31T04:00")
    done = [name for name, step in steps.items() if step["completed_at"] is not None]
    report = (await project.manager.read(f"{path}/documents"))["items"][-1]["number"]
    assert (done, steps["pilot"]["evidence_numbers"]) == (["pilot"], [report])

    await completed_steps_are_left_as_they_are(project, path, plan)


async def completed_steps_are_left_as_they_are(project: Project, path: str, plan: Json) -> None:
    """Another plan moves only open steps."""
    roll_out = f"{path}/roll_out"
    await completed(project, path, "name_owner")
    replanned = [step | {"owner": project.manager.id} for step in plan["steps"]]
    completed_moved = (422, [("steps/0/owner", "step_completed")])
    assert await refusal(project.manager, roll_out, plan | {"steps": replanned}) == completed_moved
    replanned[0] = plan["steps"][0]
    replanned[1] |= {"owner": project.sponsor.id}
    await project.manager.post_ok(roll_out, plan | {"steps": replanned})
    owners = {name: step["owner"]["id"] for name, step in (await steps_of(project.manager, path)).items()}
    assert owners["name_owner"] == project.owner.id
    assert (owners["organise"], owners["publish"]) == (project.sponsor.id, project.manager.id)


async def test_each_step_is_completed_by_its_owner_in_order_with_its_evidence(project: Project) -> None:
    record_path = await project.planned_rollout()
    path = f"{record_path}/complete_rollout_step"

    async def refused(step: str, **more: Any) -> Any:
        status, wrong = await refusal(project.of_step(step), path, evidence(project, step, **more))
        assert status in (409, 422)
        return wrong

    for client in (project.manager, project.quality):
        assert await refusal(client, path, evidence(project, "name_owner")) == (403, "not_the_step_owner")
    english, chinese = await sentences(project.quality, path, evidence(project, "name_owner"))
    assert "Only the owner of a rollout step" in english
    assert "由其负责人完成" in chinese
    assert await refused("publish") == "rollout_order"
    english, chinese = await sentences(project.executor, path, evidence(project, "publish"))
    assert "“Publish” comes after “Name the process owner”" in english
    assert "任命流程负责人" in chinese
    assert await refused("fix") == [("step", "step_for_later")]
    pilot = evidence(project, "pilot")
    assert await refusal(project.manager, path, pilot) == (422, [("step", "completed_already")])

    assert await refused("name_owner", owner=None) == [("owner", "process_owner_missing")]
    assert await refused("name_owner", owner=project.manager.id) == [("owner", "not_senior")]
    raised = await project.admin.patch(
        f"/v1/persons/{project.executor.id}", json={"grade": "senior"}, headers={"If-Match": "*"}
    )
    assert raised.status_code == 200
    assert await refused("name_owner", owner=project.executor.id) == [("owner", "owner_is_executor")]
    improvement = await completed(project, record_path, "name_owner")
    assert improvement["process_owner"]["id"] == project.owner.id
    await the_process_owner_lets_a_step_come_first(project, record_path)


async def the_process_owner_lets_a_step_come_first(project: Project, path: str) -> None:
    """It is published before anybody is trained."""
    skip = f"{path}/skip_rollout_order"
    body = {"step": "publish", "reason": "The training needs it."}
    assert await refusal(project.executor, skip, body) == (403, "forbidden")
    assert await refusal(project.owner, skip, body | {"step": "organise"}) == (
        422,
        [("step", "step_in_order")],
    )
    await project.owner.post_ok(skip, body)
    await completed(project, path, "publish")
    step = (await steps_of(project.owner, path))["publish"]
    assert (step["order_reason"], step["order_skipped_by"]["id"]) == (
        "The training needs it.",
        project.owner.id,
    )
    assert await refusal(project.owner, skip, body) == (422, [("step", "completed_already")])


async def test_goals_telling_training_and_publishing_need_their_evidence(project: Project) -> None:
    planned = datetime.now(UTC) + timedelta(days=30)
    record_path = await project.planned_rollout(cutover_at=planned.isoformat())
    path = f"{record_path}/complete_rollout_step"

    async def refused(step: str, **more: Any) -> Any:
        status, wrong = await refusal(project.of_step(step), path, evidence(project, step, **more))
        assert status in (409, 422)
        return wrong

    await completed(project, record_path, "name_owner")
    assert await refused("organise", goal="0.49") == [("goal_reason", "goal_below_half")]
    assert await refused("organise", goals=None, weekly_plan=None) == [
        ("goals", "goals_missing"),
        ("weekly_plan", "weekly_plan_missing"),
    ]
    assert await refused("organise", goal="0") == [("goal", "goal_not_positive")]
    improvement = await completed(project, record_path, "organise")
    assert improvement["rollout_goal"] == "0.5"

    old = [{"medium": medium, "announced_at": ago(days=2), "reach": 120} for medium in ("Mail", "Meeting")]
    assert await refused("inform_and_train", announcements=old) == [
        ("announcements/0/announced_at", "before_approval")
    ]
    announcements = [{"medium": "Mail", "announced_at": ago(), "reach": 120}] * 2
    assert await refused("inform_and_train", announcements=announcements) == [
        ("announcements", "two_media_needed")
    ]
    assert await refused("inform_and_train") == [("training", "examined_training_missing")]
    held = await project.training("executor", upto="hold", title="Only held")
    assert await refused("inform_and_train", training=held) == [("training", "training_not_examined")]
    few = await project.training("executor", upto="examine", topics=["own_duty"])
    assert await refused("inform_and_train", training=few) == [("training", "training_topics_missing")]
    english, chinese = await sentences(
        project.executor, path, evidence(project, "inform_and_train", training=few)
    )
    assert "does not cover New content, Differences from before, Practical steps" in english
    assert "有哪些新内容" in chinese
    executor, other = (
        project.executor.id,
        (await project.api.client("Other", Role.engineer, teams=("network",))).id,
    )
    for marks, code in (
        ({executor: 20, other: 30}, "training_passed_by_nobody"),
        ({executor: 20, other: 90}, "training_not_passed_by_executor"),
    ):
        failed = await examined(project, marks)
        assert await refused("inform_and_train", training=failed) == [("training", code)]
    opened = await examined(project, {executor: 90}, closed_book=False)
    assert await refused("inform_and_train", training=opened) == [("training", "training_not_closed_book")]
    await all_members_sit_the_examination(project, record_path, other)
    media = [item["medium"] for item in (await project.quality.read(f"{record_path}/announcements"))["items"]]
    assert media == ["Mail", "Meeting"]
    await it_is_published_for_the_day_of_the_cutover(project, record_path, planned)


async def all_members_sit_the_examination(project: Project, record_path: str, other: str) -> None:
    """The step is done when each member has passed, or has a day by which they sit."""
    path, executor = f"{record_path}/complete_rollout_step", project.executor.id
    training = await examined(project, {executor: 90, other: 30})
    now = datetime.now(UTC)
    later = {"person": other, "due_at": (now + timedelta(minutes=10)).isoformat()}

    async def refused(*absent: Json) -> Any:
        body = evidence(project, "inform_and_train", training=training, absent=list(absent))
        return (await refusal(project.executor, path, body))[1]

    assert await refused() == [("absent", "members_not_examined")]
    assert await refused(later, later) == [("absent/1/person", "each_once")]
    assert await refused(later | {"person": executor}) == [("absent/0/person", "passed_already")]
    assert await refused(later | {"person": project.owner.id}) == [("absent/0/person", "not_in_scope")]
    assert await refused(later | {"due_at": ago()}) == [("absent/0/due_at", "not_ahead")]
    assert await refused(later | {"due_at": AHEAD}) == [("absent/0/due_at", "sits_too_late")]
    body = evidence(project, "inform_and_train", training=training, absent=[later])
    few = [item | {"reach": 1} for item in body["announcements"]]
    refused_few = await refusal(project.executor, path, body | {"announcements": few})
    assert refused_few == (422, [("announcements/0/reach", "reaches_too_few")])
    await project.executor.post_ok(path, body)
    (sitting,) = (await project.quality.read(f"{record_path}/rollout_sittings"))["items"]
    assert (sitting["person"]["id"], sitting["listed_by"]["id"]) == (other, executor)
    worker = Worker(project.api.ledger)
    for minutes in (1, 11, 14):
        await worker.work(now + timedelta(minutes=minutes))
    (sitting,) = (await project.quality.read(f"{record_path}/rollout_sittings"))["items"]
    assert sitting["overdue_at"] is not None
    assert "examination_overdue" in await told(project.manager, record_path)


async def an_edition(project: Project, effective: datetime) -> str:
    """The document number of a published definition of the improvement's process."""
    registry = await a_registry(project.api)
    path = await registry.submitted(process="incident", title="Incidents", expected_path=[])
    body = await registry.publication(path, effective_at=effective.isoformat())
    return str((await registry.quality.post_ok(f"{path}/publish", body))["document_number"])


async def it_is_published_for_the_day_of_the_cutover(
    project: Project, record_path: str, planned: datetime
) -> None:
    """The publication names that day, and a new plan does not lead to an earlier one."""
    path = f"{record_path}/complete_rollout_step"

    async def refused(step: str, **more: Any) -> Any:
        return (await refusal(project.executor, path, evidence(project, step, **more)))[1]

    assert await refused("publish", external_numbers=[], effective_at=None) == [
        ("numbers", "document_number_missing"),
        ("effective_at", "effective_day_missing"),
    ]
    assert await refused("publish", effective_at="2199-01-03T00:00:00Z") == [
        ("effective_at", "not_the_cutover_day")
    ]
    edition = await an_edition(project, planned)
    assert await refused("publish", effective_at=planned.isoformat()) == [("numbers", "no_edition_published")]
    named = {"numbers": [edition], "external_numbers": []}
    await project.executor.post_ok(
        path, evidence(project, "publish", effective_at=planned.isoformat(), **named)
    )
    moved = project.rollout(cutover_at=(planned - timedelta(days=2)).isoformat())
    assert await refusal(project.manager, f"{record_path}/roll_out", moved) == (
        422,
        [("steps/4/due_at", "before_effective_day")],
    )
    assert await refused("manage_daily") == "rollout_order"
    assert await refused("cut_over") == "not_in_effect"


@in_test_all
async def test_a_cutover_is_ready_and_in_stages_and_moves_what_follows(project: Project) -> None:
    record_path = await project.planned_rollout()
    await completed(project, record_path, *FIRST_SEVEN[:4])
    path, bare = f"{record_path}/complete_rollout_step", {"step": "cut_over", "evidence": "The day."}
    assert await refusal(project.executor, path, bare) == (
        422,
        [
            ("pilot_shown", "pilot_evidence_missing"),
            ("people_shown", "people_evidence_missing"),
            ("resources_shown", "resources_evidence_missing"),
            ("obstacles_shown", "obstacles_evidence_missing"),
            ("share", "share_missing"),
        ],
    )
    english, chinese = await sentences(project.executor, path, bare)
    assert "there is no obstacle" in english
    assert "不存在障碍" in chinese
    half = evidence(project, "cut_over", share=50)
    record = await project.executor.post_ok(path, half)
    assert (record["cutover_share"], record["cutover_at"] is not None) == (50, True)
    steps = await steps_of(project.executor, record_path)
    assert steps["cut_over"]["completed_at"] is None
    cutover = datetime.fromisoformat(record["cutover_at"])
    optimise = datetime.fromisoformat(steps["optimise"]["due_at"])
    assert timedelta(days=180) < optimise - cutover < timedelta(days=186)
    assert await refusal(project.executor, path, half) == (422, [("share", "share_not_more")])
    again = await project.executor.post_ok(path, evidence(project, "cut_over"))
    assert (again["cutover_share"], again["cutover_at"]) == (100, record["cutover_at"])
    steps = await steps_of(project.executor, record_path)
    organised, cut = steps["organise"], steps["cut_over"]
    assert cut["completed_at"] is not None
    assert [organised[name] for name in ("evidence", "goals", "weekly_plan")] == [
        *("Done: organise.", "Half the time."),
        "One team a week.",
    ]
    texts = ("evidence", "pilot_shown", "people_shown", "resources_shown", "obstacles_shown")
    assert [cut[name] for name in texts] == [
        *("Done: cut_over.", "PL2026001.", "The examination.", "The tool is there."),
        "None is known.",
    ]
    await it_is_managed_daily_until_the_planned_end(project, record_path)
    reversal = {"reason": "It is slow.", "old_process_stands": True, "told": "Both desks."}
    assert (await refusal(project.quality, f"{record_path}/revert", reversal))[0] == 409


async def it_is_managed_daily_until_the_planned_end(project: Project, path: str) -> None:
    """All seven parts are shown, and not before the end in the plan."""
    complete = f"{path}/complete_rollout_step"
    ahead = project.rollout(manage_daily=AHEAD)
    await project.manager.post_ok(f"{path}/roll_out", ahead)
    managed = evidence(project, "manage_daily")
    assert await refusal(project.executor, complete, managed) == (409, "daily_management_not_over")
    await project.manager.post_ok(f"{path}/roll_out", project.rollout())
    bare = {"step": "manage_daily", "evidence": "It is in place."}
    parts = [(name, f"{name.removesuffix('_shown')}_evidence_missing") for name in DAILY_MANAGEMENT]
    assert await refusal(project.executor, complete, bare) == (
        422,
        [*parts, ("went_well", "went_well_missing")],
    )
    await project.executor.post_ok(complete, managed)
    assert (await steps_of(project.executor, path))["manage_daily"]["audit_shown"] == "Of audit_shown."


@in_test_all
async def test_a_new_owner_of_a_step_is_told_which_one_and_until_when_and_finds_it_in_their_work(
    project: Project,
) -> None:
    path = await project.planned_rollout(cutover_at=AHEAD_CUTOVER)
    new = await project.api.client("New", Role.engineer, teams=("network",))
    plan = project.rollout(cutover_at=AHEAD_CUTOVER)
    for step in plan["steps"]:
        if step["step"] == "cut_over":
            step["owner"] = new.id
    await project.manager.post_ok(f"{path}/roll_out", plan)
    (duty,) = (await new.read("/v1/me/work"))["duties"]
    assert (duty["action"], duty["fields"]) == ("complete_rollout_step", {"step": "cut_over"})
    assert (duty["due_at"], duty["title"], duty["overdue"]) == (AHEAD_CUTOVER, "Cut over", False)
    worker, now = Worker(project.api.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=2))
    told_steps = [step for notice in (await new.read("/v1/notices"))["items"] for step in notice["told"]]
    (tasked,) = [step for step in told_steps if step["step"] == "tasked"]
    assert tasked["due_at"] == AHEAD_CUTOVER
    assert "Cut over" in {detail["value"] for detail in tasked["details"]}


async def test_what_went_well_is_told_to_all_teams_and_an_overdue_step_to_its_owner(
    project: Project,
) -> None:
    await project.api.team("storage")
    other = await project.api.client("Other", Role.engineer, teams=("storage",))
    member = await project.api.client("Member", Role.engineer, teams=("network",))
    path = await project.planned_rollout(name_owner=ago(minutes=5))
    worker, now = Worker(project.api.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=2))
    await worker.work(now + timedelta(minutes=4))
    step = (await steps_of(project.manager, path))["name_owner"]
    assert step["overdue_at"] is not None
    assert "rollout_step_overdue" in await told(project.owner, path)
    await completed(project, path, *FIRST_SEVEN)
    await worker.work(now + timedelta(minutes=6))
    await worker.work(now + timedelta(minutes=8))
    assert worker.failures == []
    assert await told(other, path) == ["success_published"]
    informed = {"examination_due", "process_published", "process_cut_over", "success_published"}
    assert informed <= set(await told(member, path))
    types = await event_types(project.quality, path)
    query = "select data->'given'->>'step' as step from log.told where type = %s order by 1"
    flagged = await project.api.ledger.db.rows(query, ("improvement.rollout_step_overdue",))
    # All of them were planned for a moment that is past; each is flagged once.
    assert [row["step"] for row in flagged] == sorted(FIRST_SEVEN)
    assert types[-2:] == ["improvement.rollout_step_completed", "improvement.success_published"]


async def told(client: Client, path: str) -> list[str]:
    """What the client was told of the improvement."""
    items = (await client.read("/v1/notices"))["items"]
    return [
        step
        for notice in items
        if notice["about"].endswith(path.rpartition("/")[2])
        for step in notice["steps"]
    ]


async def test_it_is_handed_over_by_the_manager_accepted_by_quality_and_fixed_in_the_end(
    project: Project,
) -> None:
    path = await project.rolling_out(EffectVerdict.no_evidence, reason="The law asks for it.")
    await project.manager.post_ok(f"{path}/roll_out", project.rollout())
    ask, body = f"{path}/ask_hand_over", {"handed_over": "All of it.", "external_numbers": ["SOP-12"]}
    assert await refusal(project.manager, ask, body) == (409, "rollout_incomplete")
    english, chinese = await sentences(project.manager, ask, body)
    assert "Still open: Name the process owner; Organise, set goals, plan by the week; " in english
    assert "日常管理" in chinese
    await completed(project, path, *FIRST_SEVEN)
    assert await refusal(project.quality, f"{path}/hand_over", {}) == (409, "handover_not_asked")
    english, chinese = await sentences(project.quality, f"{path}/hand_over", {})
    assert "has not requested the hand-over" in english
    assert "尚未提请移交" in chinese
    assert await refusal(project.quality, ask, body) == (403, "forbidden")
    await project.manager.post_ok(ask, body)
    await project.manager.post_ok(ask, body | {"open_points": "The night shift."})
    assert await refusal(project.manager, f"{path}/hand_over", {}) == (403, "forbidden")
    row = await project.api.ledger.db.row("select * from fold.person where id = %s", (project.manager.id,))
    assert row is not None
    person = from_row(Person, row)
    manager = await project.api.client_of(person, Role.quality_manager, Role.project_manager)
    assert await refusal(manager, f"{path}/hand_over", {}) == (403, "separation_of_duties")
    assert await refusal(project.quality, f"{path}/hand_over", {}) == (409, "proposal_rewritten")
    version = str((await project.quality.read(path))["version"])
    record = await project.quality.post_ok(f"{path}/hand_over", {"comment": "All there."}, if_match=version)
    assert (record["state"], record["accepted_by"]["id"]) == ("handed_over", project.quality.id)
    document = (await project.quality.read(f"{path}/documents"))["items"][-1]
    assert (document["document_class"], document["state"], document["edition"]) == ("HO", "published", 2)
    rows = (await project.quality.read(f"{path}/document_sections"))["items"]
    texts = {
        row["heading"]: row["text"]
        for row in rows
        if row["document_id"] == document["id"] and row["edition"] == 2
    }
    assert texts["against_evidence"] == "The law asks for it."
    assert "No evidence" in texts["pilot_result"]
    assert texts["open_points"] == "The night shift."
    documents = texts["documents"].split(", ")
    assert [number[:2] for number in documents] == ["PP", "PL", "SO"], "and SOP-12"
    standard = {"external_numbers": ["SOP-12"], "teams": ["network"]}
    assert (await project.quality.post_ok(f"{path}/standardise", standard))["state"] == "standardised"
    await it_is_optimised_and_fixed(project, path)


async def it_is_optimised_and_fixed(project: Project, path: str) -> None:
    """Steps eight and nine come after it is standardised."""
    fix = f"{path}/fix"
    optimise = {"step": "optimise", "evidence": "Two fields less."}
    assert await refusal(project.quality, fix, optimise) == (403, "forbidden")
    assert await refusal(project.owner, fix, optimise | {"step": "publish"}) == (
        422,
        [("step", "not_a_later_step")],
    )
    last: Json = {"step": "fix", "evidence": "It is held."}
    assert await refusal(project.owner, fix, last) == (409, "rollout_order")
    assert await refusal(project.owner, fix, optimise) == (409, "optimised_too_early")
    english, chinese = await sentences(project.owner, fix, optimise)
    assert "half a year after the cutover" in english
    assert "半年内" in chinese
    despite = {"freeze_exception": "law", "freeze_exception_reason": "The law asks for two fields less."}
    alone = await refusal(project.owner, fix, optimise | despite)
    assert alone == (422, [("freeze_exception", "freeze_exception_not_granted")])
    grant = f"{path}/grant_freeze_exception"
    assert await refusal(project.owner, grant, despite) == (403, "forbidden")
    await project.first.post_ok(grant, despite)
    record = await project.owner.post_ok(fix, optimise | despite)
    assert (record["optimised_at"] is not None, record["freeze_exception"]) == (True, "law")
    assert await refusal(project.owner, fix, optimise) == (422, [("step", "completed_already")])

    assert await refusal(project.owner, fix, last) == (409, "targets_not_held")
    english, chinese = await sentences(project.owner, fix, last)
    assert "Mean time to resolve (MTTR, business time) has not met its target" in english
    assert "尚未" in chinese
    faded: Json = {"promise": PromiseVerdict.missed, "stays": False}
    await project.measured(path, occasion=MeasurementOccasion.month_3, days=95, **faded)
    assert await refusal(project.owner, fix, last) == (409, "targets_not_held")
    body: Json = {"promise": PromiseVerdict.missed, "stays": True}
    await project.measured(path, occasion=MeasurementOccasion.month_6, days=190, **body)
    assert await refusal(project.owner, fix, last) == (
        422,
        [(name, f"{name.removesuffix('_shown')}_evidence_missing") for name in FIXED_IN],
    )
    record = await project.owner.post_ok(fix, last | shown(FIXED_IN))
    assert (await steps_of(project.owner, path))["fix"]["it_shown"] == "Of it_shown."
    assert (record["state"], record["fixed_at"] is not None) == ("standardised", True)
    assert (await event_types(project.quality, path))[-1] == "improvement.fixed"
