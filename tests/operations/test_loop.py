"""How tasks of our processes are ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from app.platform import loop


async def test_a_task_that_has_lost_a_cancellation_is_cancelled_again() -> None:
    cancelled = 0

    async def waits_for_ever() -> None:
        nonlocal cancelled
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        cancelled += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(waits_for_ever())
    await asyncio.sleep(0)
    await loop.end([task], again_seconds=0.01)
    assert (cancelled, task.cancelled()) == (1, True)
