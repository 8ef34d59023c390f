"""What checks ask of the rules that assign and escalate."""

from __future__ import annotations

from app.kernel.look import Look, NotHeld


async def number_of_assignment_rules(look: Look, process: str) -> int:
    """How many active assignment rules the process has."""
    query = "select count(*) from fold.assignment_rule where process = %s and state = 'active'"
    held = NotHeld("Two who add the last one at once make it one more, which still is few.")
    number: int = await look.value(query, (process,), held=held)
    return number


async def number_of_escalation_rules(look: Look, process: str) -> int:
    """How many active escalation rules the process has."""
    query = "select count(*) from fold.escalation_rule where process = %s and state = 'active'"
    held = NotHeld("Two who add the last one at once make it one more, which still is few.")
    number: int = await look.value(query, (process,), held=held)
    return number
