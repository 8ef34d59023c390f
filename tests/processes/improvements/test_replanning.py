"""A rollout that is planned again is told to those whose steps move, and a moved cutover to all concerned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from app.log.canonical import from_instant
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.desk.sent_forms import read_form, said, send_form
from tests.processes.improvements.pilots import STEPS, Project, project_of, refusal
from tests.processes.improvements.test_rollout import FIRST_SEVEN, completed, evidence, steps_of

CUTOVER, LATER, LAST = (f"2030-0{month}-28T04:00:00.000000Z" for month in (3, 4, 5))


@pytest.fixture
async def project(api: Api) -> Project:
    return await project_of(api)


async def replanned(project: Project, path: str, plan: Json, moves: dict[str, Json]) -> datetime:
    """Plan the rollout again with these changes of its steps. Gives when."""
    now = datetime.now(UTC)
    plan["steps"] = [step | moves.get(step["step"], {}) for step in plan["steps"]]
    await project.manager.post_ok(f"{path}/roll_out", plan)
    worker = Worker(project.api.ledger)
    await worker.work(datetime.now(UTC))
    await worker.work(datetime.now(UTC) + timedelta(minutes=2))
    return now


async def told(reader: Client, since: datetime) -> dict[str, Json]:
    """What the reader was told of since then, by the type of the notice; each with what it shows."""
    items = (await reader.read("/v1/notices"))["items"]
    of_improvements = [notice["told"] for notice in items if notice["about"].startswith("improvement/")]
    steps = [step for notice in of_improvements for step in notice if from_instant(step["at"]) >= since]
    notices: dict[str, Json] = {}
    for step in steps:
        told_of = notices.setdefault(step["step"], {"until": step["due_at"]})
        for detail in step["details"]:
            before = told_of.get(detail["field"])
            told_of[detail["field"]] = f"{before}, {detail['value']}" if before else detail["value"]
    return notices


async def test_whoever_owns_or_owned_a_moved_step_is_told_and_all_concerned_if_the_cutover_moves(
    project: Project,
) -> None:
    member = await project.api.client("Member", Role.engineer, teams=("network",))
    new = await project.api.client("New", Role.engineer)
    former = await project.api.client("Former", Role.engineer)
    plan = project.rollout(cutover_at=CUTOVER)
    path = await project.rolling_out()
    first = await replanned(
        project, path, plan, {"publish": {"owner": former.id}, "manage_daily": {"owner": new.id}}
    )
    assert "rollout_replanned" not in await told(project.owner, first), "the first plan is no other one"

    moves = {"publish": {"owner": new.id}, "manage_daily": {"due_at": LATER}}
    second = await replanned(project, path, plan, moves)
    notices = await told(new, second)
    assert notices["tasked"]["step"] == "Publish"
    moved = notices["rollout_step_moved"]
    assert (moved["step"], moved["until"]) == ("Manage daily", LATER)
    assert moved["due_at"].startswith("2030-04-28")
    assert "relieved" in await told(former, second)
    replan = (await told(project.owner, second))["rollout_replanned"]
    assert replan["moved_steps"] == "Publish, Manage daily"
    for reader in (member, project.executor):
        of_plan = {"tasked", "relieved", "rollout_step_moved", "rollout_replanned"}
        assert of_plan.isdisjoint(await told(reader, second)), "nothing of theirs has moved"

    third = await replanned(
        project, path, plan, {"cut_over": {"due_at": LATER}, "manage_daily": {"due_at": LAST}}
    )
    for reader in (member, project.owner):
        replan = (await told(reader, third))["rollout_replanned"]
        assert replan["cutover_planned_at"].startswith("2030-04-28")
    moved = (await told(project.executor, third))["rollout_step_moved"]
    assert (moved["step"], moved["until"]) == ("Cut over, Optimise, Fix", LATER), "and what follows from it"


async def test_an_owner_of_two_steps_is_relieved_of_the_rollout_with_the_last_one(project: Project) -> None:
    former = await project.api.client("Former", Role.engineer)
    new = await project.api.client("New", Role.engineer)
    plan, path = project.rollout(cutover_at=CUTOVER), await project.rolling_out()
    both = {"publish": {"owner": former.id}, "manage_daily": {"owner": former.id}}
    await replanned(project, path, plan, both)

    first = await replanned(project, path, plan, {"manage_daily": {"owner": new.id}})
    assert "relieved" not in await told(former, first), "publication is still theirs"
    last = await replanned(project, path, plan, {"publish": {"owner": new.id}})
    assert "relieved" in await told(former, last)


async def test_a_cutover_moves_to_a_later_day_after_publication_and_what_was_published_with_it(
    project: Project,
) -> None:
    member = await project.api.client("Member", Role.engineer, teams=("network",))
    plan = project.rollout(cutover_at=CUTOVER, manage_daily=LATER)
    path = await project.rolling_out()
    await project.manager.post_ok(f"{path}/roll_out", plan)
    await completed(project, path, *FIRST_SEVEN[:3])
    published = evidence(project, "publish", effective_at=CUTOVER)
    await project.executor.post_ok(f"{path}/complete_rollout_step", published)
    moves = {"cut_over": {"due_at": LATER}, "manage_daily": {"due_at": LAST}}
    now = await replanned(project, path, plan, moves)
    steps = {step["step"]: step for step in (await project.owner.read(f"{path}/rollout_steps"))["items"]}
    assert (steps["publish"]["effective_at"], steps["cut_over"]["due_at"]) == (LATER, LATER)
    assert steps["publish"]["completed_at"] is not None, "it need not be published again"
    replan = (await told(member, now))["rollout_replanned"]
    assert replan["cutover_planned_at"].startswith("2030-04-28")


async def test_completed_steps_stay_whether_the_plan_names_their_owners_or_leaves_them_out(
    project: Project,
) -> None:
    leaver = await project.api.client("Leaver", Role.engineer)
    outsider = await project.api.client("Outsider", Role.engineer)
    plan = project.rollout(cutover_at=CUTOVER, manage_daily=LATER)
    plan["steps"] = [
        step | ({"owner": leaver.id} if step["step"] in ("inform_and_train", "optimise") else {})
        for step in plan["steps"]
    ]
    path = await project.rolling_out()
    roll_out = f"{path}/roll_out"
    await project.manager.post_ok(roll_out, plan)
    await completed(project, path, "name_owner", "organise")
    training = await project.training("everybody", upto="examine")
    informed = evidence(project, "inform_and_train", training=training, absent=await project.absent())
    await leaver.post_ok(f"{path}/complete_rollout_step", informed)
    before = await steps_of(project.manager, path)
    await project.admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")

    inactive = [("steps/6/owner", "person_inactive")]
    assert await refusal(project.manager, roll_out, plan) == (422, inactive), "of an open step"
    plan["steps"][6] |= {"owner": project.executor.id}
    await project.manager.post_ok(roll_out, plan)
    for change in ({"owner": outsider.id}, {"due_at": LAST}):
        named = [step | (change if step["step"] == "name_owner" else {}) for step in plan["steps"]]
        assert await refusal(project.manager, roll_out, plan | {"steps": named}) == (
            422,
            [(f"steps/0/{next(iter(change))}", "step_completed")],
        )
    left_out = plan | {"steps": plan["steps"][3:]}
    await project.manager.post_ok(roll_out, left_out)
    steps = await steps_of(project.manager, path)
    assert [steps[name] for name in STEPS[:4]] == [before[name] for name in STEPS[:4]]
    assert steps["optimise"]["owner"]["id"] == project.executor.id

    open_left_out = plan | {"steps": plan["steps"][4:]}
    assert await refusal(project.manager, roll_out, open_left_out) == (
        422,
        [("steps", "rollout_steps_missing")],
    )


async def test_the_form_of_a_new_plan_begins_with_the_present_plan(project: Project) -> None:
    manager = await project.api.whole(project.manager)
    path = await project.rolling_out()
    await manager.post_ok(f"{path}/roll_out", project.rollout(cutover_at=CUTOVER, manage_daily=LATER))
    await completed(project, path, "name_owner")
    record, steps = await manager.read(path), await steps_of(manager, path)
    form = f"/desk/improvement/{record['number']}/roll_out"
    begun = read_form((await manager.get(form)).text).inputs
    assert begun["/teams"] == ["The network team"]
    sent = await send_form(manager, form, begun)
    assert sent.status_code == 303, said(sent.text)
    planned = ("rollout_advice", "rollout_departments", "concerned_team_ids", "schedule_reason")
    after = await manager.read(path)
    assert [after[name] for name in planned] == [record[name] for name in planned]
    assert await steps_of(manager, path) == steps
