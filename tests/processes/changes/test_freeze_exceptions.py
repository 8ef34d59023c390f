"""Freezes and the changes in them: declared over windows, in the way of new ones, and with exceptions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.platform.db import connect
from app.processes.changes.checks import LOCKED
from app.processes.changes.planning import lookups as planning_lookups
from app.processes.changes.planning.bookings import rebuild_bookings
from tests.automation.worker import Worker
from tests.client import Api, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.changes.samples import ASSESSMENT, Board, a_change, at_hour, put_into_use, span, window
from tests.processes.changes.test_freezes import PATH, a_freeze, service

ANY = {"If-Match": "*"}
ASKED = {"question": "May it be made all the same?"}


def night(begin: float, end: float, **more: Any) -> Json:
    """A freeze of everything from the one hour to the other."""
    return a_freeze(**span(begin, end), **more)


async def declared(board: Board, begin: float, end: float, **more: Any) -> tuple[str, Json]:
    """Where a new freeze is, and what was answered."""
    record = await board.manager.post_ok(PATH, night(begin, end, **more))
    return f"{PATH}/{record['id']}", record


async def excepted(board: Board, path: str, change: str, **more: Any) -> str:
    """The agent asks to except the change from the freeze. Gives the id of the decision."""
    number = (await board.manager.read(change))["number"]
    body = {**ASKED, "change": number, "reason": "The certificate expires.", **more}
    await board.agent.post_ok(f"{path}/ask_exception", body)
    return str((await board.agent.read(f"{path}/decisions"))["items"][-1]["id"])


async def numbers(board: Board, *paths: str) -> list[str]:
    return [(await board.manager.read(path))["number"] for path in paths]


async def test_a_freeze_over_windows_takes_none_away_and_names_them(board: Board) -> None:
    await service(board.api, "web")
    late = await board.scheduled(3, 4)
    early = await board.scheduled(1, 2)
    elsewhere = await board.scheduled(8, 9)
    other = await board.scheduled(1, 2, services=["web"])
    _, freeze = await declared(board, 0, 5)
    assert [hit_change["number"] for hit_change in freeze["hit_changes"]] == (
        await numbers(board, early, other, late)
    )
    path, freeze = await declared(board, 0, 5, services=["web"])
    assert [hit_change["number"] for hit_change in freeze["hit_changes"]] == await numbers(board, other)
    assert freeze["hit_changes"][0]["window_from_at"][:16] == at_hour(1)[:16]
    body = {**span(8, 12), "reason": "Another night."}
    moved = await board.manager.post_ok(f"{path}/move", body)
    assert moved["hit_changes"] == []
    assert (await board.manager.read(elsewhere))["state"] == "scheduled"
    assert {(await board.manager.read(change))["state"] for change in (late, early, other)} == {"scheduled"}


@in_test_all
async def test_a_freeze_of_a_class_of_items_is_for_changes_that_touch_such(board: Board) -> None:
    await board.ci("srv-1")
    await board.ci("net-1", ci_class="network")
    server = await board.scheduled(1, 2, cis=["srv-1"])
    network = await board.scheduled(1, 2, cis=["net-1"])
    _, freeze = await declared(board, 0, 5, ci_classes=["network"])
    assert [hit_change["number"] for hit_change in freeze["hit_changes"]] == await numbers(board, network)
    _, freeze = await declared(board, 0, 5, ci_classes=["server", "database"])
    assert [hit_change["number"] for hit_change in freeze["hit_changes"]] == await numbers(board, server)


async def test_changes_that_the_caller_may_not_see_are_named_by_their_ids_alone(board: Board) -> None:
    change = await board.scheduled(1, 2)
    await board.api.team("closing")
    owner = await board.api.client("Owner", teams=("closing",))
    path, freeze = await declared(board, 0, 5, owner=owner.id)
    assert len(freeze["hit_changes"]) == 1
    answer = await owner.read(path)
    assert (answer["hit_changes"], answer["hit_change_ids"]) == ([], [change.rpartition("/")[2]])


async def test_a_change_in_a_freeze_is_scheduled_with_an_exception_and_no_sooner(
    board: Board, place: DatabaseUrls
) -> None:
    path, _ = await declared(board, 0, 5)
    change = await board.approved()
    refused = await board.try_schedule(change, 1, 2)
    assert refused.status_code == 409, refused.text
    assert [conflict["kind"] for conflict in refused.json()["conflicts"]] == ["freeze"]
    decision = await excepted(board, path, change)
    assert (await board.try_schedule(change, 1, 2)).status_code == 409
    await board.vote(path, "approve")
    (exception,) = (await board.agent.read(f"{path}/exceptions"))["items"]
    assert exception["granted_at"] is not None
    assert exception["decision_id"] == decision
    assert exception["reason"] == "The certificate expires."
    assert (await board.try_schedule(change, 1, 2)).status_code == 200
    assert (await board.try_schedule(await board.approved(), 1, 2)).status_code == 409
    events = (await board.agent.read(f"{path}/events"))["items"]
    named = [event["type"] for event in events]
    asking, voted = "freeze.exception_asked", ["freeze.voted"] * 2
    assert named == ["freeze.declared", asking, *voted, "freeze.exception_granted"]
    connection = await connect(place.owner_url)
    try:
        assert await rebuild_bookings(connection) == []
    finally:
        await connection.close()


@in_test_all
async def test_a_refused_exception_can_be_asked_for_again_and_an_open_or_granted_one_not(
    board: Board,
) -> None:
    path, _ = await declared(board, 0, 5)
    change = await board.approved()
    await excepted(board, path, change)
    body = {**ASKED, "change": (await numbers(board, change))[0], "reason": "Once more."}
    again = await board.agent.post(f"{path}/ask_exception", json=body)
    wrong = again.json()["errors"][0]
    assert (wrong["pointer"], wrong["code"]) == ("/change", "exception_is_open")
    await board.vote(path, "reject")
    assert (await board.try_schedule(change, 1, 2)).status_code == 409
    await excepted(board, path, change)
    await board.vote(path, "approve")
    rows = (await board.agent.read(f"{path}/exceptions"))["items"]
    assert [(row["granted_at"] is not None, row["refused_at"] is not None) for row in rows] == [
        (False, True),
        (True, False),
    ]
    again = await board.agent.post(f"{path}/ask_exception", json=body)
    assert again.json()["errors"][0]["code"] == "excepted_already"


async def test_whoever_asks_for_an_exception_does_not_vote_on_it(board: Board) -> None:
    path, _ = await declared(board, 0, 5)
    change = await board.approved()
    other = await board.api.client("Another manager", Role.change_manager)
    body = {**ASKED, "change": (await numbers(board, change))[0], "reason": "It expires."}
    await board.manager.post_ok(f"{path}/ask_exception", body)
    ballots = (await board.agent.read(f"{path}/votes"))["items"]
    assert {ballot["person"]["id"] for ballot in ballots} == {board.approver.id, other.id}, "all but who asks"
    decision = ballots[0]["decision_id"]
    mine = {"decision": decision, "verdict": "approve"}
    refused = await board.manager.post(f"{path}/vote", json=mine)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_asked_to_vote")
    (put,) = (await board.agent.read(f"{path}/decisions"))["items"]
    assert put["left_out"] == [{"person": board.manager.id, "because": "asker"}]


async def test_an_exception_is_not_asked_for_by_the_only_one_who_could_decide_on_it(api: Api) -> None:
    manager = await api.client("Olga", Role.change_manager)
    freeze = await manager.post_ok(PATH, night(0, 5))
    change = await manager.post_ok("/v1/changes", a_change())
    body = {**ASKED, "change": change["number"], "reason": "It expires."}
    refused = await manager.post(f"{PATH}/{freeze['id']}/ask_exception", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_may_decide")
    assert refused.json()["left_out"] == [{"person": manager.id, "because": "asker"}]


@in_test_all
async def test_what_is_asked_of_a_withdrawn_freeze_needs_no_decision(board: Board) -> None:
    path, _ = await declared(board, 0, 5)
    change = await board.approved()
    await excepted(board, path, change)
    await board.manager.post_ok(f"{path}/withdraw", {"reason": "It is not needed."})
    (decision,) = (await board.agent.read(f"{path}/decisions"))["items"]
    assert decision["state"] == "withdrawn"
    assert (await board.try_schedule(change, 1, 2)).status_code == 200


@in_test_all
async def test_of_a_freeze_and_a_window_at_once_either_names_the_other(board: Board) -> None:
    for n in range(5):
        change = await board.approved()
        hour = 10 * n
        freeze, scheduled = await asyncio.gather(
            board.manager.post_ok(PATH, night(hour, hour + 5)), board.try_schedule(change, hour + 1, hour + 2)
        )
        if scheduled.status_code == 200:
            assert freeze["hit_change_ids"] == [change.rpartition("/")[2]]
        else:
            assert scheduled.status_code == 409, scheduled.text
            assert scheduled.json()["conflicts"][0]["id"] == freeze["id"]


@in_test_all
async def test_a_freeze_over_more_changes_than_it_can_name_is_declared_all_the_same(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning_lookups, "MOST_HIT", 1)
    first, _ = await board.scheduled(1, 2), await board.scheduled(3, 4)
    _, freeze = await declared(board, 0, 5)
    assert freeze["hit_change_ids"] == [first.rpartition("/")[2]]


@in_test_all
async def test_who_asked_who_votes_and_who_answers_for_a_freeze_are_told(board: Board) -> None:
    await board.api.team("closing")
    owner = await board.api.client("Owner", teams=("closing",))
    path, _ = await declared(board, 0, 5, owner=owner.id)
    await excepted(board, path, await board.approved())
    worker, now = Worker(board.api.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=2))
    await board.vote(path, "approve")
    await worker.work(now + timedelta(minutes=3))
    await worker.work(now + timedelta(minutes=5))
    assert worker.failures == []
    about = f"freeze/{path.rpartition('/')[2]}"
    query = "select person_id::text as person, steps, number from fold.notice where about = %s order by id"
    rows = await board.api.ledger.db.rows(query, (about,))
    assert {row["number"] for row in rows} == {"Closing of the year"}
    by_person = {
        person.id: [step for row in rows if row["person"] == person.id for step in row["steps"]]
        for person in (owner, board.approver, board.manager, board.agent)
    }
    assert by_person == {
        owner.id: ["in_charge"],
        board.approver.id: ["to_vote", "decided"],
        board.manager.id: ["to_vote"],  # who votes last knows how it ends
        board.agent.id: ["decided"],
    }
    texts = [
        item["text"] for item in (await board.agent.read("/v1/notices"))["items"] if item["about"] == about
    ]
    assert [text.splitlines() for text in texts] == [
        [
            "The vote on an exception from the freeze “Closing of the year” is over.",
            *("By: Olga", "Question: May it be made all the same?", "Outcome: Approved", "In favour: 2"),
        ]
    ]


async def test_an_exception_holds_for_the_change_and_the_window_it_was_asked_for(board: Board) -> None:
    """What is fixed by a request for approval is fixed by a request for an exception."""
    path, _ = await declared(board, 0, 9)
    change = f"/v1/changes/{(await board.drafted())['id']}"
    decision = await excepted(board, path, change)
    texts = {name for name in LOCKED if name.endswith(("plan", "reason", "title", "description"))}
    altered: Json = {
        **dict.fromkeys(texts, "Rip out everything."),
        "services": ["web"],
        "cis": [],
        "wanted_from_at": at_hour(1),
        "wanted_until_at": at_hour(4),
    }
    assert altered.keys() == {*LOCKED}

    async def is_fixed() -> None:
        for name, value in altered.items():
            refused = await board.agent.patch(change, json={name: value}, headers=ANY)
            assert refused.status_code == 422, name
            wrong = refused.json()["errors"][0]
            assert (wrong["pointer"], wrong["code"]) == (f"/{name}", "exception_is_for_it")

    await is_fixed()
    await board.manager.post_ok(f"{path}/withdraw_decision", {"decision": decision, "reason": "Too early."})
    plan = {"plan": "Stop, install, start, and look."}
    assert (await board.agent.patch(change, json=plan, headers=ANY)).status_code == 200
    await excepted(board, path, change)
    await board.vote(path, "approve")
    await is_fixed()
    await put_into_use(board.api.ledger, ["mail"])
    await board.agent.post_ok(f"{change}/submit")
    await board.manager.post_ok(f"{change}/assess", ASSESSMENT)
    await board.manager.post_ok(f"{change}/request_approval", board.question())
    await board.vote(change, "approve")
    refused = await board.try_schedule(change, 5, 6, override_reason="It is quiet then.")
    assert (refused.status_code, refused.json()["code"]) == (409, "frozen_without_exception")
    assert (await board.try_schedule(change, 1, 2)).status_code == 200
    freeze = f"freeze/{path.rpartition('/')[2]}"
    assert (await board.manager.read(change))["excepted_freezes"] == [freeze]
    # Should the freeze be moved to the new window, it is in the way there like any other.
    await board.manager.post_ok(f"{change}/reschedule", window(20, 21, reason="The supplier is late."))
    assert (await board.manager.read(change))["excepted_freezes"] is None


async def test_an_exception_is_for_a_complete_open_change_which_the_freeze_covers(board: Board) -> None:
    await service(board.api, "mail")
    path, _ = await declared(board, 0, 5, services=["mail"])
    later_window = {"wanted_from_at": at_hour(20), "wanted_until_at": at_hour(21)}
    cancelled = await board.drafted()
    await board.agent.post_ok(f"/v1/changes/{cancelled['id']}/cancel", {"reason": "It is not needed."})
    for change, code in (
        (cancelled, "change_has_ended"),
        (await board.drafted(services=["web"]), "change_not_covered"),
        (await board.drafted(**later_window), "change_not_covered"),
        (await board.drafted(plan=None), "change_to_complete"),
        (await board.drafted(), None),
    ):
        body = {**ASKED, "change": change["number"], "reason": "The certificate expires."}
        answer = await board.agent.post(f"{path}/ask_exception", json=body)
        refused = [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]
        assert refused == ([] if code is None else [("/change", code)]), answer.text
