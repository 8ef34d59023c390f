"""The signal that wakes consumers when the log has grown, and delays them while a history is being
imported.
"""

from __future__ import annotations

import asyncio
import math

# So many new events at once come from an imported history: other writers append one batch of commands. During
# an import, work that people wait for comes first. Each consumer costs a fraction of the import itself, and
# less if it handles many events at once: a throttled one waits until no events of the import have come for a
# while, but never longer than people can wait.
BULK_THRESHOLD = 250
IDLE_SECONDS = 2.0
THROTTLE_SECONDS = 30.0
# Consumers for which a history is imported should see it soon. Right behind the import, though, a consumer
# would handle many cases twice and run its queries for every few of them: that takes half as much time again.
PAUSE_SECONDS = 5.0


class WakeSignal:
    """A signal that the log has grown: sets the event that `next_signal` has returned to those who wait."""

    def __init__(self) -> None:
        self._next_signal = asyncio.Event()
        self._position = math.inf  # unknown yet
        self._begun_at = -math.inf
        self._idle_at = -math.inf
        self._import_finished = True

    def next_signal(self) -> asyncio.Event:
        """Return the event that the next signal sets. Taken before reading the log, it misses no signal
        between reading and waiting.
        """
        return self._next_signal

    def advance_to(self, position: int) -> None:
        """Wake all who wait: the log's head is at that position now."""
        if position - self._position >= BULK_THRESHOLD:
            now = asyncio.get_running_loop().time()
            if self._idle_at <= now:
                self._begun_at = now
            self._idle_at = now + IDLE_SECONDS
            self._import_finished = False
        else:
            self._import_finished = True
        self._position = position
        self.wake_all()

    def wake_all(self) -> None:
        """Wake all who wait, although no new events are known."""
        self._next_signal.set()
        self._next_signal = asyncio.Event()

    @property
    def is_import_idle(self) -> bool:
        """Return whether no history is being imported, as far as is known."""
        return self._import_finished or self._idle_at <= asyncio.get_running_loop().time()

    def earliest(self, worked_at: float, *, throttled: bool) -> float:
        """Return when a consumer that worked last at `worked_at` may work again, on the event loop's clock.

        A throttled consumer waits until no events of an import have come for a while, any other until the
        import's end is announced; if an import was aborted, or its announcement was missed, the waiting times
        have limits.
        """
        if self._import_finished and not throttled:
            return -math.inf
        longest = THROTTLE_SECONDS if throttled else PAUSE_SECONDS
        return min(self._idle_at, max(worked_at, self._begun_at) + longest)
