"""Decisions over every kind of record: which votes they lack, and until when."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api
from tests.processes.changes.samples import a_board


async def test_open_decisions_say_who_has_voted_and_who_has_not(api: Api) -> None:
    board = await a_board(api)
    other = await api.client("Nils", Role.cab_member)
    third = await api.client("Ines", Role.cab_member)
    at = await board.assessed()
    persons = [board.member.id, other.id, third.id]
    await board.manager.post_ok(f"{at}/request_approval", board.question(persons=persons))
    await board.vote(at, "approve")
    (found,) = (await board.manager.read("/v1/decisions", kind="change"))["items"]
    change = await board.manager.read(at)
    assert (found["about"], found["number"], found["title"]) == (
        change["id"],
        change["number"],
        change["title"],
    )
    assert (found["quorum"], found["missing"], found["due_at"]) == (2, 1, "2199-01-01T00:00:00.000000Z")
    assert [one["person"]["id"] for one in found["voted"]] == [board.member.id]
    assert {one["person"]["id"] for one in found["not_voted"]} == {other.id, third.id}
    assert "verdict" not in found["voted"][0]
    for asked, number in (
        ({"waits_for": "me"}, 0),
        ({"waits_for": other.id}, 1),
        ({"waits_for": board.member.id}, 0),
        ({"kind": "release"}, 0),
        ({"state": "taken"}, 0),
        ({"due_before": "2198-01-01T00:00:00Z"}, 0),
        ({"due_after": "2198-01-01T00:00:00Z"}, 1),
    ):
        assert len((await board.manager.read("/v1/decisions", **asked))["items"]) == number, asked
    assert len((await third.read("/v1/decisions", waits_for="me"))["items"]) == 1


async def test_decisions_on_hidden_records_are_hidden(api: Api) -> None:
    board = await a_board(api)
    at = await board.assessed()
    await board.manager.post_ok(f"{at}/request_approval", board.question())
    assert len((await board.engineer.read("/v1/decisions"))["items"]) == 1
    outsider = await api.client("Otto", Role.knowledge_editor)
    for hidden in (outsider, await api.client("Carla")):
        assert (await hidden.read("/v1/decisions"))["items"] == []


async def test_decisions_come_page_by_page_what_is_due_first(api: Api) -> None:
    board = await a_board(api)
    for year in (2198, 2196, 2197):
        at = await board.assessed()
        due = {"due_at": f"{year}-01-01T00:00:00Z"}
        await board.manager.post_ok(f"{at}/request_approval", board.question(**due))
    pages = await board.manager.pages("/v1/decisions", limit="2")
    assert [[item["due_at"][:4] for item in page] for page in pages] == [["2196", "2197"], ["2198"]]
