"""Services and catalogue items: the service catalogue (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.people import Role
from app.common.records import CodeEnum, Document, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt


class ServiceState(CodeEnum):
    """State of a service."""

    proposed = "proposed", "Proposed", "拟议"
    live = "live", "Live", "运行中"
    retired = "retired", "Retired", "已下线"


class Criticality(CodeEnum):
    """Criticality of a service."""

    critical = "critical", "Critical", "关键"
    high = "high", "High", "重要"
    medium = "medium", "Medium", "一般"
    low = "low", "Low", "较低"


class ItemState(CodeEnum):
    """State of a catalogue item: only offered items can be requested."""

    draft = "draft", "Draft", "草稿"
    offered = "offered", "Offered", "已上架"
    withdrawn = "withdrawn", "Withdrawn", "已下架"


class FulfilmentPath(CodeEnum):
    """Way in which a request of the item is fulfilled."""

    standard = "standard", "Standard", "标准交付"
    project = "project", "Project", "项目交付"


class ApprovalRule(CodeEnum):
    """Rule by which approvers decide."""

    chair = "chair", "The chair decides", "主席决定"
    majority = "majority", "More than half", "过半数"
    unanimous = "unanimous", "All", "一致同意"


class ItemOpens(CodeEnum):
    """The record of another process that a request of the item leads to."""

    change = "change", "A change", "变更"


class Service(Record):
    """A service that IT provides to its customers.

    `customers` are the ids of teams. `calendar` is the key of the calendar of its support hours.
    `promises` are those of signed agreements, as `services.promise` sets them.
    `rating_percent` is for how many of a hundred cases the requester is asked to rate it; None: the setting.
    """

    KIND: ClassVar[str] = "service"

    state: ServiceState | None = required()
    key: str | None = required()
    name_en: str | None = required()
    name_zh: str | None = required()
    description_en: str | None = None
    description_zh: str | None = None
    criticality: Criticality | None = required()
    owner_id: Annotated[UUID | None, ForeignRef("person")] = required("Who answers for it.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("Who runs it.")
    customers: list[str] | None = None
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "The key of the calendar of its support hours."
    )
    promises: Annotated[list[dict[str, Any]] | None, Document()] = None
    rating_percent: int | None = optional(
        "For how many of a hundred cases the requester is asked to rate it; null: the setting."
    )
    proposed_at: Annotated[datetime | None, EnteredAt(ServiceState.proposed)] = required()
    went_live_at: Annotated[datetime | None, EnteredAt(ServiceState.live)] = None
    retired_at: Annotated[datetime | None, EnteredAt(ServiceState.retired)] = None


class CatalogueItem(Record):
    """A catalogue item of a service, which users can request. `service` is the service's key.

    The approver is a role, a group, or persons (their ids), who decide by `approval_rule`; none: no approval
    is needed. `form` is a JSON Schema (`app/kernel/actions/forms.py`), `target_seconds` the time allowed for
    fulfilment, `checklist` the titles of the tasks that a request begins with. `opens`: requests of the item
    ask for a record of another process, which is made from them and fulfils them.
    """

    KIND: ClassVar[str] = "catalogue_item"

    state: ItemState | None = required()
    key: str | None = required()
    service: Annotated[str | None, KeyRef("service")] = required("The key of its service.")
    title_en: str | None = required()
    title_zh: str | None = required()
    description_en: str | None = None
    description_zh: str | None = None
    scope: str | None = None
    limits: str | None = None
    delivery_standard: str | None = optional("What counts as delivered.")
    form: Annotated[dict[str, Any] | None, Document()] = None
    fulfilment_path: FulfilmentPath | None = required()
    approver_role: Role | None = None
    approver_group_id: Annotated[UUID | None, ForeignRef("group")] = None
    approver_persons: list[str] | None = None
    approval_rule: ApprovalRule | None = optional("Null: nobody need approve it.")
    target_seconds: int | None = optional("How long it may take.")
    default_team_id: Annotated[UUID | None, ForeignRef("team")] = None
    checklist: list[str] | None = optional("The titles of the tasks that a request begins with.")
    opens: ItemOpens | None = optional("What a request of it leads to; null: nothing else.")
    drafted_at: Annotated[datetime | None, EnteredAt(ItemState.draft)] = required()
    offered_at: Annotated[datetime | None, EnteredAt(ItemState.offered)] = None
    withdrawn_at: Annotated[datetime | None, EnteredAt(ItemState.withdrawn)] = None
