"""Read side of assessments: one of them, its assessors, suggestions and scores, the ranking, and the list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing, render_rows
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, PersonStub, RecordOut, Renderer
from app.foundation.people.queries import PERSONS
from app.processes.improvement_assessments.lifecycle import LIFECYCLE
from app.processes.improvement_assessments.ranking import AssessorScores, RankedSuggestion, rank_suggestions
from app.processes.improvement_assessments.records import (
    AssessedSuggestion,
    AssessmentState,
    Assessor,
    ImprovementAssessment,
    SuggestionScore,
    SuggestionVerdict,
)

SUGGESTIONS_OF = "select * from fold.assessed_suggestion where record = %s order by taken_at, id"
#: While the assessment is open, assessors see the scores of others for a suggestion only after scoring it
#: themselves, so that they do not follow each other.
SCORED_BY_CALLER = """(r.person_id = %(me)s
  or not exists (select from fold.assessor a where a.record = r.record and a.person_id = %(me)s)
  or exists (select from fold.suggestion_score mine where mine.record = r.record
    and mine.suggestion_id = r.suggestion_id and mine.person_id = %(me)s))"""


def _seen_by_caller(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the condition of the scores that the caller may see."""
    if record.state is not AssessmentState.open:
        return "true"
    parameters["me"] = renderer.caller.person_id
    return SCORED_BY_CALLER


class ImprovementAssessmentOut(RecordOut, of=ImprovementAssessment):
    """The assessment of the suggestions that are open in a month."""

    weights: dict[str, int] = Field(description="Weights of the criteria, by code.")


class AssessorOut(OutputModel, of=Assessor):
    """A person who scores the suggestions."""


class AssessedSuggestionOut(OutputModel, of=AssessedSuggestion):
    """A suggestion of the assessment, and the verdict on it."""


class SuggestionScoreOut(OutputModel, of=SuggestionScore):
    """The scores of one assessor for a suggestion."""

    scores: dict[str, int] = Field(
        description="Scores from 1 to 5 by criterion, where 5 speaks for the suggestion."
    )


SCORES = ChildListing(
    "scores",
    SuggestionScore,
    "scored_at",
    SuggestionScoreOut,
    "the scores of an assessment",
    only=_seen_by_caller,
)
SUGGESTIONS = ChildListing(
    "suggestions",
    AssessedSuggestion,
    "taken_at",
    AssessedSuggestionOut,
    "the suggestions of an assessment, the oldest first",
)
CHILD_LISTINGS = (
    ChildListing("assessors", Assessor, "asked_at", AssessorOut, "the assessors"),
    SUGGESTIONS,
    SCORES,
)


class AssessorScoresOut(OutputModel):
    """The scores of one assessor for a suggestion, and their weighted mean."""

    person: PersonStub
    mean: float = Field(description="Weighted mean of the scores.")
    scores: dict[str, int] = Field(description="Scores from 1 to 5 by criterion.")
    comment: str | None = Field(description="Comment of the assessor; null if not given.")
    scored_at: datetime = Field(description="Time at which the assessor scored the suggestion.")


class RankedSuggestionOut(OutputModel):
    """A suggestion in the ranking, with the spread of the scores."""

    rank: int | None = Field(
        description="Rank, from 1 for the best; equal suggestions share a rank. Null if the suggestion "
        "has no scores."
    )
    suggestion_id: UUID = Field(description="Identifier of the suggestion, as in its address.")
    number: str = Field(description="Number by which people know the suggestion.")
    title: str = Field(description="Title of the suggestion when the assessment was opened.")
    verdict: SuggestionVerdict | None = Field(
        description="Verdict on the suggestion; null until there is one."
    )
    mean: float | None = Field(
        description="Mean of the assessors' weighted means; null if the suggestion has no scores."
    )
    lowest: float | None = Field(
        description="Lowest weighted mean of an assessor; null if the suggestion has no scores."
    )
    highest: float | None = Field(
        description="Highest weighted mean of an assessor; null if the suggestion has no scores."
    )
    deviation: float | None = Field(
        description="Standard deviation of the weighted means; null if there are fewer than two."
    )
    by_assessor: list[AssessorScoresOut] = Field(description="Scores by assessor.")


class AssessmentRanking(OutputModel):
    """The suggestions of an assessment by their scores, the best first; suggestions without scores come
    last.
    """

    weights: dict[str, int] = Field(description="Weights of the criteria, by code.")
    items: list[RankedSuggestionOut]


async def ranking_of(renderer: Renderer, assessment: ImprovementAssessment) -> dict[str, Any]:
    """Return the ranking of the assessment's suggestions by the scores that the renderer's caller sees: an
    assessor who has not scored a suggestion sees no rank of it before the assessment is over.
    """
    db, stream = renderer.ledger.db, assessment.row_key
    rows = {row["suggestion_id"]: row for row in await db.rows(SUGGESTIONS_OF, (stream,))}
    parameters: dict[str, Any] = {"record": stream}
    visible = _seen_by_caller(renderer, assessment, parameters)
    score_rows = await db.rows(
        f"select r.* from fold.suggestion_score r where r.record = %(record)s and {visible} "
        "order by r.scored_at, r.id",
        parameters,
    )
    rendered = await render_rows(renderer, assessment, SCORES, score_rows)
    scores = [AssessorScores(row["suggestion_id"], row["person_id"], row["scores"]) for row in score_rows]
    weights = assessment.weights or {}
    return {
        "weights": weights,
        "items": [
            _ranked_out(ranked, rows[ranked.suggestion_id], list(zip(scores, rendered, strict=True)))
            for ranked in rank_suggestions(weights, list(rows), scores)
        ],
    }


def _ranked_out(
    ranked: RankedSuggestion, row: Mapping[str, Any], scores: list[tuple[AssessorScores, dict[str, Any]]]
) -> dict[str, Any]:
    """Return the ranked suggestion as clients see it."""
    names = ("person", "scores", "comment", "scored_at")
    return {
        "rank": ranked.rank,
        "suggestion_id": ranked.suggestion_id,
        **{name: row[name] for name in ("number", "title", "verdict")},
        **{name: _figure(getattr(ranked, name)) for name in ("mean", "lowest", "highest", "deviation")},
        "by_assessor": [
            {name: rendered[name] for name in names}
            | {"mean": _figure(ranked.by_assessor[score.assessor_id])}
            for score, rendered in scores
            if score.suggestion_id == ranked.suggestion_id
        ],
    }


def _figure(value: Fraction | float | None) -> float | None:
    """Return the figure to six places."""
    return None if value is None else round(float(value), 6)


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ImprovementAssessmentOut,
    filters=("state", "month", "plan_id", "opened_at", "concluded_at", "changed_at"),
    sorts=("opened_at", "changed_at"),
    expands=(PERSONS,),
)
