"""Placeholders in text blocks: `{number}` and its like (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.common.records import CodeEnum

#: A word in braces. Other braces are text.
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Placeholder(CodeEnum):
    """The value that replaces a placeholder: of the ticket, or of the person who answers."""

    number = "number", "The ticket's number", "工单编号"
    ticket_title = "title", "The ticket's title", "工单标题"
    requester = "requester", "The requester's name", "申请人姓名"
    team = "team", "The name of the ticket's team", "负责团队名称"
    agent = "agent", "The name of the person who answers", "答复人姓名"


def unknown_placeholders(text: str) -> list[str]:
    """Return the words in braces that stand for nothing, in the order of the text."""
    names = {placeholder.value for placeholder in Placeholder}
    return [name for name in _PLACEHOLDER.findall(text) if name not in names]


def fill(text: str, values: Mapping[Placeholder, str | None]) -> tuple[str, list[Placeholder]]:
    """Return the text with its placeholders filled, and those without a value: they stay in the text, so that
    the writer sees the gaps. Placeholders in a value are not filled again.
    """
    missing: dict[Placeholder, None] = {}

    def value_of(match: re.Match[str]) -> str:
        placeholder = next((each for each in Placeholder if each.value == match[1]), None)
        if placeholder is None:
            return match[0]
        value = values.get(placeholder)
        if value is None:
            missing[placeholder] = None
            return match[0]
        return value

    return _PLACEHOLDER.sub(value_of, text), list(missing)
