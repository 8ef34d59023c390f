"""Values from outside, in the forms that expressions can take (pure)."""

from __future__ import annotations

import re
from typing import Any

#: Whole numbers beyond these are shown to expressions as texts, which keeps ids exact.
_LARGEST_INTEGER = 2**63 - 1
#: Characters that PostgreSQL or UTF-8 cannot hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class TooDeep(Exception):
    """The value is nested deeper than is allowed."""


def clean_text(text: str) -> str:
    """Return the text without characters that cannot be stored."""
    return _UNSTORABLE.sub("�", text) if _UNSTORABLE.search(text) else text


def holds_unstorable(value: Any) -> bool:
    """Return whether a value of JSON has a character that cannot be stored."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if _UNSTORABLE.search(each):
                return True
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            waiting += (*each.keys(), *each.values())
    return False


def plain_value(value: Any, depth: int) -> Any:
    """Return a value of JSON as expressions can take it. Raises TooDeep."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER else str(value)
    if depth == 0:
        raise TooDeep
    if isinstance(value, list):
        return [plain_value(each, depth - 1) for each in value]
    return {clean_text(name): plain_value(each, depth - 1) for name, each in value.items()}
