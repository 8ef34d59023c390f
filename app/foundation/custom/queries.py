"""Schemas of custom fields."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.common.custom import CustomField
from app.foundation.custom.fields import LIFECYCLE


class ChoiceOut(OutputModel):
    """One of the values to choose from."""

    key: str = Field(description="Key of the choice in the log; never changed.")
    label_en: str = Field(description="Label of the choice in English.")
    label_zh: str = Field(description="Label of the choice in Chinese.")


class CustomFieldOut(RecordOut, of=CustomField):
    """A custom field of the tickets of a process."""

    choices: list[ChoiceOut] | None = Field(
        description="Choices of the field, in order; null unless the field has choices."
    )


CUSTOM_FIELDS = Listing(
    lifecycle=LIFECYCLE,
    shape=CustomFieldOut,
    filters=("state", "process", "key", "value_type", "added_at", "changed_at"),
    sorts=("added_at", "key"),
)
