"""Payloads of actions on quality assessments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef, KeyRef
from app.governance.quality_assessments.records import (
    AssessmentCycle,
    QualityAssessment,
    QualityFinding,
    QualityMeans,
)
from app.kernel.actions.conditions import Condition, in_time_order
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Finding,
    FreeText,
    Instant,
    Note,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    Title,
)

Service = Annotated[RecordKey, KeyRef("service")]


class OpenQualityAssessment(Payload, of=QualityAssessment):
    """The period, the scope and the means of the assessment."""

    title: Title
    cycle: AssessmentCycle
    service: Service | None = None
    begins_at: Instant
    ends_at: Instant
    means: Annotated[tuple[QualityMeans, ...], BoundedList] = Field(
        min_length=1, max_length=len(QualityMeans)
    )
    assessor: Annotated[Reference, ForeignRef("person", GivenDuty.review), Responsible(NoticeType.in_charge)]

    CONDITIONS = (
        Condition(
            "service_on_demand",
            ("cycle", "service"),
            lambda body: (body.cycle is AssessmentCycle.on_demand) == (body.service is not None),
            faulty="service",
        ),
        in_time_order("ends_before_begin", "begins_at", "ends_at"),
    )


class FoundQuality(PayloadPart, of=QualityFinding):
    """A finding of the assessment."""

    title: Title
    detail: Note | None = None
    service: Service | None = None


class ConcludeQualityAssessment(Payload, of=QualityAssessment):
    """The findings of the assessment."""

    summary: FreeText
    findings: Annotated[tuple[FoundQuality, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Findings; may be empty."
    )


class PlannedCorrection(PayloadPart):
    """A corrective action against a finding."""

    finding: int = Field(ge=1, strict=True, description="Number of the finding.")
    title: Title = Field(description="Measure in one line, without names of persons.")
    task: FreeText = Field(description="Measure in full: all that is to be done.")
    # The corrective action notifies the owner.
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.work, quiet=True)] = Field(
        description="Owner of the corrective action: an id, or `me`."
    )
    due_at: Instant = Field(description="Time by which the corrective action must be done and verified.")


class ImproveQualityAssessment(Payload):
    """The corrective actions that follow from the assessment and are opened with it."""

    actions: Annotated[tuple[PlannedCorrection, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Corrective actions, each with its owner and due date.",
    )


class VerifyQualityAssessment(Payload, of=QualityAssessment):
    """The verification that the findings are corrected."""

    evidence: Finding
