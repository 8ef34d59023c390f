"""Escalation rules, which escalate tickets automatically (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.common.times.clocks import ClockMetric


class EscalationRuleState(CodeEnum):
    """State of an escalation rule: only active rules apply."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class EscalationCondition(CodeEnum):
    """Condition of an escalation: the event that the ticket still waits for."""

    unanswered = "unanswered", "Not acknowledged or started", "尚未响应"
    unassigned = "unassigned", "Not assigned to a person", "尚未分派到人"
    unended = "unended", "Still open", "尚未结束"


class EscalateTo(CodeEnum):
    """Target of an escalation: it becomes responsible, or is informed."""

    team = "team", "A team, which takes it over", "团队"
    person = "person", "A person, who follows it", "人员"
    manager = "manager", "The manager of the assignee", "受理人的上级"


class EscalationRule(Record):
    """A rule that escalates tickets of a process (the kind of its records) after some seconds, or when a
    clock of their service level agreement has reached a share of its target, as long as its condition holds.

    The seconds count from when a ticket was opened, or reopened. `sla_percent` is the share, in percent of
    the target's business seconds; `metric` says of which clocks. Either `after_seconds` or `sla_percent` is
    set. Priorities, or a metric, that are not set: all.
    """

    KIND: ClassVar[str] = "escalation_rule"

    state: EscalationRuleState | None = required()
    name: str | None = required(
        "The name of the rule, no person's; it is the reason of the escalation.",
        examples=["Nobody has taken it for an hour"],
    )
    process: str | None = required("The kind of the tickets.", examples=["incident"])
    priorities: list[str] | None = optional("The priorities of the tickets; null: all.")
    after_seconds: int | None = optional(
        "Number of seconds after the ticket was opened, or reopened; this or `sla_percent`.", examples=[3600]
    )
    sla_percent: int | None = optional(
        "The share of its target that a clock of its service level agreement has reached, in percent; this "
        "or `after_seconds`.",
        examples=[80],
    )
    metric: ClockMetric | None = optional("With `sla_percent`: the measure of the clocks; null: any.")
    as_long_as: EscalationCondition | None = required(
        "The condition that still holds then.", examples=["unassigned"]
    )
    escalate_to: EscalateTo | None = required(
        "The recipient: who is to see to it (`team`), or to know of it (`person`, `manager`).",
        examples=["team"],
    )
    to_team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "With `team`: the team.", examples=["network"]
    )
    to_person_id: Annotated[UUID | None, ForeignRef("person")] = optional("With `person`: the person.")
    added_at: Annotated[datetime | None, EnteredAt(EscalationRuleState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(EscalationRuleState.ended)] = None
