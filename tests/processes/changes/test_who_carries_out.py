"""Whoever voted for a change does not carry it out, and nobody alters what is being decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Grade, Role
from tests.client import Client, Json
from tests.extent import first_of, in_test_all
from tests.processes.changes.samples import DONE, EARLY, REVIEWED, Board, window


async def assigned(board: Board, path: str) -> str:
    """The path of the change, which the engineer is to make: the rest of the team may vote on it."""
    await board.agent.post_ok(f"{path}/assign", {"team": "network", "person": board.engineer.id})
    return path


async def a_mate(board: Board, *roles: Role, **more: Any) -> Client:
    """Another one of the engineer's team, who holds these roles besides."""
    return await board.api.client("Vera", Role.engineer, *roles, teams=("network",), **more)


async def vote(client: Client, path: str, verdict: str = "approve", **more: Any) -> Json:
    """The change after the client has voted on it."""
    identifier = (await client.read(f"{path}/decisions"))["items"][-1]["id"]
    body = {"decision": identifier, "verdict": verdict, "comment": "As it stands.", **more}
    return await client.post_ok(f"{path}/vote", body)


async def is_kept_from_it(board: Board, client: Client, path: str) -> None:
    """The client neither starts the change nor is assigned to it, and is not offered the start."""
    offered = {action["action"]: action["open"] for action in (await client.read(path))["actions"]}
    assert offered["start"] is False
    refused = await client.post(f"{path}/start", json=EARLY)
    assert (refused.status_code, refused.json()["code"]) == (409, "voted_for_it")
    answer = await board.agent.post(f"{path}/assign", json={"person": client.id})
    (wrong,) = answer.json()["errors"]
    assert (answer.status_code, wrong["pointer"], wrong["code"]) == (422, "/person", "voted_for_it")
    assert (await board.manager.read(path))["assignee"]["id"] == board.engineer.id


async def test_whoever_voted_for_a_change_neither_starts_it_nor_is_assigned_to_it(board: Board) -> None:
    mate = await a_mate(board, Role.change_manager)
    path = await assigned(board, await board.assessed())
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    assert (await vote(mate, path))["state"] == "approved"
    await board.manager.post_ok(f"{path}/schedule", window(0, 2))
    await is_kept_from_it(board, mate, path)
    await board.agent.post_ok(f"{path}/assign", {"team": "network"})
    refused = await mate.post(f"{path}/start", json=EARLY)
    assert (refused.status_code, refused.json()["code"]) == (409, "voted_for_it"), (
        "nor while nobody is assigned"
    )
    started = await board.engineer.post_ok(f"{path}/start", EARLY)
    assert (started["state"], started["started_by_voter"]) == ("implementing", False)


@in_test_all
async def test_whoever_has_voted_is_not_assigned_while_others_still_vote(board: Board) -> None:
    mate = await a_mate(board, Role.cab_member)
    await board.api.client("Nils", Role.cab_member)
    path = await assigned(board, await board.assessed("medium"))
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    assert (await vote(mate, path))["state"] == "awaiting_approval"
    answer = await board.agent.post(f"{path}/assign", json={"person": mate.id})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "voted_for_it")


@in_test_all
async def test_whoever_voted_against_it_may_carry_it_out(board: Board) -> None:
    mate = await a_mate(board, Role.cab_member)
    nils = await board.api.client("Nils", Role.cab_member)
    path = await assigned(board, await board.assessed("medium"))
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await vote(mate, path, "reject")
    await vote(nils, path)
    assert (await vote(board.member, path))["state"] == "approved"
    await board.manager.post_ok(f"{path}/schedule", window(0, 2))
    await board.agent.post_ok(f"{path}/assign", {"person": mate.id})
    assert (await mate.post_ok(f"{path}/start", EARLY))["state"] == "implementing"


async def test_neither_who_voted_by_a_deputy_nor_the_deputy_carries_it_out(board: Board) -> None:
    deputy = await a_mate(board)
    absent = await board.api.client("Anna", Role.change_manager, teams=("network",))
    holder = await board.api.whole(absent)
    now = datetime.now(UTC)
    times = {
        name: (now + timedelta(days=days)).isoformat() for name, days in (("from_at", -1), ("until_at", 9))
    }
    await holder.post_ok("/v1/deputies", {"deputy": deputy.id, **times})
    path = await assigned(board, await board.assessed())
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    assert (await vote(deputy, path, instead_of=absent.id))["state"] == "approved"
    await board.manager.post_ok(f"{path}/schedule", window(0, 2))
    for client in (deputy, absent):
        await is_kept_from_it(board, client, path)
    assert (await board.engineer.post_ok(f"{path}/start", EARLY))["state"] == "implementing"


@pytest.mark.parametrize("by_voter", first_of([True, False], 1))
async def test_an_emergency_may_be_started_by_who_voted_for_it_which_its_review_sees(
    board: Board, *, by_voter: bool
) -> None:
    mate = await a_mate(board, Role.cab_member, grade=Grade.senior)
    path = await assigned(board, await board.submitted(type="emergency"))
    question = board.question(cannot_wait="Nobody can send mail.")
    await board.agent.post_ok(f"{path}/request_emergency_approval", question)
    assert (await vote(mate, path))["state"] == "approved"
    starter = mate if by_voter else board.engineer
    await board.agent.post_ok(f"{path}/assign", {"person": starter.id})
    await starter.post_ok(f"{path}/start")
    done = await starter.post_ok(f"{path}/complete", DONE)
    assert done["started_by_voter"] is by_voter
    closed = await board.manager.post_ok(f"{path}/review", REVIEWED)
    assert closed["started_by_voter"] is by_voter


async def edited(client: Client, path: str, **fields: Any) -> tuple[int, str | None]:
    """What the client is answered who edits the change."""
    answer = await client.patch(path, json=fields, headers={"If-Match": "*"})
    document = answer.json()
    wrong = [error["code"] for error in document.get("errors", ())]
    return answer.status_code, wrong[0] if wrong else document.get("code")


@in_test_all
async def test_an_emergency_is_not_edited_while_it_is_voted_on(board: Board) -> None:
    path = await board.submitted(type="emergency")
    assert await edited(board.agent, path, plan="Stop, wait, start.") == (200, None)
    question = board.question(cannot_wait="Nobody can send mail.")
    await board.manager.post_ok(f"{path}/request_emergency_approval", question)
    for client in (board.agent, board.manager, board.engineer):
        for fields in ({"plan": "Start at once."}, {"title": "Another relay"}, {"services": ["web"]}):
            assert await edited(client, path, **fields) == (409, "being_decided")
    assert await edited(board.agent, path, category=None) == (200, None), "that is not what is decided about"
    assert (await board.manager.read(path))["plan"] == "Stop, wait, start."
    await board.vote(path, "defer")
    assert (await board.manager.read(path))["state"] == "submitted"
    assert await edited(board.agent, path, plan="Start at once.") == (200, None), "it is asked about anew"


@in_test_all
async def test_a_change_that_was_deferred_is_edited_again(board: Board) -> None:
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "defer")
    assert await edited(board.agent, path, plan="Stop, wait, start.") == (200, None)
