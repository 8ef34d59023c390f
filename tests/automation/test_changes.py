"""What follows by itself for changes: who learns of overlaps, overdue reviews and undecided emergencies, and
what meetings take up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.automation.changes import stop_outgrown_templates
from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from tests.automation.worker import Worker, by_rules, timers
from tests.boards import put_to_vote
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.processes.changes.samples import DONE, EARLY, REVIEWED, Board, a_board, at_hour, span, window

#: How many times a person has been told so of a record.
Told = Callable[[Client, str, str], Awaitable[int]]
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


def text(instant: datetime) -> str:
    """The instant as payloads have it."""
    return instant.isoformat().replace("+00:00", "Z")


@pytest.fixture
async def board(api: Api) -> Board:
    built = await a_board(api)
    await built.ci("srv-1")
    return built


@pytest.fixture
def worker(api: Api) -> Worker:
    return Worker(api.ledger)


@pytest.fixture
def told(api: Api) -> Told:
    async def count(client: Client, step: str, about: str) -> int:
        query = """
        select count(*) from fold.notice where person_id = %s and about = %s and %s = any(steps)"""
        value: int = await api.ledger.db.value(query, (client.id, about, step))
        return value

    return count


async def work(worker: Worker, now: datetime | None = None) -> None:
    """Does what follows by then, and sends the notices of it a few minutes later."""
    now = now or datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=5))
    assert worker.failures == []


async def row_key(board: Board, path: str) -> str:
    return f"change/{(await board.manager.read(path))['id']}"


async def overlaps(board: Board, path: str) -> list[Json]:
    """What the rule has noted on the change: which change or freeze. It says when, too."""
    events = await by_rules(board.api.ledger, await row_key(board, path))
    noted = [event.data["given"] for event in events if event.type == "change.overlapped"]
    assert all(overlap["overlap_from_at"] < overlap["overlap_until_at"] for overlap in noted)
    return [{kind: overlap[kind] for kind in ("change", "freeze") if kind in overlap} for overlap in noted]


async def test_those_whose_window_another_change_is_scheduled_over_are_told_and_again_when_it_moves(
    board: Board, worker: Worker, told: Told
) -> None:
    first = await board.scheduled(0, 2, cis=["srv-1"])
    over = await board.approved(cis=["srv-1"])
    assert (await board.try_schedule(over, 1, 3, override_reason="They sit together.")).status_code == 200
    await work(worker)
    other = (await board.manager.read(over))["id"]
    assert await overlaps(board, first) == [{"change": other}]
    assert await told(board.agent, "overlapped", await row_key(board, first)) == 1
    assert await overlaps(board, over) == [], "who overrides knows"
    moved = window(1, 4, reason="It takes longer.", override_reason="They still sit together.")
    await board.manager.post_ok(f"{over}/reschedule", moved)
    moved = window(4, 6, reason="It is simpler.")
    await board.manager.post_ok(f"{over}/reschedule", moved)
    await work(worker)
    assert await overlaps(board, first) == [{"change": other}] * 2


@in_test_all
async def test_an_emergency_tells_those_whose_windows_it_hits(board: Board, worker: Worker) -> None:
    hit = await board.scheduled(0, 2, cis=["srv-1"])
    cancelled = await board.scheduled(4, 6, cis=["srv-1"])
    path = await an_emergency(board, cis=["srv-1"])
    await board.manager.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    await board.vote(path, "approve")
    await board.engineer.post_ok(f"{path}/start")
    await board.manager.post_ok(f"{cancelled}/cancel", {"reason": "Not needed."})
    await work(worker)
    assert await overlaps(board, hit) == [{"change": (await board.manager.read(path))["id"]}]
    assert await overlaps(board, cancelled) == []


@in_test_all
async def test_the_start_of_a_change_tells_nobody_again(board: Board, worker: Worker) -> None:
    first = await board.scheduled(0, 2, cis=["srv-1"])
    over = await board.approved(cis=["srv-1"])
    await board.try_schedule(over, 1, 3, override_reason="They sit together.")
    early = {"out_of_window_reason": "The site is closed today.", "override_reason": "As agreed."}
    await board.engineer.post_ok(f"{over}/start", early)
    await work(worker)
    assert len(await overlaps(board, first)) == 1


async def test_those_whose_window_a_freeze_is_declared_over_are_told_and_again_when_it_moves(
    board: Board, worker: Worker, told: Told
) -> None:
    inside, later = await board.scheduled(0, 2), await board.scheduled(48, 50)
    body = {"freeze_kind": "freeze", "title": "Closing of the year", "reason": "The books are closed."}
    declared = await board.manager.post_ok("/v1/freezes", {**body, **span(-4, 24), "everything": True})
    await work(worker)
    assert await overlaps(board, inside) == [{"freeze": declared["id"]}]
    assert await told(board.agent, "overlapped", await row_key(board, inside)) == 1
    assert await overlaps(board, later) == []
    moved = {**span(-4, 49), "reason": "The auditors stay."}
    await board.manager.post_ok(f"/v1/freezes/{declared['id']}/move", moved)
    await work(worker)
    assert await overlaps(board, inside) == [{"freeze": declared["id"]}] * 2
    assert await overlaps(board, later) == [{"freeze": declared["id"]}]


async def test_a_review_that_is_not_made_in_time_is_flagged_and_told_once(
    board: Board, worker: Worker, told: Told
) -> None:
    path = await board.scheduled(0, 2, cis=["srv-1"])
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The site is closed today."})
    done = await board.engineer.post_ok(f"{path}/complete", DONE)
    due, key = datetime.fromisoformat(done["review_due_at"]), await row_key(board, path)
    await work(worker, due - timedelta(minutes=10))
    assert (await board.manager.read(path))["review_overdue_at"] is None
    assert await told(board.manager, "to_review_change", key) == 1, "it is to be reviewed"
    await work(worker, due + timedelta(minutes=1))
    await work(worker, due + timedelta(days=30))
    (flagged,) = await by_rules(board.api.ledger, key)
    assert (flagged.type, flagged.actor) == ("change.review_fell_overdue", "rule:flag_overdue_reviews")
    assert (await board.manager.read(path))["review_overdue_at"] is not None
    assert ("flag_overdue_reviews", key) not in await timers(board.api.ledger)
    reviewed = REVIEWED | {"first_pass": False}
    closed = await board.manager.post_ok(f"{path}/review", reviewed)
    assert (closed["state"], closed["review_overdue_at"]) == ("closed", None)


async def an_emergency(board: Board, **more: Any) -> str:
    """The path of an emergency change that was submitted."""
    return await board.submitted(type="emergency", **more)


def emergency_question(board: Board, **more: Any) -> Json:
    """What is said to ask the emergency board."""
    return board.question(cannot_wait="Nobody can send mail.", **more)


async def test_an_emergency_that_nobody_decides_on_in_time_stays_submitted_and_reminds_of_itself(
    board: Board, worker: Worker, told: Told
) -> None:
    path = await an_emergency(board)
    await board.agent.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    due = await due_at(board, path)
    await work(worker, due - timedelta(minutes=6))
    key = await row_key(board, path)
    assert await told(board.manager, "undecided", key) == 0
    await work(worker, due + timedelta(minutes=1))
    after = await board.manager.read(path)
    assert after["state"] == "submitted"
    assert await told(board.manager, "undecided", key) == 1
    assert await told(board.agent, "undecided", key) == 1, "it is theirs"
    assert await told(board.member, "decided", key) == 1, "who was asked learns that it is over"
    await board.agent.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    await board.vote(path, "approve")
    assert (await board.manager.read(path))["state"] == "approved"


@in_test_all
async def test_an_emergency_that_the_board_defers_stays_submitted_and_reminds_of_itself(
    board: Board, worker: Worker, told: Told
) -> None:
    path = await an_emergency(board)
    await board.manager.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    await board.vote(path, "defer")
    await work(worker)
    assert (await board.manager.read(path))["state"] == "submitted"
    assert await told(board.agent, "undecided", await row_key(board, path)) == 1


async def due_at(board: Board, path: str) -> datetime:
    """Until when there are votes on the change."""
    (decision,) = (await board.manager.read(f"{path}/decisions"))["items"]
    return datetime.fromisoformat(decision["due_at"])


async def test_change_managers_learn_of_an_emergency_at_once(
    board: Board, worker: Worker, told: Told
) -> None:
    path = await an_emergency(board)
    await board.engineer.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    await work(worker)
    key = await row_key(board, path)
    for manager in (board.manager, board.approver):
        assert await told(manager, "emergency_asked", key) == 1
    assert await told(board.engineer, "emergency_asked", key) == 0, "who asks knows"
    assert await told(board.member, "to_vote", key) == 1


async def test_an_emergency_that_nobody_answers_goes_to_management_after_half_an_hour(
    board: Board, worker: Worker, told: Told
) -> None:
    head = await board.api.client("Helga", Role.management)
    board.further.append(head)
    path = await an_emergency(board)
    await board.engineer.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    first, key = await due_at(board, path), await row_key(board, path)
    assert first - datetime.now(UTC) <= timedelta(minutes=30)
    await work(worker, first - timedelta(minutes=6))
    assert await told(head, "to_vote", key) == 0
    await work(worker, first)
    (decision,) = (await board.manager.read(f"{path}/decisions"))["items"]
    assert (decision["state"], decision["quorum"]) == ("open", 1)
    assert datetime.fromisoformat(decision["asked_next_at"]) == first
    assert await due_at(board, path) == first + timedelta(minutes=30)
    assert (await board.manager.read(path))["state"] == "submitted"
    assert await told(head, "to_vote", key) == 1
    assert await told(board.agent, "undecided", key) == 0, "it is not over"
    late = {"decision": decision["id"], "verdict": "approve"}
    refused = await board.member.post(f"{path}/vote", json=late)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_asked_to_vote")
    await head.post_ok(f"{path}/vote", late)
    assert (await board.manager.read(path))["state"] == "approved"


@in_test_all
async def test_an_emergency_that_management_does_not_answer_either_stays_submitted_and_reminds_of_itself(
    board: Board, worker: Worker, told: Told
) -> None:
    await board.api.client("Helga", Role.management)
    path = await an_emergency(board)
    await board.agent.post_ok(f"{path}/request_emergency_approval", emergency_question(board))
    first, key = await due_at(board, path), await row_key(board, path)
    await work(worker, first)
    await work(worker, first + timedelta(minutes=31))
    (decision,) = (await board.manager.read(f"{path}/decisions"))["items"]
    assert (decision["state"], decision["outcome"]) == ("taken", "lapsed")
    assert (await board.manager.read(path))["state"] == "submitted"
    assert await told(board.agent, "undecided", key) == 1
    assert await told(board.manager, "undecided", key) == 1


async def group_of(board: Board) -> None:
    """The group `cab`, to which the member of the board belongs, and which votes on changes of low risk."""
    admin = await board.api.client("Ada", Role.admin)
    await admin.post_ok("/v1/groups", {"key": "cab", "name": "CAB", "chair": board.manager.id})
    await admin.post_ok("/v1/groups/cab/add_member", {"person": board.member.id, "side": "operations"})
    low: Json = {"field": "risk_level", "any_of": ["low"]}
    terms = {"least_voters": 1, "quorum": 1, "least_seconds": 60, "due_within_seconds": 90 * 86_400}
    await board.rule("change_low_risk", conditions=[low], voters=[{"group": "cab"}], **terms)


async def meeting(board: Board, starts_at: datetime, **more: Any) -> str:
    """The path of a new meeting of the group."""
    fields = {"title": "Board", "meeting_kind": "cab", "group": "cab", "starts_at": text(starts_at)}
    fields |= {"ends_at": text(starts_at + timedelta(hours=1)), "chair": "me"}
    called = await board.manager.post_ok("/v1/meetings", fields | more)
    return f"/v1/meetings/{called['id']}"


async def asked(board: Board, due_at: datetime, **more: Any) -> str:
    """The path of a change that waits for the decision of the group."""
    path = await board.assessed(**more)
    await board.manager.post_ok(f"{path}/request_approval", board.question(due_at=text(due_at)))
    return path


async def agenda(board: Board, path: str) -> list[str]:
    """What the agenda of the meeting is about: paths."""
    items = (await board.manager.read(f"{path}/agenda"))["items"]
    assert all(item["decision"]["state"] == "open" for item in items)
    return [f"/v1/changes/{item['about']['id']}" for item in items]


async def test_the_next_meeting_of_the_group_takes_up_what_waits_for_it_once(
    board: Board, worker: Worker
) -> None:
    await group_of(board)
    later, next_one = await meeting(board, SOON + timedelta(days=7)), await meeting(board, SOON)
    waits = await asked(board, SOON + timedelta(days=1))
    await board.approved()
    await work(worker)
    await work(worker)
    assert await agenda(board, next_one) == [waits]
    assert await agenda(board, later) == []
    (item,) = (await board.manager.read(f"{next_one}/agenda"))["items"]
    assert item["topic"] == item["about"]["number"], "not all who are invited may see what it is"
    also = await asked(board, SOON + timedelta(days=1))
    await work(worker)
    assert await agenda(board, next_one) == [waits, also]


@in_test_all
async def test_the_next_meeting_of_the_change_board_takes_up_what_waits_for_those_of_roles(
    board: Board, worker: Worker
) -> None:
    other = await meeting(board, SOON, meeting_kind="progress", group=None)
    later = await meeting(board, SOON + timedelta(days=2), group=None)
    path = await meeting(board, SOON + timedelta(days=1), group=None)
    waits = await asked(board, SOON + timedelta(days=3))
    await work(worker)
    assert [await agenda(board, meeting_path) for meeting_path in (other, path, later)] == [[], [waits], []]


@in_test_all
async def test_what_a_group_votes_on_is_not_taken_up_where_others_meet(board: Board, worker: Worker) -> None:
    await group_of(board)
    path = await meeting(board, SOON, group=None)
    await asked(board, SOON + timedelta(days=1))
    await work(worker)
    assert await agenda(board, path) == []


@in_test_all
async def test_what_is_decided_by_circulation_before_the_meeting_begins_is_not_taken_up(
    board: Board, worker: Worker
) -> None:
    await group_of(board)
    path = await meeting(board, SOON)
    await asked(board, SOON - timedelta(days=1))
    await work(worker)
    assert await agenda(board, path) == []


@in_test_all
async def test_a_meeting_that_is_called_takes_up_what_waits_already(board: Board, worker: Worker) -> None:
    await group_of(board)
    waiting = [await asked(board, SOON + timedelta(days=1, hours=n)) for n in range(7)]
    await work(worker)
    path = await meeting(board, SOON)
    await work(worker)
    assert sorted(await agenda(board, path)) == sorted(waiting)


@in_test_all
async def test_what_a_person_has_dropped_or_put_on_the_agenda_stays_so(board: Board, worker: Worker) -> None:
    await group_of(board)
    path = await meeting(board, SOON)
    dropped = await asked(board, SOON + timedelta(days=1))
    await work(worker)
    (item,) = (await board.manager.read(f"{path}/agenda"))["items"]
    await board.manager.post_ok(f"{path}/drop_agenda_item", {"item": item["id"]})
    by_hand = await asked(board, SOON + timedelta(days=1))
    number = (await board.manager.read(by_hand))["number"]
    await board.manager.post_ok(f"{path}/add_agenda_item", {"topic": "The relay", "about": number})
    moved = {"starts_at": text(SOON + timedelta(hours=1)), "ends_at": text(SOON + timedelta(hours=2))}
    await board.manager.post_ok(f"{path}/move", moved)
    await work(worker)
    items = (await board.manager.read(f"{path}/agenda"))["items"]
    assert [item["topic"] for item in items] == ["The relay"]
    assert dropped != by_hand


@in_test_all
async def test_when_a_meeting_is_cancelled_the_next_one_takes_up_what_it_had(
    board: Board, worker: Worker
) -> None:
    await group_of(board)
    first, second = await meeting(board, SOON), await meeting(board, SOON + timedelta(days=7))
    waits = await asked(board, SOON + timedelta(days=8))
    await work(worker)
    assert (await agenda(board, first), await agenda(board, second)) == ([waits], [])
    await board.manager.post_ok(f"{first}/cancel", {"reason": "It is a holiday."})
    await work(worker)
    assert await agenda(board, second) == [waits]


@in_test_all
async def test_the_next_of_a_series_takes_up_only_what_is_not_on_an_agenda_yet(
    board: Board, worker: Worker
) -> None:
    await group_of(board)
    path = await meeting(board, SOON, series_interval="weekly")
    waits = await asked(board, SOON + timedelta(days=30))
    await work(worker)
    await work(worker, SOON + timedelta(minutes=1))
    query = "select id from fold.meeting order by starts_at desc limit 1"
    following = f"/v1/meetings/{await board.api.ledger.db.value(query)}"
    assert following != path, "it was called"
    assert (await agenda(board, path), await agenda(board, following)) == ([waits], [])
    assert at_hour(0) > text(SOON)


async def stop(board: Board) -> None:
    """Stop the templates that are outgrown now."""
    connection = await connect(board.api.ledger.db.url, FOLLOW_LIMITS)
    try:
        await stop_outgrown_templates.stop_outgrown(connection, board.api.ledger, lambda: datetime.now(UTC))
    finally:
        await connection.close()


async def test_a_template_whose_service_became_critical_is_stopped_told_of_and_renewed(
    board: Board, worker: Worker
) -> None:
    keeper = await board.api.client("Keeper", Role.service_level_manager)
    names = {"name_en": "Mail", "name_zh": "邮件", "owner": "me"}
    await keeper.post_ok("/v1/services", {"key": "post", "criticality": "low", **names})
    await board.ci("srv-9", services=["post"])
    await board.template("relay-restart", services=["post"])
    path = "/v1/change_templates/relay-restart"
    await stop(board)
    assert (await board.manager.read(path))["outgrown_at"] is None
    critical = {"criticality": "critical"}
    answer = await keeper.patch("/v1/services/post", json=critical, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    for _ in range(2):
        await stop(board)
    stopped = await board.manager.read(path)
    assert (stopped["outgrown_because"], stopped["state"]) == ("risk", "approved")
    body = {"type": "standard", "template": "relay-restart", "cis": ["srv-9"], "team": "network"}
    refused = await board.agent.post("/v1/changes", json=body)
    assert refused.json()["errors"][0]["code"] == "template_to_renew"
    told_attention = (await board.manager.read("/v1/attention"))["items"]
    assert "template_to_renew" in {item["code"] for item in told_attention}
    await work(worker)
    steps = [item["steps"] for item in (await board.approver.read("/v1/notices"))["items"]]
    assert "template_outgrown" in {step for notice_steps in steps for step in notice_steps}
    mei = board.member
    nils = await board.api.client("Nils", Role.cab_member)
    owner = keeper
    await put_to_vote(board.manager, path, "renew", board=[mei, nils, owner])
    renewed = await board.manager.read(path)
    assert (renewed["outgrown_at"], renewed["risk_level"], renewed["state"]) == (None, "medium", "approved")
    await stop(board)
    assert (await board.manager.read(path))["outgrown_at"] is None, "its risk is that of the service now"
    await board.agent.post_ok("/v1/changes", body)


async def test_a_template_whose_changes_fail_is_stopped(board: Board) -> None:
    await board.ci("srv-9")
    await board.template("relay-restart")
    for n in range(2):
        path = await board.standard("relay-restart", "srv-9")
        await board.manager.post_ok(f"{path}/schedule", window(2 * n, 2 * n + 1))
        await board.engineer.post_ok(f"{path}/start", EARLY)
        back = {"reason": "It does not start.", "service_restored_at": datetime.now(UTC).isoformat()}
        await board.engineer.post_ok(f"{path}/back_out", back)
        await stop(board)
        template = await board.manager.read("/v1/change_templates/relay-restart")
        assert template["outgrown_because"] == (None if n == 0 else "failures")
        assert template["needs_renewal"] is (n > 0), "though its services are as important as before"
