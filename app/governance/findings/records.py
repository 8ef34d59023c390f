"""Findings (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

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
    """What an audit has found: a violation, a design fault or a missing record.

    `person_id`, `supervisor_id` and `head_id` are the three parts in which persons answer for it.
    `repeats_id` is the newest earlier finding of the same process, kind and team within twelve months; of
    what the team had found itself there is none.
    """

    KIND: ClassVar[str] = "finding"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: FindingState | None = required("Its state.")
    title: str | None = required(
        "The finding in a line, without names of persons.", examples=["Closed without a solution"]
    )
    kind: FindingKind | None = required("Its kind.", examples=["violation"])
    severity: FindingSeverity | None = required("Its severity.", examples=["major"])
    process: Annotated[str | None, OF_PROCESS] = required(
        "The process that it is about: `incident`, `request` …, or another one's name.", examples=["incident"]
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = required("The team whose work it is about.")
    audit_id: Annotated[UUID | None, ForeignRef("audit")] = optional("The audit that found it.")
    evidence: list[str] | None = required(
        "The cases and events that show it: numbers or ids.", examples=[["INC-2026-000017"]]
    )
    description: Annotated[str | None, Personal()] = required("The finding in full, in the raiser's words.")
    self_found: bool | None = required(
        "True if the team had found it itself and acted on it, or had proposed the change that mends it: "
        "it carries no points."
    )
    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who did it, or left it undone; null: nobody in particular."
    )
    supervisor_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who supervised the process then."
    )
    head_id: Annotated[UUID | None, ForeignRef("person")] = optional("The head of the team then.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.finding_to_correct)] = (
        required("The person who corrects it.")
    )
    raiser_id: Annotated[UUID | None, ForeignRef("person")] = required("The person who raised it.")
    auditor_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The auditor whose finding it is, if it was raised for one."
    )
    repeats_id: Annotated[UUID | None, ForeignRef("finding")] = optional(
        "The finding of the same process, kind and team within twelve months that it repeats."
    )
    objector_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who objected to it.")
    objection: Annotated[str | None, Personal()] = optional("The reason of the objection.")
    verdict: ObjectionVerdict | None = optional("The verdict on it.", examples=["upheld"])
    verdict_reason: Annotated[str | None, Personal()] = optional("The reason of the verdict on it.")
    correction: Annotated[str | None, Personal()] = optional("The correction, as its maker describes it.")
    corrector_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who corrected it.")
    verification: Annotated[str | None, Personal()] = optional("The evidence that the correction holds.")
    due_at: datetime | None = required("The time by which it is to be corrected.")
    overdue_at: datetime | None = optional("The time at which it was overdue; null: it was not.")
    raised_at: Annotated[datetime | None, EnteredAt(FindingState.raised, first=True)] = required(
        "The time at which it was raised."
    )
    objected_at: Annotated[datetime | None, EnteredAt(FindingState.objected)] = optional(
        "The time of the objection."
    )
    objection_decided_at: datetime | None = optional("The time of the verdict on the objection.")
    corrected_at: Annotated[datetime | None, EnteredAt(FindingState.corrected)] = optional(
        "The time of the correction."
    )
    verified_at: Annotated[datetime | None, EnteredAt(FindingState.verified)] = optional(
        "The time of the verification."
    )
    withdrawn_at: Annotated[datetime | None, EnteredAt(FindingState.withdrawn)] = optional(
        "The time at which it was withdrawn."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that it is about."""
        return self.process
