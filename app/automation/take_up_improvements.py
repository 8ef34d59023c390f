"""Takes up deferred improvements when their time has come: those who deferred them are asked anew."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import Payload
from app.kernel.timers import TimedRule
from app.processes.improvements.proposal import TakeUpImprovement
from app.processes.improvements.records import Improvement
from app.processes.improvements.records import ImprovementState as State
from app.settings import Settings


def due(improvement: Improvement, settings: Settings) -> datetime | None:
    """Return until when the improvement is deferred."""
    return improvement.deferred_until_at


async def take_up(ledger: Ledger, improvement: Improvement, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that takes it up, and its payload."""
    return "take_up", TakeUpImprovement()


RULE = TimedRule("take_up_improvements", "improvement", frozenset({State.deferred}), due, take_up)
