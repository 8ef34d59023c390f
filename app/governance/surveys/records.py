"""Surveys, their participants, answers and results (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    Document,
    ForeignRef,
    Hidden,
    NamesRecord,
    Record,
    StaffOnly,
    optional,
    required,
)
from app.common.state_fields import EnteredAt


class SurveyState(CodeEnum):
    """State of a survey."""

    planned = "planned", "Planned", "已计划"
    running = "running", "Running", "进行中"
    ended = "ended", "Ended", "已结束"
    published = "published", "Results published", "结果已公布"
    cancelled = "cancelled", "Cancelled", "已取消"


class QuestionKind(CodeEnum):
    """Kind of a question of a survey."""

    rating = "rating", "Rating, 1 to 5", "评分（1 至 5）"
    choice = "choice", "Choice", "单选"
    text = "text", "Text", "文字"


class SurveyResponseState(CodeEnum):
    """State of a participant's response to a survey that is not anonymous."""

    submitted = "submitted", "Submitted", "已提交"


class SurveyResultState(CodeEnum):
    """State of the answers to an anonymous survey."""

    collected = "collected", "Collected", "已汇集"


class Survey(Record):
    """Questions to a sample of persons in a period.

    `title_zh` is the title in Chinese. The participants are drawn from the audience by `seed` when it starts.
    """

    KIND: ClassVar[str] = "survey"

    number: str = ""
    state: SurveyState | None = required()
    title: str | None = required(
        "Title of the survey in English, in one line, without names of persons.",
        examples=["Working with the desk"],
    )
    title_zh: str | None = required("Title of the survey in Chinese.", examples=["服务台满意度"])
    series: str | None = optional(
        "Series of the survey; only surveys of one series can be compared.", examples=["desk"]
    )
    anonymous: bool | None = required("True if answers are never connected with a person.")
    person_ids: list[str] | None = optional("Persons in the audience, in addition to the members of teams.")
    team_ids: list[str] | None = optional(
        "Teams whose members are in the audience: the organisation's own, or customers."
    )
    everybody: bool | None = required("True if everybody is in the audience.")
    sample_size: int | None = optional(
        "Number of participants to draw; null for the whole audience.", examples=[100]
    )
    seed: int | None = required("Seed of the draw; the same seed draws the same persons from an audience.")
    compare_with_id: Annotated[UUID | None, ForeignRef("survey")] = optional(
        "Earlier survey of the series with which the results are compared; null if not set."
    )
    planner_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who planned the survey.")
    population: int | None = optional("Number of persons in the audience at the start; null until then.")
    invited: int | None = optional("Number of participants who were drawn; null until the start.")
    answered: int | None = optional(
        "Number of participants who have answered, at the last count; null before the first count."
    )
    opens_at: datetime | None = required(
        "Time at which the survey starts.", examples=["2035-01-01T01:00:00Z"]
    )
    remind_at: datetime | None = optional(
        "Time at which participants are reminded; null if they are not.", examples=["2035-01-10T01:00:00Z"]
    )
    ends_at: datetime | None = required("Time at which the survey ends.", examples=["2035-01-15T01:00:00Z"])
    planned_at: Annotated[datetime | None, EnteredAt(SurveyState.planned)] = required(
        "Time at which the survey was planned."
    )
    started_at: Annotated[datetime | None, EnteredAt(SurveyState.running)] = optional(
        "Time at which the survey started; null until then."
    )
    reminded_at: datetime | None = optional("Time of the reminder; null if no reminder was sent.")
    ended_at: Annotated[datetime | None, EnteredAt(SurveyState.ended)] = optional(
        "Time at which the survey ended; null until then."
    )
    published_at: Annotated[datetime | None, EnteredAt(SurveyState.published)] = optional(
        "Time at which the results were published; null until then."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(SurveyState.cancelled)] = optional(
        "Time at which the survey was cancelled; null if it was not."
    )


class SurveyQuestion(ChildRecord):
    """A question of a survey, in both languages. `place` counts from 1."""

    KIND: ClassVar[str] = "survey_question"

    key: str | None = required(
        "Key of the question, which is the same in all surveys of a series.", examples=["speed"]
    )
    kind: QuestionKind | None = required("Kind of the question.", examples=["rating"])
    text: str | None = required("Question in English.", examples=["How fast are you helped?"])
    text_zh: str | None = required("Question in Chinese.", examples=["处理速度如何？"])
    choices: list[str] | None = optional("Choices in English, for a question with choices.")
    choices_zh: list[str] | None = optional("Choices in Chinese, in the same order.")
    mandatory: bool | None = required("True if the question must be answered.")
    place: int | None = required("Place of the question in the survey, from 1.")
    asked_at: datetime | None = required("Time at which the survey was planned.")


class SurveyDraw(ChildRecord):
    """The draw of a survey's participants: from `population_ids` by the seed, so that it can be repeated."""

    KIND: ClassVar[str] = "survey_draw"

    seed: int | None = required("Seed of the draw; the same seed draws the same persons from an audience.")
    size: int | None = required("Number of persons who were drawn.")
    population_ids: Annotated[list[str] | None, StaffOnly()] = required(
        "Identifiers of the persons in the audience."
    )
    drawn_at: datetime | None = required("Time at which the participants were drawn.")


class SurveyParticipant(ChildRecord):
    """A person who is asked to answer a survey. Whether they have answered is not stored here."""

    KIND: ClassVar[str] = "survey_participant"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.survey_invited)
    ] = required("Person who was asked.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team of the participant in results by team."
    )
    invited_at: datetime | None = required("Time at which the person was invited.")


class SurveyFigure(ChildRecord):
    """The result of a question: of all answers, or of those of one team."""

    KIND: ClassVar[str] = "survey_figure"

    question: str | None = required("Key of the question.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team of the answers; null for all answers."
    )
    answers: int | None = required("Number of answers.")
    mean: str | None = optional(
        "Mean of the ratings, with two decimal places; null for other questions.", examples=["4.25"]
    )
    counts: Annotated[dict[str, Any] | None, Document()] = optional(
        "Number of answers by score, or by the place of the choice."
    )
    mean_before: str | None = optional(
        "Mean in the survey with which this one is compared; null if the surveys are not compared."
    )
    answers_before: int | None = optional(
        "Number of answers in the survey with which this one is compared; null if the surveys are not "
        "compared."
    )
    published_at: datetime | None = required("Time at which the results were published.")


class SurveyAnswer(ChildRecord):
    """An answer to one question: the score, the choice by its place from 1, or the text.

    `taken_up` names the stream of the record that was made of it.
    """

    KIND: ClassVar[str] = "survey_answer"

    question: str | None = required("Key of the question.", examples=["speed"])
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team of the participant; null if the results are not shown by team."
    )
    score: int | None = optional("Score of a rating, from 1 to 5; null for other questions.", examples=[4])
    choice: int | None = optional("Place of the choice, from 1; null for other questions.")
    text: Annotated[str | None, Personal()] = optional("Text of the answer; null for other questions.")
    entered_at: datetime | None = required(
        "Time at which the answer was recorded; for an anonymous survey, its end."
    )
    taken_up: Annotated[str | None, NamesRecord()] = optional(
        "Suggestion or complaint that was made using the answer, in the form `<kind>/<id>`; null if not made."
    )
    taken_up_at: datetime | None = optional(
        "Time at which the suggestion or complaint was made; null if not made."
    )


class SurveyResponse(Record):
    """A participant's answers to a survey that is not anonymous."""

    KIND: ClassVar[str] = "survey_response"

    state: SurveyResponseState | None = required()
    survey_id: Annotated[UUID | None, ForeignRef("survey")] = required("Survey that was answered.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Participant who answered.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("Team of the participant.")
    given_at: Annotated[datetime | None, EnteredAt(SurveyResponseState.submitted)] = required(
        "Time at which the survey was answered."
    )


class SurveyResult(Record):
    """All answers to an anonymous survey, in a random order. `key_id` is the key of their texts."""

    KIND: ClassVar[str] = "survey_result"

    state: SurveyResultState | None = required()
    survey_id: Annotated[UUID | None, ForeignRef("survey")] = required("Survey that was answered.")
    key_id: Annotated[UUID | None, Hidden()] = required()
    answered: int | None = required("Number of participants who have answered.")
    withheld: int | None = required(
        "Number of answers that were left out because too few participants answered their question."
    )
    collected_at: Annotated[datetime | None, EnteredAt(SurveyResultState.collected)] = required(
        "Time at which the survey ended."
    )
