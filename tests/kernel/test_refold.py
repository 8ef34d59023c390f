"""Rows made anew beside the live ones take their place in one moment, and commands go on meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from app.kernel.commands.command import CommandResult
from app.kernel.histories.rebuild import FoldComparison, compare
from app.kernel.histories.refold import refold
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant
from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.platform import schema_dump
from app.platform.db import connect
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import COMPARED
from tests.log.commands import a_row, an_event
from tests.random_histories import RandomAction, RandomWorld

HISTORY = (
    RandomAction("requester", "report", 0, 0, None, ""),
    RandomAction("agent", "report", 0, 0, None, ""),
    RandomAction("agent", "assign", 0, 0, None, ""),
    RandomAction("agent", "comment", 1, 0, None, ""),
    RandomAction("requester", "cancel", 0, 0, None, ""),
)
DAMAGE = """
update fold.incident set title = title || '!' where state = 'new';
delete from fold.comment;
update fold.person set added_at = added_at - interval '1 us'"""


async def compared(place: DatabaseUrls) -> FoldComparison:
    async with await connect(place.url) as eyes:
        return await compare(eyes, COMPARED)


async def test_rows_that_somebody_damaged_are_named_and_made_right(
    ledger: Ledger, place: DatabaseUrls, owner_url: str
) -> None:
    world = await RandomWorld.create(ledger)
    await world.play(list(HISTORY))
    picture = schema_dump.dump(owner_url)
    with psycopg.connect(place.owner_url) as hands:
        hands.execute(DAMAGE)
    comparison = await compared(place)
    assert set(comparison.differing) == {"incident", "comment", "person"}
    assert await refold(owner_url, COMPARED) == comparison
    assert (await compared(place)).differing == {}
    assert schema_dump.dump(owner_url) == picture
    # The service goes on with the new ones, on connections that knew the old ones.
    assert isinstance(await world.perform(HISTORY[0]), CommandResult)
    assert (await compared(place)).differing == {}


@dataclass
class Team:
    """A team that is added, removed and added again."""

    ledger: Ledger
    id: UUID = field(default_factory=uuid7)
    version: int = 0

    async def turn(self) -> None:
        """It is there if it was not, and is not if it was."""
        name, is_there = stream("team", self.id), self.version % 2 == 0
        self.version += 1
        table, row = a_row(self.id, f"t{self.version}", self.version, name="x")
        fields = {key: row[key] for key in ("state", "key", "name", "kind", "added_at")}
        event = an_event(
            name,
            self.version,
            occurred_at=from_instant(row["changed_at"]),
            data={"given": {}, "set": {name: fields if is_there else None}},
        )
        rows, removals = (((table, row),), ()) if is_there else ((), ((table, str(self.id)),))
        await self.ledger.writer.write(
            AppendRequest(reads={name: self.version - 1}, events=(event,), rows=rows, removals=removals)
        )


async def test_commands_go_on_while_rows_are_made_anew(
    ledger: Ledger, place: DatabaseUrls, owner_url: str
) -> None:
    world, team = await RandomWorld.create(ledger), Team(ledger)
    for _ in range(3):
        await team.turn()
    making = asyncio.create_task(refold(owner_url, COMPARED))
    rounds = 0
    while not making.done():
        for action in HISTORY[:2]:
            assert isinstance(await world.perform(action), CommandResult)
        await team.turn()
        rounds += 1
    folded = await making
    after = await compared(place)
    assert (folded.differing, after.differing, rounds > 1) == ({}, {}, True)
    assert after.events > folded.events
