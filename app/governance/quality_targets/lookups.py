"""Reads of quality targets for their sheet of responsibility."""

from __future__ import annotations

from app.common.records import from_row
from app.governance.quality_targets.records import QualityTarget
from app.kernel.access.reads import Reading

ON_THE_SHEET = """
select * from fold.quality_target
where year = %s and level = %s and answerable_id = %s and state in ('proposed', 'accepted')
  and team_id is not distinct from %s and person_id is not distinct from %s
order by kpi, number"""


async def targets_on_sheet(read: Reading, target: QualityTarget) -> list[QualityTarget]:
    """Return the targets in force of the same year, level, team or person and owner."""
    assert target.level is not None
    values = (target.year, target.level.value, target.answerable_id, target.team_id, target.person_id)
    return [from_row(QualityTarget, row) for row in await read(ON_THE_SHEET, values)]
