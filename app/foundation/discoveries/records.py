"""Discoveries, their differences, and their codes (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.duties import GivenDuty
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
    """The reason why a discovery's file could not be compared."""

    content_erased = "content_erased", "The file's key was destroyed", "文件的密钥已销毁"
    content_damaged = "content_damaged", "The file differs from the upload", "文件内容与上传时不一致"
    too_large = "too_large", "File too large", "文件过大"
    unreadable = "unreadable", "Wrong format or encoding", "格式或编码不符"
    no_identity = "no_identity", "No column identifies the item", "没有标识配置项的列"
    too_many_lines = "too_many_lines", "Too many lines", "行数过多"
    too_many_differences = "too_many_differences", "Too many differences", "差异过多"
    failed = "failed", "Internal error", "程序故障"


class DiscoveredKind(CodeEnum):
    """Kind of a difference between a discovery and the recorded values."""

    new = "new", "Found but not recorded", "发现但未登记"
    missing = "missing", "Recorded but not found", "已登记但未发现"
    differs = "differs", "Differs", "不一致"
    retired = "retired", "Retired but still found", "已退役但仍被发现"


class DiscoveredSettlement(CodeEnum):
    """How a difference between the file of a discovery and the record was settled."""

    taken_over = "taken_over", "Taken over", "已采纳"
    kept = "kept", "The record is right", "保留记录"
    raised = "raised", "Raised as an alteration", "已作为改动上报"
    gone = "gone", "No longer differs", "已一致"


class Discovery(Record):
    """Configuration items that a tool has found, compared with the record."""

    KIND: ClassVar[str] = "discovery"

    state: DiscoveryState | None = required()
    key: str | None = required(
        "Key of the discovery in addresses: unique, never changed.", examples=["scan-2026-w48"]
    )
    source: str | None = required(
        "Name of the tool that found the items, always the same, without names of persons.",
        examples=["scanner"],
    )
    found_at: datetime | None = required("Time at which the tool found the items.")
    format: DiscoveryFormat | None = required("Format of the file.", examples=["csv"])
    identified_by: str | None = required(
        "Value that identifies an item: `key`, `name`, or the key of an attribute such as a serial "
        "number. Upper and lower case are not distinguished.",
        examples=["key"],
    )
    ci_class: CiClass | None = optional("Class of items for which the file has no class.")
    complete_classes: list[str] | None = required(
        "Classes whose items in use are all in the file, so that an item that is not in the file counts "
        "as missing.",
        examples=[["server"]],
    )
    columns: dict[str, Any] | None = required(
        "Field for each column of the file: `key`, `name`, `ci_class`, `services`, or the key of an "
        "attribute; other columns are ignored. Empty if the columns have the names of the fields.",
        examples=[{"Hostname": "key", "RAM": "memory_gib"}],
    )
    upload_id: UUID | None = optional("The upload with the file.")
    imported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who imported the file.")
    failure: DiscoveryFailure | None = optional(
        "Reason why the file could not be compared; null if it could."
    )
    line_count: int | None = optional("Number of items in the file; null until it is compared.")
    refused_count: int | None = optional("Number of lines that could not be read.")
    compared_count: int | None = optional(
        "Number of recorded items, without retired ones, that were found or are missing."
    )
    right_count: int | None = optional(
        "Number of these items that have no difference, or whose recorded values are right."
    )
    difference_count: int | None = required("Number of differences between the file and the recorded items.")
    unsettled_count: int | None = required("Number of differences that are not settled.")
    new_count: int | None = optional("Number of items that were found and are not recorded.")
    missing_count: int | None = optional("Number of recorded items that were not found.")
    differing_count: int | None = optional("Number of values that differ.")
    retired_count: int | None = optional("Number of items that were found although they are retired.")
    kept_before_count: int | None = optional(
        "Number of differences that are not listed again because an earlier discovery settled them in "
        "favour of the recorded value."
    )
    class_counts: dict[str, Any] | None = optional("Number of differences by the class of the items.")
    summary: str | None = optional(
        "Result in one line, without names of persons; null until the discovery is concluded."
    )
    imported_at: Annotated[datetime | None, EnteredAt(DiscoveryState.waiting)] = required()
    compared_at: Annotated[datetime | None, EnteredAt(DiscoveryState.open)] = None
    concluded_at: Annotated[datetime | None, EnteredAt(DiscoveryState.concluded)] = None
    failed_at: Annotated[datetime | None, EnteredAt(DiscoveryState.failed)] = None
    discarded_at: Annotated[datetime | None, EnteredAt(DiscoveryState.discarded)] = None


class DiscoveryDifference(ChildRecord):
    """A difference between a discovery and the record, and its settlement."""

    KIND: ClassVar[str] = "discovery_difference"

    kind: DiscoveredKind | None = required("Kind of the difference.")
    identity: str | None = required(
        "Value by which the file identifies the item: its key, its name or an attribute."
    )
    ci_id: Annotated[UUID | None, ForeignRef("ci")] = optional("Recorded item; null if absent.")
    ci_class: CiClass | None = required("Class of the item.")
    attribute: str | None = optional(
        "Value that differs: `name`, `ci_class`, `services`, or `attributes.` with the key of an attribute."
    )
    here: str | None = optional("Recorded value; null if absent.")
    there: str | None = optional("Found value; null if the difference concerns the whole item.")
    line: int | None = optional("Number of the line in the file, from 1.", sa_type=BigInteger)
    found_item: Annotated[dict[str, Any] | None, Document()] = optional(
        "The item that was found and is not recorded."
    )
    settlement: DiscoveredSettlement | None = optional(
        "Settlement of the difference; null until it is settled."
    )
    reason: str | None = optional("Reason why the recorded value is kept, without names of persons.")
    change: str | None = optional("Change that was named in the settlement; null if not named.")
    settled_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who settled the difference; null until it is settled."
    )
    settled_at: datetime | None = optional("Time of the settlement; null until the difference is settled.")


class DiscoveryOwner(ChildRecord):
    """The owner of items that differ, who is notified."""

    KIND: ClassVar[str] = "discovery_owner"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.ownership, quiet=True)] = required(
        "Person who is responsible for an item with an open difference."
    )
    own_difference_count: int | None = required("Number of differences of the person's items.")
