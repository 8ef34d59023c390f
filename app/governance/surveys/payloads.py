"""Payloads of actions on surveys, responses and results."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.common.components import Component
from app.common.duties import GivenDuty
from app.common.improvement import ImprovementAspect
from app.common.records import TICKET, ChildRef, ForeignRef
from app.foundation.process_names import ProcessName
from app.governance.surveys.records import QuestionKind, Survey, SurveyAnswer, SurveyQuestion, SurveyResult
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    Remark,
    ShortText,
    Title,
    at_most_entries,
)
from app.ticketing.records import ComplaintSubject

MOST_QUESTIONS = 20
MOST_CHOICES = 20
MOST_INVITED = 2_000
MOST_PERSONS = 500
MOST_ANSWERS = MOST_INVITED * MOST_QUESTIONS
LARGEST_SEED = 2**31 - 1
WORST, BEST = 1, 5

QuestionKey = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$"),
    Component("QuestionKey", "Key of the question.", "speed", {"pattern": "^[a-z][a-z0-9_]{0,49}$"}),
]
Choices = Annotated[tuple[ShortText, ...], at_most_entries(MOST_CHOICES)]


class PlannedQuestion(PayloadPart, of=SurveyQuestion):
    """A question in both languages."""

    key: QuestionKey
    kind: QuestionKind
    text: ShortText
    text_zh: ShortText
    choices: Choices = Field(default=(), max_length=MOST_CHOICES)
    choices_zh: Choices = Field(default=(), max_length=MOST_CHOICES)
    mandatory: bool = Field(default=False, strict=True)


class PlanSurvey(Payload, of=Survey):
    """A survey with its questions, audience and period."""

    title: Title
    title_zh: Title
    series: RecordKey | None = None
    questions: Annotated[tuple[PlannedQuestion, ...], at_most_entries(MOST_QUESTIONS)] = Field(
        min_length=1, max_length=MOST_QUESTIONS, description="Questions, in order."
    )
    anonymous: bool = Field(strict=True)
    persons: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)], ...],
        at_most_entries(MOST_PERSONS),
    ] = Field(default=(), max_length=MOST_PERSONS)
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList
    ] = Field(default=(), max_length=LONGEST_LIST)
    everybody: bool = Field(default=False, strict=True)
    sample_size: int | None = Field(default=None, ge=1, le=MOST_INVITED, strict=True)
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED, strict=True)
    opens_at: Instant
    remind_at: Instant | None = None
    ends_at: Instant
    compare_with: Annotated[Reference, ForeignRef("survey")] | None = None


class GivenAnswer(PayloadPart, of=SurveyAnswer):
    """The answer to a question: a score, the place of a choice, or a text."""

    question: QuestionKey
    score: int | None = Field(default=None, ge=WORST, le=BEST, strict=True)
    choice: int | None = Field(default=None, ge=1, le=MOST_CHOICES, strict=True)
    text: Remark | None = None


GivenAnswers = Annotated[tuple[GivenAnswer, ...], at_most_entries(MOST_QUESTIONS)]


class RespondSurveyResponse(Payload):
    """The answers of a participant to a survey that is not anonymous."""

    survey: Annotated[Reference, ForeignRef("survey")] = Field(
        description="Survey to answer: its number or id.", examples=["SVY-2026-000001"]
    )
    answers: GivenAnswers = Field(
        min_length=1, max_length=MOST_QUESTIONS, description="Answers, one for each question."
    )


class CollectedAnswer(GivenAnswer, of=SurveyAnswer):
    """An answer without its participant."""

    team_id: UUID | None = None


class CollectSurveyResult(Payload, of=SurveyResult):
    """The answers to an anonymous survey that has ended, in random order, without those of groups that are
    too small.
    """

    survey: Annotated[Reference, ForeignRef("survey")] = Field(
        description="Survey with the answers: its number or id."
    )
    answered: int = Field(ge=0, le=MOST_INVITED, strict=True)
    withheld: int = Field(ge=0, le=MOST_ANSWERS, strict=True)
    answers: Annotated[tuple[CollectedAnswer, ...], at_most_entries(MOST_ANSWERS)] = Field(
        max_length=MOST_ANSWERS, description="Answers in random order."
    )


class EndSurvey(Payload, of=Survey):
    """The number of participants who have answered at the end."""

    answered: int = Field(ge=0, le=MOST_INVITED, strict=True)


class RemindSurvey(EndSurvey):
    """The number of participants who have answered so far."""


class SuggestFromAnswer(Payload):
    """An improvement suggestion made from a survey answer."""

    answer: Annotated[UUID, ChildRef(SurveyAnswer)] = Field(description="Identifier of the answer.")
    title: Title = Field(description="Suggestion in one line, without names of persons.")
    process: ProcessName | None = Field(
        default=None,
        description="Process that the suggestion is about, such as `incident`.",
        examples=["incident"],
    )
    aspect: ImprovementAspect = Field(
        description="Aspect that the suggestion is about.", examples=["activity"]
    )
    proposal: FreeText = Field(description="Suggestion, in the words of the person who records it.")
    why: FreeText = Field(description="Reason for the suggestion.")


class ComplainFromAnswer(Payload):
    """A complaint about a ticket, made from a survey answer."""

    answer: Annotated[UUID, ChildRef(SurveyAnswer)] = Field(description="Identifier of the answer.")
    ticket: Annotated[Reference, ForeignRef(TICKET)] = Field(
        description="Ticket that the complaint is about."
    )
    subject: ComplaintSubject = Field(description="Subject of the complaint.", examples=["speed"])
    about: FreeText = Field(description="Complaint, in the words of the person who records it.")
