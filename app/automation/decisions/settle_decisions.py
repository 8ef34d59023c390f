"""Settles decisions on any record by the votes cast when they are due."""

from __future__ import annotations

from datetime import datetime

from app.foundation.decisions.payloads import CloseVote
from app.foundation.decisions.records import Decision, DecisionState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(decision: Decision, settings: Settings) -> datetime | None:
    """Return when the decision is due."""
    return decision.due_at


async def close_vote(ledger: Ledger, decision: Decision, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that closes the vote, and its payload."""
    return "close_vote", CloseVote(decision=decision.id)


RULE = TimedRule(
    "settle_decisions", "decision", frozenset({DecisionState.open}), due, close_vote, child_class=Decision
)
