"""Whose window is taken, too, is told by what, when, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.automation.worker import Worker
from tests.client import Api, Client
from tests.extent import in_test_all
from tests.processes.changes.samples import NIGHT, Board, a_board, a_freeze


@pytest.fixture
async def board(api: Api) -> Board:
    built = await a_board(api)
    await built.ci("srv-1")
    return built


async def told(board: Board, client: Client, language: str = "en") -> list[str]:
    """The lines that somebody reads of overlaps, in the newest notice, after all is told."""
    worker, now = Worker(board.api.ledger), datetime.now(UTC)
    for later in (now, now + timedelta(minutes=5)):
        await worker.work(later)
    assert worker.failures == []
    answer = await client.get("/v1/notices?person=me", headers={"Accept-Language": language})
    texts = [item["text"] for item in answer.json()["items"] if "overlapped" in item["steps"]]
    lines: list[str] = texts[0].splitlines()
    begin = [n for n, line in enumerate(lines) if ("window of" in line or "的变更窗口" in line)]
    return lines[begin[-1] :]


@in_test_all
async def test_of_another_change_number_title_window_and_reason_are_told_and_when_both_overlap(
    board: Board,
) -> None:
    first = await board.scheduled(0, 2, cis=["srv-1"])
    over = await board.approved(cis=["srv-1"], title="Change the disks")
    scheduled = await board.try_schedule(over, 1, 3, override_reason="They sit together.")
    assert scheduled.status_code == 200
    number, other = [(await board.manager.read(path))["number"] for path in (first, over)]
    assert await told(board, board.agent) == [
        f"Another change now overlaps the window of {number}: Renew the mail relay",
        "By: automatic rule",
        f"Change: {other} Change the disks, {NIGHT:%Y-%m-%d} 01:00 (UTC) – {NIGHT:%Y-%m-%d} 03:00 (UTC)",
        f"Overlap from: {NIGHT:%Y-%m-%d} 01:00 (UTC)",
        f"Overlap until: {NIGHT:%Y-%m-%d} 02:00 (UTC)",
        f"Window from: {NIGHT:%Y-%m-%d} 00:00 (UTC)",
        f"Window until: {NIGHT:%Y-%m-%d} 02:00 (UTC)",
        "Reason for allowing the overlap: They sit together.",
    ]
    chinese = "\n".join(await told(board, board.agent, "zh"))
    assert f"另一变更占用了 {number} 的变更窗口：Renew the mail relay" in chinese
    assert f"变更：{other} Change the disks" in chinese
    assert f"重叠结束：{NIGHT:%Y-%m-%d} 02:00 (UTC)" in chinese
    assert "允许重叠的原因：They sit together." in chinese


@in_test_all
async def test_of_a_freeze_its_title_and_time_are_told(board: Board) -> None:
    await board.scheduled(0, 2, cis=["srv-1"])
    await board.manager.post_ok("/v1/freezes", a_freeze(-4, 1))
    lines = await told(board, board.agent)
    before = NIGHT - timedelta(days=1)
    assert lines[0].startswith("A freeze now overlaps the window of ")
    assert [line for line in lines if line.startswith(("Freeze", "Overlap"))] == [
        f"Freeze: Closing of the year, {before:%Y-%m-%d} 20:00 (UTC) – {NIGHT:%Y-%m-%d} 01:00 (UTC)",
        f"Overlap from: {NIGHT:%Y-%m-%d} 00:00 (UTC)",
        f"Overlap until: {NIGHT:%Y-%m-%d} 01:00 (UTC)",
    ]


async def test_who_does_not_see_the_other_one_is_told_when_and_nothing_else_of_it(board: Board) -> None:
    customer = await board.api.client("Customer")
    first = await board.scheduled(0, 2, cis=["srv-1"], requester=customer.id)
    over = await board.approved(cis=["srv-1"], title="Change the disks")
    await board.try_schedule(over, 1, 3, override_reason="They sit together.")
    other = (await board.manager.read(over))["number"]
    lines = await told(board, customer)
    assert (await customer.get(first)).status_code == 200
    assert f"Overlap from: {NIGHT:%Y-%m-%d} 01:00 (UTC)" in lines
    assert f"Overlap until: {NIGHT:%Y-%m-%d} 02:00 (UTC)" in lines
    notice_text = "\n".join(lines)
    assert not [word for word in ("Change the disks", other, "They sit together") if word in notice_text]
