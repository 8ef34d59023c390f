"""The teams of a rollout have staff who are trained, and change only with what was done for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.automation.worker import Worker
from tests.client import Api, Json
from tests.processes.improvements.pilots import MEMBERS, Project, event_types, project_of, refusal
from tests.processes.improvements.test_rollout import FIRST_SEVEN, completed, evidence, examined, steps_of

#: By then members must have sat the examination.
SOON = (datetime.now(UTC) + timedelta(days=20)).isoformat()


@pytest.fixture
async def project(api: Api) -> Project:
    return await project_of(api)


async def done_steps(project: Project, path: str) -> set[str]:
    """The completed steps."""
    steps = await steps_of(project.manager, path)
    return {name for name, step in steps.items() if step["completed_at"] is not None}


async def test_a_rollout_needs_a_team_of_our_own_with_active_members(project: Project) -> None:
    path = await project.rolling_out()
    await project.api.team("empty")
    await project.api.team("vendor", kind=TeamKind.supplier)
    await project.api.client("Sue", Role.engineer, teams=("vendor",))

    for teams in (["empty"], ["vendor"], ["empty", "vendor"]):
        plan = project.rollout() | {"teams": teams}
        assert await refusal(project.manager, f"{path}/roll_out", plan) == (
            422,
            [("teams", "rollout_teams_not_staffed")],
        )
    await project.manager.post_ok(f"{path}/roll_out", project.rollout() | {"teams": ["vendor", "network"]})


async def test_the_training_needs_a_member_who_has_passed(project: Project) -> None:
    path = await project.planned_rollout()
    complete = f"{path}/complete_rollout_step"
    await completed(project, path, "name_owner", "organise")
    outsider = await project.api.client("Outsider", Role.engineer)
    training = await examined(project, {outsider.id: 90})
    absent = [*await project.absent(), {"person": project.executor.id, "due_at": SOON}]
    body = evidence(project, "inform_and_train", training=training, absent=absent)
    assert await refusal(project.executor, complete, body) == (422, [("absent", "all_members_absent")])

    # Everybody has left the teams since.
    for member in await project.api.ledger.db.rows(MEMBERS):
        await project.admin.post_ok(f"/v1/persons/{member['person_id']}/leave", {"team": "network"})
    assert await refusal(project.executor, complete, body) == (422, [("step", "rollout_teams_not_staffed")])


async def test_added_teams_reopen_the_steps_that_all_teams_go_through(project: Project) -> None:
    path = await project.planned_rollout()
    roll_out, plan = f"{path}/roll_out", project.rollout()
    await project.api.team("storage")
    member = await project.api.client("Member", Role.engineer, teams=("storage",))
    await completed(project, path, *FIRST_SEVEN[:4])
    await project.executor.post_ok(f"{path}/complete_rollout_step", evidence(project, "cut_over", share=50))
    await project.executor.post_ok(f"{path}/complete_rollout_step", evidence(project, "cut_over"))

    wider_plan = plan | {"teams": ["network", "storage"]}
    past_step = plan["steps"][2] | {"due_at": "2026-01-01T00:00:00Z"}
    late_plan = wider_plan | {"steps": [*plan["steps"][:2], past_step, *plan["steps"][3:]]}
    assert await refusal(project.manager, roll_out, late_plan) == (422, [("steps/2/due_at", "not_ahead")])
    record = await project.manager.post_ok(roll_out, wider_plan)

    assert await done_steps(project, path) == {"name_owner", "organise", "pilot", "publish"}
    assert record["cutover_share"] == 50
    cut_over = evidence(project, "cut_over")
    assert await refusal(project.executor, f"{path}/complete_rollout_step", cut_over) == (
        409,
        "rollout_order",
    )
    training = await examined(project, {project.executor.id: 90})
    informed = evidence(project, "inform_and_train", training=training, absent=await project.absent())
    assert await refusal(project.executor, f"{path}/complete_rollout_step", informed) == (
        422,
        [("absent", "members_not_examined")],
    )
    late = informed | {"absent": [*informed["absent"], {"person": member.id, "due_at": SOON}]}
    assert await refusal(project.executor, f"{path}/complete_rollout_step", late) == (
        422,
        [("absent", "all_members_absent")],
    ), "nobody of the added team is trained"
    informed["training"] = await examined(project, {project.executor.id: 90, member.id: 90})
    await project.executor.post_ok(f"{path}/complete_rollout_step", informed)
    # The same plan again reopens nothing.
    await project.manager.post_ok(roll_out, wider_plan)
    await completed(project, path, "cut_over", "manage_daily")
    assert await done_steps(project, path) >= {"inform_and_train", "cut_over", "manage_daily"}


async def test_teams_leave_the_rollout_after_the_training_only_with_a_printed_reason(
    project: Project,
) -> None:
    path = await project.rolling_out()
    roll_out = f"{path}/roll_out"
    await project.api.team("storage")
    member = await project.api.client("Member", Role.engineer, teams=("storage",))

    def plan(*teams: str, **more: Any) -> Json:
        return project.rollout() | {"teams": list(teams), **more}

    # Before the training, teams change as the plan does.
    await project.manager.post_ok(roll_out, plan("network", "storage"))
    await project.manager.post_ok(roll_out, plan("network"))
    await project.manager.post_ok(roll_out, plan("network", "storage"))
    await completed(project, path, "name_owner", "organise")
    training = await examined(project, {project.executor.id: 90, member.id: 90})
    absent = await project.absent()
    informed = evidence(project, "inform_and_train", training=training, absent=absent)
    await project.executor.post_ok(f"{path}/complete_rollout_step", informed)

    assert await refusal(project.manager, roll_out, plan("network")) == (
        422,
        [("teams_reason", "removal_reason_missing")],
    )
    reason = "The storage team was dissolved."
    record = await project.manager.post_ok(roll_out, plan("network", teams_reason=reason))
    assert record["teams_reason"] == reason
    assert "inform_and_train" in await done_steps(project, path)
    await completed(project, path, "publish", "cut_over", "manage_daily")
    handed = {"handed_over": "The process.", "external_numbers": ["SOP-12"]}
    await project.manager.post_ok(f"{path}/ask_hand_over", handed)
    [entry] = [
        document
        for document in (await project.manager.read(f"{path}/documents"))["items"]
        if document["document_class"] == "HO"
    ]
    page = await project.manager.get(f"{path}/documents/{entry['number']}")
    assert reason in page.text


async def test_whoever_joins_a_team_between_training_and_cutover_sits_the_examination_too(
    project: Project,
) -> None:
    path = await project.planned_rollout()
    await completed(project, path, *FIRST_SEVEN[:4])
    newcomer = await project.api.client("Newcomer", Role.engineer, teams=("network",))
    before = (await project.manager.read(f"{path}/rollout_sittings"))["items"]
    worker, now = Worker(project.api.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=2))
    [listed] = (await project.manager.read(f"{path}/rollout_sittings"))["items"][len(before) :]
    assert listed["person"]["id"] == newcomer.id, "told on joining, not only at cutover"
    assert datetime.fromisoformat(listed["due_at"]) > datetime.now(UTC)
    steps = [step for notice in (await newcomer.read("/v1/notices"))["items"] for step in notice["told"]]
    asked_until = [step["due_at"] for step in steps if step["step"] == "examination_due"]
    assert asked_until == [listed["due_at"]], "who joins is told at once, and until when"
    for share in (50, 100):
        cut_over = evidence(project, "cut_over", share=share)
        await project.executor.post_ok(f"{path}/complete_rollout_step", cut_over)
    sittings = (await project.manager.read(f"{path}/rollout_sittings"))["items"]
    added = sittings[len(before) :]
    assert [sitting["person"]["id"] for sitting in added] == [newcomer.id], "listed once, and nobody else"


async def test_whoever_is_new_in_the_rollout_is_told_of_its_publication_once(project: Project) -> None:
    path = await project.planned_rollout()
    await completed(project, path, *FIRST_SEVEN[:4])
    effective_at = (await steps_of(project.owner, path))["publish"]["effective_at"]
    await project.api.team("platform")
    added = await project.api.client("Elena", Role.engineer, teams=("platform",))
    worker, now = Worker(project.api.ledger), datetime.now(UTC)
    await worker.work(now)
    await project.manager.post_ok(f"{path}/roll_out", project.rollout() | {"teams": ["network", "platform"]})
    newcomer = await project.api.client("Nan", Role.engineer, teams=("network",))
    await project.api.client("Elsewhere", Role.engineer)
    for minutes in (0, 2):
        await worker.work(now + timedelta(minutes=minutes))
    types = await event_types(project.owner, path)
    assert types.count("improvement.newcomer_told") == 2, "nobody else, and nobody twice"
    for reader in (added, newcomer):
        notices = (await reader.read("/v1/notices"))["items"]
        [published] = [
            step for notice in notices for step in notice["told"] if step["step"] == "process_published"
        ]
        details = {detail["field"]: detail["value"] for detail in published["details"]}
        assert details["effective_at"].startswith(effective_at[:10]), "from when"
        assert details["external_numbers"], "and by what"
