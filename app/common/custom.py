"""Custom fields: what an organisation wants to know of its tickets besides (tables), and the values given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.common.personal import Sealed, Unsealed
from app.common.records import FOLD, CodeEnum, Record

#: The columns of a ticket that the values stand in: for all who see it, and for staff.
PUBLIC, FOR_STAFF = "custom", "custom_for_staff"


class ValueType(CodeEnum):
    """What the values of a custom field are."""

    text = "text", "Line of text", "单行文本"
    words = "words", "Somebody's own words", "自述文字"
    number = "number", "Whole number", "整数"
    decimal = "decimal", "Decimal number", "小数"
    choice = "choice", "Choice", "选项"
    date = "date", "Date", "日期"
    bool = "bool", "Yes or no", "是否"
    person = "person", "Person", "人员"


class FieldState(CodeEnum):
    """Whether values are given for it."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class CustomField(Record):
    """Something to be known of the tickets of a process (the kind of its records).

    `choices` are `{"key": …, "label_en": …, "label_zh": …}`. `filter_slot` is its place among the ten fields
    of the process that lists can be narrowed by, while it is one of them.
    """

    KIND: ClassVar[str] = "custom_field"

    state: FieldState | None = Field(default=None, sa_type=Text)
    process: str | None = None
    key: str | None = None
    value_type: ValueType | None = Field(default=None, sa_type=Text)
    label_en: str | None = None
    label_zh: str | None = None
    required: bool | None = None
    staff_only: bool | None = None
    filter_slot: int | None = None
    choices: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    added_at: datetime | None = None
    retired_at: datetime | None = None

    @property
    def column(self) -> str:
        """Where its values stand in a ticket's row."""
        return FOR_STAFF if self.staff_only else PUBLIC


class CustomValuesField:
    """Marks a field of a body that gives values of custom fields by their keys."""


Values = dict[str, Any]


@dataclass(slots=True)
class CustomFieldValues:
    """Values that a command gives, by the column and the key; None takes one away."""

    values: dict[str, Values] = field(default_factory=dict)

    def set_value(self, column: str, key: str, value: Any) -> None:
        """One value more."""
        self.values.setdefault(column, {})[key] = value

    @property
    def only_for_staff(self) -> bool:
        """Whether nothing of it is for others."""
        return self.values.keys() == {FOR_STAFF}

    def has_personal_text(self) -> bool:
        """Whether something in it must be sealed."""
        return any(isinstance(value, Unsealed) for said in self.values.values() for value in said.values())


def seal_values(values: Mapping[str, Any], seal: Callable[[str], Sealed]) -> Values:
    """The values with those that are personal sealed."""
    return {key: seal(value) if isinstance(value, Unsealed) else value for key, value in values.items()}


class CustomFieldTable(CustomField, table=True):
    """Where custom fields stand."""

    __tablename__ = "custom_field"
    __table_args__: ClassVar = FOLD
