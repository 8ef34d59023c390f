"""Payloads of actions on configuration items, baselines and verifications."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

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
    """Return the keys if none occurs twice; otherwise raise a validation error."""
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
        description="The change that this belongs to: its number, or its name in another tool. One that "
        "touches the item, is approved and in its window authorises it."
    ),
]


Discovered = Annotated[
    Annotated[Reference, ForeignRef("discovery")] | None,
    Field(description="The discovery that has shown it, if one has."),
]


class CiAlteration(Payload):
    """An alteration of a configuration item; after go-live it belongs to a change."""

    change: Change = None
    discovery: Discovered = None


class ReportAlterationCi(CiAlteration):
    """An alteration of the item that was found: nobody had recorded it."""

    found: ShortText = Field(
        description="The alteration that was found. Name no persons here.", examples=["memory_gib: 64 -> 32"]
    )


class CiFields(Payload, of=Ci):
    """The fields of a configuration item that can be edited."""

    name: ShortText
    owner: Annotated[Reference, ForeignRef("person")] | None = None
    services: Services = ()


class PlanCi(CiFields, of=Ci):
    """A configuration item that is planned, or that has been found."""

    key: RecordKey
    ci_class: CiClass
    attributes: Annotated[dict[AttributeKey, AttributeValue], BoundedMapping] = Field(
        default_factory=dict, max_length=LONGEST_LIST
    )
    discovery: Discovered = None


class ChangeAttributesCi(CiAlteration):
    """Attributes to set or remove; those left out stay as they are."""

    attributes: Annotated[dict[AttributeKey, AttributeValue | None], BoundedMapping] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The new values by their keys; null removes one. Attributes left out stay as they are.",
        examples=[{"memory_gib": 128}],
    )


class EditCi(Patch, CiFields):
    """Fields of a configuration item to change; those left out stay as they are."""

    change: Change = None
    discovery: Discovered = None


class RelateCi(CiAlteration, of=CiRelation):
    """A relation to another configuration item."""

    kind: RelationKind
    other: Annotated[Reference, ForeignRef("ci")] = Field(description="The other item.")


class UnrelateCi(CiAlteration, of=CiRelation):
    """The relation to end, named by its kind and the other configuration item."""

    kind: RelationKind
    other: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(description="The other item.")


LARGEST_SAMPLE = 200


class DrawVerification(Payload, of=Verification):
    """The items that a sample is drawn from, and its size. A criterion left out does not narrow."""

    key: RecordKey
    name: ShortText
    size: Annotated[int, Field(strict=True, ge=1, le=LARGEST_SAMPLE)] = Field(
        description="Number of items to draw; fewer are drawn if there are not as many."
    )
    ci_classes: Classes = ()
    services: Services = ()


class CheckItemVerification(Payload, of=VerificationItem):
    """The result of checking an item of the sample."""

    ci: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(description="The item.")
    outcome: CiOutcome
    note: ShortText | None = None


class SettleDifferenceVerification(Payload, of=VerificationItem):
    """The settlement of a difference."""

    ci: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(description="The item that differs.")
    settlement: Settlement = Field(description="The settlement of the difference.")
    change: Change = None


class ConcludeVerification(Payload, of=Verification):
    """The result of the verification."""

    summary: ShortText | None = None


class TakeBaseline(Payload, of=Baseline):
    """The items of a baseline, and the position of the log. A criterion left out does not narrow; retired
    items are in no baseline.
    """

    key: RecordKey
    name: ShortText
    position: Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)] | None = Field(
        default=None, description="The position of the log as of which it is; if left out, the latest."
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
    """The change that was approved afterwards for an unauthorised alteration, and that alteration."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change, which touches the item.", examples=["CHG-2026-000001"]
    )
    alteration: UUID | None = Field(
        default=None,
        description="The id of the event of the alteration; required if several are without a change.",
    )
