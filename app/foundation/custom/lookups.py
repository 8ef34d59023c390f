"""Reads of custom fields, for preparations."""

from __future__ import annotations

from app.kernel.access.reads import Constraint, ReadContext


async def taken_slots(reads: ReadContext, process: str) -> set[int]:
    """Return the filter columns in use among the custom fields of the process."""
    query = "select filter_slot from fold.custom_field where process = %s and filter_slot is not null"
    guard = Constraint("custom_field_slot_meanwhile")
    return {row["filter_slot"] for row in await reads.rows(query, (process,), guard=guard)}
