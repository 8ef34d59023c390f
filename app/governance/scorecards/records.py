"""Scorecards, the ratings that are asked for them, and the editions of weights by which they are marked
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

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
    """The part in which somebody rates: of themselves, as the superior, or among peers."""

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
    """State of an edition of weights, which never changes."""

    set = "set", "Set", "已设定"


class ScorecardRatingState(CodeEnum):
    """State of a rating that is asked for."""

    requested = "requested", "Asked for", "待评分"
    rated = "rated", "Rated", "已评分"
    lapsed = "lapsed", "Not rated in time", "逾期未评"


WEIGHT = "The weight of {}, in percent; all four make 100."
MARK = "The mark of {}, 0 to 100, as a decimal text; null: nothing is known of it."
SCORE = "The score that was given, 1 to 5."


class ScorecardEdition(Record):
    """An edition of the weights and measures of scorecards. It is in force from its quarter on, until a later
    edition is; of two for the same quarter the one that was set last is.

    `measures` are `{"best": …, "dimension": …, "kpi": …, "worst": …}`: a KPI's value gives 100 marks at
    `best`, none at `worst`, and in between in proportion.
    """

    KIND: ClassVar[str] = "scorecard_edition"

    number: str = Field(default="", description="Number of the edition; accepted wherever the id is.")
    state: ScorecardEditionState | None = required("Its state.")
    begins_with: str | None = required("The first quarter that it is for.", examples=["2027-Q1"])
    service_quality: int | None = required(WEIGHT.format("service quality"), examples=[30])
    efficiency: int | None = required(WEIGHT.format("efficiency"), examples=[30])
    cooperation: int | None = required(WEIGHT.format("cooperation"), examples=[20])
    satisfaction: int | None = required(WEIGHT.format("satisfaction"), examples=[20])
    oneself_weight: int | None = required("The weight of one's own rating, against the others'.")
    superior_weight: int | None = required("The weight of the superior's rating, against the others'.")
    peer_weight: int | None = required("The weight of the peers' mean, against the others'.")
    measures: list[dict[str, Any]] | None = required("The KPIs that are counted, each for a dimension.")
    least_cases: int | None = required("The number of cases from which on the log knows.", examples=[5])
    peers: int | None = required("The number of peers who are asked to rate.", examples=[3])
    line: int | None = required("The score, 0 to 100, below which an improvement talk is due.", examples=[60])
    points_per_mark: int | None = required("The number of points that take a mark away.", examples=[10])
    rating_days: int | None = required("The number of days that raters have.", examples=[10])
    objection_days: int | None = required("The number of days to object in.", examples=[14])
    reason: Annotated[str | None, Personal()] = optional("The reason for the weights.")
    set_at: Annotated[datetime | None, EnteredAt(ScorecardEditionState.set)] = required(
        "The time at which it was set."
    )


class Scorecard(Record):
    """The scorecard of a person or a team in a quarter.

    `concerned_id` is whose sight it is: the person, or the lead of the team. `talker_id` is the superior, as
    long as an improvement talk is theirs to hold, and afterwards. Marks, `points`, `score` and `position` are
    frozen by the publication: the same position counts the same again. `final_score` is the score as an
    objection has left it.
    """

    KIND: ClassVar[str] = "scorecard"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: ScorecardState | None = required("Its state.")
    quarter: str | None = required("The quarter that it is about.", examples=["2026-Q4"])
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team whose it is; null: a person's.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person whose it is; null: a team's."
    )
    concerned_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The person who sees it: whose it is, or the lead of the team."
    )
    superior_id: Annotated[UUID | None, ForeignRef("person")] = optional("Their superior, who rates, too.")
    talker_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The superior, if an improvement talk is theirs to hold."
    )
    edition_id: Annotated[UUID | None, ForeignRef("scorecard_edition")] = required(
        "The edition of weights that was in force when the quarter began."
    )
    rating_due_at: datetime | None = required("The time at which ratings end, and it is published.")
    position: int | None = optional("Position of the log that it was counted at.", sa_type=BigInteger)
    service_quality: str | None = optional(MARK.format("service quality"), examples=["82.50"])
    efficiency: str | None = optional(MARK.format("efficiency"))
    cooperation: str | None = optional(MARK.format("cooperation"))
    satisfaction: str | None = optional(MARK.format("satisfaction"))
    points: int | None = optional("Number of points that the person was given in the quarter.")
    score: str | None = optional("The score, 0 to 100, as a decimal text; null: nothing is known.")
    final_score: str | None = optional("The score as the answer to an objection has left it.")
    below_line: bool | None = optional("True if that is below the line of the edition.")
    objection_until_at: datetime | None = optional("The time until which one may object.")
    objection: Annotated[str | None, Personal()] = optional("The objection, in their words.")
    objected_at: Annotated[datetime | None, EnteredAt(ScorecardState.objected)] = optional(
        "The time of the objection."
    )
    verdict: ScorecardVerdict | None = optional("The verdict on the objection.")
    verdict_reason: Annotated[str | None, Personal()] = optional("The reason for the verdict.")
    objection_decided_at: datetime | None = optional("The time of the verdict.")
    outcome: TalkOutcome | None = optional("The outcome of the improvement talk.", examples=["training"])
    agreed: Annotated[str | None, Personal()] = optional("Words on what was agreed in the talk.")
    plan_due_at: datetime | None = optional("The time by which the plan is to be carried out.")
    opened_at: Annotated[datetime | None, EnteredAt(ScorecardState.open)] = required(
        "The time at which it was opened."
    )
    published_at: datetime | None = optional("The time at which it was published.")
    settled_at: Annotated[datetime | None, EnteredAt(ScorecardState.settled)] = optional(
        "The time at which it was settled last."
    )

    @property
    def title(self) -> str:
        """Return the quarter, which is the same in every language."""
        return str(self.quarter)

    @property
    def was_talked_over(self) -> bool:
        """Whether the improvement talk has been held."""
        return self.outcome is not None


class ScorecardFigure(ChildRecord):
    """A figure of a scorecard: the value of a KPI, or the mean of what some raters have given."""

    KIND: ClassVar[str] = "scorecard_figure"

    dimension: ScorecardDimension | None = required("The dimension that it is of.")
    kpi: str | None = optional("The key of the KPI; null: it is of ratings.")
    reading: str | None = required("The KPI's value, or the mean of the ratings, as a decimal text.")
    cases: int | None = optional("Number of the KPI's cases.")
    part: RaterPart | None = optional("The part of the raters; null: it is of a KPI.")
    raters: int | None = optional("Number of the raters.")
    mark: str | None = required("The marks that it gives, 0 to 100, as a decimal text.")
    counts: bool | None = required("True if its dimension is marked by it.")
    counted_at: datetime | None = required("The time of the publication.")


class ScorecardRating(Record):
    """A rating that somebody is asked for, of all dimensions: it counts in those of which the log knows too
    little. Nobody but the rater sees it; the scorecard shows means.
    """

    KIND: ClassVar[str] = "scorecard_rating"

    state: ScorecardRatingState | None = required("Its state.")
    scorecard_id: Annotated[UUID | None, ForeignRef("scorecard")] = required("The scorecard that it is for.")
    quarter: str | None = required("The quarter that it is about.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team that is rated; null: a person.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who is rated; null: a team."
    )
    rater_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.scorecard_to_rate)] = (
        required("The person who rates.")
    )
    part: RaterPart | None = required("The part in which they rate.")
    service_quality: int | None = optional(SCORE)
    efficiency: int | None = optional(SCORE)
    cooperation: int | None = optional(SCORE)
    satisfaction: int | None = optional(SCORE)
    due_at: datetime | None = required("The time by which it is asked for.")
    asked_at: Annotated[datetime | None, EnteredAt(ScorecardRatingState.requested)] = required(
        "The time at which it was asked for."
    )
    rated_at: Annotated[datetime | None, EnteredAt(ScorecardRatingState.rated)] = optional(
        "The time at which it was given."
    )
    lapsed_at: Annotated[datetime | None, EnteredAt(ScorecardRatingState.lapsed)] = optional(
        "The time at which it lapsed."
    )

    @property
    def title(self) -> str:
        """Return the quarter, which is the same in every language."""
        return str(self.quarter)
