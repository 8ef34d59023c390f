"""Incidents that touch many: contained, declared major, told of to those affected."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.notices import Responsible, Step
from app.common.people import Person
from app.common.records import Refers
from app.kernel.bodies import Body, Instant, Reason, Reference, Words
from app.kernel.moment import Moment
from app.processes.incidents.records import Incident


class ContainIncident(Body):
    """It spreads no further, or service is back for the time being."""

    measure: Words = Field(description="What stops the spread or restores service.")
    contained_at: Instant | None = Field(
        default=None,
        description="When that took effect, if not now; not before it began, or else was opened.",
    )


def contain(incident: Incident, body: ContainIncident, at: Moment) -> None:
    """It spreads no further, or service is back for the time being."""
    incident.containment = body.measure
    incident.contained_at = body.contained_at or at.occurred_at


class DeclareMajorIncident(Body):
    """It is a major incident from here on; declared again, it gets another commander."""

    commander: Annotated[Reference, Refers("person"), Responsible(Step.in_charge)] = Field(
        description="Who leads: a person's id, or `me`."
    )
    statement: Words = Field(description="For those affected: what is known.")


def declare_major(incident: Incident, body: DeclareMajorIncident, at: Moment) -> None:
    """It is a major incident from here on."""
    commander = at.named(Person, "commander")
    # Declared again, another commander takes over.
    incident.declared_major_at = incident.declared_major_at or at.occurred_at
    incident.commander_id = commander.id
    incident.statement = body.statement


def downgrade(incident: Incident, body: Reason, at: Moment) -> None:
    """It turns out to be no major incident."""
    incident.declared_major_at = None
    incident.commander_id = None


class PostUpdateIncident(Body):
    """Those affected are told how it stands."""

    statement: Words = Field(description="For those affected: how it stands.")
    next_update_due_at: Instant = Field(description="When they will be told more at the latest.")


def post_update(incident: Incident, body: PostUpdateIncident, at: Moment) -> None:
    """Those affected are told how it stands."""
    incident.statement = body.statement
    incident.next_update_due_at = body.next_update_due_at
