"""Reads of the rules of assignment and escalation, for checks."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext, Unguarded


async def number_of_assignment_rules(reads: ReadContext, process: str) -> int:
    """Return the number of active assignment rules of the process."""
    query = "select count(*) from fold.assignment_rule where process = %s and state = 'active'"
    guard = Unguarded("Two who add the last one at once make it one more, which still is few.")
    number: int = await reads.value(query, (process,), guard=guard)
    return number


async def number_of_escalation_rules(reads: ReadContext, process: str) -> int:
    """Return the number of active escalation rules of the process."""
    query = "select count(*) from fold.escalation_rule where process = %s and state = 'active'"
    guard = Unguarded("Two who add the last one at once make it one more, which still is few.")
    number: int = await reads.value(query, (process,), guard=guard)
    return number
