"""Two changes never hold one item at the same time, nor what one of them needs, unless somebody says why."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta

import pytest

from app.common.people import Role
from app.kernel.actions.refusals import ActionUnavailable
from tests.cases import each_case
from tests.extent import WHOLE, in_test_all
from tests.processes.changes.samples import NIGHT, Board, a_freeze, at_hour, window

#: Pairs of schedulers that act at once; `make soak` takes a thousand.
RACES = int(os.environ.get("LEDGERDESK_TEST_RACES", "20" if WHOLE else "5"))


@pytest.fixture
async def board(board: Board) -> Board:
    """One with a template: most changes here are standard ones, which nobody has to vote on."""
    await board.template("restart")
    return board


async def waiting(board: Board, ci: str) -> str:
    """The path of a change of the item that can be scheduled."""
    return await board.standard("restart", ci)


async def booked(board: Board, begin: float, end: float, ci: str) -> str:
    """The path of a change of the item that is scheduled from the one hour to the other."""
    path = await waiting(board, ci)
    answer = await board.try_schedule(path, begin, end)
    assert answer.status_code == 200, answer.text
    return path


async def test_a_window_on_an_item_that_is_held_is_refused_with_the_other_change_and_the_item(
    board: Board,
) -> None:
    await board.ci("srv-1")
    first = await booked(board, 0, 2, "srv-1")
    second = await waiting(board, "srv-1")
    refused = await board.try_schedule(second, 1, 3)
    assert refused.status_code == 409, refused.text
    body = refused.json()
    number = (await board.manager.read(first))["number"]
    assert body["code"] == "window_taken"
    assert f"{number} (srv-1)" in body["detail"]
    assert [(conflict["name"], conflict["ci"]) for conflict in body["conflicts"]] == [(number, "srv-1")]
    assert (await board.try_schedule(second, 2, 3)).status_code == 200, "it ends where the other begins"


async def test_what_nobody_would_implement_is_not_scheduled_until_it_is_assigned(board: Board) -> None:
    path = await board.approved(team=None)
    for language, says in (("en", "neither a team nor an assignee"), ("zh", "尚无团队和处理人")):
        headers = {"Accept-Language": language}
        refused = await board.manager.post(f"{path}/schedule", json=window(0, 2), headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "nobody_to_implement_it")
        assert says in refused.json()["detail"]
    offered = {action["action"]: action for action in (await board.manager.read(path))["actions"]}
    assert offered["schedule"]["open"] is False
    await board.manager.post_ok(f"{path}/assign", {"team": "network"})
    assert (await board.try_schedule(path, 0, 2)).status_code == 200


async def test_what_a_change_needs_is_held_against_those_who_touch_it_and_shared_with_those_who_need_it(
    board: Board,
) -> None:
    for key in ("app-1", "app-2", "db-1", "host-1"):
        await board.ci(key)
    await board.relate("app-1", "uses", "db-1")
    await board.relate("app-2", "uses", "db-1")
    await board.relate("db-1", "runs_on", "host-1")
    await booked(board, 0, 2, "app-1")
    assert (await board.try_schedule(await waiting(board, "app-2"), 0, 2)).status_code == 200
    refused = await board.try_schedule(await waiting(board, "host-1"), 0, 2)
    assert {conflict["ci"] for conflict in refused.json()["conflicts"]} == {"host-1"}
    assert len(refused.json()["conflicts"]) == 2


async def test_moved_and_cancelled_windows_free_what_they_held(board: Board) -> None:
    await board.ci("srv-1")
    first = await booked(board, 0, 2, "srv-1")
    second = await waiting(board, "srv-1")
    await board.manager.post_ok(f"{first}/reschedule", window(4, 6, reason="The supplier is late."))
    assert (await board.try_schedule(second, 0, 2)).status_code == 200
    third = await waiting(board, "srv-1")
    assert (await board.try_schedule(third, 4, 5)).status_code == 409
    await board.manager.post_ok(f"{first}/cancel", {"reason": "Not needed."})
    assert (await board.try_schedule(third, 4, 5)).status_code == 200


async def test_an_override_has_a_reason_that_stays_and_is_in_the_way_of_others_all_the_same(
    board: Board,
) -> None:
    await board.ci("srv-1")
    first = await booked(board, 0, 2, "srv-1")
    over = await waiting(board, "srv-1")
    done = await board.try_schedule(over, 1, 3, override_reason="Both teams sit together.")
    assert done.status_code == 200, done.text
    held = (await board.manager.read(first))["id"]
    assert (done.json()["override_reason"], done.json()["overrides"]) == (
        "Both teams sit together.",
        [f"change/{held}"],
    )
    third = await waiting(board, "srv-1")
    refused = await board.try_schedule(third, 2, 3)
    assert [conflict["id"] for conflict in refused.json()["conflicts"]] == [done.json()["id"]]


async def test_a_reason_where_nothing_is_in_the_way_overrides_nothing(board: Board) -> None:
    await board.ci("srv-1")
    path = await waiting(board, "srv-1")
    done = await board.try_schedule(path, 0, 2, override_reason="To be sure.")
    assert done.json()["overrides"] is None


async def test_a_window_in_a_freeze_is_refused_for_the_freeze_first_and_lists_the_changes_too(
    board: Board,
) -> None:
    await board.ci("srv-1")
    first = (await board.manager.read(await booked(board, 0, 2, "srv-1")))["id"]
    freeze = (await board.manager.post_ok("/v1/freezes", a_freeze(1, 3)))["id"]
    second = await waiting(board, "srv-1")
    for reason in (None, "Both teams sit together."):
        refused = (await board.try_schedule(second, 1, 2, override_reason=reason)).json()
        assert refused["code"] == "frozen_without_exception"
        assert "Closing of the year" in refused["detail"]
        assert "CHG-" not in refused["detail"], "an exception lifts the freeze only"
        assert [conflict["id"] for conflict in refused["conflicts"]] == [freeze, first]
    refused = (await board.try_schedule(second, 0.5, 1)).json()
    assert (refused["code"], [conflict["id"] for conflict in refused["conflicts"]]) == (
        "window_taken",
        [first],
    )


async def test_a_change_that_would_run_into_a_freeze_is_refused_for_the_freeze_first(board: Board) -> None:
    await board.ci("srv-1")
    path = await booked(board, 0, 2, "srv-1")
    await board.manager.post_ok("/v1/freezes", a_freeze(1, 3))
    for reason in ({}, {"override_reason": "It is quiet."}):
        with pytest.raises(ActionUnavailable) as not_started:
            await board.start_at(path, 0.5, **reason)
        assert not_started.value.code == "frozen_without_exception"


async def test_of_two_schedulers_at_once_exactly_one_wins(board: Board) -> None:
    await board.ci("app-1")
    await board.ci("db-1")
    await board.relate("app-1", "uses", "db-1")
    for n in range(RACES):
        first, second = await board.standard("restart", "app-1"), await board.standard("restart", "db-1")
        begin = 10.0 * n
        answers = await asyncio.gather(
            board.try_schedule(first, begin, begin + 2), board.try_schedule(second, begin + 1, begin + 3)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409], [a.text for a in answers]
        (refused,) = (answer.json() for answer in answers if answer.status_code == 409)
        assert refused["code"] == "window_taken"


async def test_staff_ask_for_conflicts_and_nobody_else(board: Board) -> None:
    query = {"from": window(1, 2)["from_at"], "to": window(1, 2)["until_at"], "services": "mail"}
    assert (await board.agent.read("/v1/changes/conflicts", **query))["items"] == []
    stranger = await board.api.client("王芳")
    refused = await stranger.get("/v1/changes/conflicts", params=query)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@each_case(("named", "code"), [({"cis": "srv-77"}, "unknown_value"), ({}, "missing")])
async def test_an_item_that_is_not_there_is_never_told_to_be_free_nor_is_nothing(
    board: Board, named: dict[str, str], code: str
) -> None:
    query = {"from": window(1, 2)["from_at"], "to": window(1, 2)["until_at"], **named}
    refused = await board.agent.get("/v1/changes/conflicts", params=query)
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert (fault["parameter"], fault["code"]) == ("cis", code)


async def test_before_one_schedules_conflicts_and_the_next_free_windows_are_told(board: Board) -> None:
    for key in ("app-1", "db-1"):
        await board.ci(key)
    await board.relate("app-1", "uses", "db-1")
    first = await booked(board, 0, 2, "db-1")
    query = {"from": window(1, 2)["from_at"], "to": window(1, 2)["until_at"]}
    answer = await board.engineer.read("/v1/changes/conflicts", cis="app-1", **query)
    assert [item["id"] for item in answer["items"]] == [(await board.manager.read(first))["id"]]
    assert answer["needed_cis"] == ["db-1"]
    free = [datetime.fromisoformat(free_window["from_at"]) for free_window in answer["free_windows"]]
    hours = (2, 24 + 1, 48 + 1)
    assert free == [NIGHT + timedelta(hours=hour) for hour in hours], "then at the same time of the next days"
    second = await waiting(board, "app-1")
    number = (await board.manager.read(second))["number"]
    by_change = await board.engineer.read("/v1/changes/conflicts", change=number, **query)
    assert by_change["items"] == answer["items"]


async def test_titles_of_changes_in_the_way_are_for_those_who_may_see_them(board: Board) -> None:
    await board.ci("srv-1")
    await booked(board, 0, 2, "srv-1")
    title = "Restart a relay"
    query = {"cis": "srv-1", "from": window(1, 2)["from_at"], "to": window(1, 2)["until_at"]}
    stranger = await board.api.client("Nils", Role.knowledge_editor)
    for client, expected in ((board.manager, title), (stranger, None)):
        (conflict,) = (await client.read("/v1/changes/conflicts", **query))["items"]
        assert conflict["title"] == expected
    second = await waiting(board, "srv-1")
    assert (await board.try_schedule(second, 1, 2)).json()["conflicts"][0]["title"] == title


@in_test_all
async def test_a_ban_of_a_service_is_in_the_way_of_changes_of_its_items_that_do_not_name_it(
    board: Board,
) -> None:
    owner = await board.api.client("Vera", Role.service_level_manager)
    names = {"key": "payroll", "name_en": "Payroll", "name_zh": "薪资"}
    await owner.post_ok("/v1/services", {**names, "criticality": "high", "owner": "me"})
    await board.ci("pay-1", services=["payroll"])
    await board.ci("pay-2", services=["payroll"])
    earlier = await board.scheduled(0, 2, cis=["pay-1"])
    ban = await board.manager.post_ok("/v1/freezes", a_freeze(0, 10, services=["payroll"]))
    change = await board.manager.read(earlier)
    assert ban["hit_change_ids"] == [change["id"]]
    assert (change["services"], change["ci_services"]) == (["mail"], ["payroll"])
    refused = await board.try_schedule(await board.approved(cis=["pay-2"]), 4, 6)
    assert [conflict["id"] for conflict in refused.json()["conflicts"]] == [ban["id"]]
    with pytest.raises(ActionUnavailable) as not_started:
        await board.start_at(earlier, 1)
    assert not_started.value.code == "frozen_without_exception"
    query = {"cis": "pay-2", "from": at_hour(4), "to": at_hour(6)}
    answer = await board.manager.read("/v1/changes/conflicts", **query)
    assert [item["id"] for item in answer["items"]] == [ban["id"]]
    period = {"from": at_hour(-1), "until": at_hour(11), "service": "payroll"}
    entries = (await board.manager.read("/v1/changes/calendar", **period))["items"]
    assert {entry["id"] for entry in entries} == {ban["id"], change["id"]}


@in_test_all
async def test_of_a_service_alone_the_changes_that_touch_it_are_told_and_free_windows_are_without_them(
    board: Board,
) -> None:
    await board.ci("srv-1")
    first = await board.scheduled(0, 2, cis=["srv-1"])
    bare = await board.assessed()
    number = (await board.manager.read(first))["number"]
    assert (await board.manager.read(bare))["conflicts_found"] == [number]
    query = {"services": "mail", "from": at_hour(1), "to": at_hour(3)}
    answer = await board.manager.read("/v1/changes/conflicts", **query)
    assert (answer["items"], [overlap["name"] for overlap in answer["overlaps"]]) == ([], [number])
    assert datetime.fromisoformat(answer["free_windows"][0]["from_at"]) == NIGHT + timedelta(hours=2)


async def test_of_a_long_window_conflicts_are_told_to_its_end(board: Board) -> None:
    await board.ci("srv-1")
    late = 24 * 65
    first = await booked(board, late, late + 2, "srv-1")
    long = window(0, 24 * 80)
    answer = await board.engineer.read(
        "/v1/changes/conflicts", cis="srv-1", **{"from": long["from_at"], "to": long["until_at"]}
    )
    assert [item["id"] for item in answer["items"]] == [(await board.manager.read(first))["id"]]
    assert answer["free_windows"] == []
