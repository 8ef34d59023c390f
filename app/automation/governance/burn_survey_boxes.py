"""Destroys the box, the key and the tokens of a survey that has ended or was cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.foundation.surveys.box import burn_box
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of


async def burn(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Destroy the remains of the survey next to the log; no command follows."""
    await burn_box(ledger, id_of(event.stream))
    nothing: tuple[RuleConsequence, ...] = ()
    for consequence in nothing:
        yield consequence


RULE = Rule("burn_survey_boxes", ("survey.ended", "survey.cancelled"), burn)
