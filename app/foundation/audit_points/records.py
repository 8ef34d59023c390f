"""Points of people, and the rules for their number (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class PointBasis(CodeEnum):
    """The ground on which points are given."""

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
    """The part in which a person is responsible: as the person, the supervisor or the head."""

    person = "person", "Person", "当事人"
    supervisor = "supervisor", "Supervisor", "监督人"
    head = "head", "Team's head", "团队负责人"


class AuditPointState(CodeEnum):
    """State of points: withdrawn points no longer count."""

    valid = "valid", "Valid", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤销"


class AuditPoint(Record):
    """Points of one person, for one finding or one delay."""

    KIND: ClassVar[str] = "audit_point"

    state: AuditPointState | None = required("State of the points: withdrawn points no longer count.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who got the points.")
    part: PointPart | None = required("Part in which the person is responsible.")
    basis: PointBasis | None = required("Ground on which the points were given.")
    points: int | None = required("Number of points, for all days or items together.")
    times: int | None = required("Number of days or items; 1 for a finding.")
    about: str | None = required("Record for which the points were given, such as `finding/0199…`.")
    counted_at: datetime | None = required("Time that decides in which quarter the points count.")
    given_at: Annotated[datetime | None, EnteredAt(AuditPointState.valid)] = required(
        "Time at which the points were given."
    )
    withdrawn_at: Annotated[datetime | None, EnteredAt(AuditPointState.withdrawn)] = optional(
        "Time at which the points were withdrawn; null if they were not."
    )


class PointRuleState(CodeEnum):
    """State of a point rule: it applies until a later rule has the same ground."""

    set = "set", "Set", "已设定"


class PointRule(Record):
    """A point rule: the number of points for each part, per case, day or item."""

    KIND: ClassVar[str] = "point_rule"

    state: PointRuleState | None = required("State of the rule.")
    basis: PointBasis | None = required("Ground on which the points are given.", examples=["violation"])
    person_points: int | None = required("Number of points for the person.", examples=[20])
    supervisor_points: int | None = required("Number of points for the supervisor.", examples=[10])
    head_points: int | None = required("Number of points for the team's head.", examples=[5])
    reason: Annotated[str | None, Personal()] = optional("Reason for the change of the rule.")
    set_at: Annotated[datetime | None, EnteredAt(PointRuleState.set)] = required(
        "Time from which the rule applies."
    )
