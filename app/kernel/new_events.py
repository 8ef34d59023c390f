"""Requests that wait for new events: they learn of the log's position together, and read a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from app.log.wake_signal import WakeSignal

#: Number of waiting requests that read the log at the same time, so that connections are left for other
#: requests.
READS_AT_ONCE = 2


class NewEvents:
    """The newest position that this process has heard of, and the requests that wait for one beyond theirs.

    One listener notifies all of them, so requests do not ask the database for news.
    """

    def __init__(self) -> None:
        self.position = -1
        #: The number of requests that wait.
        self.waiting = 0
        #: Held while one of them reads.
        self.reading = asyncio.Semaphore(READS_AT_ONCE)
        self._signal = WakeSignal()

    def announce(self, position: int) -> None:
        """Note the position of the log's head, and wake those who wait for one that is beyond theirs."""
        if position > self.position:
            self.position = position
            self._signal.wake_all()

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait for events after that position, for at most this number of seconds, and return whether there
        are any.
        """
        if self.position <= after and seconds > 0:
            with self._counted(), contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._signal.next_signal().wait(), seconds)
        return self.position > after

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
