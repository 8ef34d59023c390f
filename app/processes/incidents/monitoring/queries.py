"""Incidents of alerts that are taken together: those that have an alert, and those of a group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.platform.db import Database, Row
from app.processes.incidents.queries import AlertedIncident

_INCIDENT = """i.id, i.version, i.state, i.state_since, i.opened_at, i.began_at, i.started_at, i.resolved_at,
  i.closed_at, i.duplicate_of_id,
  coalesce(i.service_restored_at, i.resolved_at, i.closed_at) as restored_at"""
# By the index incident_alert_known; a record is named `incident/<id>`.
MEMBERSHIPS = f"""
select {_INCIDENT}, a.first_fired_at, a.cleared_at, a.last_fired_at, coalesce(o.fire, false) as others_fire,
  o.cleared_at as others_cleared_at
from fold.incident_alert a join fold.incident i on i.id = substr(a.record, 10)::uuid
cross join lateral (
  select bool_or(b.cleared_at is null) as fire, max(b.cleared_at) as cleared_at
  from fold.incident_alert b where b.record = a.record and b.id <> a.id) o
where a.source = %s and a.dedup_key = %s and a.sender_id = %s
  and i.alert_group is not null and i.state <> 'cancelled'
order by a.last_fired_at desc, a.id limit 20"""
# By the index incident_alert_group_key.
OF_GROUP = f"""
select {_INCIDENT}, i.alert_group_number as number, i.last_alert_at,
  (select count(*) from fold.incident_alert a where a.record = 'incident/' || i.id) as alerts
from fold.incident i where i.alert_group = %s order by i.alert_group_number desc limit 10"""
INCIDENT_FIELDS = frozenset(AlertedIncident.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class AlertMembership:
    """An alert in an incident that has several, and whether others of that incident fire; otherwise when the
    last of them cleared.
    """

    incident: AlertedIncident
    first_fired_at: datetime
    last_fired_at: datetime
    cleared_at: datetime | None
    others_fire: bool
    others_cleared_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentOfGroup:
    """An incident of a group of alerts, with its number in the group and the number of its alerts."""

    incident: AlertedIncident
    number: int
    last_alert_at: datetime
    alerts: int


async def memberships_of(db: Database, sender: UUID, source: str, dedup_key: str) -> list[AlertMembership]:
    """Return the incidents with groups of alerts that have this one, the one in which it fired last first.
    Cancelled ones are left out.
    """
    rows = await db.rows(MEMBERSHIPS, (source, dedup_key, sender))
    return [AlertMembership(_incident(row), **row) for row in rows]


async def incidents_of_group(db: Database, group: str) -> list[IncidentOfGroup]:
    """Return the latest incidents of the group, the newest first."""
    return [IncidentOfGroup(_incident(row), **row) for row in await db.rows(OF_GROUP, (group,))]


def _incident(row: Row) -> AlertedIncident:
    """Return the incident in the row, and leave the other columns in it."""
    return AlertedIncident(**{name: row.pop(name) for name in INCIDENT_FIELDS})
