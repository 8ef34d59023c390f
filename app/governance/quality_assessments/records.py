"""Quality assessments, what they find, and the corrective actions that follow (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt


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
    documents = "documents", "Documents", "文档审阅"


class QualityAssessment(Record):
    """An assessment of the quality of everything in a period, or of one service."""

    KIND: ClassVar[str] = "quality_assessment"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: QualityAssessmentState | None = required("Its state.")
    title: str | None = required(
        "The assessment in a line, without names of persons.", examples=["The third quarter"]
    )
    cycle: AssessmentCycle | None = required("Its occasion.", examples=["quarterly"])
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that it is about, on demand; null: everything."
    )
    begins_at: datetime | None = required(
        "Begin of the period that is assessed.", examples=["2026-07-01T00:00:00Z"]
    )
    ends_at: datetime | None = required("End of that period.", examples=["2026-10-01T00:00:00Z"])
    means: list[str] | None = required("Its means.", examples=[["kpis", "sampling"]])
    opener_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who opened it.")
    assessor_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = required(
        "The person who carries it out.", examples=["me"]
    )
    summary: Annotated[str | None, Personal()] = optional("Its result in a few sentences.")
    evidence: Annotated[str | None, Personal()] = optional("Evidence that what was found is corrected.")
    verified_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who verified it.")
    opened_at: datetime | None = required("Time at which it was opened.")
    concluded_at: Annotated[datetime | None, EnteredAt(QualityAssessmentState.concluded)] = optional(
        "Time of its conclusion."
    )
    improved_at: datetime | None = optional("Time at which corrective actions were planned last.")
    verified_at: Annotated[datetime | None, EnteredAt(QualityAssessmentState.verified)] = optional(
        "Time of its verification."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(QualityAssessmentState.cancelled)] = optional(
        "Time at which it was cancelled."
    )


class QualityFinding(ChildRecord):
    """What a quality assessment has found, by its number in the assessment, counted from 1."""

    KIND: ClassVar[str] = "quality_finding"

    place: int | None = required("Its number in the assessment.")
    title: str | None = required(
        "The finding in a line, without names of persons.", examples=["Restores are not tested"]
    )
    detail: Annotated[str | None, Personal()] = optional("All that is to be said of it.")
    service: Annotated[str | None, KeyRef("service")] = optional("The key of the service that it is about.")
    found_at: datetime | None = required("Time at which it was recorded.")


class QualityCorrection(ChildRecord):
    """A corrective action that a quality assessment has led to."""

    KIND: ClassVar[str] = "quality_correction"

    corrective_action_id: Annotated[UUID | None, ForeignRef("corrective_action")] = required(
        "The corrective action."
    )
    finding: int | None = required("The number of the finding that it is against.")
    planned_at: datetime | None = required("Time at which it was planned.")
