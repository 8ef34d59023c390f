"""Payloads of actions on cis."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.records import (
    CiClass,
    CiOutcome,
    RelationKind,
    Settlement,
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
        raise PydanticCustomError("each_once", "must name each once")
    return keys


BoundedMapping = BeforeValidator(_limit_size)

Services = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service")], ...],
    Field(
        max_length=MOST_SERVICES,
        description="The keys of the services that it serves.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(unique_keys),
]

Change = Annotated[
    ShortText | None,
    Field(
        description="The change that this belongs to: its number, or as another tool calls it. One that "
        "touches the item, is approved and in its window authorises it."
    ),
]


class CiAlteration(Payload):
    """An alteration of a configuration item; after go-live it belongs to a change."""

    change: Change = None


class PlanCi(Payload):
    """A configuration item that is planned, or that has been found."""

    key: RecordKey = Field(
        description="What it is called in addresses, without a comma; unique, never changed.",
        examples=["srv-17"],
    )
    name: ShortText = Field(
        description="What people call it. Name no persons here.", examples=["Mail relay 1"]
    )
    ci_class: CiClass = Field(description="What sort of thing it is; never changed.", examples=["server"])
    owner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who answers for it: a person's id, or `me`."
    )
    services: Services = ()
    attributes: Annotated[dict[AttributeKey, AttributeValue], BoundedMapping] = Field(
        default_factory=dict,
        max_length=LONGEST_LIST,
        description="What is known of it: short texts and whole numbers.",
        examples=[{"memory_gib": 64, "system": "Debian 13"}],
    )


class ChangeAttributesCi(CiAlteration):
    """Attributes to set or remove; those left out stay as they are."""

    attributes: Annotated[dict[AttributeKey, AttributeValue | None], BoundedMapping] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What is otherwise: what is left out stays as it is, null takes a value away.",
        examples=[{"memory_gib": 128}],
    )


class EditCi(Patch):
    """Fields of a configuration item to change; those left out stay as they are."""

    name: ShortText = Field(default_factory=str, description="What people call it now.")
    owner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who answers for it now: a person's id; null: nobody."
    )
    services: Services = ()
    change: Change = None


class RelateCi(CiAlteration):
    """A relation to another configuration item."""

    kind: RelationKind = Field(description="What it is to the other one.")
    other: Annotated[Reference, ForeignRef("ci")] = Field(description="The other one: its key or id.")


class UnrelateCi(CiAlteration):
    """The relation to end, named by its kind and the other configuration item."""

    kind: RelationKind = Field(description="What it was to the other one.")
    other: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(
        description="The other one: its key or id."
    )


LARGEST_SAMPLE = 200


class DrawVerification(Payload):
    """The items that a sample is drawn from, and its size. A criterion left out does not narrow."""

    key: RecordKey = Field(
        description="What it is called in addresses; unique, never changed.", examples=["servers-2026-q4"]
    )
    name: ShortText = Field(
        description="What people call it. Name no persons here.", examples=["Servers, autumn"]
    )
    size: Annotated[int, Field(strict=True, ge=1, le=LARGEST_SAMPLE)] = Field(
        description="So many are drawn; fewer, if there are not as many."
    )
    ci_classes: Annotated[tuple[CiClass, ...], BoundedList] = Field(
        default=(), max_length=len(CiClass), description="Items of these classes.", examples=[["server"]]
    )
    services: Services = ()


class CheckItemVerification(Payload):
    """The result of checking an item of the sample."""

    ci: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(description="Which: its key or id.")
    outcome: CiOutcome = Field(description="What was found.")
    note: ShortText | None = Field(
        default=None, description="What is otherwise than recorded; needed if something is. No persons here."
    )


class SettleDifferenceVerification(Payload):
    """The settlement of a difference."""

    ci: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(
        description="Of which item: its key or id."
    )
    settlement: Settlement = Field(description="What is done about it.")
    change: Change = None


class ConcludeVerification(Payload):
    """The result of the verification."""

    summary: ShortText | None = Field(
        default=None, description="What came of it, in a line. No persons here."
    )


class TakeBaseline(Payload):
    """The items of a baseline, and the position of the log. A criterion left out does not narrow; retired
    items are in no baseline.
    """

    key: RecordKey = Field(
        description="What it is called in addresses; unique, never changed. Digits alone mean a position.",
        examples=["before-move"],
    )
    name: ShortText = Field(
        description="What people call it. Name no persons here.", examples=["Before the move"]
    )
    position: Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)] | None = Field(
        default=None, description="The position of the log as of which it is; none: the latest."
    )
    ci_classes: Annotated[tuple[CiClass, ...], BoundedList] = Field(
        default=(), max_length=len(CiClass), description="Items of these classes.", examples=[["server"]]
    )
    services: Annotated[
        tuple[Annotated[RecordKey, KeyRef("service", retired=True)], ...],
        BoundedList,
        AfterValidator(unique_keys),
    ] = Field(
        default=(),
        max_length=MOST_SERVICES,
        json_schema_extra={"uniqueItems": True},
        description="Items that serve one of these services: their keys.",
    )
    cis: Annotated[tuple[Annotated[Reference, ForeignRef("ci", retired=True)], ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="These items: their keys or ids."
    )


class RegulariseCi(Payload):
    """The change that was approved afterwards for what was altered without one, and which alteration that
    was.
    """

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change: its id or number. It touches the item.", examples=["CHG-2026-000001"]
    )
    alteration: UUID | None = Field(
        default=None,
        description="The id of the event of the alteration; must be said if several are without a change.",
    )
