"""Categories of cases, a tree for each process (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class CategoryState(CodeEnum):
    """State of a category: no new case is sorted into a retired one."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class Category(Record):
    """A node in the category tree of a process (the kind of its records).

    `level` is 1 for categories without a parent.
    """

    KIND: ClassVar[str] = "category"

    state: CategoryState | None = required()
    process: str | None = required("The kind of its records, as `incident`.")
    key: str | None = required("The key in cases and figures; unique in its process, and never changed.")
    name_en: str | None = required("The English name.")
    name_zh: str | None = required("The Chinese name.")
    parent_id: Annotated[UUID | None, ForeignRef("category")] = optional("The category that it is a part of.")
    level: int | None = required("The level in the tree; 1: it has no parent.")
    added_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(CategoryState.retired)] = None
