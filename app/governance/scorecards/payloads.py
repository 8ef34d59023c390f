"""Payloads of actions on scorecards, their ratings and their editions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.records import ForeignRef
from app.foundation.quarters import Quarter
from app.governance.scorecards.records import (
    RaterPart,
    Scorecard,
    ScorecardDimension,
    ScorecardEdition,
    ScorecardFigure,
    ScorecardRating,
    ScorecardVerdict,
    TalkOutcome,
)
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
)
from app.kpis.targets.lifecycle import DecimalText, Number

PersonRef = Annotated[Reference, ForeignRef("person", GivenDuty.appraisal, quiet=True)]
TeamRef = Annotated[Reference, ForeignRef("team", GivenDuty.team_work)]
Percent = Annotated[int, Field(ge=0, le=100, strict=True)]
Score = Annotated[int, Field(ge=1, le=5, strict=True)]
MOST_PEERS, MOST_CASES, MOST_DAYS, MOST_POINTS = 20, 1_000, 60, 1_000
LARGEST_POSITION = 2**53 - 1
EXAMPLE_MEASURES = [
    {"dimension": "service_quality", "kpi": "reopen_rate", "best": "0", "worst": "0.2"},
    {"dimension": "efficiency", "kpi": "incident_resolution_seconds", "best": "7200", "worst": "57600"},
    {"dimension": "satisfaction", "kpi": "csat", "best": "5", "worst": "2"},
]


class ScorecardMeasure(PayloadPart):
    """A KPI that gives marks in a dimension."""

    dimension: ScorecardDimension = Field(description="Dimension of the KPI.")
    kpi: RecordKey = Field(description="Key of the KPI.", examples=["reopen_rate"])
    best: Number = Field(description="Value that gives 100 marks, in the unit of the KPI.", examples=["0"])
    worst: Number = Field(description="Value that gives 0 marks, in the unit of the KPI.", examples=["0.2"])


class SetScorecardEdition(Payload, of=ScorecardEdition):
    """The weights and measures that apply from a quarter that has not begun yet."""

    begins_with: Quarter
    service_quality: Percent
    efficiency: Percent
    cooperation: Percent
    satisfaction: Percent
    oneself_weight: Percent = 20
    superior_weight: Percent = 50
    peer_weight: Percent = 30
    measures: Annotated[tuple[ScorecardMeasure, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, examples=[EXAMPLE_MEASURES]
    )
    least_cases: int = Field(default=5, ge=1, le=MOST_CASES, strict=True)
    peers: int = Field(default=3, ge=0, le=MOST_PEERS, strict=True)
    line: Percent = 60
    points_per_mark: int = Field(default=10, ge=1, le=MOST_POINTS, strict=True)
    rating_days: int = Field(default=10, ge=1, le=MOST_DAYS, strict=True)
    objection_days: int = Field(default=14, ge=1, le=MOST_DAYS, strict=True)
    reason: FreeText


class OpenScorecard(Payload, of=Scorecard):
    """A quarter that is over, and the person or team."""

    quarter: Quarter
    person: PersonRef | None = None
    team: TeamRef | None = None


class CountedFigure(PayloadPart, of=ScorecardFigure):
    """The value of a KPI, or the mean of the ratings of a part."""

    dimension: ScorecardDimension
    kpi: RecordKey | None = None
    reading: DecimalText
    cases: int | None = Field(default=None, ge=0, le=LARGEST_POSITION, strict=True)
    part: RaterPart | None = None
    raters: int | None = Field(default=None, ge=1, le=LONGEST_LIST, strict=True)


class PublishScorecard(Payload, of=Scorecard):
    """The figures and ratings of the quarter."""

    position: int = Field(ge=0, le=LARGEST_POSITION, strict=True)
    points: int | None = Field(default=None, ge=0, le=LARGEST_POSITION, strict=True)
    figures: Annotated[tuple[CountedFigure, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="Figures that were counted."
    )


class ObjectScorecard(Payload, of=Scorecard):
    """An objection to a scorecard."""

    objection: FreeText


class DecideObjectionScorecard(Payload, of=Scorecard):
    """The verdict on an objection."""

    verdict: ScorecardVerdict
    verdict_reason: FreeText
    final_score: Number | None = Field(
        default=None,
        description="Corrected score, which may not be lower than before; required for a correction.",
    )


class SettleScorecard(Payload, of=Scorecard):
    """The outcome of the improvement talk."""

    outcome: TalkOutcome
    agreed: FreeText
    plan_due_at: Instant | None = None


class JudgeYearScorecard(Payload, of=Scorecard):
    """The judgement on a whole year, and what the talk about it has led to."""

    year_score: Number
    year_grounds: FreeText
    year_plan: FreeText


class ConfirmYearScorecard(EmptyPayload):
    """The consent to the judgement on the year."""


class AskScorecardRating(Payload, of=ScorecardRating):
    """The rater and their part."""

    scorecard: Annotated[Reference, ForeignRef("scorecard")]
    rater: Annotated[Reference, ForeignRef("person", GivenDuty.review, quiet=True)]
    part: RaterPart


class RateScorecardRating(Payload, of=ScorecardRating):
    """A score for each dimension, from 1 (poor) to 5 (excellent)."""

    service_quality: Score
    efficiency: Score
    cooperation: Score
    satisfaction: Score
