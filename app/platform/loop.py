"""The event loop of our own processes: uvloop's, as that of the API.

With asyncio's own loop an import takes a thirtieth longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")
#: Longer than anything takes that a task still has to close.
AGAIN_SECONDS = 6.0


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine and return its result, or raise its exception. A Ctrl-C cancels it."""
    return uvloop.run(main)


async def end(tasks: Iterable[asyncio.Task[Any]], again_seconds: float = AGAIN_SECONDS) -> None:
    """Cancel the tasks, and wait until they have ended.

    `asyncio.wait_for`, by which libraries wait, loses a cancellation that comes together with what it waits
    for (before Python 3.12). So every task that goes on although it was cancelled is cancelled again: a
    TaskGroup cancels its own only once.
    """
    going_on = set(tasks)
    for task in going_on:
        task.cancel()
    while going_on:
        _, going_on = await asyncio.wait(going_on, timeout=again_seconds)
        if going_on:
            for task in asyncio.all_tasks():
                if task.cancelling() and task is not asyncio.current_task():
                    task.cancel()


def count_cancellations() -> int:
    """Return how many cancellations of the current task are still in force."""
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()
