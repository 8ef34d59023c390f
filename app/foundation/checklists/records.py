"""Checklists: templates of recurring tasks that are applied to tickets (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from app.common.records import CodeEnum, Record, required
from app.common.state_fields import EnteredAt


class ChecklistState(CodeEnum):
    """State of a checklist: a retired checklist can no longer be applied."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class Checklist(Record):
    """A template of tasks, in order, for tickets of a process (the kind of its records).

    `items` are `{"title_en": …, "title_zh": …}`.
    """

    KIND: ClassVar[str] = "checklist"

    state: ChecklistState | None = required()
    key: str | None = required("Key of the checklist in addresses; unique, never changed.")
    process: str | None = required(
        "Kind of the tickets to which the checklist can be applied, such as `incident`."
    )
    title_en: str | None = required("Title of the checklist in English.")
    title_zh: str | None = required("Title of the checklist in Chinese.")
    items: list[dict[str, Any]] | None = required("Tasks, in order.")
    added_at: Annotated[datetime | None, EnteredAt(ChecklistState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(ChecklistState.retired)] = None
