"""Maintenance plans (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.records import CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.cis.records import CiClass


class MaintenancePlanState(CodeEnum):
    """State of a maintenance plan: rounds of a retired one fall due no longer."""

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
    """What a team looks after at intervals: a service, or all configuration items of a class.

    `limits` are `{"name": …, "unit": …, "lower": …, "upper": …}`, the limits decimal texts or null.
    """

    KIND: ClassVar[str] = "maintenance_plan"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: MaintenancePlanState | None = required("Its state.")
    title: str | None = required(
        "The plan in a line, without names of persons.", examples=["Machine room, each morning"]
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that it is for; this, or `ci_class`.", examples=["mail"]
    )
    ci_class: CiClass | None = optional("The class of the configuration items that it is for.")
    request_id: Annotated[UUID | None, ForeignRef("request")] = optional(
        "The request whose delivery it looks after."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = required(
        "The team that makes the rounds.", examples=["network"]
    )
    interval: MaintenanceInterval | None = required("The interval between rounds.", examples=["weekly"])
    days: int | None = required("Number of days that the team has for a round.", examples=[2])
    items: list[str] | None = required(
        "The checklist: what is to be looked at, in order.", examples=[["Filters are clean"]]
    )
    limits: Annotated[list[dict[str, Any]] | None, Document()] = required(
        "The readings that are taken, with their limits."
    )
    planner_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who planned it.")
    first_round_at: datetime | None = required(
        "Begin of the first round; the others begin at the same time of day.",
        examples=["2199-01-31T06:00:00Z"],
    )
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "The key of the calendar of the agreed service time: a round that would begin while it is closed "
        "begins when it opens next; null: rounds begin on whatever day it is.",
        examples=["office-hours"],
    )
    round_at: datetime | None = optional("Begin of the latest round that fell due; null: none has yet.")
    next_round_at: datetime | None = required("Begin of the next round.")
    planned_at: datetime | None = required("Time at which it was planned.")
    retired_at: Annotated[datetime | None, EnteredAt(MaintenancePlanState.retired)] = optional(
        "Time at which it was retired."
    )
