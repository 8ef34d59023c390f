"""Lets deputies vote on open questions, and see the record, once the time begins for which they were named,
and no longer when it is over.
"""

from __future__ import annotations

from datetime import datetime

from app.foundation.decisions.payloads import DeputiseVote
from app.foundation.decisions.records import Decision, DecisionState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(decision: Decision, settings: Settings) -> datetime | None:
    """Return when the deputies of the decision's voters change next; None: never."""
    return decision.deputise_at


async def deputise(ledger: Ledger, decision: Decision, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that compares the deputies again, and its payload."""
    return "deputise_vote", DeputiseVote(decision=decision.id)


RULE = TimedRule(
    "change_deputies",
    "decision",
    frozenset(DecisionState),
    due,
    deputise,
    only="r.deputise_at is not null",
    child_class=Decision,
)
