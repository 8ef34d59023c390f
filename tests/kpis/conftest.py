"""A log with histories, and the facts made from it."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from app.kpis.facts.consumer import FACTS
from app.log.events import Event
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, Database, connect
from tests.conftest import Server, file_lock, fresh, shared_folder
from tests.extent import ALL_EXAMPLES, WHOLE
from tests.kpis.breach_causes import breach_causes
from tests.kpis.business_hours import Hours, agree, later_agreements, usual_agreements
from tests.kpis.case_budget import CaseBudget
from tests.kpis.catalogue_histories import OF_INCIDENTS, OF_REQUESTS, with_additions
from tests.kpis.histories import BEGIN, BORDERS, TEAMS, histories, write, write_more
from tests.kpis.improvement_histories import programme, write_programme
from tests.kpis.knowledge_histories import knowledge, services, write_knowledge
from tests.kpis.opinions import opinions
from tests.kpis.other_histories import (
    AGREEMENT,
    CHANGE,
    CI,
    DEPLOYMENT,
    PROBLEM,
    REQUEST,
    other_histories,
    write_others,
    write_owners,
)
from tests.kpis.outage_histories import write_outages
from tests.kpis.rota_histories import rota, write_rota
from tests.kpis.withdrawn_breaches import write_withdrawn


@dataclass(frozen=True)
class Books:
    """A database whose log holds these events, and their facts. `connection` is a consumer's."""

    url: str
    administrator_url: str
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


#: The name of a database that nobody is connected to, and the events in its log.
KeptBooks = tuple[str, list[Event]]


#: How many incidents, requests, and other records of each kind there are; and the seed.
Sizes = tuple[int, int, int, int]
#: `make test` has one history: so small that every KPI just has cases.
SMALL: Sizes = (40, 30, 20, 7)
MANY: Sizes = (200, 100, 60, 7) if WHOLE else SMALL
#: So few that their facts can be made one event after the other.
FEW: Sizes = MANY if ALL_EXAMPLES else (30, 15, 10, 7) if WHOLE else SMALL


@pytest.fixture(scope="session")
async def kept_books(server: Server, testrun_uid: str) -> KeptBooks:
    """Many records and their facts."""
    return await _kept_once(server, testrun_uid, MANY)


@pytest.fixture(scope="session")
async def few_kept_books(server: Server, testrun_uid: str) -> KeptBooks:
    """Few records and their facts."""
    return await _kept_once(server, testrun_uid, FEW)


async def _kept_once(server: Server, run: str, sizes: Sizes) -> KeptBooks:
    """Histories of so many records, in a database that is made once per run, for all workers."""
    name = f"template_books_{sizes[0]}"
    events_file = shared_folder(run) / f"{name}.pickle"
    with file_lock(events_file.with_suffix(".lock")):
        if not events_file.exists():
            async with made_books(server, *sizes) as (new_books, events):
                with psycopg.connect(server.administrator, autocommit=True) as administrator:
                    copy = sql.SQL("create database {} template {}")
                    administrator.execute(copy.format(sql.Identifier(name), sql.Identifier(new_books)))
            events_file.write_bytes(pickle.dumps(events))
    return name, pickle.loads(events_file.read_bytes())  # we have just written it


@asynccontextmanager
async def made_books(
    server: Server, incidents: int, requests: int, problems: int, seed: int = 7
) -> AsyncIterator[tuple[str, list[Event]]]:
    """A database that nobody is connected to, with made-up histories of so many records and their facts; and
    the events in its log.
    """
    with fresh(server, server.databases.template) as place:
        follower = await connect(place.url, FOLLOW_LIMITS)
        hours = Hours(follower)
        await hours.calendar("office", (8, 12), (13, 17.25))
        await hours.calendar("always", (0, 24))
        await hours.service("mail", "office")
        await usual_agreements(hours)
        incident_events = with_additions(histories(seed=seed, cases=incidents), OF_INCIDENTS)
        events = [*hours.events, *await write(follower, incident_events)]
        names = sorted({event.stream for event in events if event.stream.startswith("incident/")})
        hours.events.clear()
        await later_agreements(hours)
        await hours.calendar("office", (8, 12), (13, 15))
        await hours.service("erp", None, BEGIN + timedelta(days=9))
        await agree(hours)
        events += hours.events
        events += await _allowed(follower)
        request_events = with_additions(other_histories(seed, requests, REQUEST), OF_REQUESTS)
        # Revised halfway: what had stopped by then keeps the version before.
        half = len(request_events) // 2
        events += await write_others(follower, request_events[:half])
        hours.events.clear()
        await hours.calendar("office", (8, 12), (13, 16))
        events += hours.events
        events += await write_others(follower, request_events[half:])
        events += await write_others(follower, other_histories(seed, problems, PROBLEM, names))
        events += await write_others(follower, other_histories(seed, problems, CHANGE, names))
        changes = [event.stream for event in events if event.type == "change.drafted"]
        events += await write_others(follower, other_histories(seed, problems, DEPLOYMENT, names, changes))
        events += await write_others(follower, other_histories(seed, problems // 4, AGREEMENT))
        events += await write_owners(follower, str(TEAMS[0]))
        events += await write_others(follower, other_histories(seed, problems, CI))
        opinion_events = opinions(seed, events)
        await write_more(follower, opinion_events)
        events += opinion_events
        events += await write_knowledge(follower, knowledge(seed, events))
        events += await write_knowledge(follower, services(seed))
        events += await write_programme(follower, programme(seed, problems, 5 + problems // 2))
        events += await write_rota(follower, rota(seed))
        events += await write_outages(follower, seed, hours, incidents // 3)
        stated = breach_causes(seed, events)
        await write_more(follower, stated)
        events += stated
        events += await write_withdrawn(follower, seed, events)
        await catch_up(follower, FACTS)
        await follower.close()
        yield urlsplit(place.url).path.removeprefix("/"), events


@pytest.fixture(scope="session")
async def books(server: Server, kept_books: KeptBooks) -> AsyncIterator[Books]:
    """These histories and facts, for tests that only read them."""
    async with copied_books(server, *kept_books) as copied:
        yield copied


@pytest.fixture
async def own_books(server: Server, kept_books: KeptBooks) -> AsyncIterator[Books]:
    """These histories and facts, for one test that changes them."""
    async with copied_books(server, *kept_books) as copied:
        yield copied


@pytest.fixture
async def few_own_books(server: Server, few_kept_books: KeptBooks) -> AsyncIterator[Books]:
    """A few histories and their facts, for one test that changes them."""
    async with copied_books(server, *few_kept_books) as copied:
        yield copied


@asynccontextmanager
async def copied_books(server: Server, name: str, events: list[Event]) -> AsyncIterator[Books]:
    """A copy of such a database, with connections to it."""
    with fresh(server, name) as place:
        connection, db = await connect(place.url, FOLLOW_LIMITS), Database(place.url, 2)
        await db.open()
        try:
            user = urlsplit(server.administrator).netloc
            administrator_url = urlunsplit(urlsplit(place.owner_url)._replace(netloc=user))
            yield Books(place.url, administrator_url, connection, db, events)
        finally:
            await db.close()
            await connection.close()


async def _allowed(connection: Connection) -> list[Event]:
    """What an incident may cost: otherwise in a part of the time, and nobody says in some."""
    first, second, mistake = (CaseBudget(connection) for _ in range(3))
    await first.set_amount("40.00", BORDERS[0] - timedelta(days=3))
    await mistake.set_amount("1.00", BEGIN)
    await second.set_amount("5000", BORDERS[0], BORDERS[0] + timedelta(days=5), currency="JPY")
    await second.set_amount("75.50", BORDERS[1], BORDERS[4])
    await mistake.withdraw()
    await first.set_amount(None, BORDERS[2] + timedelta(days=3))
    return [*first.events, *second.events, *mistake.events]
