"""Values that actions on surveys load beforehand: the audience, the questions, the answers so far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from app.common.people import Person
from app.common.records import Record
from app.foundation.people.records import Team
from app.governance.surveys.figures import SMALLEST_GROUP, QuestionFigure, question_figures
from app.governance.surveys.lookups import (
    MOST_IN_AUDIENCE,
    answers_of,
    audience,
    participant_of,
    questions_of,
)
from app.governance.surveys.payloads import PlanSurvey, RespondSurveyResponse
from app.governance.surveys.records import (
    Survey,
    SurveyFigure,
    SurveyParticipant,
    SurveyQuestion,
)
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check

AUDIENCE_GUARD = Unguarded("Whoever joins the audience meanwhile was not in it when it was drawn from.")
ANSWERS_GUARD = Unguarded("Nobody answers a survey that has ended.")


@dataclass(frozen=True, slots=True)
class SurveyAudience:
    """The participants of the survey, each with their own team."""

    team_by_person: dict[UUID, UUID | None]


async def planned_audience(
    reads: ReadContext, survey: Survey, body: PlanSurvey, ctx: ActionContext
) -> SurveyAudience:
    """Find the audience of the plan. Raises WrongValue if it is empty, too large to be drawn from, or too
    small for anonymous answers.
    """
    persons, teams = ctx.refs(Person, "persons"), ctx.refs(Team, "teams")
    if not (persons or teams or body.everybody):
        raise WrongValue(pointer="/everybody", because="audience_missing")
    named = [person.id for person in persons], [team.id for team in teams]
    team_by_person = await audience(_reading(reads), *named, everybody=body.everybody)
    size, pointer = len(team_by_person), "/teams" if teams else "/persons"
    if size == 0:
        raise WrongValue(pointer=pointer, because="teams_have_no_members")
    if size > MOST_IN_AUDIENCE:
        raise WrongValue({"most": str(MOST_IN_AUDIENCE)}, pointer=pointer, because="too_large_an_audience")
    sample = size if body.sample_size is None else min(size, body.sample_size)
    if body.anonymous and sample < SMALLEST_GROUP:
        pointer = pointer if size < SMALLEST_GROUP else "/sample_size"
        raise WrongValue({"least": str(SMALLEST_GROUP)}, pointer=pointer, because="too_few_to_be_anonymous")
    return SurveyAudience(team_by_person)


@caller_check
async def audience_now(
    reads: ReadContext, survey: Survey, body: object, ctx: ActionContext
) -> SurveyAudience:
    """Find the audience of the planned survey as it is now. Refuses if it has become empty."""
    named = survey.person_ids or (), survey.team_ids or ()
    team_by_person = await audience(_reading(reads), *named, everybody=bool(survey.everybody))
    if not team_by_person:
        raise PreparationRefused("audience_is_empty")
    return SurveyAudience(team_by_person)


def _reading(reads: ReadContext) -> Reading:
    return partial(reads.rows, guard=AUDIENCE_GUARD)


@dataclass(frozen=True, slots=True)
class AskedSurvey:
    """The survey to answer: its questions, and the participant; None if the reader is not a participant."""

    questions: tuple[SurveyQuestion, ...]
    participant: SurveyParticipant | None


async def asked_survey(
    reads: ReadContext, response: Record, body: RespondSurveyResponse, ctx: ActionContext
) -> AskedSurvey:
    """Find the questions of the survey that is named, and the caller among its participants."""
    survey = ctx.required_ref(Survey, "survey")
    read = partial(reads.rows, guard=BY_RECORD_VERSION)
    participant = await participant_of(read, survey, ctx.caller.person_id)
    return AskedSurvey(await questions_of(read, survey), participant)


@dataclass(frozen=True, slots=True)
class SurveyFigures:
    """The figures of the survey, and those of all answers in the survey that it is compared with, by
    question.
    """

    figures: tuple[QuestionFigure, ...]
    before: dict[str, SurveyFigure]


async def survey_figures(
    reads: ReadContext, survey: Survey, body: object, ctx: ActionContext
) -> SurveyFigures:
    """Work out the figures of a survey that has ended, of groups that are large enough."""
    answers = await answers_of(partial(reads.rows, guard=ANSWERS_GUARD), survey)
    questions = await questions_of(partial(reads.rows, guard=BY_RECORD_VERSION), survey)
    figures = question_figures(questions, answers, smallest=SMALLEST_GROUP)
    before: dict[str, SurveyFigure] = {}
    if survey.compare_with_id is not None:
        earlier = await reads.record(Survey.KIND, str(survey.compare_with_id))
        assert earlier is not None, "a record is not removed"
        rows = await reads.children(SurveyFigure, earlier.record)
        before = {str(row.question): row for row in rows if row.team_id is None}
    return SurveyFigures(tuple(figures), before)
