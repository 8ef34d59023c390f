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
    ShortNote,
    ShortText,
    Statement,
    at_most_entries,
)

#: Most differences that one command settles.
MOST_SETTLED_DIFFERENCES = 100
#: A column's meaning: a field of items, or the key of an attribute.
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]


class RecordDiscovery(Payload, of=Discovery):
    """The uploaded file of a discovery, and the meaning of its columns."""

    key: RecordKey
    source: ShortText
    found_at: Instant
    format: DiscoveryFormat
    upload: Annotated[UUID | None, UploadRef()] = Field(
        default=None,
        description="Identifier of the upload with the file; required except on the command line, "
        "which reads the file itself.",
    )
    identified_by: FieldName = BY_KEY
    ci_class: CiClass | None = None
    complete_classes: Classes = ()
    columns: Annotated[dict[ShortText, FieldName], BoundedMapping] = Field(
        default_factory=dict, max_length=LONGEST_LIST
    )


class ListDifferences(EmptyPayload):
    """An empty object: the differences come from the comparison."""


class FinishComparison(EmptyPayload):
    """An empty object: the figures come from the comparison."""


class FailDiscovery(Payload, of=Discovery):
    """The reason why the file could not be compared."""

    failure: DiscoveryFailure


class SettleDiscovery(Payload, of=DiscoveryDifference):
    """The differences to settle: those given, or the first unsettled ones that match the other fields."""

    differences: Annotated[tuple[UUID, ...], at_most_entries(MOST_SETTLED_DIFFERENCES)] = Field(
        default=(),
        max_length=MOST_SETTLED_DIFFERENCES,
        description="Identifiers of the differences; if left out, the first unsettled ones of this kind, "
        f"class and attribute, at most {MOST_SETTLED_DIFFERENCES}.",
    )
    kind: DiscoveredKind | None = None
    ci_class: CiClass | None = None
    attribute: ShortText | None = None


class TakeOverDiscovery(SettleDiscovery):
    """The differences for which the item is corrected as found."""

    change: Change = None


class KeepDiscovery(SettleDiscovery, of=DiscoveryDifference):
    """The differences for which the recorded values are right, and the reason."""

    reason: Statement


class RaiseAlterationsDiscovery(SettleDiscovery):
    """The differences that are alterations of the items; without a change that authorises them, they are
    flagged as unauthorised.
    """

    change: Change = None


class CompareAgainDiscovery(EmptyPayload):
    """An empty object: changed items are found automatically."""


class ConcludeDiscovery(Payload, of=Discovery):
    """The result of the discovery."""

    summary: ShortNote | None = None
