"""Read side of surveys: surveys with their questions, participants and figures; responses; results."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.people.queries import PERSONS
from app.governance.surveys import lifecycle, responses, results
from app.governance.surveys.lifecycle import RUNNERS
from app.governance.surveys.records import (
    Survey,
    SurveyAnswer,
    SurveyDraw,
    SurveyFigure,
    SurveyParticipant,
    SurveyQuestion,
    SurveyResult,
)


class SurveyOut(RecordOut, of=Survey):
    """A survey with its audience and period."""


class SurveyQuestionOut(OutputModel, of=SurveyQuestion):
    """A question of a survey."""


class SurveyDrawOut(OutputModel, of=SurveyDraw):
    """The random selection of a survey's participants."""


class SurveyParticipantOut(OutputModel, of=SurveyParticipant):
    """A participant of a survey."""


class SurveyFigureOut(OutputModel, of=SurveyFigure):
    """The result of a question, for all answers or for a team."""

    counts: dict[str, int] | None = Field(
        description="Number of answers by score, or by the place of the choice; null for texts."
    )


class SurveyAnswerOut(OutputModel, of=SurveyAnswer):
    """An answer to a question."""


class SurveyResultOut(RecordOut, of=SurveyResult, without="key_id"):
    """The answers to an anonymous survey, without participants."""


SURVEYS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    shape=SurveyOut,
    filters=("state", "series", "anonymous", "opens_at", "ends_at", "planned_at", "changed_at"),
    sorts=("planned_at", "ends_at", "changed_at"),
    expands=(PERSONS,),
)
RESPONSES = Listing(
    lifecycle=responses.LIFECYCLE,
    filters=("survey_id", "person", "team", "given_at"),
    sorts=("given_at",),
    expands=(PERSONS,),
)
RESULTS = Listing(
    lifecycle=results.LIFECYCLE,
    shape=SurveyResultOut,
    filters=("survey_id", "collected_at"),
    sorts=("collected_at",),
)


def _of_runners(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of what only those see who run surveys."""
    return "true" if RUNNERS.allows(renderer.caller, record) else "false"


def _own(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition of the participants that the caller sees: all, or themselves."""
    if RUNNERS.allows(renderer.caller, record):
        return "true"
    parameters["me"] = renderer.caller.person_id
    return "r.person_id = %(me)s"


SURVEY_CHILDREN = (
    ChildListing(
        "questions", SurveyQuestion, "asked_at", SurveyQuestionOut, "a survey's questions, in order"
    ),
    ChildListing(
        "draws",
        SurveyDraw,
        "drawn_at",
        SurveyDrawOut,
        "the random selections of a survey's participants, for survey managers",
        _of_runners,
    ),
    ChildListing(
        "participants",
        SurveyParticipant,
        "invited_at",
        SurveyParticipantOut,
        "a survey's participants: survey managers see all of them, other callers only themselves",
        _own,
    ),
    ChildListing(
        "figures",
        SurveyFigure,
        "published_at",
        SurveyFigureOut,
        "the published results of a survey, question by question",
    ),
)
ANSWERS = ChildListing(
    "answers", SurveyAnswer, "entered_at", SurveyAnswerOut, "the answers, question by question"
)
