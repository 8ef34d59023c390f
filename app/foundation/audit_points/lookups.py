"""Reads of points: what a person was given in a period, and the rule that holds at a position of the log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.common.records import from_row
from app.foundation.audit_points.records import AuditPoint, PointBasis, PointPart
from app.foundation.audit_points.tariff import DEFAULTS, Tariff
from app.kernel.access.reads import Reading
from app.platform.db import Database

# By the index audit_point_person.
POINTS_OF = """
select * from fold.audit_point
where person_id = %s and state = 'valid' and counted_at >= %s and counted_at < %s order by counted_at, id
"""
# As the log had them at a position: given by then, and not withdrawn by then.
POINTS_UNTIL = """
select p.* from fold.audit_point p
join log.event e on e.stream = 'audit_point/' || p.id and e.version = 1 and e.position <= %(position)s
where p.person_id = %(person)s and p.counted_at >= %(begin)s and p.counted_at < %(end)s
  and not exists (select from log.event w where w.stream = e.stream and w.type = 'audit_point.withdrawn'
    and w.position <= %(position)s)
order by p.counted_at, p.id
"""
# By the index audit_point_about.
POINTS_ABOUT = "select * from fold.audit_point where about = %s and state = 'valid' order by id"
RULE_IN_FORCE = """
select r.person_points, r.supervisor_points, r.head_points from fold.point_rule r
join log.event e on e.stream = 'point_rule/' || r.id and e.version = 1
where r.basis = %s and e.position < %s order by e.position desc limit 1
"""


async def points_of(read: Reading, person: UUID, begin: datetime, end: datetime) -> list[AuditPoint]:
    """Return the points that the person was given from `begin` and before `end`, as read by `read`, without
    withdrawn ones. They are for the person alone: show them only to that person.
    """
    return [from_row(AuditPoint, row) for row in await read(POINTS_OF, (person, begin, end))]


async def points_until(
    read: Reading, person: UUID, begin: datetime, end: datetime, position: int
) -> list[AuditPoint]:
    """Return the same as `points_of`, as the log had it at that position, whatever was withdrawn since."""
    parameters = {"person": person, "begin": begin, "end": end, "position": position}
    return [from_row(AuditPoint, row) for row in await read(POINTS_UNTIL, parameters)]


async def points_about(db: Database, record: str) -> list[AuditPoint]:
    """Return the points that follow from the record, given by the name of its stream, and stand."""
    return [from_row(AuditPoint, row) for row in await db.rows(POINTS_ABOUT, (record,))]


async def tariff_at(db: Database, basis: PointBasis, position: int) -> Tariff:
    """Return the points of that basis for an event at that position of the log: those of the last rule
    recorded before it, else the regulation's.
    """
    row = await db.row(RULE_IN_FORCE, (basis.value, position))
    if row is None:
        return DEFAULTS[basis]
    return Tariff(*(row[f"{part}_points"] for part in PointPart))
