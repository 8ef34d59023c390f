"""How tasks of our processes are ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

import pytest

from app.platform import loop


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
