"""Last use of each API key, to the minute, so that unused keys can be found.

An operational figure and no event. A request only notes the use in memory; once a minute the notes are
written by one statement, so that a key in constant use costs one row a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import psycopg

from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.platform.db import Database, DatabaseGone

EVERY_SECONDS = 60.0
WRITE = """
insert into plumbing.key_use as u (key_id, used_at)
select * from unnest(%s::uuid[], %s::timestamptz[]) as noted (key_id, used_at) order by key_id
on conflict (key_id) do update set used_at = excluded.used_at where u.used_at < excluded.used_at
returning key_id
"""
LAST_USED = "select key_id, used_at from plumbing.key_use where key_id = any(%s)"


class KeyUse:
    """Uses of keys that one process has noted since it last wrote them."""

    def __init__(self) -> None:
        self._noted: dict[UUID, datetime] = {}

    def note(self, key_id: UUID, now: datetime) -> None:
        """Note that the key was used now."""
        self._noted[key_id] = now

    async def write(self, db: Database) -> int:
        """Write the noted uses and return the number of keys. Raises DatabaseGone; then the notes are
        kept.
        """
        noted, self._noted = self._noted, {}
        if not noted:
            return 0
        try:
            return len(await db.rows(WRITE, (list(noted), list(noted.values()))))
        except BaseException:
            self._noted = noted | self._noted
            raise

    async def run(self, db: Database) -> None:
        """Write once a minute, and once more on cancellation."""
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
            # The next minute tries again; no request depends on it.
            return


async def last_used(ledger: Ledger, keys: Sequence[UUID]) -> dict[UUID, str]:
    """Return when each of the keys was last used, for those with a known use."""
    return {row["key_id"]: instant(row["used_at"]) for row in await ledger.db.rows(LAST_USED, (list(keys),))}
