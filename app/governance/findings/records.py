"""Findings (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class FindingState(CodeEnum):
    """State of a finding."""

    raised = "raised", "Raised", "已提出"
    objected = "objected", "Objected to", "已申诉"
    corrected = "corrected", "Corrected", "已整改"
    verified = "verified", "Verified", "已验证"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class FindingKind(CodeEnum):
    """Kind of a finding."""

    violation = "violation", "Violation", "违规"
    design_fault = "design_fault", "Design fault", "设计缺陷"
    record_missing = "record_missing", "Record missing", "记录缺失"


class FindingSeverity(CodeEnum):
    """Severity of a finding."""

    minor = "minor", "Minor", "轻微"
    major = "major", "Major", "严重"
    critical = "critical", "Critical", "重大"


class ObjectionVerdict(CodeEnum):
    """Verdict on an objection."""

    upheld = "upheld", "The finding stands", "维持发现"
    withdrawn = "withdrawn", "The finding is withdrawn", "撤回发现"


class Finding(Record):
    """A finding of an audit: a violation, a design fault or a missing record.

    `person_id`, `supervisor_id` and `head_id` are the three parts in which persons answer for it.
    `repeats_id` is the newest earlier finding of the same process, kind and team within twelve months; empty
    for a fault that the team had found itself.
    """

    KIND: ClassVar[str] = "finding"

    number: str = ""
    state: FindingState | None = required()
    title: str | None = required(
        "Finding in one line, without names of persons.", examples=["Closed without a solution"]
    )
    kind: FindingKind | None = required("Kind of the finding.", examples=["violation"])
    severity: FindingSeverity | None = required("Severity of the finding.", examples=["major"])
    process: Annotated[str | None, OF_PROCESS] = required(
        "Process that the finding is about, such as `incident`, or its name.",
        examples=["incident"],
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required(
        "Team whose work the finding is about."
    )
    audit_id: Annotated[UUID | None, ForeignRef("audit")] = optional(
        "Audit that led to the finding; null if not set."
    )
    evidence: list[str] | None = required(
        "Numbers or ids of the cases and events that show the finding.", examples=[["INC-2026-000017"]]
    )
    description: Annotated[str | None, Personal()] = required(
        "Finding in full, in the words of the person who raised it."
    )
    self_found: bool | None = required(
        "True if the team had found and handled the matter itself, or had proposed the change that "
        "corrects it: such a finding has no points."
    )
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Person who did or omitted it; null if it was no particular person."
    )
    supervisor_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Person who supervised the process at that time."
    )
    head_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.appraisal, quiet=True)] = optional(
        "Head of the team at that time."
    )
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.finding_to_correct)
    ] = required("Owner, who corrects the finding.")
    raiser_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who raised the finding.")
    auditor_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Auditor on whose behalf the finding was raised; null if not set."
    )
    repeats_id: Annotated[UUID | None, ForeignRef("finding")] = optional(
        "Finding of the same process, kind and team within twelve months that this one repeats; null "
        "if not set."
    )
    objector_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who objected last; null if there was no objection."
    )
    objector_ids: list[str] | None = optional(
        "All persons who have objected, the first one first; null if nobody has."
    )
    objection: Annotated[str | None, Personal()] = optional(
        "Reason for the latest objection; null if there was no objection."
    )
    verdict: ObjectionVerdict | None = optional(
        "Verdict on the objection; null until it is decided.", examples=["upheld"]
    )
    verdict_reason: Annotated[str | None, Personal()] = optional(
        "Reason why the finding stands or is withdrawn; null until the objection is decided."
    )
    correction: Annotated[str | None, Personal()] = optional(
        "Correction, as described by the person who made it; null until the finding is corrected."
    )
    corrector_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who corrected the finding; null until then."
    )
    verification: Annotated[str | None, Personal()] = optional(
        "Evidence that the correction has an effect; null until it is verified."
    )
    due_at: datetime | None = required("Time by which the finding must be corrected.")
    overdue_at: datetime | None = optional("Time at which the finding became overdue; null if it never was.")
    raised_at: Annotated[datetime | None, EnteredAt(FindingState.raised, first=True)] = required(
        "Time at which the finding was raised."
    )
    objected_at: Annotated[datetime | None, EnteredAt(FindingState.objected)] = optional(
        "Time of the objection; null if there was no objection."
    )
    objection_decided_at: datetime | None = optional(
        "Time of the verdict on the objection; null until it is decided."
    )
    corrected_at: Annotated[datetime | None, EnteredAt(FindingState.corrected)] = optional(
        "Time of the correction; null until then."
    )
    verified_at: Annotated[datetime | None, EnteredAt(FindingState.verified)] = optional(
        "Time of the verification; null until then."
    )
    withdrawn_at: Annotated[datetime | None, EnteredAt(FindingState.withdrawn)] = optional(
        "Time at which the finding was withdrawn; null if it was not."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that it is about."""
        return self.process
