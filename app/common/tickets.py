"""The fields that the tickets of all processes have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import CodeEnum, ForeignRef, Record, StaffOnly, optional, required
from app.common.state_fields import EnteredAt


class Channel(CodeEnum):
    """The channel through which a ticket was opened."""

    hotline = "hotline", "Hotline", "热线"
    email = "email", "E-mail", "邮件"
    chat = "chat", "Chat", "即时消息"
    portal = "portal", "Portal", "门户"
    api = "api", "API", "API 接口"
    monitoring = "monitoring", "Monitoring", "监控"


class HoldReason(CodeEnum):
    """The reason why a ticket is on hold: what it waits for."""

    awaiting_requester = "awaiting_requester", "Awaiting the requester", "等待申请人"
    awaiting_vendor = "awaiting_vendor", "Awaiting a supplier", "等待供应商"
    awaiting_change = "awaiting_change", "Awaiting a change", "等待变更"
    awaiting_problem = "awaiting_problem", "Awaiting a problem", "等待问题"
    awaiting_evidence = "awaiting_evidence", "Awaiting evidence", "等待证据"
    other = "other", "Other", "其他"


class Ticket(Record):
    """A record with a lifecycle: a number for people, a state with the time since when, and the persons and
    teams concerned.

    `custom` and `custom_for_staff` are the values of its process's custom fields, by their keys.
    """

    number: str = ""
    state: Any = None
    state_since: Annotated[datetime | None, EnteredAt()] = required()
    opened_at: datetime | None = required("Time of its opening.")
    title: str | None = optional("Null where an imported history has none.")
    requester_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who opened it, or for whom it was opened."
    )
    customer_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The requester's team when it was opened."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team that it is assigned to.")
    assignee_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.given)] = None
    impact: Impact | None = optional("The extent: 1 organisation, 2 department, 3 person.")
    urgency: Urgency | None = optional("The state of their work: 1 stopped, 2 hindered, 3 can wait.")
    priority: Priority | None = None
    custom: dict[str, Any] | None = None
    custom_for_staff: Annotated[dict[str, Any] | None, StaffOnly()] = None

    @property
    def awaits_requester(self) -> bool:
        """Return whether it is on hold until its requester answers."""
        return getattr(self, "hold_reason", None) is HoldReason.awaiting_requester
