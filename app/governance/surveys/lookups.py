"""Lookups of surveys for actions, and for the rules that run them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.governance.surveys.records import Survey, SurveyAnswer, SurveyParticipant, SurveyQuestion
from app.kernel.access.reads import Reading

MOST_IN_AUDIENCE = 10_000
AUDIENCE = """
select distinct p.id, p.team_id from fold.person p
where p.state = 'active' and p.deactivated_at is null and p.kind = 'human' and (
  %(everybody)s or p.id = any(%(persons)s::uuid[]) or p.team_id = any(%(teams)s::uuid[]) or exists (
    select from fold.membership m where m.person_id = p.id and m.team_id = any(%(teams)s::uuid[])))
order by p.id limit %(most)s"""
PARTICIPANT = "select * from fold.survey_participant where record = %s and person_id = %s"
QUESTIONS = "select * from fold.survey_question where record = %s order by place"
RESPONSES = "select count(*)::int as answered from fold.survey_response where survey_id = %s"
NAMED_ANSWERS = """
select a.* from fold.survey_answer a join fold.survey_response r on a.record = 'survey_response/' || r.id
where r.survey_id = %s"""
COLLECTED_ANSWERS = """
select a.* from fold.survey_answer a join fold.survey_result r on a.record = 'survey_result/' || r.id
where r.survey_id = %s"""


async def audience(
    read: Reading, persons: Iterable[Any], teams: Iterable[Any], *, everybody: bool
) -> dict[UUID, UUID | None]:
    """Return the active persons of an audience, each with their own team: one more than may be in it, at
    most.
    """
    parameters = {
        "everybody": everybody,
        "persons": [str(person) for person in persons],
        "teams": [str(team) for team in teams],
        "most": MOST_IN_AUDIENCE + 1,
    }
    return {row["id"]: row["team_id"] for row in await read(AUDIENCE, parameters)}


async def questions_of(read: Reading, survey: Survey) -> tuple[SurveyQuestion, ...]:
    """Return the survey's questions, in their order."""
    rows = await read(QUESTIONS, (survey.row_key,))
    return tuple(from_row(SurveyQuestion, row) for row in rows)


async def participant_of(read: Reading, survey: Survey, person_id: UUID | None) -> SurveyParticipant | None:
    """Return the person among the survey's participants; None: they are not asked."""
    rows = await read(PARTICIPANT, (survey.row_key, person_id))
    return from_row(SurveyParticipant, rows[0]) if rows else None


async def answers_of(read: Reading, survey: Survey) -> list[SurveyAnswer]:
    """Return all answers to the survey that are in the log."""
    rows = await read(COLLECTED_ANSWERS if survey.anonymous else NAMED_ANSWERS, (survey.id,))
    return [from_row(SurveyAnswer, row) for row in rows]


async def responses_to(read: Reading, survey: Survey) -> int:
    """Return how many participants of a survey with names have answered."""
    (row,) = await read(RESPONSES, (survey.id,))
    number: int = row["answered"]
    return number
