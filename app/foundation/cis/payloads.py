"""Payloads of actions on configuration items, baselines and verifications."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.common.duties import GivenDuty
from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.records import (
    Baseline,
    Ci,
    CiClass,
    CiOutcome,
    CiRelation,
    RelationKind,
    Settlement,
    Verification,
    VerificationItem,
)
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Patch,
    Payload,
    RecordKey,
    Reference,
    ShortNote,
    ShortText,
)

#: The largest whole number that every JSON reader holds exactly.
LARGEST_INTEGER = 2**53 - 1

MOST_SERVICES = 20

AttributeKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]

AttributeValue = ShortText | Annotated[int, Field(strict=True, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


def _limit_size(value: object) -> object:
    if isinstance(value, dict) and len(value) > LONGEST_LIST:
        context = {"field_type": "Dictionary", "max_length": LONGEST_LIST, "actual_length": len(value)}
        raise PydanticKnownError("too_long", context)
    return value


def unique_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys if each occurs once; otherwise raise a validation error."""
    if len(set(keys)) < len(keys):
        raise PydanticCustomError("each_once", "must not contain repetitions")
    return keys


BoundedMapping = BeforeValidator(_limit_size)

Services = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service")], ...],
    Field(max_length=MOST_SERVICES, json_schema_extra={"uniqueItems": True}),
    BoundedList,
    AfterValidator(unique_keys),
]
Classes = Annotated[tuple[CiClass, ...], Field(max_length=len(CiClass)), BoundedList]

Change = Annotated[
    ShortText | None,
    Field(
        description="Change to which the alteration belongs: its number, or its name in another tool. "
        "A change authorises the alteration if it names the item, is approved, and is in "
        "its window."
    ),
]


Discovered = Annotated[
    Annotated[Reference, ForeignRef("discovery")] | None,
    Field(description="Discovery that found the alteration."),
]


class CiAlteration(Payload):
    """An alteration of a configuration item. Items in use can be altered only through a change."""

    change: Change = None
    discovery: Discovered = None


class ReportAlterationCi(CiAlteration):
    """An alteration of the item that was found and that was not recorded."""

    found: ShortText = Field(
        description="Alteration that was found, without names of persons.", examples=["memory_gib: 64 -> 32"]
    )


class CiFields(Payload, of=Ci):
    """The fields of a configuration item that can be edited."""

    name: ShortText
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.ownership, quiet=True)] | None = None
    services: Services = ()


class PlanCi(CiFields, of=Ci):
    """A configuration item that is planned or was found."""

    key: RecordKey
    ci_class: CiClass
    attributes: Annotated[dict[AttributeKey, AttributeValue], BoundedMapping] = Field(
        default_factory=dict, max_length=LONGEST_LIST
    )
    discovery: Discovered = None


class ChangeAttributesCi(CiAlteration):
    """Attributes to set or remove; attributes left out stay unchanged."""

    attributes: Annotated[dict[AttributeKey, AttributeValue | None], BoundedMapping] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="New values by attribute key; null removes an attribute, and attributes left out "
        "stay unchanged.",
        examples=[{"memory_gib": 128}],
    )


class EditCi(Patch, CiFields):
    """Fields of a configuration item to change; fields left out stay unchanged."""

    change: Change = None
    discovery: Discovered = None


class RelateCi(CiAlteration, of=CiRelation):
    """A relation to another configuration item."""

    kind: RelationKind
    other: Annotated[Reference, ForeignRef("ci")] = Field(
        description="Other configuration item of the relation."
    )


class UnrelateCi(CiAlteration, of=CiRelation):
    """The relation to end, given by its kind and the other configuration item."""

    kind: RelationKind
    other: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(
        description="Other configuration item of the relation."
    )


LARGEST_SAMPLE = 200


class DrawVerification(Payload, of=Verification):
    """The items from which a sample is drawn, and its size. A criterion that is left out does not narrow the
    choice.
    """

    key: RecordKey
    name: ShortText
    size: Annotated[int, Field(strict=True, ge=1, le=LARGEST_SAMPLE)] = Field(
        description="Number of items to draw; if there are fewer, all are drawn."
    )
    ci_classes: Classes = ()
    services: Services = ()


class CheckItemVerification(Payload, of=VerificationItem):
    """The result of checking an item of the sample."""

    ci: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(description="Item that was checked.")
    outcome: CiOutcome
    note: ShortNote | None = None


class SettleDifferenceVerification(Payload, of=VerificationItem):
    """The settlement of a difference."""

    ci: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(description="Item with the difference.")
    settlement: Settlement = Field(description="Settlement of the difference.")
    change: Change = None


class ConcludeVerification(Payload, of=Verification):
    """The result of the verification."""

    summary: ShortNote | None = None


class TakeBaseline(Payload, of=Baseline):
    """The items of a baseline and its position of the log. A criterion that is left out does not narrow the
    choice. Retired items are never included.
    """

    key: RecordKey
    name: ShortText
    position: Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)] | None = Field(
        default=None,
        description="Position of the log whose state the baseline keeps; if left out, the latest.",
    )
    ci_classes: Classes = ()
    services: Annotated[
        tuple[Annotated[RecordKey, KeyRef("service", retired=True)], ...],
        BoundedList,
        AfterValidator(unique_keys),
    ] = Field(default=(), max_length=MOST_SERVICES, json_schema_extra={"uniqueItems": True})
    cis: Annotated[tuple[Annotated[Reference, ForeignRef("ci", retired=True)], ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST
    )


class RegulariseCi(Payload):
    """The change that was approved afterwards for an unauthorised alteration, and the alteration."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="Change that was approved afterwards and names the item.", examples=["CHG-2026-000001"]
    )
    alteration: UUID | None = Field(
        default=None,
        description="Identifier of the event of the alteration; required if several alterations have "
        "no change.",
    )
