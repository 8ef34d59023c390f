"""Queries that raising and ending alerts need."""

from __future__ import annotations

from uuid import UUID

from app.platform.db import Database, Row

RAISED = "select id, key, code, subject, person_ids from fold.attention_alert where state = 'raised'"
EARLIER = "select count(*) from fold.attention_alert where key = %s"
MEMBERS = "select person_id from fold.membership where team_id = %s order by person_id limit %s"


async def raised_alerts(db: Database) -> dict[str, Row]:
    """Return the alerts that are raised, by the keys of their sentences."""
    return {row["key"]: row for row in await db.rows(RAISED)}


async def earlier_alerts(db: Database, key: str) -> int:
    """Return how many alerts of the sentence there have been."""
    count: int = await db.value(EARLIER, (key,))
    return count


async def members(db: Database, team_id: UUID, most: int) -> list[UUID]:
    """Return the members of the team, so many at most."""
    return [row["person_id"] for row in await db.rows(MEMBERS, (team_id, most))]
