"""Checklists: templates of recurring tasks that are applied to tickets (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.common.records import FOLD, CodeEnum, Record
from app.common.state_fields import EnteredAt


class ChecklistState(CodeEnum):
    """State of a checklist: a retired one is applied no longer."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class Checklist(Record):
    """A template of tasks, in order, for tickets of a process (the kind of its records).

    `items` are `{"title_en": …, "title_zh": …}`.
    """

    KIND: ClassVar[str] = "checklist"

    state: ChecklistState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    process: str | None = None
    title_en: str | None = None
    title_zh: str | None = None
    items: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    added_at: Annotated[datetime | None, EnteredAt(ChecklistState.active)] = None
    retired_at: Annotated[datetime | None, EnteredAt(ChecklistState.retired)] = None


class ChecklistTable(Checklist, table=True):
    """The table of checklists."""

    __tablename__ = "checklist"
    __table_args__: ClassVar = FOLD
