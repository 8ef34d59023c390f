"""Jobs of workers: work that is looked for again and again, or done once in each period."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from app.kernel.consumers import polling
from app.kernel.ledger import Ledger
from app.platform.db import Connection
from app.platform.shared_connections import SharedConnections

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)


class _Lines:
    """Lends nothing, as no work here reads the database."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        yield None


def _failed(name: str, error: Exception) -> None:
    raise AssertionError(name) from error


async def _end_of(job: polling.Job, clock: Callable[[], datetime]) -> None:
    """Run the job until its work ends it."""
    with pytest.raises(asyncio.CancelledError):
        await job(cast(SharedConnections, _Lines()), cast(Ledger, None), clock, failed=_failed)


async def test_a_job_by_period_works_once_a_day_and_again_until_it_is_done() -> None:
    hours = iter(range(60))
    worked: list[tuple[int, int]] = []

    def clock() -> datetime:
        hour = next(hours, None)
        if hour is None:
            raise asyncio.CancelledError
        return MONDAY + timedelta(hours=hour)

    async def work(connection: Connection, ledger: Ledger, now: datetime) -> bool:
        worked.append((now.day, now.hour))
        return len(worked) != 1  # the first attempt fails to do all of it

    def day(ledger: Any, now: datetime) -> object:
        return now.date() if now.hour >= 10 else None

    await _end_of(polling.job_by_period("test", work, day, every=0), clock)
    assert worked == [(30, 10), (30, 11), (1, 10), (2, 10)]


async def test_a_job_looks_again_at_once_while_there_is_work() -> None:
    numbers = iter([1, True, 2, 0])
    begun = asyncio.get_running_loop().time()

    async def work(connection: Connection, ledger: Ledger, now: datetime) -> int:
        number = next(numbers, None)
        if number is None:
            raise asyncio.CancelledError
        return number

    await _end_of(polling.job("test", work, every=0.2), lambda: MONDAY)
    assert 0.2 <= asyncio.get_running_loop().time() - begun < 10
