"""Rate limits: the number of requests of one key, and of wrong keys from one address, in a sliding period.
Counted in this process's memory: several processes allow several times as much.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """The number of requests left, and the seconds until there is room for more."""

    left: int
    seconds: int


class Quota:
    """A sliding window: at most `limit` uses in any `seconds`, for each name separately. `clock` returns
    seconds.
    """

    def __init__(
        self, name: str, limit: int, seconds: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self.limit = limit
        self._seconds = seconds
        self._clock = clock
        self._policy = b"ratelimit-policy", f'"{name}";q={limit};w={seconds}'.encode("ascii")
        #: By name, the times of the uses that still count, oldest first.
        self._counted: dict[str, deque[float]] = {}
        self._swept = clock()

    def consume(self, caller: str, uses: int = 1) -> bool:
        """Count so many more uses of that name; return False, and count nothing, if the limit would be
        exceeded.
        """
        now = self._clock()
        if now - self._swept > self._seconds:
            self._sweep(now)
        counted = self._counted.setdefault(caller, deque())
        self._drop(counted, now)
        if len(counted) + uses > self.limit:
            return False
        counted.extend([now] * uses)
        return True

    def refund(self, caller: str) -> None:
        """Take back the latest use of that name."""
        if counted := self._counted.get(caller):
            counted.pop()

    def remaining(self, caller: str) -> QuotaLeft:
        """Return how many uses are left to that name, and when there will be room for more."""
        now = self._clock()
        counted = self._counted.get(caller, ())
        if isinstance(counted, deque):
            self._drop(counted, now)
        ends = counted[0] + self._seconds if counted else now
        return QuotaLeft(self.limit - len(counted), math.ceil(ends - now))

    def headers(self, room: QuotaLeft) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers that report a client's quota (draft-ietf-httpapi-ratelimit-headers-11)."""
        left = f'"{self._name}";r={room.left};t={room.seconds}'
        return self._policy, (b"ratelimit", left.encode("ascii"))

    def _drop(self, counted: deque[float], now: float) -> None:
        while counted and counted[0] <= now - self._seconds:
            counted.popleft()

    def _sweep(self, now: float) -> None:
        """Drop the names without recent uses, since the number of addresses is unbounded."""
        self._swept = now
        since = now - self._seconds
        self._counted = {
            caller: counted for caller, counted in self._counted.items() if counted and counted[-1] > since
        }
