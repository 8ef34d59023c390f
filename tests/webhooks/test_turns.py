"""Sources are served in turn: a busy one does not hold back a quiet one."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import pytest

from app.platform.db import connect
from app.webhooks.effects import processing
from tests.client import Api
from tests.webhooks.orders import an_issue, store
from tests.webhooks.test_receiving import an_admin
from tests.webhooks.tools import Tool, a_source, clock

WAITING = "select count(*) from plumbing.webhook_delivery where source_id = %s and state = 'waiting'"
BUSY = 2 * processing.BATCH + 1


async def waiting(tool: Tool) -> int:
    return int(await tool.api.ledger.db.value(WAITING, (tool.source["id"],)))


async def fill(tool: Tool, number: int) -> None:
    for n in range(number):
        await store(tool.api.ledger, tool.source["id"], f"d-{n}", an_issue(80_000 + n, 0, "opened"))


async def test_a_quiet_source_is_heard_after_one_turn_of_a_busy_one(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "TURN_SECONDS", 0)  # a batch each, however quick this machine is
    admin = await an_admin(api)
    tools = [await a_source(api, admin, key=f"github-{n}") for n in range(3)]
    busy, *quiet = sorted(tools, key=lambda tool: UUID(tool.source["id"]))
    turns = processing.SourceTurns(api.ledger, clock)
    connection = await connect(api.ledger.db.url)
    try:
        for _round in range(2):
            await fill(busy, BUSY)
            for tool in quiet:
                await fill(tool, 1)
            for _ in tools:
                assert await turns.process_next(connection)
            assert [await waiting(tool) for tool in quiet] == [0, 0]
            await api.ledger.db.rows("delete from plumbing.webhook_delivery returning id")
        assert not await turns.process_next(connection)
    finally:
        await connection.close()


async def test_a_turn_ends_after_half_a_second_and_writes_what_it_has_done(api: Api) -> None:
    tool = await a_source(api, await an_admin(api))
    await fill(tool, BUSY)
    source, seconds = UUID(tool.source["id"]), count(0, 1)
    assert await processing.process_source(api.ledger, source, clock, elapsed=lambda: next(seconds))
    assert await waiting(tool) == BUSY - processing.BATCH
    halves = iter((0, 0.1, 0.6))
    assert await processing.process_source(api.ledger, source, clock, elapsed=lambda: next(halves))
    assert await waiting(tool) == 0
