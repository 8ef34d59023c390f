"""A change that touches the item, is approved and in its window, authorises an alteration after go-live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.processes.changes.samples import DONE, REVIEWED, Board, a_board


@pytest.fixture
async def board(api: Api) -> Board:
    """Those who have to do with changes."""
    return await a_board(api)


def from_now(**parts: float) -> str:
    """That time from now."""
    return (datetime.now(UTC) + timedelta(**parts)).isoformat().replace("+00:00", "Z")


async def scheduled(board: Board, begin: str, end: str, **changes: Any) -> str:
    """The path of a change that has that window."""
    path = await board.approved(**changes)
    body = {"from_at": begin, "until_at": end, "other_window_reason": "The supplier comes then."}
    await board.manager.post_ok(f"{path}/schedule", body)
    return path


async def number_of(board: Board, path: str) -> str:
    """The number of the change."""
    number: str = (await board.manager.read(path))["number"]
    return number


async def altered(client: Client, key: str, change: str | None, **more: Any) -> Json:
    """The item after an alteration that names the change."""
    body = {"attributes": {"release": from_now()}, "change": change, **more}
    return await client.post_ok(f"/v1/cis/{key}/change_attributes", body)


async def test_a_change_authorises_alterations_of_its_items_once_it_is_approved(board: Board) -> None:
    await board.ci("srv-1")
    await board.ci("srv-2")
    path = await board.assessed(cis=["srv-1"])
    change = await board.manager.read(path)
    early = await altered(board.engineer, "srv-1", change["number"])
    assert (early["unauthorised_count"], early["alteration_count"]) == (1, 1)
    assert (early["alteration_authorised"], early["authorised_by_id"]) == (False, None)
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "approve")
    after = await altered(board.engineer, "srv-1", change["number"])
    assert (after["unauthorised_count"], after["alteration_count"]) == (1, 2)
    assert (after["alteration_authorised"], after["authorised_by_id"]) == (True, change["id"])
    assert after["altered_at"] > early["altered_at"] == after["unauthorised_at"]
    last = (await board.keeper.read("/v1/cis/srv-1/events"))["items"][-1]
    assert "unauthorised_count" not in last["set"][f"ci/{after['id']}"]
    assert last["set"][f"ci/{after['id']}"]["alteration_count"] == 2
    other = await altered(board.engineer, "srv-2", change["number"])
    assert other["unauthorised_count"] == 1, "the change does not touch it"


@in_test_all
async def test_outside_its_window_a_change_authorises_only_while_it_is_implemented(board: Board) -> None:
    await board.ci("srv-1")
    path = await scheduled(board, from_now(hours=1), from_now(hours=3), cis=["srv-1"])
    number = await number_of(board, path)
    assert (await altered(board.engineer, "srv-1", number))["unauthorised_count"] == 1
    late = {"out_of_window_reason": "The supplier is here now.", "override_reason": "Agreed."}
    await board.engineer.post_ok(f"{path}/start", late)
    running = await altered(board.engineer, "srv-1", number)
    assert (running["alteration_authorised"], running["unauthorised_count"]) == (True, 1)
    await board.engineer.post_ok(f"{path}/complete", DONE)
    assert (await altered(board.engineer, "srv-1", number))["unauthorised_count"] == 2


@in_test_all
async def test_within_its_window_a_change_authorises_until_it_is_closed(board: Board) -> None:
    await board.ci("srv-1")
    path = await scheduled(board, from_now(seconds=-30), from_now(hours=1), cis=["srv-1"])
    number = await number_of(board, path)
    assert (await altered(board.engineer, "srv-1", number))["alteration_authorised"]
    await board.engineer.post_ok(f"{path}/start", {})
    await board.engineer.post_ok(f"{path}/complete", DONE)
    assert (await altered(board.engineer, "srv-1", number))["alteration_authorised"]
    await board.manager.post_ok(f"{path}/review", REVIEWED)
    closed = await altered(board.engineer, "srv-1", number)
    assert (closed["alteration_authorised"], closed["unauthorised_count"]) == (False, 1)


@in_test_all
async def test_an_alteration_is_judged_as_of_when_it_happened(board: Board) -> None:
    await board.ci("srv-1")
    path = await scheduled(board, from_now(seconds=-30), from_now(hours=1), cis=["srv-1"])
    number, done_at = await number_of(board, path), from_now()
    await board.manager.post_ok(f"{path}/cancel", {"reason": "The supplier is late."})
    dated = await altered(board.engineer, "srv-1", number, occurred_at=done_at)
    assert dated["alteration_authorised"], "it was scheduled then"
    assert (await altered(board.engineer, "srv-1", number))["unauthorised_count"] == 1


async def test_what_was_approved_afterwards_is_named_and_the_alteration_stays_flagged(board: Board) -> None:
    await board.ci("srv-1")
    await board.ci("srv-2")
    refused = await board.keeper.post("/v1/cis/srv-1/regularise", json={"change": "CHG-2026-000001"})
    assert refused.json()["errors"][0]["code"] == "unknown_reference"
    path = await board.assessed(cis=["srv-1"])
    number = await number_of(board, path)
    refused = await board.keeper.post("/v1/cis/srv-1/regularise", json={"change": number})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_regularise")
    await altered(board.engineer, "srv-1", None)
    assert await why_not(board.keeper, "srv-1", number) == ("/change", "change_not_approved")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "approve")
    elsewhere = await number_of(board, await board.approved(cis=["srv-2"]))
    assert await why_not(board.keeper, "srv-1", elsewhere) == ("/change", "touches_another_item")
    assert (await board.engineer.post("/v1/cis/srv-1/regularise", json={"change": number})).status_code == 403
    after = await board.manager.post_ok("/v1/cis/srv-1/regularise", {"change": number})
    assert (after["unauthorised"], after["unauthorised_count"], after["alteration_count"]) == (True, 1, 1)
    assert after["regularised_by_id"] == (await board.manager.read(path))["id"]
    assert after["regularised_at"] is not None
    event = (await board.keeper.read("/v1/cis/srv-1/events"))["items"][-1]
    assert event["type"] == "ci.regularised"
    await altered(board.keeper, "srv-1", None)
    own = await board.keeper.post("/v1/cis/srv-1/regularise", json={"change": number})
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties"), "the keeper's own"
    await board.manager.post_ok("/v1/cis/srv-1/regularise", {"change": number})
    again = await altered(board.engineer, "srv-1", "another tool's 4711")
    assert (again["unauthorised_count"], again["regularised_by_id"]) == (3, None)


@in_test_all
async def test_each_alteration_is_regularised_by_itself_and_named_where_there_are_several(
    board: Board,
) -> None:
    await board.ci("srv-1")
    number = await number_of(board, await board.approved(cis=["srv-1"]))
    for _ in range(2):
        await altered(board.engineer, "srv-1", None)
    events = (await board.keeper.read("/v1/cis/srv-1/events"))["items"]
    first, second = (event["id"] for event in events if event["type"] == "ci.attributes_changed")
    assert await why_not(board.keeper, "srv-1", number) == ("/alteration", "several_alterations")
    here = "/v1/cis/srv-1/regularise"
    wrong = {"change": number, "alteration": events[0]["id"]}
    assert (await board.keeper.post(here, json=wrong)).json()["errors"][0]["code"] == (
        "no_unauthorised_alteration"
    )
    after = await board.keeper.post_ok(here, {"change": number, "alteration": second})
    assert (after["regularised_number"], after["regularised_count"]) == (2, 1)
    again = await board.keeper.post(here, json={"change": number, "alteration": second})
    assert again.json()["errors"][0]["code"] == "regularised_already"
    after = await board.keeper.post_ok(here, {"change": number})
    assert (after["regularised_number"], after["regularised_count"]) == (1, 2), "the one that is left"
    nothing = await board.keeper.post(here, json={"change": number, "alteration": first})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_regularise")


async def test_a_number_of_ours_that_there_is_not_is_refused_and_one_of_another_tool_is_marked(
    board: Board,
) -> None:
    await board.ci("srv-1")
    body = {"attributes": {"release": "4"}, "change": "CHG-1999-999999"}
    refused = await board.engineer.post("/v1/cis/srv-1/change_attributes", json=body)
    assert refused.json()["errors"][0]["code"] == "unknown_reference"
    outside = await altered(board.engineer, "srv-1", "RFC 4711")
    assert (outside["outside_change"], outside["unauthorised_count"]) == ("RFC 4711", 1)
    assert (await altered(board.engineer, "srv-1", None))["outside_change"] is None


async def why_not(client: Client, key: str, change: str) -> tuple[str, str]:
    """Where and why the change cannot be named."""
    answer = await client.post(f"/v1/cis/{key}/regularise", json={"change": change})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def test_a_discovery_tool_that_names_the_change_is_authorised_without_seeing_it(board: Board) -> None:
    tool = await board.api.client("Scanner", Role.integration)
    scanned = {"key": "srv-9", "name": "srv-9", "ci_class": "server"}
    await tool.post_ok("/v1/cis", scanned)
    await board.keeper.post_ok("/v1/cis/srv-9/go_live")
    number = await number_of(board, await board.approved(cis=["srv-9"]))
    assert (await altered(tool, "srv-9", number))["alteration_authorised"]
