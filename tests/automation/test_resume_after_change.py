"""What waits for a change goes on once that is closed, rejected or cancelled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.automation.worker import Worker
from tests.client import Api, Json, an_incident
from tests.extent import in_test_all
from tests.processes.changes.samples import Board, a_board

WAITS: Json = {"reason": "awaiting_change"}


@pytest.fixture
async def board(api: Api) -> Board:
    """Those who have to do with changes."""
    return await a_board(api)


async def an_own_incident(board: Board) -> str:
    """The path of an incident that the agent works on."""
    incident = await board.agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await board.agent.post_ok(f"{path}/assign", {"person": "me"})
    await board.agent.post_ok(f"{path}/start")
    return path


async def cancel(board: Board, change: Json) -> None:
    """The change is not made, and what follows from it."""
    await board.agent.post_ok(f"/v1/changes/{change['id']}/cancel", {"reason": "Not needed."})
    worker = Worker(board.api.ledger)
    await worker.work(datetime.now(UTC))
    assert worker.failures == []


async def test_an_incident_that_names_the_change_is_resumed_when_that_is_over(board: Board) -> None:
    change, other = await board.drafted(), await board.drafted()
    path = await an_own_incident(board)
    held = await board.agent.post_ok(f"{path}/hold", {**WAITS, "change": change["number"]})
    assert (held["state"], held["held_for_change_id"]) == ("on_hold", change["id"])
    await cancel(board, other)
    assert (await board.agent.read(path))["state"] == "on_hold"
    await cancel(board, change)
    after = await board.agent.read(path)
    assert (after["state"], after["held_for_change_id"]) == ("in_progress", None)
    last = (await board.agent.read(f"{path}/events"))["items"][-1]
    assert (last["type"], last["actor"]) == ("incident.resumed", "rule:resume_after_change")


@in_test_all
async def test_without_a_name_it_waits_for_all_changes_that_it_is_linked_to(board: Board) -> None:
    first, second, unrelated = [await board.drafted() for _ in range(3)]
    path = await an_own_incident(board)
    for change in (first, second):
        await board.agent.post_ok(f"{path}/link", {"kind": "resolved_by", "other": change["number"]})
    await board.agent.post_ok(f"{path}/hold", WAITS)
    await cancel(board, unrelated)
    await cancel(board, first)
    assert (await board.agent.read(path))["state"] == "on_hold"
    await cancel(board, second)
    assert (await board.agent.read(path))["state"] == "in_progress"


async def test_what_waits_for_something_else_stays_on_hold(board: Board) -> None:
    change = await board.drafted()
    path = await an_own_incident(board)
    await board.agent.post_ok(f"{path}/link", {"kind": "resolved_by", "other": change["number"]})
    await board.agent.post_ok(f"{path}/hold", {"reason": "awaiting_evidence"})
    await cancel(board, change)
    assert (await board.agent.read(path))["state"] == "on_hold"


@in_test_all
async def test_a_request_is_resumed_where_it_was(board: Board) -> None:
    change = await board.drafted()
    body = {"title": "More memory", "description": "Two more.", "channel": "portal", "urgency": "3"}
    request = await board.agent.post_ok("/v1/requests", body)
    path = f"/v1/requests/{request['id']}"
    assessed = {"category": "hardware", "impact": "3", "urgency": "3", "path": "standard", "assignee": "me"}
    await board.agent.post_ok(f"{path}/assess", assessed)
    await board.agent.post_ok(f"{path}/start")
    held = await board.agent.post_ok(f"{path}/hold", {**WAITS, "change": change["id"]})
    assert held["held_for_change_id"] == change["id"]
    await cancel(board, change)
    assert (await board.agent.read(path))["state"] == "in_progress"


@in_test_all
async def test_a_change_is_named_for_a_hold_that_waits_for_one_and_only_while_it_is_not_over(
    board: Board,
) -> None:
    change = await board.drafted()
    own_incident = await an_own_incident(board)
    body = {"reason": "awaiting_evidence", "change": change["number"]}
    assert await refused(board, own_incident, body) == ("/change", "not_awaiting_change")
    await cancel(board, change)
    body = {**WAITS, "change": change["number"]}
    assert await refused(board, own_incident, body) == ("/change", "change_is_over")


async def refused(board: Board, path: str, body: Json) -> tuple[str, str]:
    """Where and why the incident cannot be held so."""
    answer = await board.agent.post(f"{path}/hold", json=body)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def test_only_staff_are_told_for_which_change_it_waits(board: Board) -> None:
    user = await board.api.client("Zhao")
    incident = await user.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    change = await board.drafted()
    await board.agent.post_ok(f"{path}/assign", {"person": "me"})
    await board.agent.post_ok(f"{path}/hold", {**WAITS, "change": change["number"]})
    assert (await user.read(path)).get("held_for_change_id") is None
    event = (await user.read(f"{path}/events"))["items"][-1]
    assert event["type"] == "incident.held"
    assert change["id"] not in str(event)
