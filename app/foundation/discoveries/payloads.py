"""Payloads of actions on discoveries."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.common.files.uploads import UploadRef
from app.foundation.cis.payloads import BoundedMapping, Change, Classes
from app.foundation.cis.records import CiClass
from app.foundation.discoveries.records import (
    BY_KEY,
    DiscoveredKind,
    Discovery,
    DiscoveryDifference,
    DiscoveryFailure,
    DiscoveryFormat,
)
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    EmptyPayload,
    Instant,
    Payload,
    RecordKey,
    ShortText,
    at_most_entries,
)

#: Most differences that one command settles.
MOST_SETTLED_DIFFERENCES = 100
#: A column's meaning: a field of items, or the key of an attribute.
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]


class RecordDiscovery(Payload, of=Discovery):
    """The file of a discovery, which was uploaded before, and the meaning of its columns."""

    key: RecordKey
    source: ShortText
    found_at: Instant
    format: DiscoveryFormat
    upload: Annotated[UUID | None, UploadRef()] = Field(
        default=None,
        description="The upload with the file: its id. Required, except of the command line, which reads it.",
    )
    identified_by: FieldName = BY_KEY
    ci_class: CiClass | None = None
    complete_classes: Classes = ()
    columns: Annotated[dict[ShortText, FieldName], BoundedMapping] = Field(
        default_factory=dict, max_length=LONGEST_LIST
    )


class ListDifferences(EmptyPayload):
    """No fields: the differences come with the command."""


class FinishComparison(EmptyPayload):
    """No fields: the figures come with the command."""


class FailDiscovery(Payload, of=Discovery):
    """The reason why the file was not compared."""

    failure: DiscoveryFailure


class SettleDiscovery(Payload, of=DiscoveryDifference):
    """The differences to settle: those named, or else the first of the unsettled ones that fit the others."""

    differences: Annotated[tuple[UUID, ...], at_most_entries(MOST_SETTLED_DIFFERENCES)] = Field(
        default=(),
        max_length=MOST_SETTLED_DIFFERENCES,
        description="The differences: their ids. If left out: the first of the unsettled ones, "
        f"{MOST_SETTLED_DIFFERENCES} at most, that are of this kind, class and attribute.",
    )
    kind: DiscoveredKind | None = None
    ci_class: CiClass | None = None
    attribute: ShortText | None = None


class TakeOverDiscovery(SettleDiscovery):
    """The differences in which the record is corrected as it was found."""

    change: Change = None


class KeepDiscovery(SettleDiscovery, of=DiscoveryDifference):
    """The differences in which the record is right, and why."""

    reason: ShortText


class RaiseAlterationsDiscovery(SettleDiscovery):
    """The differences that are alterations of the items; without a change that authorises them they are
    flagged as unauthorised.
    """

    change: Change = None


class CompareAgainDiscovery(EmptyPayload):
    """No fields: what has changed is found."""


class ConcludeDiscovery(Payload, of=Discovery):
    """The result of the discovery."""

    summary: ShortText | None = None
