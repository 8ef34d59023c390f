"""Escalation rules, which escalate tickets automatically (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.common.times.clocks import ClockMetric


class EscalationRuleState(CodeEnum):
    """State of an escalation rule: only active rules are applied."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class EscalationCondition(CodeEnum):
    """Condition of an escalation: the step that the ticket has not reached yet."""

    unanswered = "unanswered", "Not acknowledged or started", "尚未响应"
    unassigned = "unassigned", "Not assigned to a person", "尚未分派到人"
    unended = "unended", "Still open", "尚未结束"


class EscalateTo(CodeEnum):
    """Recipient of an escalation, who becomes responsible or is informed."""

    team = "team", "A team, which takes it over", "团队"
    person = "person", "A person, who follows it", "人员"
    manager = "manager", "The manager of the assignee", "处理人的上级"


class EscalationRule(Record):
    """A rule that escalates tickets of a process (the kind of its records) after some seconds, or when a
    clock of their service level agreement has reached a share of its target, as long as its condition holds.

    The seconds count from when a ticket was opened, or reopened. `sla_percent` is the share, in percent of
    the target's business seconds; `metric` selects the clocks. Either `after_seconds` or `sla_percent` is
    set. Unset priorities or metric: all.
    """

    KIND: ClassVar[str] = "escalation_rule"

    state: EscalationRuleState | None = required()
    name: str | None = required(
        "Name of the rule, which is the reason shown for the escalation, without names of persons.",
        examples=["Nobody has taken it for an hour"],
    )
    process: str | None = required("Kind of the tickets, such as `incident`.", examples=["incident"])
    priorities: list[str] | None = optional("Priorities of the tickets; null for all priorities.")
    after_seconds: int | None = optional(
        "Number of seconds after the ticket was opened or reopened; null if the rule uses `sla_percent`.",
        examples=[3600],
    )
    sla_percent: int | None = optional(
        "Percentage of its target that a service level clock of an SLA has reached; null if the rule "
        "uses `after_seconds`.",
        examples=[80],
    )
    metric: ClockMetric | None = optional("Metric of the clocks for `sla_percent`; null for any metric.")
    as_long_as: EscalationCondition | None = required(
        "Condition that must still be true at that time.", examples=["unassigned"]
    )
    escalate_to: EscalateTo | None = required(
        "Recipient: a team (`team`) that becomes responsible, or a person (`person`, `manager`) who is "
        "informed.",
        examples=["team"],
    )
    to_team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that becomes responsible; null for other recipients.", examples=["network"]
    )
    to_person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.work, quiet=True)] = optional(
        "Person who is informed; null for other recipients."
    )
    added_at: Annotated[datetime | None, EnteredAt(EscalationRuleState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(EscalationRuleState.ended)] = None
