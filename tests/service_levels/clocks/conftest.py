"""A desk with an agreement, and a clock of the log's own that tests set."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.service_levels.clocks.log_clock import LogClock
from tests.service_levels.clocks.world import Desk


@pytest.fixture
async def follower(ledger: Ledger) -> AsyncIterator[Connection]:
    """A connection as a consumer has it."""
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def log_clock(administrator_url: str, ledger: Ledger) -> AsyncIterator[LogClock]:
    """The clock by which the log records, set by the test."""
    async with await psycopg.AsyncConnection.connect(administrator_url, autocommit=True) as connection:
        yield await LogClock.install(connection)


@pytest.fixture
async def desk(ledger: Ledger, follower: Connection, log_clock: LogClock) -> Desk:
    """A desk whose time passes as the test says."""
    return await Desk.create(ledger, follower, log_clock)
