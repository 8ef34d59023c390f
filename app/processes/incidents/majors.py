"""Actions on incidents that affect many: contain, declare major, downgrade, post updates."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ForeignRef
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Instant, Payload, Reason, Reference
from app.processes.incidents.records import Incident


class ContainIncident(Payload):
    """The measure that contains the incident or restores service for the time being."""

    measure: FreeText = Field(description="What stops the spread or restores service.")
    contained_at: Instant | None = Field(
        default=None,
        description="When that took effect, if not now; not before it began, or else was opened.",
    )
    service_restored_at: Instant | None = Field(
        default=None,
        description="When service was back, if it is; not before it began, or else was opened. A resolution "
        "that says nothing else keeps it.",
    )


def contain(incident: Incident, body: ContainIncident, ctx: ActionContext) -> None:
    """Contain the incident: it is contained, or service is back for the time being."""
    incident.containment = body.measure
    incident.contained_at = body.contained_at or ctx.occurred_at
    # What stops the spread need not bring the service back; who says nothing of it takes nothing back.
    if body.service_restored_at is not None:
        incident.service_restored_at = body.service_restored_at


class DeclareMajorIncident(Payload):
    """The commander of the major incident, and the first statement. If the incident is a major incident
    already, the commander takes over.
    """

    commander: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] = Field(
        description="Who leads: a person's id, or `me`."
    )
    statement: FreeText = Field(description="For those affected: what is known.")


def declare_major(incident: Incident, body: DeclareMajorIncident, ctx: ActionContext) -> None:
    """Declare the incident major."""
    commander = ctx.required_ref(Person, "commander")
    # Declaring again changes the commander and keeps the first declaration's time.
    incident.declared_major_at = incident.declared_major_at or ctx.occurred_at
    incident.commander_id = commander.id
    incident.statement = body.statement


def downgrade(incident: Incident, body: Reason, ctx: ActionContext) -> None:
    """Downgrade the incident: it turned out to be no major incident."""
    incident.declared_major_at = None
    incident.commander_id = None


class PostUpdateIncident(Payload):
    """The statement for those affected, and when the next one is due."""

    statement: FreeText = Field(description="For those affected: how it stands.")
    next_update_due_at: Instant = Field(description="When they will be told more at the latest.")


def post_update(incident: Incident, body: PostUpdateIncident, ctx: ActionContext) -> None:
    """Post an update on the incident, for those affected."""
    incident.statement = body.statement
    incident.next_update_due_at = body.next_update_due_at
