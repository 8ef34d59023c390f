"""Trainings that do not take place in time, and licences that end, are flagged once, and somebody is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from app.log.canonical import instant
from tests.automation.test_flag_overdue_reviews import pass_time, told
from tests.automation.worker import by_rules
from tests.extent import in_test_all
from tests.processes.trainings.conftest import School, marked, said


@in_test_all
async def test_a_training_that_nobody_has_held_a_day_after_its_time_is_flagged(school: School) -> None:
    planned_at = datetime.now(UTC) + timedelta(days=5)
    training = await school.plan(planned_at=instant(planned_at), trainer=school.project.id)
    for days in (5.5, 8):
        await pass_time(school.api, days=days)
        flags = await by_rules(school.api.ledger, f"training/{training['id']}")
        assert [event.type for event in flags] == ["training.fell_overdue"] * (days > 6)
    assert (await school.quality.read(f"/v1/trainings/{training['id']}"))["overdue_at"] == instant(
        planned_at + timedelta(days=1)
    )
    for client in (school.quality, school.project):
        assert (await told(client, school.api)).count("training_overdue") == 1


async def test_an_overdue_training_whose_planner_has_left_is_told_to_those_who_hand_it_over(
    school: School,
) -> None:
    planner = await school.api.client("Planner", Role.project_manager)
    admin = await school.api.client("Registrar", Role.admin)
    planned_at = instant(datetime.now(UTC) + timedelta(days=5))
    await planner.post_ok("/v1/trainings", said(planned_at=planned_at))
    left = await admin.post_ok(f"/v1/persons/{planner.id}/deactivate")
    duties = [(duty["kind"], duty["duty"], duty["due_at"]) for duty in left["open_duties"]["items"]]
    assert duties == [("training", "planner", planned_at)]
    await pass_time(school.api, days=8)
    steps = await told(school.quality, school.api)
    assert (steps.count("duties_held"), steps.count("training_overdue")) == (1, 1)


async def test_a_licence_that_ends_is_flagged_unless_a_newer_one_takes_its_place(school: School) -> None:
    path = await school.held(school.first, school.second)
    sat = [marked(client, 90) for client in (school.first, school.second)]
    await school.quality.post_ok(f"{path}/examine", {"results": sat})
    soon = instant(datetime.now(UTC) + timedelta(days=30))
    await school.quality.post_ok(f"{path}/license", {"until_at": soon})
    await school.licensed(school.first, persons=[school.first.id], teams=[], everybody=True)
    await pass_time(school.api, days=40)
    licences = (await school.quality.read(f"{path}/licences"))["items"]
    ended = {licence["person"]["id"]: licence["ended_at"] for licence in licences}
    assert ended == {school.first.id: None, school.second.id: soon}
    assert (await told(school.second, school.api)).count("licence_ended") == 1
    assert "licence_ended" not in await told(school.first, school.api)
