"""Discoveries, their differences, and their codes (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.cis.records import CiClass

#: The identity of items by their keys; any other is `name`, or the key of an attribute.
BY_KEY, BY_NAME = "key", "name"
#: In the name of what differs, before the key of an attribute.
ATTRIBUTE_PREFIX = "attributes."


class DiscoveryState(CodeEnum):
    """State of a discovery."""

    waiting = "waiting", "Being compared", "比对中"
    open = "open", "Differences listed", "差异待处理"
    concluded = "concluded", "Concluded", "已结束"
    failed = "failed", "Not readable", "无法读取"
    discarded = "discarded", "Discarded", "已作废"


class DiscoveryFormat(CodeEnum):
    """Format of the file of a discovery."""

    csv = "csv", "CSV with a heading", "CSV（含表头）"
    ndjson = "ndjson", "A JSON object per line", "NDJSON（每行一个对象）"


class DiscoveryFailure(CodeEnum):
    """Reason for which the file of a discovery was not compared."""

    content_erased = "content_erased", "The file's key was destroyed", "文件的密钥已销毁"
    content_damaged = "content_damaged", "The file differs from the upload", "文件与所发送的不一致"
    too_large = "too_large", "File too large", "文件过大"
    unreadable = "unreadable", "Wrong format or encoding", "格式或编码不符"
    no_identity = "no_identity", "No column identifies the item", "没有标识配置项的列"
    too_many_lines = "too_many_lines", "Too many lines", "行数过多"
    too_many_differences = "too_many_differences", "Too many differences", "差异过多"
    failed = "failed", "Internal error", "程序故障"


class DiscoveredKind(CodeEnum):
    """Kind of a difference between a discovery and the record."""

    new = "new", "Found but not recorded", "发现但未登记"
    missing = "missing", "Recorded but not found", "已登记但未发现"
    differs = "differs", "Differs", "不一致"
    retired = "retired", "Retired but still found", "已退役但仍被发现"


class DiscoveredSettlement(CodeEnum):
    """Settlement of a difference between a discovery and the record."""

    taken_over = "taken_over", "Taken over", "已采纳"
    kept = "kept", "The record is right", "保留记录"
    raised = "raised", "Raised as an alteration", "已上报变更"
    gone = "gone", "No longer differs", "已一致"


class Discovery(Record):
    """Configuration items that a tool has found, compared with the record."""

    KIND: ClassVar[str] = "discovery"

    state: DiscoveryState | None = required()
    key: str | None = required("The key in addresses: unique, never changed.", examples=["scan-2026-w48"])
    source: str | None = required(
        "The tool that has found them, always by the same name. Name no persons here.", examples=["scanner"]
    )
    found_at: datetime | None = required("Time as of which the tool has found them.")
    format: DiscoveryFormat | None = required("The format of the file.", examples=["csv"])
    identified_by: str | None = required(
        "The identity of an item: its `key`, its `name`, or the attribute of this key, such as a serial "
        "number. Letters' case does not matter.",
        examples=["key"],
    )
    ci_class: CiClass | None = optional("The class of items of which the file says none.")
    complete_classes: list[str] | None = required(
        "Classes of which the file has every item in use; one that is not in it is missing.",
        examples=[["server"]],
    )
    columns: dict[str, Any] | None = required(
        "The fields that the file's columns mean: `key`, `name`, `ci_class`, `services`, or the key of an "
        "attribute. Empty: columns are named as the fields; otherwise those left out are not read.",
        examples=[{"Hostname": "key", "RAM": "memory_gib"}],
    )
    upload_id: UUID | None = optional("The upload with the file.")
    imported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who imported it.")
    failure: DiscoveryFailure | None = optional("The reason why the file was not compared.")
    line_count: int | None = optional("Number of items in the file; null: not compared yet.")
    refused_count: int | None = optional("Number of lines that could not be read.")
    compared_count: int | None = optional(
        "Number of recorded items, not retired, that were found or are missing."
    )
    right_count: int | None = optional("Number of these without a difference, or whose record is right.")
    difference_count: int | None = required("Number of differences that are listed.")
    unsettled_count: int | None = required("Number of differences that are not settled yet.")
    new_count: int | None = optional("Number of items that were found and are not recorded.")
    missing_count: int | None = optional("Number of recorded items that were not found.")
    differing_count: int | None = optional("Number of values that differ.")
    retired_count: int | None = optional("Number of items that are retired here, and were found.")
    kept_before_count: int | None = optional(
        "Number of differences not listed anew: the record was kept at an earlier discovery."
    )
    class_counts: dict[str, Any] | None = optional("Number of differences by the class of the items.")
    summary: str | None = optional("A line about the result. Name no persons here.")
    imported_at: Annotated[datetime | None, EnteredAt(DiscoveryState.waiting)] = required()
    compared_at: Annotated[datetime | None, EnteredAt(DiscoveryState.open)] = None
    concluded_at: Annotated[datetime | None, EnteredAt(DiscoveryState.concluded)] = None
    failed_at: Annotated[datetime | None, EnteredAt(DiscoveryState.failed)] = None
    discarded_at: Annotated[datetime | None, EnteredAt(DiscoveryState.discarded)] = None


class DiscoveryDifference(ChildRecord):
    """A difference between a discovery and the record, and its settlement."""

    KIND: ClassVar[str] = "discovery_difference"

    kind: DiscoveredKind | None = required("The kind of the difference.")
    identity: str | None = required("The item's identity, as the file has it.")
    ci_id: Annotated[UUID | None, ForeignRef("ci")] = optional("The recorded item; null: there is none.")
    ci_class: CiClass | None = required("The class of the item.")
    attribute: str | None = optional(
        "The value that differs: `name`, `ci_class`, `services`, or `attributes.` and the key of one."
    )
    here: str | None = optional("The recorded value; null: there is none.")
    there: str | None = optional("The value that was found; null: the whole item is meant.")
    line: int | None = optional("The line of the file, from 1.", sa_type=BigInteger)
    found_item: Annotated[dict[str, Any] | None, Document()] = optional(
        "The item that was found and is not recorded."
    )
    settlement: DiscoveredSettlement | None = optional("The settlement; null: not settled yet.")
    reason: str | None = optional("The reason why the record is kept. Name no persons here.")
    change: str | None = optional("The change that was named at the settlement.")
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    settled_at: datetime | None = None


class DiscoveryOwner(ChildRecord):
    """The owner of items that differ, who is told so."""

    KIND: ClassVar[str] = "discovery_owner"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    own_difference_count: int | None = required("Number of differences of the person's items.")
