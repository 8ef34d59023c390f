"""Surveys, their participants, answers and results (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

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
    """State of a participant's response to a survey with names."""

    submitted = "submitted", "Submitted", "已提交"


class SurveyResultState(CodeEnum):
    """State of the answers to an anonymous survey."""

    collected = "collected", "Collected", "已汇集"


class Survey(Record):
    """Questions to a sample of persons in a period.

    `title_zh` is the title in Chinese. The participants are drawn from the audience by `seed` when it starts.
    """

    KIND: ClassVar[str] = "survey"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: SurveyState | None = required("Its state.")
    title: str | None = required(
        "The title in English, in a line, without names of persons.", examples=["Working with the desk"]
    )
    title_zh: str | None = required("The title in Chinese.", examples=["服务台满意度"])
    series: str | None = optional(
        "The series that it belongs to: only surveys of one series are compared.", examples=["desk"]
    )
    anonymous: bool | None = required("True if no answer is ever tied to a person.")
    person_ids: list[str] | None = optional("The persons whom it is for, besides those of teams.")
    team_ids: list[str] | None = optional(
        "The teams whose members it is for: of the organisation's own, or customers."
    )
    everybody: bool | None = required("True if it is for everybody.")
    sample_size: int | None = optional(
        "The number of participants to draw; null: the whole audience.", examples=[100]
    )
    seed: int | None = required("The seed of the draw: the same draws the same persons of an audience.")
    compare_with_id: Annotated[UUID | None, ForeignRef("survey")] = optional(
        "The earlier survey of the series that its results are compared with."
    )
    planner_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who planned it.")
    population: int | None = optional("The number of persons in the audience when it started.")
    invited: int | None = optional("The number of participants drawn.")
    answered: int | None = optional("The number of participants who have answered, as of the last count.")
    opens_at: datetime | None = required("The time at which it starts.", examples=["2199-01-01T01:00:00Z"])
    remind_at: datetime | None = optional(
        "The time at which participants are reminded.", examples=["2199-01-10T01:00:00Z"]
    )
    ends_at: datetime | None = required("The time at which it ends.", examples=["2199-01-15T01:00:00Z"])
    planned_at: Annotated[datetime | None, EnteredAt(SurveyState.planned)] = required("Time of its plan.")
    started_at: Annotated[datetime | None, EnteredAt(SurveyState.running)] = optional("Time of its start.")
    reminded_at: datetime | None = optional("Time of the reminder.")
    ended_at: Annotated[datetime | None, EnteredAt(SurveyState.ended)] = optional("Time of its end.")
    published_at: Annotated[datetime | None, EnteredAt(SurveyState.published)] = optional(
        "Time at which its results were published."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(SurveyState.cancelled)] = optional(
        "Time at which it was cancelled."
    )


class SurveyQuestion(ChildRecord):
    """A question of a survey, in both languages. `place` counts from 1."""

    KIND: ClassVar[str] = "survey_question"

    key: str | None = required("Its key, the same in all surveys of a series.", examples=["speed"])
    kind: QuestionKind | None = required("Its kind.", examples=["rating"])
    text: str | None = required("The question in English.", examples=["How fast are you helped?"])
    text_zh: str | None = required("The question in Chinese.", examples=["处理速度如何？"])
    choices: list[str] | None = optional("The choices in English, of a question with choices.")
    choices_zh: list[str] | None = optional("The same choices in Chinese, in the same order.")
    mandatory: bool | None = required("True if it must be answered.")
    place: int | None = required("Its place in the survey, from 1.")
    asked_at: datetime | None = required("Time of the plan that asks it.")


class SurveyDraw(ChildRecord):
    """The draw of a survey's participants: from `population_ids` by the seed, so that it can be repeated."""

    KIND: ClassVar[str] = "survey_draw"

    seed: int | None = required("The seed of the draw.")
    size: int | None = required("The number of persons drawn.")
    population_ids: Annotated[list[str] | None, StaffOnly()] = required("The persons drawn from: their ids.")
    drawn_at: datetime | None = required("Time of the draw.")


class SurveyParticipant(ChildRecord):
    """A person who is asked to answer a survey. Nothing says here whether they have."""

    KIND: ClassVar[str] = "survey_participant"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.survey_invited)] = (
        required("The person asked.")
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team of theirs by which results are told."
    )
    invited_at: datetime | None = required("Time of the invitation.")


class SurveyFigure(ChildRecord):
    """The result of a question: of all answers, or of those of one team."""

    KIND: ClassVar[str] = "survey_figure"

    question: str | None = required("The question's key.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team whose answers these are.")
    answers: int | None = required("The number of answers.")
    mean: str | None = optional("The mean of a rating, with two digits.", examples=["4.25"])
    counts: Annotated[dict[str, Any] | None, Document()] = optional(
        "The number of answers by score, or by the place of the choice; null for texts."
    )
    mean_before: str | None = optional("The mean in the survey that it is compared with.")
    answers_before: int | None = optional("The number of answers there.")
    published_at: datetime | None = required("Time of the publication.")


class SurveyAnswer(ChildRecord):
    """An answer to one question: the score, the choice by its place from 1, or the text.

    `taken_up` names the stream of the record that was made of it.
    """

    KIND: ClassVar[str] = "survey_answer"

    question: str | None = required("The question's key.", examples=["speed"])
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team whose answer it is, where results are told by it."
    )
    score: int | None = optional("The score, 1 to 5, of a rating.", examples=[4])
    choice: int | None = optional("The place of the choice, from 1.")
    text: Annotated[str | None, Personal()] = optional("The text.")
    entered_at: datetime | None = required(
        "Time at which it entered the log; of an anonymous survey that is its end."
    )
    taken_up: Annotated[str | None, NamesRecord()] = optional(
        "The suggestion or complaint that was made of it, as `<kind>/<id>`."
    )
    taken_up_at: datetime | None = optional("Time at which that was made.")


class SurveyResponse(Record):
    """A participant's answers to a survey with names."""

    KIND: ClassVar[str] = "survey_response"

    state: SurveyResponseState | None = required("Its state.")
    survey_id: Annotated[UUID | None, ForeignRef("survey")] = required("The survey.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The participant.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The participant's team.")
    given_at: Annotated[datetime | None, EnteredAt(SurveyResponseState.submitted)] = required(
        "Time of the response."
    )


class SurveyResult(Record):
    """All answers to an anonymous survey, in a random order. `key_id` is the key of their texts."""

    KIND: ClassVar[str] = "survey_result"

    state: SurveyResultState | None = required("Its state.")
    survey_id: Annotated[UUID | None, ForeignRef("survey")] = required("The survey.")
    key_id: Annotated[UUID | None, Hidden()] = required()
    answered: int | None = required("The number of participants who have answered.")
    withheld: int | None = required(
        "The number of answers that were left out, because too few have answered their question."
    )
    collected_at: Annotated[datetime | None, EnteredAt(SurveyResultState.collected)] = required(
        "Time of the survey's end."
    )
