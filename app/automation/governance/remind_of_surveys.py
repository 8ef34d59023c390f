"""Reminds the participants of surveys, and counts then how many have answered."""

from __future__ import annotations

from datetime import datetime

from app.foundation.surveys.box import used_tokens
from app.governance.surveys.lookups import responses_to
from app.governance.surveys.payloads import RemindSurvey
from app.governance.surveys.records import Survey, SurveyState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(survey: Survey, settings: Settings) -> datetime | None:
    """Return when the participants are to be reminded; None: they were, or are not to be."""
    return None if survey.reminded_at is not None else survey.remind_at


async def remind(ledger: Ledger, survey: Survey, now: datetime) -> tuple[str, Payload]:
    """Return the action that reminds them, with the number of those who have answered."""
    if survey.anonymous:
        answered = await used_tokens(ledger, survey.id)
    else:
        answered = await responses_to(ledger.db.rows, survey)
    return "remind", RemindSurvey(answered=answered)


RULE = TimedRule(
    "remind_of_surveys",
    Survey.KIND,
    frozenset({SurveyState.running}),
    due,
    remind,
    only="r.remind_at is not null and r.reminded_at is null",
)
