"""Reminds voters who have not voted: at the time in the approval rule, or a day before the decision is due,
or halfway through a shorter period.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.foundation.decisions.payloads import RemindVoters
from app.foundation.decisions.records import Decision, DecisionState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings

REMIND_BEFORE = timedelta(days=1)


def due(decision: Decision, settings: Settings) -> datetime | None:
    """Return when voters are reminded: at the time in the approval rule, or otherwise a day before the due
    time, but not in the first half of the period; None if they have been reminded.
    """
    if decision.reminded_at is not None or decision.asked_at is None or decision.due_at is None:
        return None
    if decision.remind_at is not None:
        return decision.remind_at
    begun = decision.asked_next_at or decision.asked_at
    return max(decision.due_at - REMIND_BEFORE, begun + (decision.due_at - begun) / 2)


async def remind(ledger: Ledger, decision: Decision, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that reminds the voters and its payload; those who have voted get no notice."""
    return "remind_voters", RemindVoters(decision=decision.id)


RULE = TimedRule(
    "remind_voters", "decision", frozenset({DecisionState.open}), due, remind, child_class=Decision
)
