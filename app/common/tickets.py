"""The fields that the tickets of all processes have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from app.common.duties import GivenDuty
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
    """The reason why a ticket is on hold."""

    awaiting_requester = "awaiting_requester", "Awaiting the requester", "等待申请人"
    awaiting_vendor = "awaiting_vendor", "Awaiting a supplier", "等待供应商"
    awaiting_change = "awaiting_change", "Awaiting a change", "等待变更"
    awaiting_problem = "awaiting_problem", "Awaiting a problem", "等待问题解决"
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
    opened_at: datetime | None = required("Time at which the {record} was opened.")
    title: str | None = optional("Title of the {record}; null if an imported history has no title.")
    requester_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = (
        optional("Requester: the person who opened the {record}, or on whose behalf it was opened.")
    )
    customer_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.custom)] = optional(
        "Team of the requester when the {record} was opened."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team to which the {record} is assigned; null while unassigned."
    )
    assignee_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.given)
    ] = optional("Person assigned to the {record}; null while unassigned.")
    impact: Impact | None = optional(
        "Number of people affected: 1 for the organisation, 2 for a department, 3 for one person."
    )
    urgency: Urgency | None = optional(
        "Effect on the work of those affected: 1 if it stopped, 2 if it is hindered, 3 if it can wait."
    )
    priority: Priority | None = optional(
        "Priority that decides the order of work, from P1 (highest) to P4; null if it is not set."
    )
    custom: dict[str, Any] | None = optional("Values of custom fields, by their keys; null if not set.")
    custom_for_staff: Annotated[dict[str, Any] | None, StaffOnly()] = optional(
        "Values of the custom fields that only staff see, by their keys; null if not set."
    )

    @property
    def is_nobodys(self) -> bool:
        """Return whether it is assigned neither to a person nor to a team."""
        return self.assignee_id is None and self.team_id is None

    @property
    def awaits_requester(self) -> bool:
        """Return whether it is on hold until its requester answers."""
        return getattr(self, "hold_reason", None) is HoldReason.awaiting_requester
