"""The bell: rung when the log has grown. It knows whether a history comes in, and how long to wait then."""

from __future__ import annotations

import asyncio
import math

# So many new events at once are a part of a history that comes in: others write a batch of commands. What
# people wait for comes first then. Each consumer costs a part of what bringing it in costs, and less if it
# works off much at once: it waits until no more has come for a while, but never longer than people can.
BULK_THRESHOLD = 250
IDLE_SECONDS = 2.0
THROTTLE_SECONDS = 30.0
# What a history is brought in for should be there soon. On its heels, though, it would meet many cases twice
# and be planned for every few of them: that takes half as much again.
PAUSE_SECONDS = 5.0


class WakeSignal:
    """Rung when the log has grown; whoever asked for the next ring before is woken."""

    def __init__(self) -> None:
        self._next_signal = asyncio.Event()
        self._position = math.inf  # not known
        self._begun_at = -math.inf
        self._idle_at = -math.inf
        self._import_finished = True

    def next_signal(self) -> asyncio.Event:
        """What the next ring sets. Asked for before one looks, none is missed between looking and waiting."""
        return self._next_signal

    def advance_to(self, position: int) -> None:
        """Wakes all who wait: the log ends at that position now."""
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
        """Wakes all who wait, though nothing is known to be new."""
        self._next_signal.set()
        self._next_signal = asyncio.Event()

    @property
    def is_import_idle(self) -> bool:
        """Whether no history comes in, as far as is known."""
        return self._import_finished or self._idle_at <= asyncio.get_running_loop().time()

    def earliest(self, worked_at: float, *, throttled: bool) -> float:
        """When whoever worked last at that time may work again, on the loop's clock.

        Who is throttled waits until nothing of a history has come for a while, others until somebody says
        that it is through; of one that was broken off, or whose end was not heard of, nobody says so.
        """
        if self._import_finished and not throttled:
            return -math.inf
        longest = THROTTLE_SECONDS if throttled else PAUSE_SECONDS
        return min(self._idle_at, max(worked_at, self._begun_at) + longest)
