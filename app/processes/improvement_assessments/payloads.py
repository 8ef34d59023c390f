"""Payloads of actions on improvement assessments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.foundation.months import Month
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    Title,
    at_most_entries,
)
from app.processes.improvement_assessments.lookups import MOST_ASSESSED
from app.processes.improvement_assessments.records import (
    AssessedSuggestion,
    ImprovementAssessment,
    SuggestionScore,
    SuggestionVerdict,
)

Score = Annotated[int, Field(ge=1, le=5, strict=True)]

Assessors = Annotated[
    tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)], ...], BoundedList
]


class OpenImprovementAssessment(Payload, of=ImprovementAssessment):
    """The assessment of a month."""

    month: Month
    assessors: Assessors = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The persons who score the suggestions: their ids, or `me`.",
    )
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None,
        description="The improvement plan whose weights count: its number or id. None: 1 each; not while a "
        "plan of that year is carried out.",
    )


class ScoreImprovementAssessment(Payload, of=SuggestionScore):
    """The scores that the caller gives to a suggestion: 1 to 5 by criterion; 5 speaks for it."""

    suggestion: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="The suggestion: its number or id."
    )
    plan_fit: Score = Field(description="5: it fits the annual plan well.")
    benefit: Score = Field(description="5: it brings much, sooner or later, to many.")
    urgency: Score = Field(description="5: it is urgent.")
    ease: Score = Field(description="5: it is easily carried out and institutionalised.")
    outside_purchase: Score = Field(description="5: nothing must be bought outside.")
    risk: Score = Field(description="5: its rollout meets no risks and obstacles.")
    comment: FreeText | None = None


class GivenVerdict(PayloadPart, of=AssessedSuggestion):
    """The verdict on a suggestion."""

    suggestion: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="The suggestion: its number or id."
    )
    verdict: SuggestionVerdict = Field(description="The verdict.")
    title: Title | None = Field(
        default=None,
        description="Title of the improvement, of a selected one; none: as the suggestion.",
    )
    reason: FreeText | None = None
    until_at: Instant | None = None


class ConcludeImprovementAssessment(Payload):
    """The verdicts on all suggestions of the assessment that are still open."""

    verdicts: Annotated[tuple[GivenVerdict, ...], at_most_entries(MOST_ASSESSED)] = Field(
        max_length=MOST_ASSESSED, description="One for each suggestion."
    )
