"""The preview of a window's conflicts agrees with scheduling: it finds none exactly if the window can be
scheduled, and every free window that it offers can be.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.common.people import Caller, Role, RoleGrant
from app.kernel.commands.command import Command
from app.kernel.commands.perform import refusal_of
from app.processes.changes.payloads import ScheduleChange
from tests.client import Json
from tests.people import context
from tests.processes.changes.samples import NIGHT, Board, at_hour, window
from tests.processes.changes.test_freeze_exceptions import declared, excepted

#: Windows whose preview is compared with scheduling, as hours of the night: the one that the change wants, a
#: part of it, and others in or across the two freezes and the booking of another change.
WINDOWS = (
    (0, 2),
    (0.5, 1),
    (1, 3),
    (4, 6),
    (28, 31),
    (30, 32),
    (39, 41),
    (42, 44),
    (49, 51),
    (58, 62),
    (-2, 0),
)


async def schedule_refusal(board: Board, change: Json, begin: str, end: str) -> str | None:
    """The code of the refusal that the manager would get for that window; None if it would be scheduled."""
    ledger = board.api.ledger
    lifecycle = ledger.lifecycles["change"]
    body = ScheduleChange.model_validate(window(0, 1) | {"from_at": begin, "until_at": end})
    caller = Caller(f"person:{board.manager.id}", UUID(board.manager.id), (RoleGrant(Role.change_manager),))
    command = Command(lifecycle, lifecycle["schedule"], change["id"], body, context(caller))
    refusal = await refusal_of(ledger, command)
    return None if refusal is None else refusal.code


async def a_change_with_an_exception(board: Board) -> Json:
    """A change that wants the first two hours. A freeze is until hour 30, from which it is excepted; another
    change holds its item from hour 40 to 42, and another freeze is from hour 50 to 60.
    """
    await board.template("restart")
    await board.ci("app-1")
    await board.ci("db-1")
    await board.relate("app-1", "uses", "db-1")
    change = await board.approved(cis=["app-1"])
    booked = await board.standard("restart", "db-1")
    assert (await board.try_schedule(booked, 40, 42)).status_code == 200
    freeze, _ = await declared(board, 0, 30)
    await excepted(board, freeze, change)
    await board.vote(freeze, "approve")
    await declared(board, 50, 60)
    record: Json = await board.manager.read(change)
    return record


async def test_a_preview_without_conflicts_and_the_windows_it_offers_can_be_scheduled(board: Board) -> None:
    change = await a_change_with_an_exception(board)
    offered: dict[str, str | None] = {}
    for begin, end in WINDOWS:
        query = {"from": at_hour(begin), "to": at_hour(end), "change": change["number"]}
        preview = await board.manager.read("/v1/changes/conflicts", **query)
        refused = await schedule_refusal(board, change, at_hour(begin), at_hour(end))
        assert (preview["items"] == []) == (refused is None), (begin, end, refused, preview["items"])
        assert len(preview["free_windows"]) == 3
        for free in preview["free_windows"]:
            span = f"{free['from_at']} – {free['until_at']}"
            offered[span] = await schedule_refusal(board, change, free["from_at"], free["until_at"])
    assert {span: code for span, code in offered.items() if code is not None} == {}
    by_name = await board.manager.read(
        "/v1/changes/conflicts", **{"from": at_hour(0), "to": at_hour(2), "cis": "app-1"}
    )
    assert [item["kind"] for item in by_name["items"]] == ["freeze"], "an exception is for its change alone"


async def test_windows_that_are_over_are_not_offered(board: Board) -> None:
    change = await board.manager.read(await board.approved())
    begin = datetime.now(UTC) - timedelta(days=3)
    query = {"from": begin.isoformat(), "to": (begin + timedelta(hours=1)).isoformat()}
    preview = await board.manager.read("/v1/changes/conflicts", change=change["number"], **query)
    assert preview["items"] == []
    for free in preview["free_windows"]:
        assert await schedule_refusal(board, change, free["from_at"], free["until_at"]) is None
    assert NIGHT + timedelta(days=1) > datetime.fromisoformat(preview["free_windows"][0]["from_at"])
