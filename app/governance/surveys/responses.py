"""Lifecycle of responses to surveys with names: each participant answers once.

submitted
"""

from __future__ import annotations

from app.common.people import Role
from app.governance.surveys import checks
from app.governance.surveys.feedback import feedback_rows
from app.governance.surveys.payloads import RespondSurveyResponse
from app.governance.surveys.preparation import AskedSurvey, asked_survey
from app.governance.surveys.records import Survey, SurveyAnswer, SurveyResponse
from app.governance.surveys.records import SurveyResponseState as State
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import anybody
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.rules import CheckFailed, Rules


def respond(response: SurveyResponse, body: RespondSurveyResponse, ctx: ActionContext) -> None:
    """Submit a survey response, as a participant."""
    participant = ctx.prepared(AskedSurvey).participant
    assert participant is not None, "it was checked"
    response.survey_id = ctx.required_ref(Survey, "survey").id
    response.person_id, response.team_id = participant.person_id, participant.team_id
    for answer in body.answers:
        row = SurveyAnswer(
            id=ctx.new_id(),
            record=response.row_key,
            team_id=participant.team_id,
            entered_at=ctx.occurred_at,
        )
        copy_fields(row, answer, ctx)
        ctx.outcome.add(row)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="survey_response", plural="survey_responses", zh="调查答复", record=SurveyResponse,
    access=KindAccess(oversight=frozenset({Role.auditor})),
    visible=(to_persons("person_id"),),
    children=(SurveyAnswer,),
    rules=Rules(constraints={"survey_response_person_key": CheckFailed("answered_before")}),
    rows=(
        #      action   中文    from        to           who      event
        action(respond, "答复", NEW_RECORD, State.submitted, anybody.in_person(), "survey_response.given",
               prepare=(asked_survey,), wrong=(checks.cannot_be_answered,)),
        *feedback_rows("survey_response", State.submitted),
    ),
)
# fmt: on
