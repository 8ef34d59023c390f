"""The actions on incidents that record a repeated alert, and when it cleared.

An alert is identified by the account that sends it, its source, and its key there. While its incident is
open, repetitions join that incident.
"""

from __future__ import annotations

from pydantic import Field

from app.common.records import later_instant
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import FreeText, Instant, Payload, Title
from app.processes.incidents.records import OPEN, Incident


class RepeatAlertIncident(Payload):
    """The data of an alert that has fired again while its incident is open."""

    title: Title = Field(description="The alert in a line.")
    description: FreeText | None = Field(default=None, description="The full text of the alert.")
    alerted_at: Instant | None = Field(default=None, description="Time at which it fired, if not now.")


def repeat_alert(incident: Incident, body: RepeatAlertIncident, ctx: ActionContext) -> None:
    """Repeat the incident's alert: it has fired again, or earlier than was known."""
    incident.alert_count = (incident.alert_count or 0) + 1
    when = body.alerted_at or ctx.occurred_at
    incident.last_alert_at = later_instant(incident.last_alert_at, when)
    if incident.state in OPEN and incident.began_at is not None:
        incident.began_at = min(incident.began_at, when)


class ClearAlertIncident(Payload):
    """The data of an alert that has cleared after somebody had resolved its incident."""

    title: Title = Field(description="The alert in a line.")
    cleared_at: Instant = Field(description="Time at which it cleared.")


def clear_alert(incident: Incident, body: ClearAlertIncident, ctx: ActionContext) -> None:
    """Clear the incident's alert: it has cleared, later than service was said to be restored."""
    incident.service_restored_at = later_instant(incident.service_restored_at, body.cleared_at)
