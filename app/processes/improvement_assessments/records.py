"""Monthly assessments of suggestions, their assessors, what is assessed, and the scores (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class AssessmentState(CodeEnum):
    """State of an assessment."""

    open = "open", "Open", "进行中"
    concluded = "concluded", "Concluded", "已结束"


class SuggestionVerdict(CodeEnum):
    """The verdict of an assessment on a suggestion."""

    selected = "selected", "Selected", "选定"
    declined = "declined", "Declined", "不采纳"
    deferred = "deferred", "Deferred", "暂缓"


class ImprovementAssessment(Record):
    """The assessment of the suggestions that are open in a month, `2026-11`; there is one of each month.

    `weights` are those of the criteria, as the improvement plan fixes them, or 1 each.
    """

    KIND: ClassVar[str] = "improvement_assessment"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: AssessmentState | None = required()
    month: str | None = required(
        "The month, as `2026-11`; there is one assessment of each.", examples=["2026-11"]
    )
    plan_id: Annotated[UUID | None, ForeignRef("improvement_plan")] = optional(
        "The improvement plan whose weights count."
    )
    weights: Annotated[dict[str, Any] | None, Document()] = required()
    opened_at: datetime | None = required()
    opened_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    concluded_at: Annotated[datetime | None, EnteredAt(AssessmentState.concluded)] = None
    concluded_by_id: Annotated[UUID | None, ForeignRef("person")] = None

    @property
    def title(self) -> str:
        """Return the month, which is the same in every language."""
        return str(self.month)


class Assessor(ChildRecord):
    """A person who scores the suggestions of an assessment."""

    KIND: ClassVar[str] = "assessor"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = required()
    asked_at: datetime | None = required()


class AssessedSuggestion(ChildRecord):
    """A suggestion that was open when the assessment was opened, by the number and title that it had then;
    and the verdict on it. None: it was settled otherwise meanwhile.
    """

    KIND: ClassVar[str] = "assessed_suggestion"

    suggestion_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = required()
    number: str | None = required()
    title: str | None = required("Its title when the assessment was opened.")
    taken_at: datetime | None = required()
    verdict: SuggestionVerdict | None = optional(
        "Null: there is none yet, or it was settled otherwise before the assessment ended."
    )
    reason: Annotated[str | None, Personal()] = optional(
        "The reason; whoever proposes it reads this. A selected one that was scored needs none."
    )
    until_at: datetime | None = optional("End of the deferral, of a deferred one.")
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "The improvement that carries it out, of a selected one."
    )


class SuggestionScore(ChildRecord):
    """The scores of one assessor for one suggestion, from 1 to 5 by criterion."""

    KIND: ClassVar[str] = "suggestion_score"

    suggestion_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = required()
    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    scores: Annotated[dict[str, Any] | None, Document()] = required()
    comment: Annotated[str | None, Personal()] = optional("A comment on the scores.")
    scored_at: datetime | None = required()
