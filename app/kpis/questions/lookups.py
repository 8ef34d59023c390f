"""Reads of who has a post in a process."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.platform.db import Database

# By the index process_definition_process.
POSTS = """
select process from fold.process_definition
where process = any(%s) and state = 'published' and %s in (owner_id, executor_id)"""


async def processes_by_post(db: Database, person_id: UUID, processes: Collection[str]) -> frozenset[str]:
    """Return those of the processes that the person owns or executes by their published definitions."""
    rows = await db.rows(POSTS, (list(processes), person_id))
    return frozenset(row["process"] for row in rows)
