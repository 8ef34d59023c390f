"""Points that persons are given, and the rules that say how many (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class PointBasis(CodeEnum):
    """What points are given for."""

    violation = "violation", "Violation missed by the self-check", "自查未发现的违规"
    design_fault = "design_fault", "Design fault without a proposed change", "未提出变更的设计缺陷"
    record_missing = "record_missing", "Record missing", "记录缺失"
    repeated = "repeated", "Repeated within twelve months", "十二个月内重复发生"
    self_check_incomplete = "self_check_incomplete", "Self-check incomplete, per item", "自查不完整（每项）"
    summary_late = "summary_late", "Summary late, per day", "汇总逾期（每天）"
    proposal_late = "proposal_late", "Change proposal late, per day", "变更提案逾期（每天）"
    decision_late = "decision_late", "Change application decided late, per day", "变更申请逾期裁定（每天）"
    publication_late = (
        "publication_late",
        "Change published late after its decision, per day",
        "变更裁定后逾期发布（每天）",
    )


class PointPart(CodeEnum):
    """The part in which a person answers for what happened."""

    person = "person", "Person", "当事人"
    supervisor = "supervisor", "Supervisor", "监督人"
    head = "head", "Team's head", "团队负责人"


class AuditPointState(CodeEnum):
    """State of points: withdrawn ones count no more."""

    valid = "valid", "Valid", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤销"


class AuditPoint(Record):
    """Points of one person, for one finding or one delay."""

    KIND: ClassVar[str] = "audit_point"

    state: AuditPointState | None = required("Their state.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The person whose points they are.")
    part: PointPart | None = required("The part in which they answer for it.")
    basis: PointBasis | None = required("The ground on which they are given.")
    points: int | None = required("Number of points, all days or items together.")
    times: int | None = required("Number of days or items; 1 of a finding.")
    about: str | None = required("The record that they follow from, as `finding/0199…`.")
    counted_at: datetime | None = required("Time that decides in which quarter they count.")
    given_at: Annotated[datetime | None, EnteredAt(AuditPointState.valid)] = required(
        "The time at which they were given."
    )
    withdrawn_at: Annotated[datetime | None, EnteredAt(AuditPointState.withdrawn)] = optional(
        "The time at which it was withdrawn."
    )


class PointRuleState(CodeEnum):
    """State of a rule of points: it is in force until a later one of its basis is."""

    set = "set", "Set", "已设定"


class PointRule(Record):
    """A rule of points: how many the persons get in each part for one case, day or item."""

    KIND: ClassVar[str] = "point_rule"

    state: PointRuleState | None = required("Its state.")
    basis: PointBasis | None = required("The ground on which points are given.", examples=["violation"])
    person_points: int | None = required("Number of points of the person.", examples=[20])
    supervisor_points: int | None = required("Number of points of the supervisor.", examples=[10])
    head_points: int | None = required("Number of points of the team's head.", examples=[5])
    reason: Annotated[str | None, Personal()] = optional("The reason for the change.")
    set_at: Annotated[datetime | None, EnteredAt(PointRuleState.set)] = required(
        "The time from which it holds."
    )
