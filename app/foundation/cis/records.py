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
    missing = "missing", "Not there", "不存在"


class Settlement(CodeEnum):
    """Settlement of a difference."""

    confirmed = "confirmed", "The record is right", "确认记录无误"
    corrected = "corrected", "Corrected by a change", "已通过变更更正"
    finding = "finding", "A finding", "列为发现项"


class Ci(Record):
    """A configuration item.

    `found_by_id` is the integration that planned it, if one did; that integration sees it. `services` are the
    keys of the services that it serves, `attributes` short texts and whole numbers by their keys.
    `unauthorised_count` is the number of alterations after go-live without an approved change, and
    `unauthorised_at` the time of the last one; `unauthorised` is set if there ever was one, and
    `regularised_by_id` is the change that was approved afterwards for the one of them that was regularised
    last, the `regularised_number`th (None: for all until then, as before they were named),
    `regularised_count` how many are. `alteration_count` counts all alterations after go-live, so that the
    event of each sets it; `alteration_authorised` says it of the last one, `authorised_by_id` is the change
    that authorised the last that was, and `outside_change` what another tool calls the change that the last
    one names.
    """

    KIND: ClassVar[str] = "ci"

    state: CiState | None = required()
    key: str | None = required()
    name: str | None = required()
    ci_class: CiClass | None = required()
    owner_id: Annotated[UUID | None, ForeignRef("person")] = optional("Who answers for it.")
    found_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The integration that has found it, and sees it."
    )
    services: list[str] | None = required("The keys of the services that it serves.")
    attributes: dict[str, Any] | None = required()
    planned_at: Annotated[datetime | None, EnteredAt(CiState.planned)] = required()
    live_at: Annotated[datetime | None, EnteredAt(CiState.live, first=True)] = optional(
        "When it first went live."
    )
    retired_at: Annotated[datetime | None, EnteredAt(CiState.retired)] = None
    unauthorised: bool | None = required("Whether it was altered after go-live without an approved change.")
    unauthorised_count: int | None = required("How often it was.")
    unauthorised_at: datetime | None = optional("When last.")
    alteration_count: int | None = optional("How often it was altered after go-live; null: never counted.")
    altered_at: datetime | None = optional("When last.")
    alteration_authorised: bool | None = optional("Whether a change authorised the last alteration.")
    authorised_by_id: Annotated[UUID | None, ForeignRef("change")] = optional(
        "The change that authorised the last one that was."
    )
    regularised_at: datetime | None = optional(
        "When a change was last named that was approved afterwards for one of these."
    )
    regularised_by_id: Annotated[UUID | None, ForeignRef("change")] = optional("That change.")
    regularised_number: int | None = optional(
        "For which of them: the first is 1. Null: for all until then, or for none."
    )
    regularised_count: int | None = optional("For how many of them one was named.")
    outside_change: str | None = optional(
        "What the last alteration named as its change, if that is another tool's: not verified."
    )


class CiRelation(ChildRecord):
    """A relation from a configuration item to another one. A child record on the stream of the item that it
    starts from.
    """

    KIND: ClassVar[str] = "ci_relation"

    from_ci_id: Annotated[UUID | None, ForeignRef("ci")] = required()
    kind: RelationKind | None = required()
    to_ci_id: Annotated[UUID | None, ForeignRef("ci")] = required()
    related_at: datetime | None = required()


class Baseline(Record):
    """A named set of configuration items at a position of the log.

    The set contains the items of `ci_classes` that serve one of `services` and are among `ci_ids`; an empty
    criterion does not narrow.
    """

    KIND: ClassVar[str] = "baseline"

    state: BaselineState | None = required()
    key: str | None = required()
    name: str | None = required()
    position: int | None = required("The position of the log as of which it is.", sa_type=BigInteger)
    ci_classes: list[str] | None = required()
    services: list[str] | None = required("It has items that serve one of these; none: whatever they serve.")
    ci_ids: list[str] | None = required()
    taken_at: Annotated[datetime | None, EnteredAt(BaselineState.taken)] = required()
    discarded_at: Annotated[datetime | None, EnteredAt(BaselineState.discarded)] = None


class Verification(Record):
    """A sample of configuration items in use, drawn from those of `ci_classes` that serve one of `services`;
    an empty criterion does not narrow.

    `population` is how many there were when it was drawn, `position` the log's position then. Of
    `drawn_count` items `checked_count` were checked, and `right_count` are as recorded or were confirmed;
    `unsettled_count` differences are not settled yet.
    """

    KIND: ClassVar[str] = "verification"

    state: VerificationState | None = required()
    key: str | None = required()
    name: str | None = required()
    ci_classes: list[str] | None = required()
    services: list[str] | None = required("It is of items that serve one of these; none: whatever.")
    position: int | None = required("How far the log was when it was drawn.", sa_type=BigInteger)
    population: int | None = required("How many items in use there were.", sa_type=BigInteger)
    drawn_count: int | None = required("How many of them were drawn.")
    checked_count: int | None = required("How many of these were compared.")
    right_count: int | None = required("How many are as recorded, or were confirmed.")
    unsettled_count: int | None = required("About so many differences nothing is done yet.")
    summary: str | None = None
    drawn_at: Annotated[datetime | None, EnteredAt(VerificationState.open)] = required()
    concluded_at: Annotated[datetime | None, EnteredAt(VerificationState.concluded)] = None
    discarded_at: Annotated[datetime | None, EnteredAt(VerificationState.discarded)] = None


class VerificationItem(ChildRecord):
    """An item of a sample, at its place in the draw, with the outcome of its check and its settlement."""

    KIND: ClassVar[str] = "verification_item"

    ci_id: Annotated[UUID | None, ForeignRef("ci")] = required()
    place: int | None = required("In the order of the draw, from 1.")
    outcome: CiOutcome | None = optional("What was found; null: not compared yet.")
    note: str | None = optional("What is otherwise than recorded.")
    checked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    checked_at: datetime | None = None
    settlement: Settlement | None = optional("What is done about it; null: nothing yet, or none.")
    change: str | None = optional("The change that has corrected it.")
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    settled_at: datetime | None = None
