"""What people who hold exactly one role see of what others made, and do with it."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, an_incident
from tests.processes.changes.samples import a_board
from tests.processes.problems.samples import CAUSE, a_problem


async def test_a_problem_manager_begins_a_fix_with_a_change_of_others(api: Api) -> None:
    board = await a_board(api)
    manager = await api.client("Ingrid", Role.problem_manager)
    change = await board.agent.read(await board.approved())
    problem = await board.agent.post_ok("/v1/problems", a_problem())
    at = f"/v1/problems/{problem['id']}"
    await manager.post_ok(f"{at}/investigate", {"team": "network", "assignee": board.engineer.id})
    await board.engineer.post_ok(f"{at}/identify_cause", CAUSE)
    fixed = await manager.post_ok(f"{at}/begin_fix", {"fixing_change": change["number"]})
    assert fixed["fixing_change_id"] == change["id"]


async def test_the_desk_and_the_managers_of_incidents_and_problems_find_all_changes(api: Api) -> None:
    board = await a_board(api)
    at = await board.approved()
    change = await board.manager.read(at)
    for role in (Role.agent, Role.engineer, Role.incident_manager, Role.problem_manager, Role.cab_member):
        client = await api.client("Anna", role)
        assert (await client.get(at)).status_code == 200, role
        found = (await client.read("/v1/changes"))["items"]
        assert [one["number"] for one in found] == [change["number"]], role
    requester = await api.client("Rosa", Role.requester)
    assert (await requester.get(at)).status_code == 404
    assert (await requester.read("/v1/changes"))["items"] == []


async def test_a_change_that_is_hidden_is_answered_like_one_that_is_not_there(api: Api) -> None:
    board = await a_board(api)
    change = await board.manager.read(await board.approved())
    customer = await api.client("Paul", Role.requester)
    answers = []
    for number in (change["number"], "CHG-2026-999999"):
        said = {"kind": "relates_to", "other": number}
        incident = await customer.post_ok("/v1/incidents", an_incident())
        answer = await customer.post(f"/v1/incidents/{incident['id']}/link", json=said)
        answers.append((answer.status_code, answer.json()["code"]))
    assert answers[0] == answers[1]
