"""Text blocks: answers that recur, in both languages (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from app.common.records import CodeEnum, Record, optional, required
from app.common.state_fields import EnteredAt


class TextBlockState(CodeEnum):
    """State of a text block: a retired one is offered no longer."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class TextBlock(Record):
    """An answer that recurs, with placeholders (`{number}`) that a ticket fills."""

    KIND: ClassVar[str] = "text_block"

    state: TextBlockState | None = required()
    key: str | None = required("The key in addresses; unique, and never changed.")
    process: str | None = optional(
        "The kind of the tickets that it is for, as `incident`; null: tickets of every kind."
    )
    title_en: str | None = required("The English title, by which it is chosen.")
    title_zh: str | None = required("The Chinese title.")
    text_en: str | None = required(
        "The English text. `{number}`, `{title}`, `{requester}`, `{team}` and `{agent}` are filled from the "
        "ticket, and with the name of whoever answers."
    )
    text_zh: str | None = required("The same text in Chinese.")
    added_at: Annotated[datetime | None, EnteredAt(TextBlockState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(TextBlockState.retired)] = None
