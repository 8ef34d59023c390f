"""Nobody decides about a change that they wrote, assess, ask for or carry out, whatever roles they hold."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.processes.changes.samples import ASSESSMENT, a_board, a_change


def errors(problem: Json) -> list[tuple[str, str]]:
    """Where what is wrong, by code."""
    return [(one["pointer"], one["code"]) for one in problem["errors"]]


async def edit(client: Client, at: str, said: Json) -> None:
    """The client alters the change."""
    answer = await client.patch(at, json=said, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def test_a_change_manager_does_not_approve_what_she_drafted_and_assessed(api: Api) -> None:
    board = await a_board(api)
    manager = await api.client("Katrin", Role.change_manager, Role.cab_member)
    at = f"/v1/changes/{(await manager.post_ok('/v1/changes', a_change()))['id']}"
    await manager.post_ok(f"{at}/submit")
    await manager.post_ok(f"{at}/assess", ASSESSMENT)
    refused = await manager.post(f"{at}/request_approval", json=board.question(persons=[manager.id]))
    assert refused.status_code == 422
    assert errors(refused.json()) == [("/persons", "all_kept_apart")]
    assert manager.id in refused.json()["errors"][0]["message"]
    with_member = board.question(persons=[manager.id, board.member.id])
    await manager.post_ok(f"{at}/request_approval", with_member)
    decision = (await manager.read(f"{at}/decisions"))["items"][0]
    assert decision["left_out"] == [{"person": manager.id, "because": "duty"}]
    votes = (await manager.read(f"{at}/votes"))["items"]
    assert [one["person"]["id"] for one in votes] == [board.member.id]


async def test_whoever_only_comments_tags_or_asks_has_not_written_it(api: Api) -> None:
    board = await a_board(api)
    asker = await api.client("Ada", Role.change_manager)
    at = await board.assessed()
    await asker.post_ok(f"{at}/comment", {"text": "On Monday?"})
    await asker.post_ok(f"{at}/tag", {"tag": "relay"})
    await asker.post_ok(f"{at}/request_approval", board.question(persons=[asker.id]))
    decision = (await asker.read(f"{at}/decisions"))["items"][0]
    assert decision["left_out"] == []
    vote = {"decision": decision["id"], "verdict": "approve"}
    assert (await asker.post_ok(f"{at}/vote", vote))["state"] == "approved"


async def test_whoever_changed_the_plan_is_left_out_though_others_changed_it_since(api: Api) -> None:
    board = await a_board(api)
    editor = await api.client("Ada", Role.change_manager)
    at = await board.assessed()
    await edit(editor, at, {"back_out_plan": "Start version 3."})
    await edit(board.manager, at, {"back_out_plan": "Start the old version."})
    refused = await board.manager.post(f"{at}/request_approval", json=board.question(persons=[editor.id]))
    assert errors(refused.json()) == [("/persons", "all_kept_apart")]


async def test_an_emergency_is_decided_by_the_board_and_not_by_a_team_mate(api: Api) -> None:
    board = await a_board(api)
    mate = await api.client("Zheng", Role.engineer, teams=("network",))
    at = f"/v1/changes/{(await board.drafted(type='emergency'))['id']}"
    await board.agent.post_ok(f"{at}/submit")
    asked = board.question(cannot_wait="Nobody can send mail.")
    refused = await board.engineer.post(
        f"{at}/request_emergency_approval", json={**asked, "persons": [mate.id]}
    )
    assert errors(refused.json()) == [("/persons/0", "no_elector")]
    await board.engineer.post_ok(f"{at}/request_emergency_approval", asked)
    decision = (await board.member.read(f"{at}/decisions"))["items"][0]
    assert (decision["quorum"], decision["state"]) == (1, "open")
