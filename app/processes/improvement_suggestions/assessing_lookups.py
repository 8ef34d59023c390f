"""The open assessment that has a suggestion: assessments are a process of their own, read by their tables."""

from __future__ import annotations

from uuid import UUID

from app.kernel.access.reads import ReadContext, Unguarded

OPEN_ASSESSMENT = """
select a.number from fold.assessed_suggestion x
join fold.improvement_assessment a on x.record = 'improvement_assessment/' || a.id
where x.suggestion_id = %s and a.state = 'open' limit 1"""


async def open_assessment(reads: ReadContext, suggestion_id: UUID) -> str | None:
    """Return the number of the open assessment that has the suggestion, or None."""
    guard = Unguarded("An assessment that is opened at this moment shows it as settled meanwhile.")
    number: str | None = await reads.value(OPEN_ASSESSMENT, (suggestion_id,), guard=guard)
    return number
