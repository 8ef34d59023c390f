"""Invariant 9: what was acknowledged is there, once, whatever connection is cut at whatever instant.

Here connections to PostgreSQL are cut and its answers lost; in tests/crash processes are killed.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.api.actions import perform_idempotently
from app.common.people import Caller
from app.db import Connection, DatabaseGone, connect
from app.kernel import ledger as ledgers
from app.kernel.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.kernel.payloads import Payload
from app.kernel.perform import Command, IdempotencyKey
from app.kernel.rebuild import compare
from app.log import read
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from app.settings import Settings
from app.ticketing.comments import CommentTicket
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import a_report
from tests.lossy_proxy import LossyProxy
from tests.random_histories import RandomWorld

SECONDS = 3.0
CLIENTS = 16
CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
order by random() limit %s
"""


@dataclass
class Notes:
    """What the clients were told: by key, the record that was answered; and how often none was."""

    reports: dict[str, UUID] = field(default_factory=dict)
    comments: dict[str, UUID] = field(default_factory=dict)
    unanswered: int = 0
    replayed: int = 0


async def done(
    ledger: Ledger, caller: Caller, action: str, name: UUID | None, body: Payload, key: str, notes: Notes
) -> Any:
    """Sends it under its key until it is answered, as clients do."""
    while True:
        context = CommandMetadata(caller, datetime.now(UTC), correlation_id=key, source="api")
        said = IdempotencyKey(action, key, "00")
        named = None if name is None else str(name)
        try:
            answer = await perform_idempotently(
                ledger, Command(LIFECYCLE, LIFECYCLE[action], named, body, context, None, said)
            )
        except DatabaseGone:
            notes.unanswered += 1
            await asyncio.sleep(0.01)
        else:
            notes.replayed += answer.replayed
            return answer.record


async def client(ledger: Ledger, caller: Caller, until: float, notes: Notes) -> None:
    """Reports incidents and comments on them."""
    while time.monotonic() < until:
        key = str(uuid7())
        incident = await done(ledger, caller, "report", None, a_report(), key, notes)
        notes.reports[key] = incident.id
        key = str(uuid7())
        await done(ledger, caller, "comment", incident.id, CommentTicket(text="x"), key, notes)
        notes.comments[key] = incident.id


async def cutting(administrator: Connection, until: float, chance: random.Random) -> int:
    """Cuts some of the connections at random instants. Gives how many."""
    cut = 0
    while time.monotonic() < until:
        await asyncio.sleep(chance.random() * 0.15)
        cursor = await administrator.execute(CUT.encode(), (chance.randint(1, 4),))
        cut += len(await cursor.fetchall())
    return cut


async def compare_with_the_log(ledger: Ledger, first: int, notes: Notes) -> None:
    """What is behind that position is what the clients were told, once each; the rows say the same."""
    eyes = await connect(ledger.db.url)
    events = await all_events(eyes)
    assert [position for position, _, _, _ in events] == list(range(1, len(events) + 1))
    told = events[first:]
    reported = {key: name for _, kind, name, key in told if kind == "incident.reported"}
    commented = {key: name for _, kind, name, key in told if kind == "incident.commented"}
    assert len(told) == len(reported) + len(commented), "something was done twice"
    assert reported == {key: f"incident/{record}" for key, record in notes.reports.items()}
    assert commented == {key: f"incident/{record}" for key, record in notes.comments.items()}
    assert (await compare(eyes, LIFECYCLES)).differing == {}
    await eyes.close()


async def all_events(eyes: Connection) -> list[Any]:
    cursor = await eyes.execute(
        "select position, type, stream, correlation_id from log.event order by position"
    )
    return await cursor.fetchall()


async def test_what_was_acknowledged_while_connections_were_cut_is_there_once(
    world: RandomWorld, other: Ledger, administrator_url: str
) -> None:
    notes, until = Notes(), time.monotonic() + SECONDS
    administrator = await connect(administrator_url)
    agent = world.callers["agent"]
    first = await read.head(world.ledger.db)
    clients = (client((world.ledger, other)[n % 2], agent, until, notes) for n in range(CLIENTS))
    cuts = asyncio.create_task(cutting(administrator, until, random.Random(9)))
    await asyncio.gather(cuts, *clients)
    await administrator.close()
    await compare_with_the_log(world.ledger, first, notes)
    assert min(cuts.result(), notes.unanswered, len(notes.reports) - 20) > 0, "so little proves nothing"


async def test_what_was_done_while_its_answer_was_lost_is_not_done_again(
    world: RandomWorld, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    """PostgreSQL has committed and the process never hears of it; the client asks again under its key."""
    notes, chance, begun = Notes(), random.Random(9), False
    first = await read.head(world.ledger.db)
    async with (
        LossyProxy(place.url, lambda: begun and chance.random() < 0.03) as road,
        ledgers.open_ledger(road.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings) as far_away,
    ):
        begun, until = True, time.monotonic() + SECONDS
        agent = world.callers["agent"]
        await asyncio.gather(*(client(far_away, agent, until, notes) for _ in range(CLIENTS)))
        begun = False
    await compare_with_the_log(world.ledger, first, notes)
    assert min(road.lost, notes.unanswered, notes.replayed) > 0, "so little proves nothing"
