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


class ItemApprovalRule(CodeEnum):
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
    """

    KIND: ClassVar[str] = "service"

    state: ServiceState | None = required()
    key: str | None = required(
        "Its key in incidents, roles and figures; unique, never changed.", examples=["mail"]
    )
    name_en: str | None = required("Its name in English.", examples=["E-mail"])
    name_zh: str | None = required("Its name in Chinese.", examples=["电子邮件"])
    description_en: str | None = optional(
        "Its description for everybody, in English.", examples=["Mail for all."]
    )
    description_zh: str | None = optional(
        "Its description for everybody, in Chinese.", examples=["全员邮箱。"]
    )
    criticality: Criticality | None = required("Its criticality: how much depends on it.", examples=["high"])
    owner_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The person who answers for it.", examples=["me"]
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team that runs it; null: none.")
    customers: list[str] | None = optional("The teams that it is for.")
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "The key of the calendar of its support hours.", examples=["office-hours"]
    )
    promises: Annotated[list[dict[str, Any]] | None, Document()] = None
    rating_percent: int | None = optional(
        "Number of cases in a hundred whose requester is asked for a rating; null: the setting "
        "`RATING_PERCENT`.",
        examples=[25],
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
    key: str | None = required("Its key in requests and figures; unique, never changed.")
    service: Annotated[str | None, KeyRef("service")] = required(
        "The service that it belongs to, by its key."
    )
    title_en: str | None = required("Its title in English.", examples=["A laptop"])
    title_zh: str | None = required("Its title in Chinese.", examples=["笔记本电脑"])
    description_en: str | None = optional("Its description in English.", examples=["A laptop for work."])
    description_zh: str | None = optional("Its description in Chinese.", examples=["办公用笔记本电脑。"])
    scope: str | None = optional("The things that belong to it.", examples=["Set up."])
    limits: str | None = optional(
        "The things that do not belong to it, and the persons whom it is not for.",
        examples=["One per person."],
    )
    delivery_standard: str | None = optional(
        "The standard by which it counts as delivered; requesters see it.", examples=["Handed over."]
    )
    form: Annotated[dict[str, Any] | None, Document()] = optional(
        "The questions that it asks: a JSON Schema (2020-12) of a flat object, in the subset of "
        "docs/catalogue.md, "
        "with labels in both languages (`x-label`) and the order of its fields (`x-order`); null: none."
    )
    title_template: str | None = optional(
        "The title of requests for it that are made without one: a text with answers to its form as {field}, "
        "of fields whose values are no free text.",
        examples=["Laptop, {size} inch"],
    )
    description_template: str | None = optional(
        "The description of requests for it that are made without one: a text with answers to its form as "
        "{field}.",
        examples=["What for: {why}"],
    )
    fulfilment_path: FulfilmentPath | None = required("The way in which it is made.", examples=["standard"])
    approver_role: Role | None = optional("The role whose holders approve it.")
    approver_group_id: Annotated[UUID | None, ForeignRef("group")] = optional(
        "The group whose members approve it."
    )
    approver_persons: list[str] | None = optional("The persons who approve it.")
    approval_rule: ItemApprovalRule | None = optional(
        "The rule by which its approvers decide; null: nobody need approve it."
    )
    target_seconds: int | None = optional(
        "The time that fulfilment may take, in seconds.", examples=[259_200]
    )
    default_team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team that fulfils requests of it, unless another one is named."
    )
    checklist: list[str] | None = optional(
        "The titles of the tasks that a request begins with, in this order.",
        examples=[["Order it", "装好系统"]],
    )
    opens: ItemOpens | None = optional(
        "The record that requests of it lead to: `change` asks for a change, which is drafted "
        "from the request "
        "and fulfils it; null: none.",
        examples=["change"],
    )
    drafted_at: Annotated[datetime | None, EnteredAt(ItemState.draft)] = required()
    offered_at: Annotated[datetime | None, EnteredAt(ItemState.offered)] = None
    withdrawn_at: Annotated[datetime | None, EnteredAt(ItemState.withdrawn)] = None
