"""Maintenance plans (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.records import CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.cis.records import CiClass


class MaintenancePlanState(CodeEnum):
    """State of a maintenance plan: a retired plan has no further rounds."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class MaintenanceInterval(CodeEnum):
    """Interval between the rounds of a maintenance plan."""

    daily = "daily", "Daily", "每天"
    weekly = "weekly", "Weekly", "每周"
    fortnightly = "fortnightly", "Fortnightly", "每两周"
    monthly = "monthly", "Monthly", "每月"
    quarterly = "quarterly", "Quarterly", "每季度"
    half_yearly = "half_yearly", "Half-yearly", "每半年"
    yearly = "yearly", "Yearly", "每年"


class MaintenancePlan(Record):
    """Regular maintenance by a team: of a service, or of all configuration items of a class.

    `limits` are `{"name": …, "unit": …, "lower": …, "upper": …}`, the limits decimal texts or null.
    """

    KIND: ClassVar[str] = "maintenance_plan"

    number: str = ""
    state: MaintenancePlanState | None = required()
    title: str | None = required(
        "Title of the plan in one line, without names of persons.", examples=["Machine room, each morning"]
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service that is maintained; null if `ci_class` is set.", examples=["mail"]
    )
    ci_class: CiClass | None = optional(
        "Class of the configuration items that are maintained; null if `service` is set."
    )
    request_id: Annotated[UUID | None, ForeignRef("request")] = optional(
        "Request whose delivery is maintained; null if not set."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = required(
        "Team that carries out the rounds.", examples=["network"]
    )
    interval: MaintenanceInterval | None = required("Interval between the rounds.", examples=["weekly"])
    days: int | None = required("Number of days that the team has for a round.", examples=[2])
    items: list[str] | None = required(
        "Checklist: the items to inspect, in order.", examples=[["Filters are clean"]]
    )
    limits: Annotated[list[dict[str, Any]] | None, Document()] = required(
        "Readings that each round takes, with their limits."
    )
    planner_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who planned the maintenance.")
    first_round_at: datetime | None = required(
        "Beginning of the first round; all others begin at the same time of day.",
        examples=["2035-01-31T06:00:00Z"],
    )
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "Key of the calendar of the agreed service time: a round that would begin outside its hours "
        "begins at the next opening. Null if rounds begin on every day.",
        examples=["office-hours"],
    )
    round_at: datetime | None = optional(
        "Beginning of the latest round that was due; null before the first round."
    )
    next_round_at: datetime | None = required("Beginning of the next round.")
    planned_at: datetime | None = required("Time at which the maintenance was planned.")
    retired_at: Annotated[datetime | None, EnteredAt(MaintenancePlanState.retired)] = optional()
