"""Actions on incidents that affect many: contain, declare major, downgrade, post updates."""

from __future__ import annotations

from app.common.people import Person
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.processes.incidents.payloads import ContainIncident, DeclareMajorIncident, PostUpdateIncident
from app.processes.incidents.records import Incident


def contain(incident: Incident, body: ContainIncident, ctx: ActionContext) -> None:
    """Contain the incident: its spread is stopped, or the service is temporarily restored."""
    incident.containment = body.measure
    incident.contained_at = body.contained_at or ctx.occurred_at
    # Stopping the spread need not restore the service; a body without this time changes nothing.
    if body.service_restored_at is not None:
        incident.service_restored_at, incident.effect_reported_at = body.service_restored_at, None


def declare_major(incident: Incident, body: DeclareMajorIncident, ctx: ActionContext) -> None:
    """Declare the incident major."""
    commander = ctx.required_ref(Person, "commander")
    # Declaring again changes the commander and keeps the first declaration's time.
    incident.declared_major_at = incident.declared_major_at or ctx.occurred_at
    incident.commander_id = commander.id
    incident.effect_reported_at = None
    incident.statement = body.statement


def downgrade(incident: Incident, body: Reason, ctx: ActionContext) -> None:
    """Downgrade the incident, because it turned out not to be a major incident."""
    incident.declared_major_at = None
    incident.commander_id = None


def post_update(incident: Incident, body: PostUpdateIncident, ctx: ActionContext) -> None:
    """Post an update on the incident for those affected."""
    incident.statement = body.statement
    incident.next_update_due_at, incident.update_overdue_at = body.next_update_due_at, None


def flag_update(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the incident's overdue update: it was promised to those affected."""
    incident.update_overdue_at = ctx.occurred_at
