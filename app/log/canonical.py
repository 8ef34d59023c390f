"""Canonical bytes: one text for one value, so that a hash of it means something for ever.

RFC 8785 without floats: whole numbers up to 2^53, decimals as strings, keys sorted by UTF-16 code unit,
no white space, no Unicode normalisation. Times are UTC with six decimals and a `Z`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson

LARGEST_WHOLE_NUMBER = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles
DEEPEST = 32
_BEYOND_THE_BASIC_PLANE = re.compile(b"[\xf0-\xf4]")  # in UTF-8


class NotCanonical(ValueError):
    """The data hold something that has no canonical form, so they cannot go to the log."""


def canonical(value: dict[str, Any]) -> bytes:
    """The canonical bytes of a JSON object. Raises NotCanonical."""
    _check(value, DEEPEST)
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        # By code point is by UTF-16 code unit, unless a character lies beyond the basic plane.
        if not data.isascii() and _BEYOND_THE_BASIC_PLANE.search(data):
            data = orjson.dumps(_sorted_by_code_unit(value))
    except TypeError as error:
        raise NotCanonical("half of a surrogate pair cannot be kept") from error
    if b"\\u0000" in data and "\x00" in _texts(value):
        raise NotCanonical("U+0000 cannot be kept")
    return data


def _sorted_by_code_unit(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _sorted_by_code_unit(value[key]) for key in keys}
    if isinstance(value, list | tuple):
        return [_sorted_by_code_unit(item) for item in value]
    return value


def _texts(value: Any) -> str:
    """All texts in the data, one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(key + _texts(item) for key, item in value.items())
    return "".join(map(_texts, value)) if isinstance(value, list | tuple) else ""


def _check(value: Any, levels: int) -> None:
    """Raises NotCanonical if something has no canonical form."""
    kind = type(value)
    if kind is dict or kind is list or kind is tuple:
        if levels == 0:
            raise NotCanonical(f"more than {DEEPEST} levels cannot be kept")
        if kind is dict:
            for key in value:
                if type(key) is not str:
                    raise NotCanonical(f"a key must be text, not {key!r}")
        for item in value.values() if kind is dict else value:
            if item is not None and type(item) is not str:
                _check(item, levels - 1)
    elif kind is int:
        if not -LARGEST_WHOLE_NUMBER <= value <= LARGEST_WHOLE_NUMBER:
            raise NotCanonical(f"{value} is too large")
    elif value is not None and kind is not bool and not isinstance(value, str):
        raise NotCanonical(f"{value!r} is neither text, nor a whole number, nor a list or an object")


def instant(value: datetime) -> str:
    """A point in time as it stands in the log: `2026-11-20T08:00:00.000000Z`."""
    assert value.tzinfo is not None, "a time without a zone is not a point in time"
    # In a third of the time that Python takes; it leaves decimals out where all are 0.
    text = orjson.dumps(value if value.tzinfo is UTC else value.astimezone(UTC)).decode()
    return f"{text[1:20]}{text[20:27] if value.microsecond else '.000000'}Z"


def from_instant(text: str) -> datetime:
    """The point in time that `instant` wrote."""
    return datetime.fromisoformat(text)
