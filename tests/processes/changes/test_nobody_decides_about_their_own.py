"""Nobody decides about a change that they wrote, assess, ask for or carry out, whatever roles they hold."""

from __future__ import annotations

from app.common.people import Grade, Role
from tests.client import Api, Client, Json
from tests.processes.changes.samples import (
    ASSESSMENT,
    DONE,
    EARLY,
    REVIEWED,
    a_board,
    a_change,
    put_into_use,
    window,
)


def errors(problem: Json) -> list[tuple[str, str]]:
    """Where what is wrong, by code."""
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


def left_out(body: Json) -> dict[str, str]:
    """By person, why they do not vote: of a decision, or of the refusal to put one. The owner of the services
    is a tool here, and has no account that votes.
    """
    reasons = {exclusion["person"]: exclusion["because"] for exclusion in body["left_out"]}
    return {person: reason for person, reason in reasons.items() if reason != "no_account"}


async def edit(client: Client, path: str, body: Json) -> None:
    """The client alters the change."""
    answer = await client.patch(path, json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def test_a_change_manager_neither_assesses_nor_approves_what_she_drafted(api: Api) -> None:
    board = await a_board(api)
    manager = await api.client("Katrin", Role.change_manager, Role.cab_member)
    path = f"/v1/changes/{(await manager.post_ok('/v1/changes', a_change()))['id']}"
    await manager.post_ok(f"{path}/submit")
    refused = await manager.post(f"{path}/assess", json=ASSESSMENT)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    for other in (board.manager, board.approver):
        await edit(other, path, {"reason": f"{other.id} has another reason."})
    await put_into_use(api.ledger, ["mail"])
    await board.manager.post_ok(f"{path}/assess", ASSESSMENT)
    refused = await manager.post(f"{path}/request_approval", json=board.question())
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_may_decide")
    assert left_out(refused.json()) == {
        manager.id: "duty",
        board.manager.id: "author",
        board.approver.id: "author",
    }
    ada = await api.client("Ada", Role.change_manager)
    await manager.post_ok(f"{path}/request_approval", board.question())
    decision = (await manager.read(f"{path}/decisions"))["items"][0]
    assert left_out(decision) == left_out(refused.json())
    votes = (await manager.read(f"{path}/votes"))["items"]
    assert [vote["person"]["id"] for vote in votes] == [ada.id]


async def test_whoever_wrote_the_plans_of_a_change_does_not_review_it(api: Api) -> None:
    board = await a_board(api)
    manager = await api.client("Katrin", Role.change_manager)
    path = f"/v1/changes/{(await manager.post_ok('/v1/changes', a_change(team='network')))['id']}"
    await manager.post_ok(f"{path}/submit")
    await put_into_use(api.ledger, ["mail"])
    await board.manager.post_ok(f"{path}/assess", ASSESSMENT)
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "approve")
    await board.manager.post_ok(f"{path}/schedule", window(0, 2))
    await board.agent.post_ok(f"{path}/assign", {"person": board.engineer.id})
    await board.engineer.post_ok(f"{path}/start", EARLY)
    await board.engineer.post_ok(f"{path}/complete", DONE)
    refused = await manager.post(f"{path}/review", json=REVIEWED)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    reviewed = REVIEWED | {"first_pass": False}
    assert (await board.manager.post_ok(f"{path}/review", reviewed))["state"] == "closed"


async def test_whoever_only_comments_tags_or_asks_has_not_written_it(api: Api) -> None:
    board = await a_board(api)
    asker = await api.client("Ada", Role.change_manager)
    path = await board.assessed()
    await asker.post_ok(f"{path}/comment", {"text": "On Monday?"})
    await asker.post_ok(f"{path}/tag", {"tag": "relay"})
    await asker.post_ok(f"{path}/request_approval", board.question())
    decision = (await asker.read(f"{path}/decisions"))["items"][0]
    assert left_out(decision) == {board.manager.id: "author"}, "who assessed it, and nobody else"
    vote = {"decision": decision["id"], "verdict": "approve"}
    assert (await asker.post_ok(f"{path}/vote", vote))["state"] == "awaiting_approval", "not alone"
    assert (await board.approver.post_ok(f"{path}/vote", vote))["state"] == "approved"


async def test_whoever_changed_the_reason_is_left_out_though_others_changed_it_since(api: Api) -> None:
    board = await a_board(api)
    editor = await api.client("Ada", Role.change_manager)
    path = await board.submitted()
    await edit(editor, path, {"reason": "Version 3 is slow."})
    await edit(board.manager, path, {"reason": "Version 3 is no longer kept."})
    await board.manager.post_ok(f"{path}/assess", ASSESSMENT)
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    decision = (await board.manager.read(f"{path}/decisions"))["items"][0]
    assert left_out(decision) == {board.manager.id: "author", editor.id: "author"}
    assert await board.voters(path) == [board.approver]


async def test_an_emergency_is_decided_by_the_board_with_members_of_the_team(api: Api) -> None:
    board = await a_board(api)
    mate = await api.client("Zheng", Role.engineer, Role.cab_member, teams=("network",), grade=Grade.senior)
    path = f"/v1/changes/{(await board.drafted(type='emergency'))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    question = board.question(cannot_wait="Nobody can send mail.")
    for chosen in ({"persons": [mate.id]}, {"role": "engineer"}, {"rule": "chair"}, {"quorum": 1}):
        refused = await board.engineer.post(f"{path}/request_emergency_approval", json={**question, **chosen})
        assert errors(refused.json()) == [(f"/{next(iter(chosen))}", "extra_forbidden")]
    await board.engineer.post_ok(f"{path}/request_emergency_approval", question)
    decision = (await board.member.read(f"{path}/decisions"))["items"][0]
    assert (decision["quorum"], decision["state"]) == (1, "open")
    votes = (await board.member.read(f"{path}/votes"))["items"]
    assert {vote["person"]["id"] for vote in votes} == {board.member.id, mate.id}
    assert left_out(decision) == {}


async def test_whoever_asks_for_an_emergency_does_not_decide_on_it(api: Api) -> None:
    board = await a_board(api)
    path = f"/v1/changes/{(await board.drafted(type='emergency'))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    asker = await api.client("Vera", Role.cab_member, Role.change_manager, grade=Grade.management)
    question = board.question(cannot_wait="Nobody can send mail.")
    await asker.post_ok(f"{path}/request_emergency_approval", question)
    decision = (await board.member.read(f"{path}/decisions"))["items"][0]
    assert left_out(decision) == {asker.id: "asker"}
    vote = {"decision": decision["id"], "verdict": "approve"}
    refused = await asker.post(f"{path}/vote", json=vote)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_asked_to_vote")
