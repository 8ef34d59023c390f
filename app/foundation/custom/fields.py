"""Custom fields: declared for a process; tickets then have values of them
(`app/foundation/custom/values.py`).

active ⇄ retired
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.components import Component
from app.common.custom import CustomField, ValueType
from app.common.custom import FieldState as State
from app.foundation.custom.lookups import taken_slots
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_everybody_or_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    ShortText,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import RetryDecision, Rules, ValueTaken

#: The form of the key of a custom field, or of one of its choices, in payloads, addresses and the log.
CODE = r"^[a-z][a-z0-9_]{0,49}$"
#: Most active fields of a process, and most of them that lists can be filtered by.
MOST_FIELDS = LONGEST_LIST
MOST_FILTERS = 10


def _not_reserved(value: str) -> str:
    if value in ("none", "me"):
        raise PydanticCustomError("means_something_else", "has another meaning in filters")
    return value


Code = Annotated[
    str,
    StringConstraints(pattern=CODE),
    AfterValidator(_not_reserved),
    Component(
        "Code",
        "Key in the log; never changed.",
        "site",
        {"pattern": CODE.replace("^", "^(?!(none|me)$)", 1)},
    ),
]


class Choice(PayloadPart):
    """A value that can be chosen."""

    key: Code = Field(description="Key of the choice in the log; never changed.")
    label_en: ShortText = Field(description="Label of the choice in English.")
    label_zh: ShortText = Field(description="Label of the choice in Chinese.")


def _unique_choices(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if len({choice.key for choice in choices}) < len(choices):
        raise PydanticCustomError("each_once", "must not contain repetitions")
    return choices


Choices = Annotated[
    tuple[Choice, ...],
    Field(
        max_length=LONGEST_LIST,
        description="The values to choose from, in this order, if its values are choices.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(_unique_choices),
]


class CustomFieldFields(Payload, of=CustomField):
    """The fields of a custom field that may be edited."""

    label_en: ShortText
    label_zh: ShortText
    required: bool = Field(default=False, strict=True)
    filterable: bool = Field(
        default=False,
        strict=True,
        description="True if lists can be filtered by the field; at most ten fields of a process can.",
    )
    choices: Choices = ()


class AddCustomField(CustomFieldFields, of=CustomField):
    """A custom field for the tickets of a process."""

    process: RecordKey
    key: Code
    value_type: ValueType
    staff_only: bool = Field(default=False, strict=True)


def add(field: CustomField, body: AddCustomField, ctx: ActionContext) -> None:
    """Add a custom field, for the tickets of a process."""
    copy_fields(field, body, ctx, without="choices")
    field.filter_slot = ctx.prepared(FilterSlot).slot
    field.choices = _stored_choices(body.choices)
    field.added_at = ctx.occurred_at


async def invalid_field(
    reads: ReadContext, field: CustomField, body: AddCustomField, ctx: ActionContext
) -> None:
    """Refuse if the process is unknown, or the field's properties contradict each other."""
    lifecycle = reads.lifecycles.get(body.process)
    if lifecycle is None or not lifecycle.is_ticket:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")
    if body.required and body.staff_only:
        raise WrongValue(pointer="/required", because="required_of_whom")
    _check_choices(body.value_type, body.choices)
    if len(await reads.custom_fields(body.process)) >= MOST_FIELDS:
        raise WrongValue({"most": str(MOST_FIELDS)}, pointer="/process", because="too_many_fields")
    if body.filterable:
        _can_be_filtered(body.value_type, ctx)


class EditCustomField(Patch, CustomFieldFields):
    """Fields to change; fields left out stay unchanged."""


def edit(field: CustomField, body: EditCustomField, ctx: ActionContext) -> None:
    """Edit the field: its labels, properties or choices. Values that tickets have stay unchanged."""
    sent = body.model_fields_set
    apply_patch(field, body, ctx, skip=("filterable", "choices"))
    if "choices" in sent:
        field.choices = _stored_choices(body.choices)
    if "filterable" in sent:
        field.filter_slot = ctx.prepared(FilterSlot).slot or (field.filter_slot if body.filterable else None)


async def invalid_field_edit(
    reads: ReadContext, field: CustomField, body: EditCustomField, ctx: ActionContext
) -> None:
    """Refuse if the field's properties would contradict each other."""
    assert field.value_type is not None
    assert field.process is not None
    if body.required and field.staff_only:
        raise WrongValue(pointer="/required", because="required_of_whom")
    if "choices" in body.model_fields_set:
        _check_choices(field.value_type, body.choices)
    if body.filterable and field.filter_slot is None:
        _can_be_filtered(field.value_type, ctx)


def retire(field: CustomField, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the field: tickets get no new values. Present values stay and can be removed."""
    field.filter_slot = None


def reinstate(field: CustomField, body: EmptyPayload, ctx: ActionContext) -> None:
    """Reinstate the field: tickets can have values again. The filter has to be enabled again."""
    field.retired_at = None


def _check_choices(value_type: ValueType, choices: tuple[Choice, ...]) -> None:
    if value_type is ValueType.choice and not choices:
        raise WrongValue({"min_length": "1"}, pointer="/choices", because="too_short")
    if value_type is not ValueType.choice and choices:
        raise WrongValue(pointer="/choices", because="choices_of_no_choice")


@dataclass(frozen=True, slots=True)
class FilterSlot:
    """The filter column assigned to the field; None: the field needs no column, or all are taken."""

    slot: int | None


async def filter_slot(
    reads: ReadContext, field: CustomField, body: AddCustomField | EditCustomField, ctx: ActionContext
) -> FilterSlot:
    """Find the first free filter column, for a field that needs one and lacks it."""
    process = body.process if isinstance(body, AddCustomField) else field.process
    if process is None or not body.filterable or field.filter_slot is not None:
        return FilterSlot(None)
    used_slots = await taken_slots(reads, process)
    return FilterSlot(next((slot for slot in range(1, MOST_FILTERS + 1) if slot not in used_slots), None))


def _can_be_filtered(value_type: ValueType, ctx: ActionContext) -> None:
    """Check that the field can get a filter column: encrypted values are not compared. Raises WrongValue."""
    if value_type is ValueType.words:
        raise WrongValue(pointer="/filterable", because="words_are_encrypted")
    if ctx.prepared(FilterSlot).slot is None:
        raise WrongValue({"most": str(MOST_FILTERS)}, pointer="/filterable", because="too_many_filters")


def _stored_choices(choices: tuple[Choice, ...]) -> list[dict[str, str]] | None:
    return [choice.model_dump() for choice in choices] or None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="custom_field", plural="custom_fields", zh="自定义字段", record=CustomField, access=KindAccess(administrative=True),
    visible=to_everybody_or_staff(staff_only=False),
        rules=Rules(constraints={"custom_field_key_key": ValueTaken("key"), "custom_field_slot_meanwhile": RetryDecision()}),
    rows=(
        #      action     中文    from             to             who           event
        action(add,       "添加", NEW_RECORD,      State.active,  admin | rule, "custom_field.added",  prepare=(filter_slot,), wrong=(invalid_field,)),
        action(edit,      "编辑", [State.active],  STAYS,         admin | rule, "custom_field.edited", prepare=(filter_slot,), wrong=(invalid_field_edit,)),
        action(retire,    "停用", [State.active],  State.retired, admin | rule, "custom_field.retired"),
        action(reinstate, "恢复", [State.retired], State.active,  admin | rule, "custom_field.reinstated"),
    ),
)
# fmt: on
