"""Half-years for which there are targets of quality and no assessment of it."""

from __future__ import annotations

from datetime import datetime, tzinfo

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader
from app.common.people import Role
from app.foundation.quarters import end_of_quarter, quarter_of, start_of_quarter
from app.governance.quality_assessments.lifecycle import LIFECYCLE
from app.governance.quality_assessments.records import CONCLUDED_WITHIN, AssessmentCycle

# A target that was accepted before the half-year was over, and no regular assessment of a part of it.
MISSING = """
select from fold.quality_target t where t.accepted_at < %(end)s
and not exists (select from fold.quality_assessment a
  where a.concluded_at is not null and a.cycle = any(%(regular)s)
    and a.begins_at < %(end)s and a.ends_at > %(begin)s)
limit 1"""
REGULAR = [AssessmentCycle.quarterly.value, AssessmentCycle.half_yearly.value]


async def unassessed(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the last half-year that must be assessed by now, if it was not."""
    half, begin, end = last_half(reader.now - CONCLUDED_WITHIN, reader.zone)
    words = {"begin": begin, "end": end, "regular": REGULAR}
    if await reader.ledger.db.row(MISSING, words) is None:
        return []
    due_at = end + CONCLUDED_WITHIN
    return [
        AttentionCondition(
            code="quality_unassessed",
            severity=Severity.missed,
            process=LIFECYCLE.kind,
            parameters={
                "half": values.text(half),
                "age": values.duration((reader.now - due_at).total_seconds()),
            },
            cases=f"/v1/{LIFECYCLE.plural}",
            count=1,
            subject=half,
            desk=f"/desk/{LIFECYCLE.plural}",
            owner=reader.owner_role(Role.quality_manager),
            since=due_at,
        )
    ]


def last_half(instant: datetime, zone: tzinfo) -> tuple[str, datetime, datetime]:
    """Return the last half-year that was over at the instant, as `2026-H1`, with its beginning and end."""
    year, number = map(int, quarter_of(instant, zone).split("-Q"))
    year, half = (year, 1) if number > 2 else (year - 1, 2)
    first, last = f"{year:04}-Q{2 * half - 1}", f"{year:04}-Q{2 * half}"
    return f"{year:04}-H{half}", start_of_quarter(first, zone), end_of_quarter(last, zone)
