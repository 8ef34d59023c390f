"""Flags the milestone of a project as overdue once it is not reached in time, and notifies the responsible
people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from app.common.records import CodeEnum
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.improvements.records import PROJECT_STATES
from app.processes.requests.lifecycle import IMPLEMENTING_STATES
from app.ticketing.projects.actions import FlagMilestone
from app.ticketing.projects.records import Milestone

#: By kind of project, the states in which its milestones are pursued: `flag_milestone` is open in them.
PURSUED: Mapping[str, Iterable[CodeEnum]] = {
    "request": IMPLEMENTING_STATES,
    "improvement": PROJECT_STATES,
}


def due(milestone: Milestone, settings: Settings) -> datetime | None:
    """Return when the milestone is due; None if it is reached, dropped or flagged already."""
    settled = milestone.completed_at or milestone.dropped_at or milestone.overdue_at
    return None if settled is not None else milestone.due_at


async def flag(ledger: Ledger, milestone: Milestone, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the milestone, and its payload; it can still be reached."""
    return "flag_milestone", FlagMilestone(milestone=milestone.id)


def _pursued(kind: str, states: Iterable[CodeEnum]) -> str:
    """Return the SQL condition: the project of the milestone `r` is of that kind and in one of the states."""
    codes = ", ".join(f"'{state.value}'" for state in states)
    project = "p.id = split_part(r.record, '/', 2)::uuid"
    return f"exists (select from fold.{kind} p where {project} and p.state in ({codes}))"


RULE = TimedRule(
    "flag_overdue_milestones",
    "milestone",
    frozenset(),
    due,
    flag,
    only="r.completed_at is null and r.dropped_at is null and r.overdue_at is null"
    f" and ({' or '.join(_pursued(kind, states) for kind, states in PURSUED.items())})",
    child_class=Milestone,
)
