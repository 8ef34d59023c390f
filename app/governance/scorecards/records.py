"""Scorecards, the ratings that are asked for them, and the editions of weights by which they are marked
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class ScorecardDimension(CodeEnum):
    """Dimension of a scorecard."""

    service_quality = "service_quality", "Service quality", "服务质量"
    efficiency = "efficiency", "Efficiency", "工作效率"
    cooperation = "cooperation", "Cooperation", "协作"
    satisfaction = "satisfaction", "Satisfaction", "满意度"


class RaterPart(CodeEnum):
    """The part of a rater: the person themselves, the superior, or a peer."""

    oneself = "oneself", "Self", "自评"
    superior = "superior", "Superior", "上级"
    peer = "peer", "Peer", "同事"


class ScorecardState(CodeEnum):
    """State of a scorecard."""

    open = "open", "Being rated", "评分中"
    published = "published", "Published", "已公布"
    objected = "objected", "Objected to", "已申诉"
    talk = "talk", "Improvement talk due", "待改进面谈"
    settled = "settled", "Settled", "已了结"


class ScorecardVerdict(CodeEnum):
    """Verdict on an objection to a scorecard."""

    upheld = "upheld", "The score stands", "维持得分"
    corrected = "corrected", "The score is corrected", "更正得分"


class TalkOutcome(CodeEnum):
    """Outcome of an improvement talk."""

    training = "training", "Training", "培训"
    other_duties = "other_duties", "Other duties", "调整职责"
    plan = "plan", "A plan with a date", "限期改进计划"


class ScorecardEditionState(CodeEnum):
    """State of a scorecard edition: it counts once a second person has confirmed it."""

    proposed = "proposed", "Proposed", "待确认"
    set = "set", "Set", "已设定"


class ScorecardRatingState(CodeEnum):
    """State of a scorecard rating."""

    requested = "requested", "Asked for", "待评分"
    rated = "rated", "Rated", "已评分"
    lapsed = "lapsed", "Not rated in time", "逾期未评"


WEIGHT = "Weight of {} in per cent; the four weights add up to 100."
MARK = "Mark for {}, from 0 to 100, as a decimal text; null if it cannot be computed."
SCORE = "Score from 1 to 5; null until the rating is given."


class ScorecardEdition(Record):
    """An edition of the weights and measures of scorecards. It is in force from its quarter on, until a later
    edition is; of two for the same quarter the one that was set last is.

    `measures` are `{"best": …, "dimension": …, "kpi": …, "worst": …}`: a KPI's value gives 100 marks at
    `best`, 0 at `worst`, and in between in proportion.
    """

    KIND: ClassVar[str] = "scorecard_edition"

    number: str = Field(default="", description="Number of the edition; accepted wherever the id is.")
    state: ScorecardEditionState | None = required()
    begins_with: str | None = required("First quarter to which the edition applies.", examples=["2027-Q1"])
    service_quality: int | None = required(WEIGHT.format("service quality"), examples=[30])
    efficiency: int | None = required(WEIGHT.format("efficiency"), examples=[30])
    cooperation: int | None = required(WEIGHT.format("cooperation"), examples=[20])
    satisfaction: int | None = required(WEIGHT.format("satisfaction"), examples=[20])
    oneself_weight: int | None = required("Weight of the person's own rating, relative to the other weights.")
    superior_weight: int | None = required("Weight of the superior's rating, relative to the other weights.")
    peer_weight: int | None = required(
        "Weight of the mean of the peers' ratings, relative to the other weights."
    )
    measures: list[dict[str, Any]] | None = required("KPIs that give marks, each in a dimension.")
    least_cases: int | None = required("Smallest number of cases for which a KPI gives marks.", examples=[5])
    peers: int | None = required("Number of peers who are asked to rate.", examples=[3])
    line: int | None = required(
        "Score, from 0 to 100, below which an improvement talk is due.", examples=[60]
    )
    points_per_mark: int | None = required("Number of audit points that cost one mark.", examples=[10])
    rating_days: int | None = required("Number of days that raters have.", examples=[10])
    objection_days: int | None = required("Number of days in which an objection is possible.", examples=[14])
    reason: Annotated[str | None, Personal()] = optional("Reason for the weights.")
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who proposed the edition; null in earlier releases."
    )
    confirmed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who confirmed the edition; null until then."
    )
    set_at: Annotated[datetime | None, EnteredAt(ScorecardEditionState.proposed)] = required(
        "Time at which the edition was proposed."
    )
    confirmed_at: Annotated[datetime | None, EnteredAt(ScorecardEditionState.set)] = optional(
        "Time at which the edition was confirmed; null until then."
    )


class Scorecard(Record):
    """The scorecard of a person or a team in a quarter.

    `concerned_id` is whose sight it is: the person, or the lead of the team. `talker_id` is the superior, as
    long as an improvement talk is theirs to hold, and afterwards. Marks, `points`, `score` and `position` are
    frozen by the publication: the same position counts the same again. `final_score` is the score as an
    objection has left it.
    """

    KIND: ClassVar[str] = "scorecard"

    number: str = ""
    state: ScorecardState | None = required()
    quarter: str | None = required("Quarter of the scorecard.", examples=["2026-Q4"])
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team of the scorecard; null for the scorecard of a person."
    )
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Person of the scorecard; null for the scorecard of a team."
    )
    concerned_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = required(
        "Person who sees the scorecard: its person, or the lead of its team."
    )
    superior_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Superior, who also rates."
    )
    talker_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Superior who must hold an improvement talk; null if not due."
    )
    edition_id: Annotated[UUID | None, ForeignRef("scorecard_edition")] = required(
        "Edition of the weights that was in force when the quarter began."
    )
    rating_due_at: datetime | None = required("Time at which the ratings end and the scorecard is published.")
    position: int | None = optional(
        "Position in the log at which the figures were counted; null until the scorecard is published.",
        sa_type=BigInteger,
    )
    service_quality: str | None = optional(MARK.format("service quality"), examples=["82.50"])
    efficiency: str | None = optional(MARK.format("efficiency"))
    cooperation: str | None = optional(MARK.format("cooperation"))
    satisfaction: str | None = optional(MARK.format("satisfaction"))
    points: int | None = optional(
        "Number of audit points that the person got in the quarter; null until the scorecard is published."
    )
    score: str | None = optional("Score from 0 to 100, as a decimal text; null if it cannot be computed.")
    final_score: str | None = optional(
        "Score after the decision on an objection, as a decimal text; null if there was no objection."
    )
    below_line: bool | None = optional("True if the final score is below the line of the edition.")
    objection_until_at: datetime | None = optional(
        "Time until which an objection is possible; null until the scorecard is published."
    )
    objection: Annotated[str | None, Personal()] = optional(
        "Objection in the person's own words; null if there was no objection."
    )
    objected_at: Annotated[datetime | None, EnteredAt(ScorecardState.objected)] = optional(
        "Time of the objection; null if there was no objection."
    )
    verdict: ScorecardVerdict | None = optional("Verdict on the objection; null until it is decided.")
    verdict_reason: Annotated[str | None, Personal()] = optional(
        "Reason why the score stands or is corrected; null until the objection is decided."
    )
    objection_decided_at: datetime | None = optional(
        "Time of the verdict; null until the objection is decided."
    )
    outcome: TalkOutcome | None = optional(
        "Outcome of the improvement talk; null if no talk took place.", examples=["training"]
    )
    agreed: Annotated[str | None, Personal()] = optional(
        "Agreement of the improvement talk, in words; null if no talk took place."
    )
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who recorded the improvement talk; null if no talk took place, and in earlier releases."
    )
    plan_due_at: datetime | None = optional("Time by which the plan must be carried out; null if not set.")
    outcome_confirmed_at: datetime | None = optional(
        "Time at which the person confirmed the agreement of the talk; null until then."
    )
    year_score: str | None = optional(
        "Score of the whole year, from 0 to 100, as the superior judges it on the scorecard of its last "
        "quarter; null until then.",
        examples=["81.00"],
    )
    year_grounds: Annotated[str | None, Personal()] = optional(
        "Grounds of the score of the year; null until the year is judged."
    )
    year_plan: Annotated[str | None, Personal()] = optional(
        "Plan for the next year, from the talk about the year; null until the year is judged."
    )
    year_judged_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who judged the year; null until then."
    )
    year_judged_at: datetime | None = optional("Time at which the year was judged; null until then.")
    year_confirmed_at: datetime | None = optional(
        "Time at which the person confirmed the talk and the plan; null until then."
    )
    opened_at: Annotated[datetime | None, EnteredAt(ScorecardState.open)] = required(
        "Time at which the scorecard was opened."
    )
    published_at: datetime | None = optional("Time at which the scorecard was published; null until then.")
    settled_at: Annotated[datetime | None, EnteredAt(ScorecardState.settled)] = optional(
        "Time at which the scorecard was last settled; null if it never was."
    )

    @property
    def title(self) -> str:
        """Return the quarter, which is the same in every language."""
        return str(self.quarter)

    @property
    def was_talked_over(self) -> bool:
        """Whether the improvement talk has been held."""
        return self.outcome is not None

    @property
    def talk_is_due(self) -> bool:
        """Whether the superior must still hold the improvement talk."""
        return self.state is ScorecardState.talk

    @property
    def is_finished(self) -> bool:
        """Whether nobody has anything left to do: the talk, and a year that was judged, are confirmed."""
        talk_is_over = self.outcome is None or self.outcome_confirmed_at is not None
        year_is_over = self.year_judged_at is None or self.year_confirmed_at is not None
        return self.state is ScorecardState.settled and talk_is_over and year_is_over


class ScorecardFigure(ChildRecord):
    """A figure of a scorecard: the value of a KPI, or the mean of what some raters have given."""

    KIND: ClassVar[str] = "scorecard_figure"

    dimension: ScorecardDimension | None = required("Dimension of the figure.")
    kpi: str | None = optional("Key of the KPI; null for a figure from ratings.")
    reading: str | None = required("Value of the KPI, or mean of the ratings, as a decimal text.")
    cases: int | None = optional("Number of cases of the KPI; null for a figure from ratings.")
    part: RaterPart | None = optional("Part of the raters; null for a figure from a KPI.")
    raters: int | None = optional("Number of raters; null for a figure from a KPI.")
    mark: str | None = required("Marks of the figure, from 0 to 100, as a decimal text.")
    counts: bool | None = required("True if the figure counts for its dimension.")
    counted_at: datetime | None = required("Time of the publication.")


class ScorecardRating(Record):
    """A rating that somebody is asked for, of all dimensions: it counts in those of which the log knows too
    little. Only the rater sees the record. The scorecard shows a mean
    for colleagues, if at least two rated, and the ratings of the person and the superior as they are.
    """

    KIND: ClassVar[str] = "scorecard_rating"

    state: ScorecardRatingState | None = required()
    scorecard_id: Annotated[UUID | None, ForeignRef("scorecard")] = required(
        "Scorecard to which the rating belongs."
    )
    quarter: str | None = required("Quarter of the scorecard.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "Team that is rated; null for the rating of a person."
    )
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Person who is rated; null for the rating of a team."
    )
    rater_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.review), Responsible(NoticeType.scorecard_to_rate)
    ] = required("Person who rates.")
    part: RaterPart | None = required("Part of the rater.")
    service_quality: int | None = optional(SCORE)
    efficiency: int | None = optional(SCORE)
    cooperation: int | None = optional(SCORE)
    satisfaction: int | None = optional(SCORE)
    due_at: datetime | None = required("Time by which the rating must be given.")
    asked_at: Annotated[datetime | None, EnteredAt(ScorecardRatingState.requested)] = required(
        "Time at which the rater was asked."
    )
    rated_at: Annotated[datetime | None, EnteredAt(ScorecardRatingState.rated)] = optional(
        "Time at which the rating was given; null until then."
    )
    lapsed_at: Annotated[datetime | None, EnteredAt(ScorecardRatingState.lapsed)] = optional(
        "Time at which the rating lapsed; null if it did not."
    )

    @property
    def title(self) -> str:
        """Return the quarter, which is the same in every language."""
        return str(self.quarter)
