"""Waiting at startup for a PostgreSQL that recovers from a crash, or is not up yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
import structlog
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from app.platform.db import DatabaseGone

T = TypeVar("T")

EVERY_SECONDS = 0.5
LOG_SECONDS = 10.0
PING_SECONDS = 5
#: A refusal that lasts so long in the same words, while the server answers, is not mended by waiting. A
#: server that crashes again and again fails in the same words, too, and may be back before each ping.
REFUSAL_SECONDS = 15.0
#: States of the server worth waiting for, known without parsing messages, which may be in any language: the
#: server refuses for now (57P03), or nothing answers.
WAITED_FOR = {
    Ping.REJECT: "it is starting up, recovering or shutting down",
    Ping.NO_RESPONSE: "it does not answer",
}

logger = structlog.get_logger()


class WaitBudget:
    """A time limit for waiting, from now on; logs the reason at once, and then every ten seconds."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._logged_at: float | None = None

    @property
    def is_exhausted(self) -> bool:
        """Say whether the time is over."""
        return time.monotonic() >= self._ends

    def log_waiting(self, why: str) -> None:
        """Log why the process waits, unless that was done less than ten seconds ago."""
        now = time.monotonic()
        if self._logged_at is None or now - self._logged_at >= LOG_SECONDS:
            self._logged_at = now
            logger.warning("waiting for PostgreSQL", why=why, seconds_left=round(self._ends - now))


def retry_step(step: Callable[[], T], url: str, seconds: float) -> T:
    """Return the step's result, after waiting at most so many seconds for the database of that address.
    Raises the step's exception, at once if waiting would not help.
    """
    patience, last, last_since = WaitBudget(seconds), "", 0.0
    while True:
        while not patience.is_exhausted and (why := WAITED_FOR.get(_ping(url))) is not None:
            last = ""
            patience.log_waiting(why)
            time.sleep(EVERY_SECONDS)
        try:
            return step()
        except (psycopg.Error, DatabaseGone) as error:
            why, now = str(error).strip(), time.monotonic()
            if why != last:
                last, last_since = why, now
            # Try again: the server may have gone down after the ping.
            if patience.is_exhausted or now - last_since >= REFUSAL_SECONDS:
                raise
            patience.log_waiting(why)
            time.sleep(EVERY_SECONDS)


async def retry_until_available(step: Callable[[], Awaitable[T]], patience: WaitBudget) -> T:
    """Return the step's result once the database is available. Raises DatabaseGone when the time is over."""
    while True:
        try:
            return await step()
        except DatabaseGone as error:
            if patience.is_exhausted:
                raise
            patience.log_waiting(str(error).strip())
            await asyncio.sleep(EVERY_SECONDS)


def _ping(url: str) -> Ping:
    """Return the server's answer to a connection attempt, before authentication."""
    return Ping(PGconn.ping(make_conninfo(url, connect_timeout=PING_SECONDS).encode()))
