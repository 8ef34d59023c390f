"""Invariant 9: what was acknowledged is there, once, whatever connection is cut at whatever instant.

Here connections to PostgreSQL are cut and its answers lost; in tests/crash processes are killed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.api.commands.performing import perform_idempotently
from app.common.people import Caller
from app.kernel import ledger as ledgers
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.histories.rebuild import compare
from app.kernel.ledger import Ledger
from app.log import read
from app.log.ids import uuid7
from app.platform.db import Connection, DatabaseGone, connect
from app.platform.settings import Settings
from app.processes.incidents.lifecycle import LIFECYCLE
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from app.ticketing.comments import CommentTicket
from tests.conftest import DatabaseUrls
from tests.extent import examples
from tests.kernel.incidents import a_report
from tests.lossy_proxy import LossyProxy
from tests.random_histories import RandomWorld

CLIENTS = 16
#: How many reports are answered at least, and how often something else happens.
REPORTS, OTHERS = examples(400), examples(40)
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
    cut: int = 0


async def done(
    ledger: Ledger, caller: Caller, action: str, name: UUID | None, body: Payload, key: str, notes: Notes
) -> Any:
    """Sends it under its key until it is answered, as clients do."""
    while True:
        context = CommandMetadata(caller, datetime.now(UTC), correlation_id=key, source="api")
        idempotency_key = IdempotencyKey(action, key, "00")
        named = None if name is None else str(name)
        try:
            answer = await perform_idempotently(
                ledger, Command(LIFECYCLE, LIFECYCLE[action], named, body, context, None, idempotency_key)
            )
        except DatabaseGone:
            notes.unanswered += 1
            await asyncio.sleep(0.01)
        else:
            notes.replayed += answer.replayed
            return answer.record


async def client(ledger: Ledger, caller: Caller, notes: Notes, is_enough: Callable[[], bool]) -> None:
    """Reports incidents and comments on them, until enough has happened to prove something."""
    while not is_enough():
        key = str(uuid7())
        incident = await done(ledger, caller, "report", None, a_report(), key, notes)
        notes.reports[key] = incident.id
        key = str(uuid7())
        await done(ledger, caller, "comment", incident.id, CommentTicket(text="x"), key, notes)
        notes.comments[key] = incident.id


async def cutting(
    administrator: Connection, chance: random.Random, notes: Notes, is_enough: Callable[[], bool]
) -> None:
    """Cuts some of the connections at random instants."""
    while not is_enough():
        await asyncio.sleep(chance.random() * 0.15)
        cursor = await administrator.execute(CUT.encode(), (chance.randint(1, 4),))
        notes.cut += len(await cursor.fetchall())


async def compare_with_the_log(ledger: Ledger, first: int, notes: Notes) -> None:
    """What is behind that position is what the clients were told, once each; the rows say the same."""
    eyes = await connect(ledger.db.url)
    events = await all_events(eyes)
    assert [position for position, _, _, _ in events] == list(range(1, len(events) + 1))
    acknowledged = events[first:]
    reported = {key: name for _, kind, name, key in acknowledged if kind == "incident.reported"}
    commented = {key: name for _, kind, name, key in acknowledged if kind == "incident.commented"}
    assert len(acknowledged) == len(reported) + len(commented), "something was done twice"
    assert reported == {key: f"incident/{record}" for key, record in notes.reports.items()}
    assert commented == {key: f"incident/{record}" for key, record in notes.comments.items()}
    assert (await compare(eyes, LIFECYCLES)).differing == {}
    await eyes.close()


async def all_events(eyes: Connection) -> list[Any]:
    cursor = await eyes.execute(
        "select position, type, stream, correlation_id from log.event order by position"
    )
    return await cursor.fetchall()


# One that is being cut may be closed in good order before it is, and would be taken again to compare.
@pytest.mark.usefixtures("connections_anew")
async def test_what_was_acknowledged_while_connections_were_cut_is_there_once(
    world: RandomWorld, other: Ledger, administrator_url: str
) -> None:
    notes = Notes()

    def is_enough() -> bool:
        return len(notes.reports) >= REPORTS and min(notes.cut, notes.unanswered) >= OTHERS

    administrator = await connect(administrator_url)
    agent = world.callers["agent"]
    first = await read.head(world.ledger.db)
    clients = (client((world.ledger, other)[n % 2], agent, notes, is_enough) for n in range(CLIENTS))
    await asyncio.gather(cutting(administrator, random.Random(9), notes, is_enough), *clients)
    await administrator.close()
    await compare_with_the_log(world.ledger, first, notes)


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
        begun, agent = True, world.callers["agent"]

        def is_enough() -> bool:
            return (
                len(notes.reports) >= REPORTS and min(road.lost, notes.unanswered, notes.replayed) >= OTHERS
            )

        await asyncio.gather(*(client(far_away, agent, notes, is_enough) for _ in range(CLIENTS)))
        begun = False
    await compare_with_the_log(world.ledger, first, notes)
