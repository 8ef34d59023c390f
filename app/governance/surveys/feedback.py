"""Answers that are taken up: a suggestion or a complaint is made of one, in one action."""

from __future__ import annotations

from typing import Any

from app.common.improvement import ImprovementScope, SuggestionSource
from app.common.records import CodeEnum, Record
from app.governance.surveys import checks
from app.governance.surveys.payloads import ComplainFromAnswer, SuggestFromAnswer
from app.governance.surveys.records import SurveyAnswer, SurveyResponse, SurveyResult
from app.kernel.actions.actor_policy import quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, Action, action
from app.kernel.actions.related import RelatedCommand
from app.log.events import stream

SUGGESTION = "improvement_suggestion"


def make_suggestion(
    record: SurveyResponse | SurveyResult, body: SuggestFromAnswer, ctx: ActionContext
) -> None:
    """Make a suggestion using the record: an improvement that one of its answers proposes."""
    _take_up(stream(SUGGESTION, ctx.command.related_id), ctx)


def make_complaint(
    record: SurveyResponse | SurveyResult, body: ComplainFromAnswer, ctx: ActionContext
) -> None:
    """Make a complaint using the record: about a ticket that one of its answers names."""
    _take_up(ctx.required_ref(Record, "ticket").row_key, ctx)


def _take_up(stream_name: str, ctx: ActionContext) -> None:
    answer = ctx.outcome.change(ctx.required_ref(SurveyAnswer, "answer"))
    answer.taken_up, answer.taken_up_at = stream_name, ctx.occurred_at


def _suggestion(record: Any, body: Any) -> dict[str, Any]:
    """Return the payload of the suggestion's own action: about the survey, and without its participants."""
    scope = ImprovementScope.department if body.process is None else ImprovementScope.process
    return {
        "title": body.title,
        "scope": scope.value,
        "process": body.process,
        "aspect": body.aspect.value,
        "source": SuggestionSource.satisfaction_survey.value,
        "what": body.proposal,
        "why": body.why,
        "shown_by": [{"about": stream("survey", record.survey_id), "text": body.title}],
    }


def _complaint(record: Any, body: Any) -> dict[str, Any]:
    return {"subject": body.subject.value, "about": body.about}


OFFER_SUGGESTION = RelatedCommand(
    "offer",
    field="answer",
    record=lambda ctx: stream(SUGGESTION, ctx.command.related_id),
    body=_suggestion,
)
#: The person who runs surveys files the complaint for the respondent, which otherwise the ticket's requester
#: does.
MAKE_COMPLAINT = RelatedCommand(
    "complain",
    field="ticket",
    record=lambda ctx: ctx.required_ref(Record, "ticket").row_key,
    body=_complaint,
    permitted=True,
)


# fmt: off
def feedback_rows(kind: str, state: CodeEnum) -> tuple[Action[Any, Any], ...]:
    """Return the rows by which something is made of an answer, of records of that kind in that state."""
    return (
        #      action     中文       from     to     who              event
        action(make_suggestion, "转为建议", [state], STAYS, quality_manager, f"{kind}.suggested",
               wrong=(checks.answer_taken_up,), related=OFFER_SUGGESTION),
        action(make_complaint,  "转为投诉", [state], STAYS, quality_manager, f"{kind}.complained",
               wrong=(checks.answer_taken_up,), related=MAKE_COMPLAINT),
    )
# fmt: on
