"""How tasks of our processes are ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress

import pytest

from app.platform import loop
from app.platform.db import Database, DatabaseGone
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


async def test_no_connection_is_lost_when_tasks_are_cancelled_at_any_point(place: DatabaseUrls) -> None:
    chance = random.Random(61)
    database = Database(place.url, 3)
    await database.open()

    async def asks() -> None:
        with suppress(DatabaseGone):
            await database.value("select 1")

    for _ in range(100):
        tasks = [asyncio.create_task(asks()) for _ in range(30)]
        for task in tasks[::2]:
            asyncio.get_running_loop().call_later(chance.random() * 0.006, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
    async with AsyncExitStack() as lent:
        for _ in range(3):
            await lent.enter_async_context(database.connection())
    await database.close()
