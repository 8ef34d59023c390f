"""Custom fields, which an organisation adds to its tickets (tables), and their values in a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, ClassVar

from app.common import records
from app.common.personal import Ciphertext, PlainText
from app.common.records import CodeEnum, Record, optional
from app.common.state_fields import EnteredAt

#: The columns of a ticket that hold custom values: those for all who see the ticket, and those for staff.
PUBLIC, FOR_STAFF = "custom", "custom_for_staff"


class ValueType(CodeEnum):
    """The type of a custom field's values."""

    text = "text", "Line of text", "单行文本"
    words = "words", "Free text (encrypted)", "自由文本（加密）"
    number = "number", "Whole number", "整数"
    decimal = "decimal", "Decimal number", "小数"
    choice = "choice", "Choice", "选项"
    date = "date", "Date", "日期"
    bool = "bool", "Yes or no", "是否"
    person = "person", "Person", "人员"


class FieldState(CodeEnum):
    """The state of a custom field: whether it accepts values."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class CustomField(Record):
    """A field that an organisation adds to the tickets of a process (the kind of its records).

    `choices` are `{"key": …, "label_en": …, "label_zh": …}`. `filter_slot` is the field's number among the
    ten fields of the process that lists can be filtered by, while it is one of them.
    """

    KIND: ClassVar[str] = "custom_field"

    state: FieldState | None = records.required()
    process: str | None = records.required("Kind of the records that have the field, such as `incident`.")
    key: str | None = records.required(
        "Key of the field in `custom` or `custom_for_staff`, and in addresses; unique, never changed."
    )
    value_type: ValueType | None = records.required(
        "Type of the field's values. Use `words` for names, addresses and everything that may have to "
        "be erased."
    )
    label_en: str | None = records.required("Label of the field in English.")
    label_zh: str | None = records.required("Label of the field in Chinese.")
    required: bool | None = records.required(
        "True if persons must fill in the field when they open a ticket."
    )
    staff_only: bool | None = records.required("True if only staff see and fill in the field.")
    filter_slot: int | None = records.optional(
        "Number of the filter (from 1 to 10) by which lists accept `custom.<key>=`; null if lists have "
        "no filter for the field."
    )
    choices: list[dict[str, Any]] | None = optional(
        "Choices of the field, each with its code and its labels in both languages; null unless the field "
        "has choices."
    )
    added_at: datetime | None = records.required()
    retired_at: Annotated[datetime | None, EnteredAt(FieldState.retired)] = None

    @property
    def column(self) -> str:
        """Return the column of a ticket's row that holds the field's values."""
        return FOR_STAFF if self.staff_only else PUBLIC


class CustomValuesField:
    """Marks a payload field that holds values of custom fields by their keys."""


Values = dict[str, Any]


@dataclass(slots=True)
class CustomFieldValues:
    """The custom values that a command sets, by column and key; None removes a value."""

    values: dict[str, Values] = field(default_factory=dict)

    def set_value(self, column: str, key: str, value: Any) -> None:
        """Set one value."""
        self.values.setdefault(column, {})[key] = value

    @property
    def only_for_staff(self) -> bool:
        """Return whether all values are for staff only."""
        return self.values.keys() == {FOR_STAFF}

    def has_personal_text(self) -> bool:
        """Return whether any value is a personal text, which must be encrypted."""
        return any(
            isinstance(value, PlainText) for values in self.values.values() for value in values.values()
        )


def encrypt_values(values: Mapping[str, Any], encrypt: Callable[[str], Ciphertext]) -> Values:
    """Return the values, with personal texts encrypted."""
    return {key: encrypt(value) if isinstance(value, PlainText) else value for key, value in values.items()}
