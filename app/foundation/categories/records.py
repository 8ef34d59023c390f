"""Categories of cases, a tree for each process (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class CategoryState(CodeEnum):
    """State of a category: no new cases are sorted into a retired category."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class Category(Record):
    """A category in the tree of a process, into which cases are sorted.

    `level` is 1 for categories without a parent.
    """

    KIND: ClassVar[str] = "category"

    state: CategoryState | None = required()
    process: str | None = required("Kind of the records in the category, such as `incident`.")
    key: str | None = required(
        "Key of the category in cases and figures; unique in its process, never changed."
    )
    name_en: str | None = required("Name of the category in English.")
    name_zh: str | None = required("Name of the category in Chinese.")
    parent_id: Annotated[UUID | None, ForeignRef("category")] = optional(
        "Category above this one; null at the top of the tree."
    )
    level: int | None = required("Level in the tree, from 1 at the top.")
    added_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(CategoryState.retired)] = None
