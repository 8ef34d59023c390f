"""What a project says has content: its risks, its dates, its acceptance and its training."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.client import Client, Json
from tests.every_action.requests import SAMPLES
from tests.processes.requests.test_project_model import SAID, World, world

__all__ = ["world"]


NOW = datetime.now(UTC)


def in_days(days: int) -> str:
    return (NOW + timedelta(days=days)).isoformat()


async def wrong(client: Client, path: str, body: Json) -> list[tuple[str, str]]:
    """Which values are refused, and why."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def planned(world: World, milestones: tuple[int, ...], due_in: int) -> Json:
    """A plan with a task of the first milestone, all due in so many days."""
    steps = [{"title": f"Step {n}", "due_at": in_days(days)} for n, days in enumerate(milestones)]
    assignee = world.people["engineer"].id
    task = {"title": "Build it", "assignee": assignee, "milestone": 1, "due_at": in_days(due_in)}
    return {"milestones": steps, "tasks": [task]}


async def test_a_project_states_risks_plans_in_order_and_is_accepted_and_taught_in_earnest(
    world: World,
) -> None:
    people = world.people
    await world.begun()
    path, engineer = world.path, people["engineer"]
    revise = await world.says("review_solution", "requester", good=False)
    await people["requester"].post_ok(f"{path}/review_solution", revise)
    solution = SAMPLES[SAID["propose_solution"]]() | {"risks": []}
    propose = f"{path}/propose_solution"
    assert await wrong(people["architect"], propose, solution) == [("/risks", "risks_or_reason")]
    unsaid = solution | {"no_risks_reason": "-"}
    assert await wrong(people["architect"], propose, unsaid) == [("/no_risks_reason", "says_nothing")]
    reason = {"no_risks_reason": "None, because it is a copy."}
    contradiction = SAMPLES[SAID["propose_solution"]]() | reason
    assert await wrong(people["architect"], propose, contradiction) == [("/risks", "risks_or_reason")]
    await people["architect"].post_ok(propose, solution | reason)
    for actor in ("requester", "checker"):
        body = await world.says("review_solution", actor, good=True)
        await people[actor].post_ok(f"{path}/review_solution", body)

    begin = f"{path}/begin_implementation"
    refusals = await wrong(engineer, begin, planned(world, (30, 60), 31))
    assert refusals == [("/tasks/0/due_at", "after_its_milestone")]
    reversed_ = await wrong(engineer, begin, planned(world, (60, 30), 30))
    assert reversed_ == [("/milestones/1/due_at", "milestone_out_of_order")]
    await engineer.post_ok(begin, planned(world, (30, 60), 30))

    await world.finish_tasks()
    await people["checker"].post_ok(
        f"{path}/check_quality", await world.says("check_quality", "checker", good=True)
    )
    await engineer.post_ok(f"{path}/submit_for_acceptance", world.said("submit_for_acceptance"))
    accepted = await world.says("record_acceptance", "requester", good=True)
    accepted |= {"early_reason": "They are away on the day."}
    with_issues = accepted | {"issues": [{"title": "Too slow", "due_at": in_days(3)}]}
    refused = await wrong(people["requester"], f"{path}/record_acceptance", with_issues)
    assert refused == [("/issues", "accepts_with_issues")]
    await people["requester"].post_ok(f"{path}/record_acceptance", accepted)

    training = world.said("record_training") | {"attended": 1, "participants": ["me"]}
    refused = await wrong(engineer, f"{path}/record_training", training)
    assert refused == [("/participants", "no_user_trained")]
    users = training | {"attended": 2, "participants": ["me", people["requester"].id]}
    await engineer.post_ok(f"{path}/record_training", users)
