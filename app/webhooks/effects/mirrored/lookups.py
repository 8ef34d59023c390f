"""Reads of tickets in tools' news."""

from __future__ import annotations

from uuid import UUID

from app.common.children import Visibility
from app.platform.db import Database

TAGS = "select id, name, visibility from fold.tag where record = %s"


async def tags_of(db: Database, record: str) -> dict[str, UUID]:
    """Return the ids of the record's tags by their names."""
    return {row["name"]: row["id"] for row in await db.rows(TAGS, (record,))}


async def visibility_of_tags(db: Database, record: str) -> dict[str, bool]:
    """Return whether each of the record's tags is public, by their names."""
    rows = await db.rows(TAGS, (record,))
    return {row["name"]: row["visibility"] == Visibility.public for row in rows}
