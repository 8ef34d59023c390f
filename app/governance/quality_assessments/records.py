"""Quality assessments, what they find, and the corrective actions that follow (tables)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt

#: Assessments are concluded so long after their period, or after they were opened.
CONCLUDED_WITHIN = timedelta(days=30)


class QualityAssessmentState(CodeEnum):
    """State of a quality assessment."""

    open = "open", "Open", "进行中"
    concluded = "concluded", "Concluded", "已得出结论"
    improving = "improving", "Improving", "改进中"
    verified = "verified", "Verified", "已验证"
    cancelled = "cancelled", "Cancelled", "已取消"


class AssessmentCycle(CodeEnum):
    """The occasion of a quality assessment."""

    quarterly = "quarterly", "Quarterly", "季度"
    half_yearly = "half_yearly", "Half-yearly", "半年度"
    on_demand = "on_demand", "On demand", "按需"


class QualityMeans(CodeEnum):
    """The means of a quality assessment."""

    kpis = "kpis", "KPIs", "指标"
    sampling = "sampling", "Drawn cases", "单据抽查"
    interviews = "interviews", "Interviews", "访谈"
    questionnaire = "questionnaire", "Questionnaire", "问卷"
    walkthrough = "walkthrough", "Walkthrough", "现场走查"
    documents = "documents", "Documents", "文件审阅"


class QualityAssessment(Record):
    """An assessment of the quality of all services in a period, or of one service."""

    KIND: ClassVar[str] = "quality_assessment"

    number: str = ""
    state: QualityAssessmentState | None = required()
    title: str | None = required(
        "Title of the assessment in one line, without names of persons.", examples=["The third quarter"]
    )
    cycle: AssessmentCycle | None = required("Occasion of the assessment.", examples=["quarterly"])
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service that is assessed on demand; null for all services."
    )
    begins_at: datetime | None = required(
        "Beginning of the period that is assessed.", examples=["2026-07-01T00:00:00Z"]
    )
    ends_at: datetime | None = required(
        "End of the period that is assessed.", examples=["2026-10-01T00:00:00Z"]
    )
    means: list[str] | None = required("Means of the assessment.", examples=[["kpis", "sampling"]])
    opener_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who opened the assessment.")
    assessor_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.review), Responsible(NoticeType.in_charge)
    ] = required("Person who carries out the assessment.", examples=["me"])
    summary: Annotated[str | None, Personal()] = optional(
        "Result in a few sentences; null until the assessment is concluded."
    )
    evidence: Annotated[str | None, Personal()] = optional(
        "Evidence that the findings are corrected; null until they are corrected."
    )
    verified_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who verified the assessment; null until then."
    )
    opened_at: datetime | None = required("Time at which the assessment was opened.")
    conclude_by_at: datetime | None = optional(
        "Time by which the assessment must be concluded; null for earlier releases."
    )
    overdue_at: datetime | None = optional(
        "Time at which the assessment was flagged as overdue; null if it was not."
    )
    concluded_at: Annotated[datetime | None, EnteredAt(QualityAssessmentState.concluded)] = optional(
        "Time at which the assessment was concluded; null until then."
    )
    improved_at: datetime | None = optional(
        "Time at which corrective actions were last planned; null if not planned."
    )
    verified_at: Annotated[datetime | None, EnteredAt(QualityAssessmentState.verified)] = optional(
        "Time at which the assessment was verified; null until then."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(QualityAssessmentState.cancelled)] = optional(
        "Time at which the assessment was cancelled; null if it was not."
    )


class QualityFinding(ChildRecord):
    """A finding of a quality assessment, by its number in the assessment, counted from 1."""

    KIND: ClassVar[str] = "quality_finding"

    place: int | None = required("Number of the finding in the assessment.")
    title: str | None = required(
        "Finding in one line, without names of persons.", examples=["Restores are not tested"]
    )
    detail: Annotated[str | None, Personal()] = optional("Finding in full; null if the title is enough.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service that the finding is about; null if not set."
    )
    found_at: datetime | None = required("Time at which the finding was recorded.")


class QualityCorrection(ChildRecord):
    """A corrective action that a quality assessment has led to."""

    KIND: ClassVar[str] = "quality_correction"

    corrective_action_id: Annotated[UUID | None, ForeignRef("corrective_action")] = required(
        "Corrective action that follows from the finding."
    )
    finding: int | None = required("Number of the finding.")
    planned_at: datetime | None = required("Time at which the corrective action was planned.")
