"""When each API key was last used: to the minute, for whoever wants to know which of them nobody needs.

An operational figure and no event. A request only notes it in memory; once a minute what was noted is written
by one statement, so that a key that is used all the time costs one row a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg

from app.db import Database, DatabaseGone
from app.kernel.ledger import Ledger
from app.log.canonical import instant

EVERY_SECONDS = 60.0
WRITE = """
insert into plumbing.key_use as u (key_id, used_at)
select * from unnest(%s::uuid[], %s::timestamptz[]) as noted (key_id, used_at) order by key_id
on conflict (key_id) do update set used_at = excluded.used_at where u.used_at < excluded.used_at
returning key_id
"""
LAST_USED = "select key_id, used_at from plumbing.key_use where key_id = any(%s)"


class KeyUse:
    """What one process has noted since it last wrote."""

    def __init__(self) -> None:
        self._noted: dict[UUID, datetime] = {}

    def note(self, key_id: UUID, now: datetime) -> None:
        """It is used."""
        self._noted[key_id] = now

    async def write(self, db: Database) -> int:
        """Writes what was noted; gives for how many keys. Raises DatabaseGone; then nothing of it is lost."""
        noted, self._noted = self._noted, {}
        if not noted:
            return 0
        try:
            return len(await db.rows(WRITE, (list(noted), list(noted.values()))))
        except BaseException:
            self._noted = noted | self._noted
            raise

    async def run(self, db: Database) -> None:
        """Writes once a minute, and once more when it is cancelled."""
        try:
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                await self._try(db)
        finally:
            await self._try(db)

    async def _try(self, db: Database) -> None:
        try:
            await self.write(db)
        except (DatabaseGone, psycopg.Error):
            # The next minute has another go; nobody's request depends on it.
            return


async def last_used(ledger: Ledger, keys: Sequence[UUID]) -> dict[UUID, str]:
    """When each of the keys was last used, if it is known."""
    return {row["key_id"]: instant(row["used_at"]) for row in await ledger.db.rows(LAST_USED, (list(keys),))}
