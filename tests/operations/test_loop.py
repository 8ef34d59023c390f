"""How tasks of our processes are ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

import pytest

from app.platform import loop
from app.platform.db import Database
from tests.conftest import DatabaseUrls


async def waits_for_ever() -> None:
    """Lose the first cancellation, and wait."""
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await asyncio.Event().wait()


async def waits_for_a_group() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(waits_for_ever())


@pytest.mark.parametrize("waits", [waits_for_ever, waits_for_a_group])
async def test_a_task_that_has_lost_a_cancellation_is_cancelled_again(
    waits: Callable[[], Coroutine[None, None, None]],
) -> None:
    task = asyncio.create_task(waits())
    await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await loop.end([task], again_seconds=0.01)
    assert task.cancelled()


async def test_a_task_that_is_cancelled_while_it_is_handed_a_connection_ends(place: DatabaseUrls) -> None:
    database = Database(place.url, 1)
    await database.open()

    async def holds() -> None:
        async with database.connection():
            await asyncio.Event().wait()

    going_on = []
    for turns in range(10):
        async with database.connection():
            task = asyncio.create_task(holds())
            await asyncio.sleep(0.01)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        _, pending = await asyncio.wait([task], timeout=0.2)
        if pending:
            going_on.append(turns)
            await loop.end(pending)
    await database.close()
    assert not going_on
