"""Lifecycle of surveys: planned, run and ended by themselves, their results published.

planned ─► running ─► ended ─► published          planned | running ─► cancelled
"""

from __future__ import annotations

from app.common.notices import NoticeType, RecipientRule
from app.common.records import jsonb_ordered
from app.governance.surveys import checks
from app.governance.surveys.payloads import LARGEST_SEED, EndSurvey, PlanSurvey, RemindSurvey
from app.governance.surveys.preparation import (
    SurveyAudience,
    SurveyFigures,
    audience_now,
    planned_audience,
    survey_figures,
)
from app.governance.surveys.records import (
    Survey,
    SurveyDraw,
    SurveyFigure,
    SurveyParticipant,
    SurveyQuestion,
    SurveyResponse,
)
from app.governance.surveys.records import SurveyState as State
from app.governance.surveys.sampling import drawn
from app.kernel.actions.actor_policy import quality_manager, rule, service_level_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Reason


def plan(survey: Survey, body: PlanSurvey, ctx: ActionContext) -> None:
    """Plan a survey with its questions, audience and period. The participants are drawn when it starts."""
    assert ctx.assigned.number is not None, "surveys have numbers"
    survey.number = ctx.assigned.number
    copy_fields(survey, body, ctx)
    if survey.seed is None:
        survey.seed = survey.id.int % LARGEST_SEED
    survey.planner_id = ctx.caller.person_id
    for place, planned in enumerate(body.questions, start=1):
        question = SurveyQuestion(
            id=ctx.new_id(), record=survey.row_key, place=place, asked_at=ctx.occurred_at
        )
        copy_fields(question, planned, ctx)
        ctx.outcome.add(question)


def start(survey: Survey, body: EmptyPayload, ctx: ActionContext) -> None:
    """Start the survey: its participants are drawn from the audience by the seed, and asked."""
    teams = ctx.prepared(SurveyAudience).team_by_person
    assert survey.seed is not None
    participants = drawn(teams, survey.seed, survey.sample_size)
    survey.population, survey.invited, survey.answered = len(teams), len(participants), 0
    ctx.outcome.add(
        SurveyDraw(
            id=ctx.new_id(),
            record=survey.row_key,
            seed=survey.seed,
            size=len(participants),
            population_ids=[str(person) for person in sorted(teams)],
            drawn_at=ctx.occurred_at,
        )
    )
    for person in participants:
        ctx.outcome.add(
            SurveyParticipant(
                id=ctx.new_id(),
                record=survey.row_key,
                person_id=person,
                team_id=teams[person],
                invited_at=ctx.occurred_at,
            )
        )


def remind(survey: Survey, body: RemindSurvey, ctx: ActionContext) -> None:
    """Remind the participants of the survey: all of them if it is anonymous, otherwise those who have not
    answered. The number of answers so far is recorded.
    """
    survey.reminded_at, survey.answered = ctx.occurred_at, body.answered


def close(survey: Survey, body: EmptyPayload, ctx: ActionContext) -> None:
    """Close the survey early: it can no longer be answered, and ends within minutes."""
    survey.ends_at = ctx.occurred_at


def end(survey: Survey, body: EndSurvey, ctx: ActionContext) -> None:
    """End the survey, with the number of participants who have answered."""
    survey.answered = body.answered


def publish(survey: Survey, body: EmptyPayload, ctx: ActionContext) -> None:
    """Publish the survey's results, in total and by team, next to those of the survey that it is compared
    with. Groups of fewer than five are left out.
    """
    results = ctx.prepared(SurveyFigures)
    for figure in results.figures:
        before = results.before.get(figure.question) if figure.team_id is None else None
        ctx.outcome.add(
            SurveyFigure(
                id=ctx.new_id(),
                record=survey.row_key,
                question=figure.question,
                team_id=figure.team_id,
                answers=figure.answers,
                mean=figure.mean,
                counts=None if figure.counts is None else jsonb_ordered(figure.counts),
                mean_before=None if before is None else before.mean,
                answers_before=None if before is None else before.answers,
                published_at=ctx.occurred_at,
            )
        )


def cancel(survey: Survey, body: Reason, ctx: ActionContext) -> None:
    """Cancel the survey. Anonymous answers are destroyed, and other answers are shown only to survey
    managers.
    """


RUNNERS = quality_manager | service_level_manager
REMINDED = (
    RecipientRule(NoticeType.survey_reminded, children=SurveyParticipant, done_in=SurveyResponse.KIND),
)
TOLD_OF_RESULTS = (RecipientRule(NoticeType.survey_published, children=SurveyParticipant),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="survey", plural="surveys", zh="满意度调查", record=Survey, code="SVY",
    visible=(),
    children=(SurveyQuestion, SurveyDraw, SurveyParticipant, SurveyFigure),
    rows=(
        #      action   中文        from                           to               who             event
        action(plan,    "计划",     NEW_RECORD,                    State.planned,   RUNNERS,        "survey.planned",
               prepare=(planned_audience,), wrong=(checks.period_invalid, checks.questions_invalid, checks.comparison_invalid)),
        action(start,   "开始",     [State.planned],               State.running,   RUNNERS | rule, "survey.started",
               prepare=(audience_now,), staff_only=True, due=DueAt("opens_at", "start_surveys")),
        action(remind,  "提醒",     [State.running],               STAYS,           rule,           "survey.reminded", notifies=REMINDED),
        action(close,   "提前截止", [State.running],               STAYS,           RUNNERS,        "survey.closed"),
        action(end,     "结束",     [State.running],               State.ended,     rule,           "survey.ended"),
        action(publish, "公布结果", [State.ended],                 State.published, RUNNERS,        "survey.published",
               prepare=(survey_figures,), notifies=TOLD_OF_RESULTS),
        action(cancel,  "取消",     [State.planned, State.running], State.cancelled, RUNNERS,       "survey.cancelled"),
    ),
)
# fmt: on
