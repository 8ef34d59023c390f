"""An incident's row, its states and its codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.priority import Impact, Priority, Urgency
from app.common.records import FOLD, Labelled, Refers, Ticket


class IncidentState(Labelled):
    """Where an incident stands."""

    new = "new", "New", "新建"
    acknowledged = "acknowledged", "Acknowledged", "已响应"
    in_progress = "in_progress", "In progress", "处理中"
    on_hold = "on_hold", "On hold", "挂起"
    resolved = "resolved", "Resolved", "已解决"
    closed = "closed", "Closed", "已关闭"
    cancelled = "cancelled", "Cancelled", "已取消"


OPEN = frozenset(
    {IncidentState.new, IncidentState.acknowledged, IncidentState.in_progress, IncidentState.on_hold}
)
ENDED = frozenset({IncidentState.resolved, IncidentState.closed})


class Channel(Labelled):
    """How it came in."""

    hotline = "hotline", "Hotline", "热线"
    email = "email", "E-mail", "邮件"
    chat = "chat", "Chat", "即时消息"
    portal = "portal", "Portal", "门户"
    api = "api", "API", "接口"
    monitoring = "monitoring", "Monitoring", "监控"


class Effect(Labelled):
    """What it does to the service."""

    none = "none", "None", "无影响"
    degraded = "degraded", "Degraded", "降级"
    down = "down", "Down", "中断"


class HoldReason(Labelled):
    """What it waits for."""

    awaiting_requester = "awaiting_requester", "Awaiting the requester", "等待用户"
    awaiting_vendor = "awaiting_vendor", "Awaiting a vendor", "等待供应商"
    awaiting_change = "awaiting_change", "Awaiting a change", "等待变更"
    awaiting_problem = "awaiting_problem", "Awaiting a problem", "等待问题"
    awaiting_evidence = "awaiting_evidence", "Awaiting evidence", "等待证据"
    other = "other", "Other", "其他"


class ResolutionCode(Labelled):
    """How it ended."""

    fixed = "fixed", "Fixed", "已修复"
    workaround = "workaround", "Workaround", "变通解决"
    no_fault_found = "no_fault_found", "No fault found", "未发现故障"
    user_error = "user_error", "User error", "用户操作"
    external = "external", "External", "外部原因"


class Incident(Ticket):
    """An unplanned interruption or degradation of a service."""

    KIND: ClassVar[str] = "incident"

    state: IncidentState | None = Field(default=None, sa_type=Text)
    title: str | None = None
    description: Annotated[str | None, Personal()] = None
    channel: Channel | None = Field(default=None, sa_type=Text)
    impact: Impact | None = Field(default=None, sa_type=Text)
    urgency: Urgency | None = Field(default=None, sa_type=Text)
    priority: Priority | None = Field(default=None, sa_type=Text)
    effect: Effect | None = Field(default=None, sa_type=Text)
    began_at: datetime | None = None
    service: str | None = None
    ci: str | None = None
    category: str | None = None
    requester_id: Annotated[UUID | None, Refers("person")] = None
    customer_id: Annotated[UUID | None, Refers("team")] = None
    team_id: Annotated[UUID | None, Refers("team")] = None
    assignee_id: Annotated[UUID | None, Refers("person")] = None
    acknowledged_at: datetime | None = None
    started_at: datetime | None = None
    held_from: IncidentState | None = Field(default=None, sa_type=Text)
    hold_reason: HoldReason | None = Field(default=None, sa_type=Text)
    wake_up_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution_code: ResolutionCode | None = Field(default=None, sa_type=Text)
    resolution: Annotated[str | None, Personal()] = None
    cause: Annotated[str | None, Personal()] = None
    service_restored_at: datetime | None = None
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None


class IncidentTable(Incident, table=True):
    """Where incidents stand."""

    __tablename__ = "incident"
    __table_args__: ClassVar = FOLD
