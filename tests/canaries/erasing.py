"""Everybody is erased, and whatever follows from that is done."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.common.people import rule_caller
from app.foundation.people.erase import erase_refused_rows
from app.foundation.people.persons import LIFECYCLE
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.worker import projections
from tests.automation.worker import Worker
from tests.people import context

PERSONS = """
select id from fold.person where state <> 'erased' and id <> %s order by added_at desc, id desc"""


async def follow(ledger: Ledger) -> None:
    """Does what follows from the log: rules, notices, and the projections."""
    await Worker(ledger).work(datetime.now(UTC))
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        for consumer in projections(ledger):
            await catch_up(connection, consumer)
    finally:
        await connection.close()


async def erase_everybody(ledger: Ledger, but: UUID | None) -> None:
    """Erases all persons, and the accounts of tools, as `ledgerdesk erase` does it; `but` an administrator,
    of whom there must be one.
    """
    await follow(ledger)
    for row in await ledger.db.rows(PERSONS, (but,)):
        command = Command(
            LIFECYCLE,
            LIFECYCLE["erase"],
            str(row["id"]),
            EmptyPayload(),
            context(rule_caller("command_line")),
        )
        async with erase_refused_rows(ledger, command):
            await perform(ledger, command)
    await follow(ledger)
