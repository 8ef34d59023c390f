"""Reads of incidents by rules: what users report of a service."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.platform.db import Database
from app.processes.incidents.records import OPEN, Effect, IncidentState

# Users' reports about a service: open incidents, and incidents that repeat an open one.
UNCONFIRMED_REPORTS = """
select i.id, i.requester_id, i.state from fold.incident i
left join fold.incident original on original.id = i.duplicate_of_id
where i.service = %(service)s and i.effect = %(effect)s and i.effect_reported_at is not null
  and i.service_restored_at is null and (i.state = any(%(open)s) or original.state = any(%(open)s))
order by i.opened_at, i.id limit %(most)s"""
MOST_REPORTS = 1_000


@dataclass(frozen=True, slots=True)
class UnconfirmedReport:
    """An incident whose effect only its requester reports."""

    id: UUID
    requester_id: UUID | None
    state: IncidentState


async def unconfirmed_reports(db: Database, service: str, effect: Effect) -> list[UnconfirmedReport]:
    """Return the incidents by which users report that effect on the service, the oldest first."""
    values = {
        "service": service,
        "effect": effect.value,
        "open": sorted(state.value for state in OPEN),
        "most": MOST_REPORTS,
    }
    rows = await db.rows(UNCONFIRMED_REPORTS, values)
    return [UnconfirmedReport(row["id"], row["requester_id"], IncidentState(row["state"])) for row in rows]
