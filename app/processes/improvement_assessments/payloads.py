"""Payloads of actions on improvement assessments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.foundation.months import Month
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Note,
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
    tuple[Annotated[Reference, ForeignRef("person", GivenDuty.scoring), Responsible(NoticeType.tasked)], ...],
    BoundedList,
]


class OpenImprovementAssessment(Payload, of=ImprovementAssessment):
    """The month, the assessors, and the plan whose weights are used."""

    month: Month
    assessors: Assessors = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Identifiers of the persons who score the suggestions, or `me`.",
    )
    plan: Annotated[Reference, ForeignRef("improvement_plan")] | None = Field(
        default=None,
        description="Improvement plan whose weights are used: its number or id. Without one, all "
        "weights are 1; this is not possible while a plan of the year is in progress.",
    )


class ScoreImprovementAssessment(Payload, of=SuggestionScore):
    """The caller's scores for a suggestion: 1 to 5 for each criterion, where 5 speaks for the suggestion."""

    suggestion: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="Suggestion to score: its number or id."
    )
    plan_fit: Score = Field(description="Fit with the annual plan, where 5 is a good fit.")
    benefit: Score = Field(description="Benefit, where 5 is a large benefit for many people.")
    urgency: Score = Field(description="Urgency, where 5 is very urgent.")
    ease: Score = Field(description="Ease of implementation, where 5 is very easy.")
    outside_purchase: Score = Field(
        description="Need for outside purchases, where 5 means that no purchase is needed."
    )
    risk: Score = Field(description="Risk of the rollout, where 5 means no risks or obstacles.")
    comment: Note | None = None


class GivenVerdict(PayloadPart, of=AssessedSuggestion):
    """The verdict on a suggestion."""

    suggestion: Annotated[Reference, ForeignRef("improvement_suggestion")] = Field(
        description="Suggestion of the verdict: its number or id."
    )
    verdict: SuggestionVerdict = Field(description="Verdict on the suggestion.")
    title: Title | None = Field(
        default=None,
        description="Title of the improvement, for a selected suggestion; if left out, the suggestion's "
        "title.",
    )
    reason: FreeText | None = None
    until_at: Instant | None = None


class ConcludeImprovementAssessment(Payload):
    """The verdicts on all open suggestions of the assessment, and the meeting that agreed on them."""

    model_config = example_includes("meeting")
    meeting: Annotated[Reference, ForeignRef("meeting")] | None = Field(
        default=None,
        description="Monthly assessment or plan review that agreed on the verdicts and must have been held: "
        "its number or id. Required.",
    )
    verdicts: Annotated[tuple[GivenVerdict, ...], at_most_entries(MOST_ASSESSED)] = Field(
        max_length=MOST_ASSESSED, description="Verdicts, one for each suggestion."
    )
