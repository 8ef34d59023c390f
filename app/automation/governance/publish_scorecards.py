"""Publishes scorecards when the time to rate is over: counted from the log and from the ratings, and frozen
with the position of the log that they were counted at.
"""

from __future__ import annotations

from datetime import datetime

from app.governance.scorecards.counting import publication_of
from app.governance.scorecards.records import Scorecard, ScorecardState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings

NAME = "publish_scorecards"


def due(card: Scorecard, settings: Settings) -> datetime | None:
    """Return when the card is to be published."""
    return card.rating_due_at


async def act(ledger: Ledger, card: Scorecard, now: datetime) -> tuple[str, Payload]:
    """Return the publication of the card."""
    return "publish", await publication_of(ledger, card, now)


RULE = TimedRule(NAME, Scorecard.KIND, frozenset({ScorecardState.open}), due, act)
