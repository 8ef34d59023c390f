"""Resumes an incident that was put on hold until a certain time, when it has come."""

from __future__ import annotations

from datetime import datetime

from app.kernel.bodies import Body, Nothing
from app.kernel.ledger import Ledger
from app.kernel.timers import TimedRule
from app.processes.incidents.records import Incident
from app.processes.incidents.records import IncidentState as State
from app.settings import Settings


def due(incident: Incident, settings: Settings) -> datetime | None:
    """The time that was said when it was put on hold, if one was."""
    return incident.wake_up_at


async def resume(ledger: Ledger, incident: Incident, now: datetime) -> tuple[str, Body] | None:
    """Back to where it was."""
    return "resume", Nothing()


RULE = TimedRule("resume_at_wake_up_time", "incident", frozenset({State.on_hold}), due, resume)
