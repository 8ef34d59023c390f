"""The record of an alert rule."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.priorities.priority import Impact, Urgency
from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.processes.incidents.records import Effect


class AlertRuleState(CodeEnum):
    """The state of an alert rule: only active rules are applied."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class WindowSince(CodeEnum):
    """The alert at which the time window begins in which further alerts join the same incident."""

    first_alert = "first_alert", "Since the first alert", "自首个告警起"
    last_alert = "last_alert", "Since the last alert", "自最近告警起"


class AlertRule(Record):
    """A rule for the alerts that its matchers fit: their routing, their grouping into one incident, and the
    times at which they open no incident.

    Rules apply in the order of their precedence. The first that fits and routes decides on the routing; the
    first that fits and groups on the grouping. A rule is quiet between both of its times.
    """

    KIND: ClassVar[str] = "alert_rule"

    state: AlertRuleState | None = required()
    name: str | None = required("Name of the rule, without names of persons.", examples=["Databases"])
    precedence: int | None = required(
        "Precedence of the rule: rules with lower numbers are tried first.", examples=[10]
    )
    source: str | None = optional("Source of the alerts; null for every source.", examples=["alertmanager-1"])
    matchers: list[str] | None = optional(
        "Conditions on labels, all of which must be true: `name=value` or `name!=value`, where `*` "
        "stands for any characters. `source`, `service`, `ci` and `category` are labels too; a missing "
        "label is empty. Null for every alert.",
        examples=[["team=db", "severity!=info"]],
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the incident's service; null to use the alert's service.", examples=["mail"]
    )
    ci: Annotated[str | None, KeyRef("ci")] = optional(
        "Key of the incident's configuration item; null to use the alert's configuration item."
    )
    category: Annotated[str | None, KeyRef("category")] = optional(
        "Key of the incident's category; null to use the alert's category."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team to which the incident is assigned; null while unassigned.", examples=["network"]
    )
    impact: Impact | None = optional(
        "Impact of the incident; null to use the alert's impact.", examples=["2"]
    )
    urgency: Urgency | None = optional(
        "Urgency of the incident; null to use the alert's urgency.", examples=["2"]
    )
    effect: Effect | None = optional(
        "Effect on the service; null to use the alert's effect.", examples=["degraded"]
    )
    group_by: list[str] | None = optional(
        "Names of labels: alerts with equal values of all these labels belong to one incident. An "
        "alert without any of the labels gets an incident of its own. Null if alerts are not grouped.",
        examples=[["cluster", "alertname"]],
    )
    window_seconds: int | None = optional(
        "Number of seconds in which an alert joins the open incident of its group; null if alerts are "
        "not grouped.",
        examples=[900],
    )
    window_since: WindowSince | None = optional(
        "Beginning of the seconds in which an alert joins; null if alerts are not grouped."
    )
    most_alerts: int | None = optional(
        "Largest number of alerts in one incident; null if alerts are not grouped.", examples=[200]
    )
    quiet_from_at: datetime | None = optional(
        "Time from which alerts are recorded without opening an incident; null if there is no quiet time.",
        examples=["2035-03-02T22:00:00Z"],
    )
    quiet_until_at: datetime | None = optional(
        "Time at which the quiet time ends and alerts that are still firing open an incident; null if "
        "there is no quiet time.",
        examples=["2035-03-03T02:00:00Z"],
    )
    added_at: Annotated[datetime | None, EnteredAt(AlertRuleState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AlertRuleState.ended)] = None

    @property
    def routes(self) -> bool:
        """Return whether the rule assigns its alerts, or names their subject."""
        routed = (self.service, self.ci, self.category, self.team_id, self.impact, self.urgency, self.effect)
        return any(value is not None for value in routed)
