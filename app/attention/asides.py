"""Sentences that people have put aside until a date: only for themselves, and therefore without an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.platform.db import Database

#: The most sentences that a person puts aside at a time.
MOST_ASIDE = 500
SELECT_ASIDE = "select key, until_at from plumbing.put_aside where person_id = %s and until_at > %s"
# Expired rows are removed on this occasion.
REMOVE_OVER = "delete from plumbing.put_aside where person_id = %(me)s and until_at <= %(now)s"
PUT_ASIDE = """
insert into plumbing.put_aside (person_id, key, until_at)
select %(me)s, %(key)s, %(until)s where (
  select count(*) from plumbing.put_aside where person_id = %(me)s and key <> %(key)s) < %(most)s
on conflict (person_id, key) do update set until_at = excluded.until_at returning key"""
TAKE_UP = "delete from plumbing.put_aside where person_id = %s and key = %s returning key"


async def asides(db: Database, person_id: UUID | None, now: datetime) -> Mapping[str, datetime]:
    """Return until when the person has put sentences aside, by their keys."""
    if person_id is None:
        return {}
    return {row["key"]: row["until_at"] for row in await db.rows(SELECT_ASIDE, (person_id, now))}


async def put_aside(db: Database, person_id: UUID, key: str, until: datetime, now: datetime) -> bool:
    """Put the sentence aside until then. Return False if the person has put too many aside."""
    parameters = {"me": person_id, "key": key, "until": until, "now": now, "most": MOST_ASIDE}
    await db.rows(f"{REMOVE_OVER} returning key", parameters)
    return bool(await db.rows_in_turn(f"asides/{person_id}", PUT_ASIDE, parameters))


async def take_up(db: Database, person_id: UUID, key: str) -> bool:
    """Take the sentence up again. Return False if it was not put aside."""
    return bool(await db.rows(TAKE_UP, (person_id, key)))
