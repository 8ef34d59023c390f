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

    `asyncio.wait_for`, which libraries use, loses a cancellation that comes together with what it waits for
    (before Python 3.12). So whoever goes on is cancelled once more.
    """
    going_on = set(tasks)
    while going_on:
        for task in going_on:
            task.cancel()
        _, going_on = await asyncio.wait(going_on, timeout=again_seconds)
