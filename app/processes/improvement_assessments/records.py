"""Monthly assessments of suggestions, their assessors, what is assessed, and the scores (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class AssessmentState(CodeEnum):
    """State of an improvement assessment."""

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

    number: str = ""
    state: AssessmentState | None = required()
    month: str | None = required(
        "Month of the assessment, such as `2026-11`; each month has one assessment.", examples=["2026-11"]
    )
    plan_id: Annotated[UUID | None, ForeignRef("improvement_plan")] = optional(
        "Improvement plan whose weights are used; null if all weights are 1."
    )
    weights: Annotated[dict[str, Any] | None, Document()] = required("Weights of the criteria, by code.")
    opened_at: datetime | None = required("Time at which the assessment was opened.")
    opened_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who opened the assessment.")
    concluded_at: Annotated[datetime | None, EnteredAt(AssessmentState.concluded)] = None
    concluded_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who concluded the assessment; null until then."
    )
    meeting_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "Meeting that agreed on the verdicts; null until the assessment is concluded, or if it was not "
        "recorded at that time."
    )

    void_at: datetime | None = optional(
        "Time from which the verdicts do not count, because people objected to having attended; null if they "
        "count."
    )

    @property
    def title(self) -> str:
        """Return the month, which is the same in every language."""
        return str(self.month)


class Assessor(ChildRecord):
    """A person who scores the suggestions of an assessment."""

    KIND: ClassVar[str] = "assessor"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.scoring), Responsible(NoticeType.tasked)
    ] = required("Person who scores the suggestions.")
    asked_at: datetime | None = required("Time at which the person was asked to score.")


class AssessedSuggestion(ChildRecord):
    """A suggestion that was open when the assessment was opened, by the number and title that it had then;
    and the verdict on it. None: it was settled otherwise meanwhile.
    """

    KIND: ClassVar[str] = "assessed_suggestion"

    suggestion_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = required(
        "Suggestion in the assessment."
    )
    number: str | None = required("Number by which people know the suggestion.")
    title: str | None = required("Title of the suggestion when the assessment was opened.")
    taken_at: datetime | None = required("Time at which the suggestion was included in the assessment.")
    verdict: SuggestionVerdict | None = optional(
        "Verdict on the suggestion; null until there is one, or if the suggestion was settled otherwise."
    )
    reason: Annotated[str | None, Personal()] = optional(
        "Reason for the verdict, which the proposers read; a selected suggestion with scores needs no reason."
    )
    until_at: datetime | None = optional("End of the deferral; null for other verdicts.")
    improvement_id: Annotated[UUID | None, ForeignRef("improvement")] = optional(
        "Improvement that carries out the suggestion; null for other verdicts."
    )


class SuggestionScore(ChildRecord):
    """The scores of one assessor for one suggestion, from 1 to 5 by criterion."""

    KIND: ClassVar[str] = "suggestion_score"

    suggestion_id: Annotated[UUID | None, ForeignRef("improvement_suggestion")] = required(
        "Suggestion that was scored."
    )
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Assessor who gave the scores.")
    scores: Annotated[dict[str, Any] | None, Document()] = required(
        "Scores from 1 to 5 by criterion, where 5 speaks for the suggestion."
    )
    comment: Annotated[str | None, Personal()] = optional("Comment on the scores; null if not given.")
    scored_at: datetime | None = required("Time at which the assessor gave the scores.")
