"""Read side of scorecards: cards with their figures, ratings, editions, and the year of a card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.people.queries import PERSONS, TEAMS
from app.governance.scorecards import editions, lifecycle, ratings
from app.governance.scorecards.lookups import cards_of_year
from app.governance.scorecards.marks import rounded
from app.governance.scorecards.records import (
    Scorecard,
    ScorecardDimension,
    ScorecardEdition,
    ScorecardFigure,
    ScorecardRating,
)
from app.kernel.access.visibility import can_see


class ScorecardOut(RecordOut, of=Scorecard):
    """The scorecard of a person or team in a quarter."""


class ScorecardFigureOut(OutputModel, of=ScorecardFigure):
    """A figure of a scorecard."""


class ScorecardRatingOut(RecordOut, of=ScorecardRating):
    """A rating that a person is asked for."""


class EditionMeasure(OutputModel):
    """A KPI that a dimension is marked by."""

    dimension: ScorecardDimension = Field(description="Dimension of the KPI.")
    kpi: str = Field(description="Key of the KPI.")
    best: str = Field(description="Value that gives 100 marks.")
    worst: str = Field(description="Value that gives 0 marks.")


class ScorecardEditionOut(RecordOut, of=ScorecardEdition):
    """An edition of the weights and measures of scorecards."""

    measures: list[EditionMeasure] = Field(description="KPIs that give marks, each in a dimension.")


class ScoredQuarter(OutputModel):
    """The score of a quarter."""

    quarter: str = Field(description="Quarter of the scorecard.")
    number: str = Field(description="Number by which people know the scorecard.")
    final_score: str | None = Field(
        description="Final score; null if the scorecard is not published, or has no score."
    )


class ScorecardYear(OutputModel):
    """The year of a person or team, from the scorecards of its quarters that the caller may see."""

    year: int = Field(description="Year of the scorecards.")
    quarters: list[ScoredQuarter] = Field(description="Quarters with a scorecard.")
    scored: int = Field(description="Number of quarters with a score.")
    final_score: str | None = Field(description="Mean of the scores; null if there are no scores.")
    judged_score: str | None = Field(
        description="Score of the whole year as the superior judged it; null until then."
    )
    judged_at: datetime | None = Field(description="Time of the judgement of the year; null until then.")
    confirmed_at: datetime | None = Field(
        description="Time at which the person confirmed the talk and the plan; null until then."
    )
    complete: bool = Field(description="True if all four quarters have a score.")


CARDS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    shape=ScorecardOut,
    filters=("state", "quarter", "team", "person", "concerned", "below_line", "opened_at", "changed_at"),
    sorts=("opened_at", "changed_at"),
    expands=(PERSONS, TEAMS),
)
RATINGS = Listing(
    lifecycle=ratings.LIFECYCLE,
    shape=ScorecardRatingOut,
    filters=("state", "quarter", "team", "person", "part", "due_at", "asked_at"),
    sorts=("asked_at", "due_at"),
    expands=(PERSONS, TEAMS),
)
EDITIONS = Listing(
    lifecycle=editions.LIFECYCLE,
    shape=ScorecardEditionOut,
    filters=("begins_with", "set_at"),
    sorts=("set_at",),
)
FIGURES = ChildListing(
    "figures", ScorecardFigure, "counted_at", ScorecardFigureOut, "the figures of a scorecard"
)
QUARTERS = 4


async def year_of(renderer: Renderer, card: Scorecard) -> ScorecardYear:
    """Return the year of the card, from the cards of its quarters that the caller sees."""
    settings = renderer.ledger.settings
    cards = [
        other
        for other in await cards_of_year(renderer.ledger.db.rows, card)
        if can_see(
            renderer.caller,
            lifecycle.LIFECYCLE,
            [*lifecycle.LIFECYCLE.audience(other)],
            agents_see=settings.agents_see,
        )
    ]
    return year_from(str(card.quarter), cards)


def year_from(quarter: str, cards: Sequence[Scorecard]) -> ScorecardYear:
    """Return the year of that quarter from its cards: the mean of their scores, each alike."""
    scores = [Decimal(card.final_score) for card in cards if card.final_score is not None]
    mean = rounded(sum(scores, Decimal(0)) / len(scores)) if scores else None
    judged = next((card for card in cards if card.year_judged_at is not None), None)
    return ScorecardYear(
        year=int(quarter[:4]),
        quarters=[
            ScoredQuarter(quarter=str(card.quarter), number=card.number, final_score=card.final_score)
            for card in cards
        ],
        scored=len(scores),
        final_score=None if mean is None else str(mean),
        judged_score=None if judged is None else judged.year_score,
        judged_at=None if judged is None else judged.year_judged_at,
        confirmed_at=None if judged is None else judged.year_confirmed_at,
        complete=len(scores) == QUARTERS,
    )
