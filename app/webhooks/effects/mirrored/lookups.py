"""Reads of tickets in tools' news."""

from __future__ import annotations

from uuid import UUID

from app.platform.db import Database

TAGS = "select id, name from fold.tag where record = %s"


async def tags_of(db: Database, record: str) -> dict[str, UUID]:
    """Return the ids of the record's tags by their names."""
    return {row["name"]: row["id"] for row in await db.rows(TAGS, (record,))}
