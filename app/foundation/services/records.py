"""Services and catalogue items: the service catalogue (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
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
    """Way in which requests of an item are fulfilled."""

    standard = "standard", "Standard", "标准交付"
    project = "project", "Project", "项目交付"


class ItemApprovalRule(CodeEnum):
    """Rule by which the approvers decide."""

    chair = "chair", "The chair decides", "主席决定"
    majority = "majority", "More than half", "过半数"
    unanimous = "unanimous", "All", "一致同意"


class ItemOpens(CodeEnum):
    """Record of another process to which a request of the item leads."""

    change = "change", "A change", "变更"


#: The fields of an item that say who approves requests of it.
APPROVERS = ("approver_role", "approver_group_id", "approver_persons", "approval_rule")


class Service(Record):
    """A service that IT provides to its customers.

    `customers` are the ids of teams. `calendar` is the key of the calendar of its support hours.
    `promises` are those of signed agreements, as `services.promise` sets them.
    """

    KIND: ClassVar[str] = "service"

    state: ServiceState | None = required()
    key: str | None = required(
        "Key of the service in incidents, roles and figures; unique, never changed.", examples=["mail"]
    )
    name_en: str | None = required("Name of the service in English.", examples=["E-mail"])
    name_zh: str | None = required("Name of the service in Chinese.", examples=["电子邮件"])
    description_en: str | None = optional(
        "Description of the service for everybody, in English.", examples=["Mail for all."]
    )
    description_zh: str | None = optional(
        "Description of the service for everybody, in Chinese.", examples=["全员邮箱。"]
    )
    criticality: Criticality | None = required(
        "Criticality of the service: how much depends on it.", examples=["high"]
    )
    owner_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.ownership, quiet=True)] = required(
        "Person who is responsible for the service.", examples=["me"]
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that runs the service; null if not set."
    )
    customers: list[str] | None = optional("Teams that use the service.")
    calendar: Annotated[str | None, KeyRef("calendar")] = optional(
        "Key of the calendar of the support hours.", examples=["office-hours"]
    )
    promises: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Promises of signed agreements about the service; null if there are none."
    )
    rating_percent: int | None = optional(
        "Number of cases in a hundred whose requester is asked for a rating; null for the setting "
        "`RATING_PERCENT`.",
        examples=[25],
    )
    proposed_at: Annotated[datetime | None, EnteredAt(ServiceState.proposed)] = required()
    went_live_at: Annotated[datetime | None, EnteredAt(ServiceState.live)] = None
    retired_at: Annotated[datetime | None, EnteredAt(ServiceState.retired)] = None


class CatalogueItem(Record):
    """A catalogue item of a service, which users can request. `service` is the service's key.

    The approver is a role, a group, or people (their ids), who decide by `approval_rule`; empty: no approval
    is needed. `form` is a JSON Schema (`app/kernel/actions/forms.py`), `target_seconds` the time allowed for
    fulfilment, `checklist` the titles of the tasks that a request begins with. `opens`: requests of the item
    ask for a record of another process, which is made from them and fulfils them.
    """

    KIND: ClassVar[str] = "catalogue_item"

    state: ItemState | None = required()
    key: str | None = required("Key of the item in requests and figures; unique, never changed.")
    service: Annotated[str | None, KeyRef("service")] = required(
        "Key of the service to which the item belongs."
    )
    title_en: str | None = required("Title of the item in English.", examples=["A laptop"])
    title_zh: str | None = required("Title of the item in Chinese.", examples=["笔记本电脑"])
    description_en: str | None = optional(
        "Description of the item in English.", examples=["A laptop for work."]
    )
    description_zh: str | None = optional(
        "Description of the item in Chinese.", examples=["办公用笔记本电脑。"]
    )
    scope: str | None = optional("Content of the item: everything that belongs to it.", examples=["Set up."])
    limits: str | None = optional(
        "Limits of the item: what does not belong to it, and people that it is not meant for.",
        examples=["One per person."],
    )
    delivery_standard: str | None = optional(
        "Standard by which the item counts as delivered, shown to requesters.", examples=["Handed over."]
    )
    form: Annotated[dict[str, Any] | None, Document()] = optional(
        "Questions of the item: a JSON Schema (2020-12) of a flat object, in the subset that "
        "docs/catalogue.md describes, with labels in both languages (`x-label`) and the order of its "
        "fields (`x-order`); null if not set."
    )
    title_template: str | None = optional(
        "Title of requests that are made without one: a text with answers as `{field}`, from fields "
        "whose values are not free text; null if requests need a title.",
        examples=["Laptop, {size} inch"],
    )
    description_template: str | None = optional(
        "Description of requests that are made without one: a text with answers as `{field}`; null if "
        "requests need a description.",
        examples=["What for: {why}"],
    )
    fulfilment_path: FulfilmentPath | None = required(
        "Way in which requests of the item are fulfilled.", examples=["standard"]
    )
    approver_role: Role | None = optional("Role whose holders approve requests of the item; null if not set.")
    approver_group_id: Annotated[UUID | None, ForeignRef("group", GivenDuty.group_decision)] = optional(
        "Group whose members approve requests of the item; null if not set."
    )
    approver_persons: list[str] | None = optional(
        "Persons who approve requests of the item; null if no persons are named."
    )
    approval_rule: ItemApprovalRule | None = optional(
        "Rule by which the approvers decide; null if requests need no approval."
    )
    target_seconds: int | None = optional(
        "Number of seconds that fulfilment may take; null if no time is set.", examples=[259_200]
    )
    default_team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that fulfils requests of the item unless another one is named; null if not set."
    )
    checklist: list[str] | None = optional(
        "Titles of the tasks with which a request begins, in order.",
        examples=[["Order it", "装好系统"]],
    )
    opens: ItemOpens | None = optional(
        "Record to which requests of the item lead: for `change`, a change is drafted from the request "
        "and fulfils it. Null if not set.",
        examples=["change"],
    )
    awaits_agreement: bool | None = optional(
        "True if the approvers await the agreement of a second person: until then, those that two people "
        "agreed on before approve requests. Null if the approvers apply."
    )
    drafted_at: Annotated[datetime | None, EnteredAt(ItemState.draft)] = required()
    offered_at: Annotated[datetime | None, EnteredAt(ItemState.offered)] = None
    withdrawn_at: Annotated[datetime | None, EnteredAt(ItemState.withdrawn)] = None
