"""Reminds the people on call of an unacknowledged P1, every five minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.common.priorities.priority import Priority
from app.foundation.rota.on_call import on_call
from app.kernel.actions.payloads import LONGEST_LIST, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.incidents.payloads import RemindIncident
from app.processes.incidents.queries import reminder_recipients
from app.processes.incidents.records import OPEN, Incident

REMINDER_INTERVAL = timedelta(minutes=5)


def due(incident: Incident, settings: Settings) -> datetime | None:
    """Return when the next reminder is due: five minutes after the opening or the last reminder; None if the
    incident is not a P1, is acknowledged, or work on it has started.
    """
    since = incident.reminded_at or incident.opened_at
    noticed_at = incident.acknowledged_at or incident.started_at
    if incident.priority is not Priority.P1 or noticed_at is not None or since is None:
        return None
    return since + REMINDER_INTERVAL


async def remind(ledger: Ledger, incident: Incident, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that reminds the people on call in the team, and its payload. If the rota is empty,
    the team's lead is reminded; without a lead, the incident managers.
    """
    team = incident.team_id
    persons: Sequence[UUID] = () if team is None else await on_call(ledger.db, team, now)
    persons = persons[:LONGEST_LIST] or await reminder_recipients(ledger.db, incident)
    if not persons:
        return None
    return "remind", RemindIncident(persons=tuple(str(person) for person in persons))


def newest_due(incident: Incident, now: datetime) -> datetime:
    """Return when the last reminder was due: people get one for all that were not sent."""
    since = incident.reminded_at or incident.opened_at
    assert since is not None
    return since + max((now - since) // REMINDER_INTERVAL, 1) * REMINDER_INTERVAL


RULE = TimedRule(
    "remind_on_call",
    "incident",
    OPEN,
    due,
    remind,
    only=f"r.priority = '{Priority.P1.value}'",
    newest_due=newest_due,
)
