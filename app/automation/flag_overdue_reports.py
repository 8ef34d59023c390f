"""Flags the progress report of a project as overdue once it is not made in time; whoever is responsible is
told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.processes.improvements.records import PROJECT_STATES
from app.processes.requests.lifecycle import IMPLEMENTING_STATES
from app.settings import Settings
from app.ticketing.projects.records import ProjectRecord


def due(record: ProjectRecord, settings: Settings) -> datetime | None:
    """Return when the report is due; None if it is flagged already."""
    return None if record.report_overdue_at is not None else record.next_report_due_at


async def flag(ledger: Ledger, record: ProjectRecord, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the report, and its payload; it can still be made."""
    return "flag_progress_report", EmptyPayload()


NAME = "flag_overdue_reports"
HAS_REPORT_DUE = "r.next_report_due_at is not null and r.report_overdue_at is null"
RULE: TimedRule[Any] = TimedRule(
    NAME, "request", frozenset(IMPLEMENTING_STATES), due, flag, only=HAS_REPORT_DUE, timers_per_kind=True
)
#: One timed rule for each kind of project.
RULES: tuple[TimedRule[Any], ...] = (
    RULE,
    TimedRule(NAME, "improvement", PROJECT_STATES, due, flag, only=HAS_REPORT_DUE, timers_per_kind=True),
)
