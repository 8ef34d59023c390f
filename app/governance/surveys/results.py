"""Lifecycle of the answers to anonymous surveys: they enter the log together, in one command, when the survey
ends. Nothing ties an answer to a person, or to the other answers of the same participant.

collected
"""

from __future__ import annotations

from typing import Any

from app.common.people import Role
from app.governance.surveys.feedback import feedback_rows
from app.governance.surveys.payloads import CollectSurveyResult, EndSurvey
from app.governance.surveys.records import Survey, SurveyAnswer, SurveyResult
from app.governance.surveys.records import SurveyResultState as State
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Keys, Lifecycle, action
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import CheckFailed, Rules
from app.log.events import stream


def collect(result: SurveyResult, body: CollectSurveyResult, ctx: ActionContext) -> None:
    """Collect the survey result: the answers to an anonymous survey. The survey then ends."""
    result.survey_id = ctx.required_ref(Survey, "survey").id
    result.key_id = ctx.assigned.key_id
    result.answered, result.withheld = body.answered, body.withheld
    for answer in body.answers:
        row = SurveyAnswer(id=ctx.new_id(), record=result.row_key, entered_at=ctx.occurred_at)
        copy_fields(row, answer, ctx)
        ctx.outcome.add(row)


def _ended(result: SurveyResult, body: Any) -> EndSurvey:
    return EndSurvey(answered=body.answered)


END_SURVEY = RelatedCommand(
    "end",
    field="survey",
    record=lambda ctx: stream(Survey.KIND, ctx.required_ref(Survey, "survey").id),
    body=_ended,
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="survey_result", plural="survey_results", zh="匿名调查结果", record=SurveyResult,
    access=KindAccess(oversight=frozenset({Role.auditor})),
    visible=(), children=(SurveyAnswer,),
    rules=Rules(constraints={"survey_result_survey_key": CheckFailed("collected_already")}),
    rows=(
        #      action    中文    from        to               who   event
        action(collect,  "汇集", NEW_RECORD, State.collected, rule, "survey_result.collected",
               keys=Keys.MADE, related=END_SURVEY),
        *feedback_rows("survey_result", State.collected),
    ),
)
# fmt: on
