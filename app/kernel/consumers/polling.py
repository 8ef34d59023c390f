"""Polling for work that no event of the log triggers.

Work that only one worker may do at a time is protected by an advisory lock of the connection: if the worker
is killed, another one takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.kernel.ledger import Ledger
from app.log.follow import RETRY_SECONDS
from app.platform.db import Connection, fetch_value
from app.platform.shared_connections import SharedConnections

LOCK = "select pg_try_advisory_lock(hashtextextended(%s, 0) # hashtextextended(%s::text, 0))"
UNLOCK = "select pg_advisory_unlock(hashtextextended(%s, 0) # hashtextextended(%s::text, 0))"

LOCK_WORK = "select pg_try_advisory_lock(hashtextextended(%s, 1))"
UNLOCK_WORK = "select pg_advisory_unlock(hashtextextended(%s, 1))"


async def run(
    name: str,
    connections: SharedConnections,
    work: Callable[[Connection], Awaitable[bool]],
    *,
    every: float,
    failed: Callable[[str, Exception], None],
) -> None:
    """Do the work for ever: again at once if there was some, otherwise after `every` seconds.

    A connection is borrowed for each round. `failed` is called with each failure; the work is retried.
    """
    while True:
        try:
            async with connections.acquire() as connection:
                busy = await work(connection)
            if not busy:
                await asyncio.sleep(every)
        except Exception as error:  # any failure: polling goes on
            failed(name, error)
            await asyncio.sleep(RETRY_SECONDS)


class Job(Protocol):
    """Work that a worker does for ever, next to any number of other workers; `failed` is called with each
    failure.
    """

    def __call__(
        self,
        connections: SharedConnections,
        ledger: Ledger,
        clock: Callable[[], datetime],
        *,
        failed: Callable[[str, Exception], None],
    ) -> Coroutine[Any, Any, None]: ...


def job(
    name: str, work: Callable[[Connection, Ledger, datetime], Awaitable[bool | int]], *, every: float
) -> Job:
    """Return a job that does the work, as of now, again at once if there was some."""

    async def run_job(
        connections: SharedConnections,
        ledger: Ledger,
        clock: Callable[[], datetime],
        *,
        failed: Callable[[str, Exception], None],
    ) -> None:
        async def work_now(connection: Connection) -> bool:
            return bool(await work(connection, ledger, clock()))

        await run(name, connections, work_now, every=every, failed=failed)

    return run_job


def job_by_period(
    name: str,
    work: Callable[[Connection, Ledger, datetime], Awaitable[bool]],
    period: Callable[[Ledger, datetime], object],
    *,
    every: float,
) -> Job:
    """Return a job that does the work once in each period, such as a day, and tries again until the work
    returns True. `period` returns None while nothing is due.
    """

    async def run_job(
        connections: SharedConnections,
        ledger: Ledger,
        clock: Callable[[], datetime],
        *,
        failed: Callable[[str, Exception], None],
    ) -> None:
        done: object = None

        async def work_once(connection: Connection) -> bool:
            nonlocal done
            now = clock()
            current = period(ledger, now)
            if current not in (None, done) and await work(connection, ledger, now):
                done = current
            return False

        await run(name, connections, work_once, every=every, failed=failed)

    return run_job


async def claim_first(
    connection: Connection,
    waiting: str,
    kind: str,
    do: Callable[[UUID], Awaitable[bool]],
    values: Sequence[object] = (),
) -> bool:
    """Do the first waiting job that no other worker has locked. Return whether there was one.

    `waiting` is a statement that selects the ids of waiting jobs, with these values; `do` performs a job, and
    returns whether there was still work to do in it.
    """
    # The locks are tried one by one; jobs that other workers have locked are skipped.
    for (key,) in await (await connection.execute(waiting.encode(), values or None)).fetchall():
        if not await fetch_value(connection, LOCK, kind, key):
            continue
        try:
            if await do(key):
                return True
        finally:
            await fetch_value(connection, UNLOCK, kind, key)
    return False


@asynccontextmanager
async def locked(connection: Connection, name: str) -> AsyncIterator[bool]:
    """Lock the work of that name against other workers. Yield whether it was free; if not, another worker
    is at it.
    """
    if not await fetch_value(connection, LOCK_WORK, name):
        yield False
        return
    try:
        yield True
    finally:
        await fetch_value(connection, UNLOCK_WORK, name)
