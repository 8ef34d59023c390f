"""A log with histories, and the facts made from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.db import Connection, Database, connect
from app.kpis.facts import FACTS
from app.log.events import Event
from app.log.follow import FOLLOW_LIMITS, catch_up
from tests.kpis.allowed import Allowed
from tests.kpis.histories import BEGIN, BORDERS, histories, write
from tests.kpis.hours import Hours
from tests.kpis.other_histories import PROBLEM, REQUEST, other_histories, write_others


@dataclass(frozen=True)
class Books:
    """A database whose log holds these events, and their facts. `connection` is a consumer's."""

    url: str
    connection: Connection
    db: Database
    events: list[Event]


@pytest.fixture
async def follower(database_url: str) -> AsyncIterator[Connection]:
    """A connection as a consumer has it, on an empty log."""
    connection = await connect(database_url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """The reading side."""
    opened = Database(database_url, 2)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def books(database_url: str, follower: Connection, db: Database) -> Books:
    """Two hundred incidents, a hundred requests, sixty problems, and their facts."""
    events = await write(follower, histories(seed=7, cases=200))
    incidents = sorted({event.stream for event in events if event.stream.startswith("incident/")})
    hours = Hours(follower)
    await hours.calendar("office", (8, 12), (13, 17.25))
    await hours.service("mail", "office")
    events += hours.events
    events += await _allowed(follower)
    events += await write_others(follower, other_histories(7, 100, REQUEST))
    events += await write_others(follower, other_histories(7, 60, PROBLEM, incidents))
    await catch_up(follower, FACTS)
    return Books(database_url, follower, db, events)


async def _allowed(connection: Connection) -> list[Event]:
    """What an incident may cost: otherwise in a part of the time, and nobody says in some."""
    first, second, mistake = (Allowed(connection) for _ in range(3))
    await first.say("40.00", BORDERS[0] - timedelta(days=3))
    await mistake.say("1.00", BEGIN)
    await second.say("5000", BORDERS[0], BORDERS[0] + timedelta(days=5), currency="JPY")
    await second.say("75.50", BORDERS[1], BORDERS[4])
    await mistake.take_back()
    await first.say(None, BORDERS[2] + timedelta(days=3))
    return [*first.events, *second.events, *mistake.events]
