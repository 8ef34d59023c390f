"""Configuration items, their relations, baselines and verifications, and their codes (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.duties import GivenDuty
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
    """Kind of a relation between two configuration items."""

    runs_on = "runs_on", "Runs on", "运行于"
    depends_on = "depends_on", "Depends on", "依赖于"
    connects_to = "connects_to", "Connects to", "连接到"
    part_of = "part_of", "Part of", "属于"
    uses = "uses", "Uses", "使用"


class BaselineState(CodeEnum):
    """State of a baseline: a discarded baseline is not used for comparisons."""

    taken = "taken", "Taken", "已建立"
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
    by naming a change that was approved afterwards; `regularised_number` is the number of the last
    regularised one among the unauthorised alterations, counted from 1.
    """

    KIND: ClassVar[str] = "ci"

    state: CiState | None = required()
    key: str | None = required(
        "Key of the item in addresses, without a comma; unique, never changed.", examples=["srv-17"]
    )
    name: str | None = required(
        "Display name of the item, without names of persons.", examples=["Mail relay 1"]
    )
    ci_class: CiClass | None = required("Class of the item; never changed.", examples=["server"])
    owner_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.ownership, quiet=True)] = optional(
        "Person who is responsible for the item; null if not set."
    )
    found_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Integration that found the item and may see it; null if people recorded the item."
    )
    services: list[str] | None = required("Keys of the services that depend on the item.")
    attributes: dict[str, Any] | None = required(
        "Attributes of the item, by key: short texts and whole numbers.",
        examples=[{"memory_gib": 64, "system": "Debian 13"}],
    )
    planned_at: Annotated[datetime | None, EnteredAt(CiState.planned)] = required()
    live_at: Annotated[datetime | None, EnteredAt(CiState.live, first=True)] = optional(
        "Time at which the item first went live; null if it never did."
    )
    retired_at: Annotated[datetime | None, EnteredAt(CiState.retired)] = None
    unauthorised: bool | None = required(
        "True if the item was ever altered after going live without an approved change."
    )
    unauthorised_count: int | None = required(
        "Number of alterations after going live without an approved change."
    )
    unauthorised_at: datetime | None = optional(
        "Time of the last alteration without an approved change; null before the first such alteration."
    )
    alteration_count: int | None = optional(
        "Number of alterations after going live; null if they were not counted."
    )
    altered_at: datetime | None = optional(
        "Time of the last alteration after going live; null before the first such alteration."
    )
    alteration_authorised: bool | None = optional(
        "True if a change authorised the last alteration; null if there was no alteration."
    )
    authorised_by_id: Annotated[UUID | None, ForeignRef("change")] = optional(
        "Change that authorised the last authorised alteration; null before the first such alteration."
    )
    regularised_at: datetime | None = optional(
        "Time at which a change was last named afterwards for an unauthorised alteration; null if not named."
    )
    regularised_by_id: Annotated[UUID | None, ForeignRef("change")] = optional(
        "Change that was last named afterwards; null if not named."
    )
    regularised_number: int | None = optional(
        "Number of the unauthorised alteration, counted from 1, for which a change was last named "
        "afterwards; null if a change was named for all such alterations, or for none."
    )
    regularised_count: int | None = optional(
        "Number of unauthorised alterations for which a change was named afterwards."
    )
    outside_change: str | None = optional(
        "Change of another tool that the last alteration named, without verification; null before the "
        "first alteration."
    )


class CiRelation(ChildRecord):
    """A relation from a configuration item to another one. A child record on the stream of the item that it
    starts from.
    """

    KIND: ClassVar[str] = "ci_relation"

    from_ci_id: Annotated[UUID | None, ForeignRef("ci")] = required("Item at which the relation starts.")
    kind: RelationKind | None = required("Kind of the relation, seen from the item at which it starts.")
    to_ci_id: Annotated[UUID | None, ForeignRef("ci")] = required("Item to which the relation leads.")
    related_at: datetime | None = required("Time at which the relation was recorded.")


class Baseline(Record):
    """A named set of configuration items at a position of the log: those that meet all of its criteria."""

    KIND: ClassVar[str] = "baseline"

    state: BaselineState | None = required()
    key: str | None = required(
        "Key of the baseline in addresses: unique, never changed. Digits alone are read as a position.",
        examples=["before-move"],
    )
    name: str | None = required(
        "Display name of the {record}, without names of persons.", examples=["Before the move"]
    )
    position: int | None = required("Position of the log whose state the baseline keeps.", sa_type=BigInteger)
    ci_classes: list[str] | None = required(
        "Classes of the items; empty for all classes.", examples=[["server"]]
    )
    services: list[str] | None = required(
        "Keys of services, of which each item serves at least one; empty if services do not matter."
    )
    ci_ids: list[str] | None = required("Identifiers of the items; empty for all items.")
    taken_at: Annotated[datetime | None, EnteredAt(BaselineState.taken)] = required()
    discarded_at: Annotated[datetime | None, EnteredAt(BaselineState.discarded)] = None


class Verification(Record):
    """A sample of configuration items in use, drawn from those that meet both criteria."""

    KIND: ClassVar[str] = "verification"

    state: VerificationState | None = required()
    key: str | None = required(
        "Key of the verification in addresses: unique, never changed.", examples=["servers-2026-q4"]
    )
    name: str | None = required(
        "Display name of the {record}, without names of persons.", examples=["Servers, autumn"]
    )
    ci_classes: list[str] | None = required(
        "Classes of the items; empty for all classes.", examples=[["server"]]
    )
    services: list[str] | None = required(
        "Keys of services, of which each item serves at least one; empty if services do not matter."
    )
    position: int | None = required("Position in the log at which the sample was drawn.", sa_type=BigInteger)
    population: int | None = required(
        "Number of items in use from which the sample was drawn.", sa_type=BigInteger
    )
    drawn_count: int | None = required("Number of items in the sample.")
    checked_count: int | None = required("Number of items in the sample that were checked.")
    right_count: int | None = required("Number of checked items that are as recorded, or were confirmed.")
    unsettled_count: int | None = required("Number of differences that are not settled.")
    summary: str | None = optional(
        "Result in one line, without names of persons; null until the verification is concluded."
    )
    drawn_at: Annotated[datetime | None, EnteredAt(VerificationState.open)] = required()
    concluded_at: Annotated[datetime | None, EnteredAt(VerificationState.concluded)] = None
    discarded_at: Annotated[datetime | None, EnteredAt(VerificationState.discarded)] = None


class VerificationItem(ChildRecord):
    """An item of a sample, at its place in the draw, with the outcome of its check and its settlement."""

    KIND: ClassVar[str] = "verification_item"

    ci_id: Annotated[UUID | None, ForeignRef("ci")] = required("Item of the sample.")
    place: int | None = required("Place of the item in the order of the draw, from 1.")
    outcome: CiOutcome | None = optional("Result of the check; null if the item was not checked.")
    note: str | None = optional(
        "Difference from the recorded values, without names of persons; required if there is a difference."
    )
    checked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who checked the item; null if it was not checked."
    )
    checked_at: datetime | None = optional("Time of the check; null if the item was not checked.")
    settlement: Settlement | None = optional(
        "Settlement of the difference; null if there is no difference, or if it is not settled."
    )
    change: str | None = optional("Change that corrected the difference; null if not set.")
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who settled the difference; null if it is not settled."
    )
    settled_at: datetime | None = optional("Time of the settlement; null if the difference is not settled.")
