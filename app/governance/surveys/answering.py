"""Answering a survey by a link, without an account: into the log by name, or into the sealed box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.foundation.surveys.box import BoxClosed, SurveyToken, find_token, put_into_box
from app.governance.surveys.checks import check_answers
from app.governance.surveys.lookups import questions_of
from app.governance.surveys.payloads import GivenAnswer, RespondSurveyResponse
from app.governance.surveys.records import Survey, SurveyQuestion, SurveyResponse, SurveyState
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

#: The source of answers by a link, in their events.
SOURCE = "link"


@dataclass
class SurveyLinkInvalid(Refusal):
    """The token belongs to no survey that runs, or its person is not active any more."""

    STATUS = 404
    CODE = "survey_link_invalid"


@dataclass
class AnsweredBefore(Refusal):
    """The link was used: a participant answers a survey once."""

    STATUS = 409
    CODE = "survey_answered_before"


@dataclass(frozen=True, slots=True)
class LinkedSurvey:
    """The survey of a valid link, with its questions."""

    token: SurveyToken
    survey: Survey
    questions: tuple[SurveyQuestion, ...]


async def linked_survey(ledger: Ledger, token: str, now: datetime) -> LinkedSurvey:
    """Return the survey that the link is for. Raises SurveyLinkInvalid, or AnsweredBefore."""
    known_token = await find_token(ledger.db, token)
    loaded = None
    if known_token is not None:
        loaded = await load(ledger.db, ledger.lifecycles[Survey.KIND], str(known_token.survey_id))
    if known_token is None or loaded is None:
        raise SurveyLinkInvalid()
    survey: Survey = loaded.record
    if survey.state is not SurveyState.running or survey.ends_at is None or now >= survey.ends_at:
        raise SurveyLinkInvalid()
    if known_token.used:
        raise AnsweredBefore()
    return LinkedSurvey(known_token, survey, await questions_of(ledger.db.rows, survey))


async def answer_by_link(
    ledger: Ledger, token: str, answers: Sequence[GivenAnswer], now: datetime, request_id: str, language: str
) -> Survey:
    """Take the answers of the participant whose link it is; return the survey. Raises WrongValue,
    SurveyLinkInvalid, or AnsweredBefore.
    """
    linked = await linked_survey(ledger, token, now)
    check_answers(linked.questions, answers)
    if linked.survey.anonymous:
        await _answer_without_name(ledger, token, linked, answers, now)
    else:
        await _answer_by_name(ledger, linked, answers, CommandSource(now, request_id, language))
    return linked.survey


async def _answer_without_name(
    ledger: Ledger, token: str, linked: LinkedSurvey, answers: Sequence[GivenAnswer], now: datetime
) -> None:
    """Put the answers into the box: no command, and so no actor, request or instant."""
    entries: dict[str, Any] = {
        answer.question: answer.model_dump(include={"score", "choice", "text"}, exclude_none=True)
        for answer in answers
    }
    team = linked.token.team_id
    try:
        await put_into_box(
            ledger, token, {"team": None if team is None else str(team), "answers": entries}, now
        )
    except BoxClosed as closed:
        raise AnsweredBefore() from closed


@dataclass(frozen=True, slots=True)
class CommandSource:
    """The instant, the request and the language of answers by name."""

    now: datetime
    request_id: str
    language: str


async def _answer_by_name(
    ledger: Ledger, linked: LinkedSurvey, answers: Sequence[GivenAnswer], source: CommandSource
) -> None:
    """Answer as the participant of the token."""
    person = linked.token.person_id
    assert person is not None, "the tokens of a survey with names have them"
    caller = (await ledger.directory.callers([person])).get(person)
    if caller is None:
        raise SurveyLinkInvalid()
    lifecycle = ledger.lifecycles[SurveyResponse.KIND]
    metadata = CommandMetadata(caller, source.now, source.request_id, source=SOURCE, language=source.language)
    body = RespondSurveyResponse(survey=str(linked.survey.id), answers=tuple(answers))
    await perform(ledger, Command(lifecycle, lifecycle["respond"], None, body, metadata))
