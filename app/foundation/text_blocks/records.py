"""Text blocks: answers that recur, in both languages (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from app.common.records import CodeEnum, Record, optional, required
from app.common.state_fields import EnteredAt


class TextBlockState(CodeEnum):
    """State of a text block: a retired text block is no longer offered."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class TextBlock(Record):
    """A recurring answer, with placeholders (`{number}`) that are filled from a ticket."""

    KIND: ClassVar[str] = "text_block"

    state: TextBlockState | None = required()
    key: str | None = required("Key of the text block in addresses; unique, never changed.")
    process: str | None = optional(
        "Kind of the tickets for which the text block is offered, such as `incident`; null for tickets "
        "of every kind."
    )
    title_en: str | None = required("English title by which the text block is chosen.")
    title_zh: str | None = required("Chinese title by which the text block is chosen.")
    text_en: str | None = required(
        "Text in English. `{number}`, `{title}`, `{requester}` and `{team}` are filled from the "
        "ticket, and `{agent}` with the name of the person who answers."
    )
    text_zh: str | None = required("Text in Chinese, with the same placeholders.")
    added_at: Annotated[datetime | None, EnteredAt(TextBlockState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(TextBlockState.retired)] = None
