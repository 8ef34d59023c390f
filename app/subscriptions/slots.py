"""Shared limits of the queues of all subscriptions of a process, so that an account does not delay others:
few statements at a time, few connections to each receiving host, and a limited number of waiting streams for
each account.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.subscriptions.lifecycle import MOST_PER_MINUTE

#: So many queues read from the database at once, of the connections that all consumers share.
MOST_READS = 2
#: So many deliveries to one host are under way at once, and so many of them of one account.
MOST_TO_HOST = 16
MOST_OF_ACCOUNT_TO_HOST = 8
#: So many streams of one account wait for another attempt, or are tried for the first time.
MOST_WAITING = 1_000


class FairSlots:
    """Slots of which `most` are taken at once, and `most_of_one` by the same account, so that each account
    that waits has its turn.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most_of_one = most_of_one
        self._slots = asyncio.Semaphore(most)
        self._accounts: dict[UUID, asyncio.Semaphore] = {}
        self._users: Counter[UUID] = Counter()

    @contextlib.asynccontextmanager
    async def slot(self, account: UUID) -> AsyncIterator[None]:
        """Take a slot for the block."""
        own = self._accounts.setdefault(account, asyncio.Semaphore(self._most_of_one))
        self._users[account] += 1
        try:
            async with own, self._slots:
                yield
        finally:
            self._users[account] -= 1
            if not self._users[account]:
                del self._users[account], self._accounts[account]

    @property
    def is_unused(self) -> bool:
        """Return whether all slots are free and unclaimed."""
        return not self._users


@dataclass(slots=True)
class SharedSlots:
    """The slots of a process: for reads, by receiving host, and for streams that wait, by account."""

    reads: FairSlots = field(default_factory=lambda: FairSlots(MOST_READS, 1))
    hosts: dict[str | None, FairSlots] = field(default_factory=dict)
    #: Streams that wait, as they were counted last, and those that are tried at present.
    waiting: Mapping[UUID, int] = field(default_factory=dict)
    trying: Counter[UUID] = field(default_factory=Counter)

    @contextlib.asynccontextmanager
    async def to_host(self, origin: str | None, account: UUID) -> AsyncIterator[None]:
        """Take a slot for a delivery to that host."""
        slots = self.hosts.setdefault(origin, FairSlots(MOST_TO_HOST, MOST_OF_ACCOUNT_TO_HOST))
        try:
            async with slots.slot(account):
                yield
        finally:
            if slots.is_unused:
                self.hosts.pop(origin, None)

    def room(self, account: UUID) -> int:
        """Return how many more streams of the account may be tried now, all of which may come to wait."""
        return max(0, MOST_WAITING - self.waiting.get(account, 0) - self.trying[account])

    @contextlib.contextmanager
    def tried(self, account: UUID, streams: int) -> Iterator[None]:
        """Count so many streams as tried during the block."""
        self.trying[account] += streams
        try:
            yield
        finally:
            self.trying[account] -= streams
            if not self.trying[account]:
                del self.trying[account]


class MinuteRate:
    """The deliveries of a subscription within the last minute."""

    def __init__(self) -> None:
        self._sent_at = deque[datetime](maxlen=MOST_PER_MINUTE)

    def note(self, now: datetime) -> None:
        """Count a delivery."""
        self._sent_at.append(now)

    def is_reached(self, most: int | None, now: datetime) -> bool:
        """Return whether so many deliveries were within the last minute; None: there is no limit."""
        while self._sent_at and self._sent_at[0] <= now - timedelta(minutes=1):
            self._sent_at.popleft()
        return most is not None and len(self._sent_at) >= most
