"""Ends surveys when their time is over: the answers to an anonymous one enter the log then, shuffled, in one
command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.foundation.surveys.box import sheets_in_box, shuffled
from app.governance.surveys.figures import anonymised
from app.governance.surveys.lookups import questions_of, responses_to
from app.governance.surveys.payloads import CollectSurveyResult, EndSurvey
from app.governance.surveys.records import Survey, SurveyResult, SurveyState
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.rules import RuleConsequence
from app.kernel.consumers.timers import Outcome, TimedRule, TimerOutcome
from app.kernel.ledger import Ledger
from app.platform.db import Row
from app.platform.settings import Settings

NAME = "end_surveys"
#: Answers are never written this long after the end: an answer sent in time is in the box by then.
GRACE = timedelta(minutes=2)


def due(survey: Survey, settings: Settings) -> datetime | None:
    """Return when the survey is to be ended."""
    assert survey.ends_at is not None
    return survey.ends_at + GRACE


async def act(ledger: Ledger, survey: Survey, now: datetime) -> tuple[str, Payload]:
    """Return the action that ends a survey with names."""
    return "end", EndSurvey(answered=await responses_to(ledger.db.rows, survey))


@dataclass(frozen=True, slots=True)
class EndSurveys(TimedRule[Survey]):
    """The rule: an anonymous survey is ended by the command that collects its answers."""

    async def outcome_of(self, ledger: Ledger, row: Row, now: datetime) -> Outcome:
        """Return the command that ends the survey, if it is due."""
        survey: Survey = self.record_of(ledger, row)
        due_at = due(survey, ledger.settings)
        assert due_at is not None
        if not survey.anonymous or due_at > now:
            return await TimedRule.outcome_of(self, ledger, row, now)
        body = await collected(ledger, survey)
        # A setting has moved it into the past since: it was not due then.
        planned_at = row["timer_planned_at"]
        moved = planned_at is not None and due_at < planned_at
        consequence = RuleConsequence(SurveyResult.KIND, "collect", None, body)
        return TimerOutcome(consequence, None if moved else due_at, reference=row["stream"])


async def collected(ledger: Ledger, survey: Survey) -> CollectSurveyResult:
    """Return the answers in the survey's box, without any link to people."""
    questions = await questions_of(ledger.db.rows, survey)
    sheets = await sheets_in_box(ledger, survey.id)
    result = anonymised(sheets, questions, shuffled)
    return CollectSurveyResult(
        survey=str(survey.id), answered=len(sheets), withheld=result.withheld, answers=result.answers
    )


RULE = EndSurveys(NAME, Survey.KIND, frozenset({SurveyState.running}), due, act)
