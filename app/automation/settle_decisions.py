"""Settles a decision by the votes that there are when its time is over, on whatever record it is."""

from __future__ import annotations

from datetime import datetime

from app.foundation.decisions.actions import CloseVote
from app.foundation.decisions.records import Decision, DecisionState
from app.kernel.ledger import Ledger
from app.kernel.payloads import Payload
from app.kernel.timers import TimedRule
from app.settings import Settings


def due(decision: Decision, settings: Settings) -> datetime | None:
    """The time that was said when it was asked."""
    return decision.due_at


async def close_vote(ledger: Ledger, decision: Decision, now: datetime) -> tuple[str, Payload] | None:
    """No more votes."""
    return "close_vote", CloseVote(decision=decision.id)


RULE = TimedRule(
    "settle_decisions", "decision", frozenset({DecisionState.open}), due, close_vote, child_class=Decision
)
