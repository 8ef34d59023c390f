"""Schemas of custom fields."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.common.custom import CustomField
from app.foundation.custom.fields import LIFECYCLE


class ChoiceOut(OutputModel):
    """One of the values to choose from."""

    key: str
    label_en: str
    label_zh: str


class CustomFieldOut(RecordOut, of=CustomField):
    """A custom field of the tickets of a process."""

    choices: list[ChoiceOut] | None = Field(
        description="The values to choose from, in order, if its values are choices."
    )


CUSTOM_FIELDS = Listing(
    lifecycle=LIFECYCLE,
    shape=CustomFieldOut,
    filters=("state", "process", "key", "value_type", "added_at", "changed_at"),
    sorts=("added_at", "key"),
)
