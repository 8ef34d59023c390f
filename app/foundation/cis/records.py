"""A configuration item's row, its relations to others, and their codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef, Record


class CiState(CodeEnum):
    """Whether it is there yet, is used, is being worked on, or is gone."""

    planned = "planned", "Planned", "已计划"
    live = "live", "Live", "在用"
    maintenance = "maintenance", "Maintenance", "维护中"
    retired = "retired", "Retired", "已退役"


class CiClass(CodeEnum):
    """What sort of thing it is."""

    application = "application", "Application", "应用"
    database = "database", "Database", "数据库"
    server = "server", "Server", "服务器"
    network = "network", "Network", "网络"
    endpoint = "endpoint", "Endpoint", "终端"
    document = "document", "Document", "文档"
    other = "other", "Other", "其他"


class RelationKind(CodeEnum):
    """What a configuration item is to another one."""

    runs_on = "runs_on", "Runs on", "运行于"
    depends_on = "depends_on", "Depends on", "依赖于"
    connects_to = "connects_to", "Connects to", "连接到"
    part_of = "part_of", "Part of", "属于"
    uses = "uses", "Uses", "使用"


class BaselineState(CodeEnum):
    """Whether it is compared with."""

    taken = "taken", "Taken", "已建立"
    discarded = "discarded", "Discarded", "已作废"


class DifferenceKind(CodeEnum):
    """What became of a configuration item between two states of the log."""

    added = "added", "Added", "新增"
    removed = "removed", "Removed", "移除"
    changed = "changed", "Changed", "变更"


class VerificationState(CodeEnum):
    """Whether items of the sample are still compared."""

    open = "open", "Open", "进行中"
    concluded = "concluded", "Concluded", "已结束"
    discarded = "discarded", "Discarded", "已作废"


class CiOutcome(CodeEnum):
    """What was found when an item was compared with what is there."""

    as_recorded = "as_recorded", "As recorded", "与记录一致"
    differs = "differs", "Differs", "有差异"
    missing = "missing", "Not there", "不存在"


class Settlement(CodeEnum):
    """What is done about a difference."""

    confirmed = "confirmed", "The record is right", "确认记录无误"
    corrected = "corrected", "Corrected by a change", "已通过变更更正"
    finding = "finding", "A finding", "列为发现项"


class Ci(Record):
    """A configuration item.

    `found_by_id` is the integration that planned it, if one did, and that sees it. `services` are the keys of
    those that it serves, `attributes` short texts and whole numbers by their keys.
    `unauthorised_count` says how often it was altered after go-live without an approved change, and
    `unauthorised_at` when last; `unauthorised` whether it ever was.
    """

    KIND: ClassVar[str] = "ci"

    state: CiState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    name: str | None = None
    ci_class: CiClass | None = Field(default=None, sa_type=Text)
    owner_id: Annotated[UUID | None, ForeignRef("person")] = None
    found_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    services: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    attributes: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    planned_at: datetime | None = None
    live_at: datetime | None = None
    retired_at: datetime | None = None
    unauthorised: bool | None = None
    unauthorised_count: int | None = None
    unauthorised_at: datetime | None = None


class CiRelation(ChildRecord):
    """What a configuration item is to another one. Stands on the stream of the one that it starts from."""

    KIND: ClassVar[str] = "ci_relation"

    from_ci_id: Annotated[UUID | None, ForeignRef("ci")] = None
    kind: RelationKind | None = Field(default=None, sa_type=Text)
    to_ci_id: Annotated[UUID | None, ForeignRef("ci")] = None
    related_at: datetime | None = None


class Baseline(Record):
    """A named set of configuration items at a position of the log.

    The set is that of items of `ci_classes` that serve one of `services` and are among `ci_ids`; where one of
    these is empty, it does not narrow.
    """

    KIND: ClassVar[str] = "baseline"

    state: BaselineState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    name: str | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    ci_classes: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    services: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    ci_ids: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    taken_at: datetime | None = None
    discarded_at: datetime | None = None


class Verification(Record):
    """A sample of configuration items in use: of those of `ci_classes` that serve one of `services`; where
    one of these is empty, it does not narrow.

    `population` is how many there were when it was drawn, `position` how far the log was. Of `drawn_count`
    items `checked_count` were compared, `right_count` are as recorded or were confirmed; about
    `unsettled_count` differences nothing is done yet.
    """

    KIND: ClassVar[str] = "verification"

    state: VerificationState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    name: str | None = None
    ci_classes: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    services: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    position: int | None = Field(default=None, sa_type=BigInteger)
    population: int | None = Field(default=None, sa_type=BigInteger)
    drawn_count: int | None = None
    checked_count: int | None = None
    right_count: int | None = None
    unsettled_count: int | None = None
    summary: str | None = None
    drawn_at: datetime | None = None
    concluded_at: datetime | None = None
    discarded_at: datetime | None = None


class VerificationItem(ChildRecord):
    """An item of a sample, at its place in the draw; what was found, and what is done about it."""

    KIND: ClassVar[str] = "verification_item"

    ci_id: Annotated[UUID | None, ForeignRef("ci")] = None
    place: int | None = None
    outcome: CiOutcome | None = Field(default=None, sa_type=Text)
    note: str | None = None
    checked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    checked_at: datetime | None = None
    settlement: Settlement | None = Field(default=None, sa_type=Text)
    change: str | None = None
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    settled_at: datetime | None = None


class CiTable(Ci, table=True):
    """Where configuration items stand."""

    __tablename__ = "ci"
    __table_args__: ClassVar = FOLD


class CiRelationTable(CiRelation, table=True):
    """Where their relations stand."""

    __tablename__ = "ci_relation"
    __table_args__: ClassVar = FOLD


class BaselineTable(Baseline, table=True):
    """Where baselines stand."""

    __tablename__ = "baseline"
    __table_args__: ClassVar = FOLD


class VerificationTable(Verification, table=True):
    """Where verifications stand."""

    __tablename__ = "verification"
    __table_args__: ClassVar = FOLD


class VerificationItemTable(VerificationItem, table=True):
    """Where the items of their samples stand."""

    __tablename__ = "verification_item"
    __table_args__: ClassVar = FOLD
