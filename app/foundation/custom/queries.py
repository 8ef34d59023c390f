"""Schemas of custom fields."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import OutputModel, RecordOut
from app.common.custom import FieldState, ValueType
from app.foundation.custom.fields import LIFECYCLE


class ChoiceOut(OutputModel):
    """One of the values to choose from."""

    key: str
    label_en: str
    label_zh: str


class CustomFieldOut(RecordOut):
    """A custom field of the tickets of a process."""

    state: FieldState
    process: str = Field(description="The kind of its records.")
    key: str = Field(description="What it is called in `custom`, or in `custom_for_staff`.")
    value_type: ValueType
    label_en: str
    label_zh: str
    required: bool = Field(description="Whether persons must give it when they open a ticket.")
    staff_only: bool = Field(description="Whether only staff see and give it.")
    filter_slot: int | None = Field(
        description="Its place among the ten that lists are narrowed by, by `custom.<key>=`; null: none."
    )
    choices: list[ChoiceOut] | None = Field(description="Of a choice: what can be chosen, in order.")
    added_at: datetime
    retired_at: datetime | None


CUSTOM_FIELDS = Listing(
    lifecycle=LIFECYCLE,
    shape=CustomFieldOut,
    filters=("state", "process", "key", "value_type", "added_at", "changed_at"),
    sorts=("added_at", "key"),
)
