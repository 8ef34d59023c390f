"""Waiting at the start of a process for a PostgreSQL that recovers from a crash, or is not up yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from app.db import DatabaseGone

T = TypeVar("T")

EVERY_SECONDS = 0.5
LOG_SECONDS = 10.0
PING_SECONDS = 5
#: Whatever language the server speaks: it refuses for now (57P03), or nothing answers.
WAITED_FOR = {
    Ping.REJECT: "it is starting up, recovering or shutting down",
    Ping.NO_RESPONSE: "it does not answer",
}

logger = structlog.get_logger()


class WaitBudget:
    """How long is waited for, from now on. It is said at once that something is waited for, and then every
    ten seconds.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._said: float | None = None

    @property
    def is_exhausted(self) -> bool:
        """Whether all of it is used up."""
        return time.monotonic() >= self._ends

    def log_waiting(self, why: str) -> None:
        """Write into the log why the process waits, unless that was done a moment ago."""
        now = time.monotonic()
        if self._said is None or now - self._said >= LOG_SECONDS:
            self._said = now
            logger.warning("waiting for PostgreSQL", why=why, seconds_left=round(self._ends - now))


def retry_step(step: Callable[[], T], url: str, seconds: float) -> T:
    """What the step gives, which needs the database of that address; it is waited for so many seconds at the
    most. Raises what the step raises: at once what has nothing to do with waiting.
    """
    patience, failed = WaitBudget(seconds), False
    while True:
        while not patience.is_exhausted and (why := WAITED_FOR.get(_ping(url))) is not None:
            patience.log_waiting(why)
            time.sleep(EVERY_SECONDS)
        try:
            return step()
        except (psycopg.Error, DatabaseGone) as error:
            # Once more, for it may have gone down after it was asked, and be there again.
            if patience.is_exhausted or (failed and _ping(url) is Ping.OK):
                raise
            failed = True
            patience.log_waiting(str(error).strip())
            time.sleep(EVERY_SECONDS)


async def retry_until_available(step: Callable[[], Awaitable[T]], patience: WaitBudget) -> T:
    """What the step gives, once the database is there. Raises DatabaseGone when the patience is over."""
    while True:
        try:
            return await step()
        except DatabaseGone as error:
            if patience.is_exhausted:
                raise
            patience.log_waiting(str(error).strip())
            await asyncio.sleep(EVERY_SECONDS)


def _ping(url: str) -> Ping:
    """What the server at that address says to a connection, before it asks who that is."""
    return Ping(PGconn.ping(make_conninfo(url, connect_timeout=PING_SECONDS).encode()))
