"""Reads of who has a post in a process."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.platform.db import Database

# By the index process_definition_process.
POSTS = """
select process from fold.process_definition
where process = any(%s) and state = 'published' and %s in (owner_id, executor_id)"""


async def has_post_in(db: Database, person_id: UUID, processes: Collection[str]) -> bool:
    """Return whether the person owns or executes each of the processes by its published definition."""
    rows = await db.rows(POSTS, (list(processes), person_id))
    return {row["process"] for row in rows} == set(processes)
