"""Reads of categories, for checks."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext, Unguarded


async def number_of_categories(reads: ReadContext, process: str) -> int:
    """Return the number of categories of the process, retired ones included."""
    query = "select count(*) from fold.category where process = %s"
    guard = Unguarded("Two who add the last one at once make it one more, which still is few.")
    number: int = await reads.value(query, (process,), guard=guard)
    return number
