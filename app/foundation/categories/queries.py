"""Schema of a category."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import RecordOut
from app.foundation.categories.categories import LIFECYCLE
from app.foundation.categories.records import CategoryState


class CategoryOut(RecordOut):
    """A category that cases are sorted into."""

    state: CategoryState
    process: str = Field(description="The kind of its records.")
    key: str
    name_en: str
    name_zh: str
    parent_id: UUID | None = Field(description="The category that it is a part of.")
    level: int = Field(description="1: it is a part of none.")
    added_at: datetime
    retired_at: datetime | None


CATEGORIES = Listing(
    lifecycle=LIFECYCLE,
    shape=CategoryOut,
    filters=("state", "process", "key", "parent_id", "changed_at"),
    sorts=("added_at", "key"),
)
