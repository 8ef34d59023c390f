"""Decisions over every kind of record: which votes they lack, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from tests.client import Api
from tests.extent import in_test_all
from tests.processes.changes.samples import a_board


async def test_open_decisions_say_who_has_voted_and_who_has_not(api: Api) -> None:
    board = await a_board(api)
    other = await api.client("Nils", Role.cab_member)
    third = await api.client("Ines", Role.cab_member)
    path = await board.assessed("medium")
    query = await board.manager.post_ok(f"{path}/request_approval", board.question())
    vote = {"decision": query["approval_id"], "verdict": "approve"}
    await board.member.post_ok(f"{path}/vote", vote)
    (decision,) = (await board.manager.read("/v1/decisions", kind="change"))["items"]
    change = await board.manager.read(path)
    assert (decision["about"], decision["number"], decision["title"]) == (
        change["id"],
        change["number"],
        change["title"],
    )
    assert (decision["quorum"], decision["missing"]) == (2, 1)
    due = datetime.fromisoformat(decision["due_at"])
    assert timedelta(days=6) < due - datetime.now(UTC) <= timedelta(days=7), "as the rule says"
    assert [voter["person"]["id"] for voter in decision["voted"]] == [board.member.id]
    assert {voter["person"]["id"] for voter in decision["not_voted"]} == {other.id, third.id}
    assert "verdict" not in decision["voted"][0]
    for query, number in (
        ({"waits_for": "me"}, 0),
        ({"waits_for": other.id}, 1),
        ({"waits_for": board.member.id}, 0),
        ({"kind": "release"}, 0),
        ({"state": "taken"}, 0),
        ({"due_before": _instant(due)}, 0),
        ({"due_after": _instant(due - timedelta(seconds=1))}, 1),
    ):
        assert len((await board.manager.read("/v1/decisions", **query))["items"]) == number, query
    assert len((await third.read("/v1/decisions", waits_for="me"))["items"]) == 1


async def test_decisions_on_hidden_records_are_hidden(api: Api) -> None:
    board = await a_board(api)
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    assert len((await board.engineer.read("/v1/decisions"))["items"]) == 1
    outsider = await api.client("Otto", Role.knowledge_editor)
    for hidden in (outsider, await api.client("Carla")):
        assert (await hidden.read("/v1/decisions"))["items"] == []


@in_test_all
async def test_decisions_come_page_by_page_what_is_due_first(api: Api) -> None:
    board = await a_board(api)
    now = datetime.now(UTC).replace(microsecond=0)
    dues = [_instant(now + timedelta(days=days)) for days in (6, 4, 5)]
    for due in dues:
        path = await board.assessed()
        await board.manager.post_ok(f"{path}/request_approval", board.question(due_at=due))
    pages = await board.manager.pages("/v1/decisions", limit="2")
    due_dates = [[item["due_at"][:19] + "Z" for item in page] for page in pages]
    assert due_dates == [sorted(dues)[:2], sorted(dues)[2:]]


def _instant(instant: datetime) -> str:
    """The instant as it is asked for."""
    return instant.isoformat().replace("+00:00", "Z")
