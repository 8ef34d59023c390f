"""Configuration items, their relations, baselines and verifications, and their codes (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.records import ChildRecord, CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class CiState(CodeEnum):
    """State of a configuration item."""

    planned = "planned", "Planned", "已计划"
    live = "live", "Live", "在用"
    maintenance = "maintenance", "Maintenance", "维护中"
    retired = "retired", "Retired", "已退役"


class CiClass(CodeEnum):
    """Class of a configuration item."""

    application = "application", "Application", "应用"
    database = "database", "Database", "数据库"
    server = "server", "Server", "服务器"
    network = "network", "Network", "网络"
    endpoint = "endpoint", "Endpoint", "终端"
    document = "document", "Document", "文档"
    other = "other", "Other", "其他"


class RelationKind(CodeEnum):
    """Kind of a relation from a configuration item to another one."""

    runs_on = "runs_on", "Runs on", "运行于"
    depends_on = "depends_on", "Depends on", "依赖于"
    connects_to = "connects_to", "Connects to", "连接到"
    part_of = "part_of", "Part of", "属于"
    uses = "uses", "Uses", "使用"


class BaselineState(CodeEnum):
    """State of a baseline: a discarded one is not compared with."""

    taken = "taken", "Process", "已建立"
    discarded = "discarded", "Discarded", "已作废"


class DifferenceKind(CodeEnum):
    """Kind of difference of a configuration item between two states of the log."""

    added = "added", "Added", "新增"
    removed = "removed", "Removed", "移除"
    changed = "changed", "Changed", "变更"


class VerificationState(CodeEnum):
    """State of a verification."""

    open = "open", "Open", "进行中"
    concluded = "concluded", "Concluded", "已结束"
    discarded = "discarded", "Discarded", "已作废"


class CiOutcome(CodeEnum):
    """Result of checking an item against reality."""

    as_recorded = "as_recorded", "As recorded", "与记录一致"
    differs = "differs", "Differs", "有差异"
    missing = "missing", "Missing", "不存在"


class Settlement(CodeEnum):
    """Settlement of a difference."""

    confirmed = "confirmed", "The record is right", "确认记录无误"
    corrected = "corrected", "Corrected by a change", "已通过变更更正"
    finding = "finding", "A finding", "列为发现项"


class Ci(Record):
    """A configuration item.

    An alteration after go-live without an approved change counts as unauthorised, for good. It is regularised
    by naming a change that was approved afterwards; `regularised_number` says for which of the unauthorised
    alterations that was done last, counted from 1.
    """

    KIND: ClassVar[str] = "ci"

    state: CiState | None = required()
    key: str | None = required(
        "The key in addresses, without a comma: unique, never changed.", examples=["srv-17"]
    )
    name: str | None = required("The name among people. Name no persons here.", examples=["Mail relay 1"])
    ci_class: CiClass | None = required("The class of the item; never changed.", examples=["server"])
    owner_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who answers for it.")
    found_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The integration that has found it, and sees it."
    )
    services: list[str] | None = required("Keys of the services that it serves.")
    attributes: dict[str, Any] | None = required(
        "Its attributes: short texts and whole numbers by their keys.",
        examples=[{"memory_gib": 64, "system": "Debian 13"}],
    )
    planned_at: Annotated[datetime | None, EnteredAt(CiState.planned)] = required()
    live_at: Annotated[datetime | None, EnteredAt(CiState.live, first=True)] = optional(
        "Time at which it first went live."
    )
    retired_at: Annotated[datetime | None, EnteredAt(CiState.retired)] = None
    unauthorised: bool | None = required(
        "True if it was ever altered after go-live without an approved change."
    )
    unauthorised_count: int | None = required(
        "Number of alterations after go-live without an approved change."
    )
    unauthorised_at: datetime | None = optional("Time of the last alteration without an approved change.")
    alteration_count: int | None = optional("Number of alterations after go-live; null: never counted.")
    altered_at: datetime | None = optional("Time of the last alteration after go-live.")
    alteration_authorised: bool | None = optional("True if a change authorised the last alteration.")
    authorised_by_id: Annotated[UUID | None, ForeignRef("change")] = optional(
        "The change that authorised the last alteration that was authorised."
    )
    regularised_at: datetime | None = optional(
        "Time at which a change approved afterwards was last named for an unauthorised alteration."
    )
    regularised_by_id: Annotated[UUID | None, ForeignRef("change")] = optional("The change named then.")
    regularised_number: int | None = optional(
        "Number of the unauthorised alteration that it was named for, from 1; null: for all until then, or "
        "none."
    )
    regularised_count: int | None = optional("Number of unauthorised alterations for which one was named.")
    outside_change: str | None = optional(
        "The change of another tool that the last alteration named: not verified."
    )


class CiRelation(ChildRecord):
    """A relation from a configuration item to another one. A child record on the stream of the item that it
    starts from.
    """

    KIND: ClassVar[str] = "ci_relation"

    from_ci_id: Annotated[UUID | None, ForeignRef("ci")] = required()
    kind: RelationKind | None = required("The kind of the relation, seen from the item that it starts from.")
    to_ci_id: Annotated[UUID | None, ForeignRef("ci")] = required()
    related_at: datetime | None = required()


class Baseline(Record):
    """A named set of configuration items at a position of the log: those that meet all of its criteria."""

    KIND: ClassVar[str] = "baseline"

    state: BaselineState | None = required()
    key: str | None = required(
        "The key in addresses: unique, never changed. Digits alone mean a position.", examples=["before-move"]
    )
    name: str | None = required("The name among people. Name no persons here.", examples=["Before the move"])
    position: int | None = required("The position of the log as of which it is.", sa_type=BigInteger)
    ci_classes: list[str] | None = required("Classes of its items; empty: of all.", examples=[["server"]])
    services: list[str] | None = required(
        "Keys of services, one of which its items serve; empty: any or none."
    )
    ci_ids: list[str] | None = required("Ids of its items; empty: all.")
    taken_at: Annotated[datetime | None, EnteredAt(BaselineState.taken)] = required()
    discarded_at: Annotated[datetime | None, EnteredAt(BaselineState.discarded)] = None


class Verification(Record):
    """A sample of configuration items in use, drawn from those that meet both criteria."""

    KIND: ClassVar[str] = "verification"

    state: VerificationState | None = required()
    key: str | None = required("The key in addresses: unique, never changed.", examples=["servers-2026-q4"])
    name: str | None = required("The name among people. Name no persons here.", examples=["Servers, autumn"])
    ci_classes: list[str] | None = required("Classes of its items; empty: of all.", examples=[["server"]])
    services: list[str] | None = required(
        "Keys of services, one of which its items serve; empty: any or none."
    )
    position: int | None = required("The position of the log when it was drawn.", sa_type=BigInteger)
    population: int | None = required("Number of items in use from which it was drawn.", sa_type=BigInteger)
    drawn_count: int | None = required("Number of items that were drawn.")
    checked_count: int | None = required("Number of drawn items that were checked.")
    right_count: int | None = required("Number of checked items that are as recorded, or were confirmed.")
    unsettled_count: int | None = required("Number of differences that are not settled yet.")
    summary: str | None = optional("A line about the result. Name no persons here.")
    drawn_at: Annotated[datetime | None, EnteredAt(VerificationState.open)] = required()
    concluded_at: Annotated[datetime | None, EnteredAt(VerificationState.concluded)] = None
    discarded_at: Annotated[datetime | None, EnteredAt(VerificationState.discarded)] = None


class VerificationItem(ChildRecord):
    """An item of a sample, at its place in the draw, with the outcome of its check and its settlement."""

    KIND: ClassVar[str] = "verification_item"

    ci_id: Annotated[UUID | None, ForeignRef("ci")] = required()
    place: int | None = required("Place in the order of the draw, from 1.")
    outcome: CiOutcome | None = optional("The outcome of the check; null: not checked yet.")
    note: str | None = optional(
        "The difference from the record; required if there is one. Name no persons here."
    )
    checked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    checked_at: datetime | None = None
    settlement: Settlement | None = optional(
        "The settlement of the difference; null: not settled yet, or no difference."
    )
    change: str | None = optional("The change that has corrected it.")
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    settled_at: datetime | None = None
