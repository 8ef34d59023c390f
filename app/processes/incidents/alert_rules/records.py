"""The record of an alert rule."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.priorities.priority import Impact, Urgency
from app.common.records import CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.processes.incidents.records import Effect


class AlertRuleState(CodeEnum):
    """The state of an alert rule: only active rules apply."""

    active = "active", "Active", "有效"
    ended = "ended", "Ended", "已结束"


class WindowSince(CodeEnum):
    """The begin of the time in which alerts are one incident."""

    first_alert = "first_alert", "Since the first alert", "自首个告警起"
    last_alert = "last_alert", "Since the last alert", "自最近告警起"


class AlertRule(Record):
    """A rule for the alerts that its matchers fit: how they are routed, which of them are one incident, and
    from when to when they open none.

    Rules apply in the order of their precedence. The first that fits and routes decides on the routing; the
    first that fits and groups on the grouping. A rule is quiet between both of its times.
    """

    KIND: ClassVar[str] = "alert_rule"

    state: AlertRuleState | None = required()
    name: str | None = required("Its name, no person's.", examples=["Databases"])
    precedence: int | None = required("Its precedence: rules with lower ones are asked first.", examples=[10])
    source: str | None = optional("The source of the alerts; null: any.", examples=["alertmanager-1"])
    matchers: list[str] | None = optional(
        "Conditions on labels, all of which hold: `name=value` or `name!=value`, where `*` stands for any "
        "characters. `source`, `service`, `ci` and `category` are labels, too; one that is missing is empty. "
        "Null: any alert.",
        examples=[["team=db", "severity!=info"]],
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that the alerts are about.", examples=["mail"]
    )
    ci: Annotated[str | None, KeyRef("ci")] = optional("The key of the configuration item.")
    category: Annotated[str | None, KeyRef("category")] = optional("The key of the category.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team to which the incident is assigned.", examples=["network"]
    )
    impact: Impact | None = optional("The impact of the incident.", examples=["2"])
    urgency: Urgency | None = optional("The urgency of the incident.", examples=["2"])
    effect: Effect | None = optional("The effect on the service.", examples=["degraded"])
    group_by: list[str] | None = optional(
        "Names of labels: alerts with the same values of all of them are one incident. An alert without any "
        "of them is an incident of its own.",
        examples=[["cluster", "alertname"]],
    )
    window_seconds: int | None = optional(
        "With `group_by`: number of seconds in which an alert joins the open incident of its group.",
        examples=[900],
    )
    window_since: WindowSince | None = optional("With `group_by`: the begin of these seconds.")
    most_alerts: int | None = optional(
        "With `group_by`: the largest number of alerts of an incident.", examples=[200]
    )
    quiet_from_at: datetime | None = optional(
        "Time from which on the alerts are heard and open no incident.", examples=["2199-03-02T22:00:00Z"]
    )
    quiet_until_at: datetime | None = optional(
        "Time at which those that fire still open one.", examples=["2199-03-03T02:00:00Z"]
    )
    added_at: Annotated[datetime | None, EnteredAt(AlertRuleState.active)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AlertRuleState.ended)] = None

    @property
    def routes(self) -> bool:
        """Return whether the rule says anything of whose its alerts are, or what they are about."""
        routed = (self.service, self.ci, self.category, self.team_id, self.impact, self.urgency, self.effect)
        return any(value is not None for value in routed)
