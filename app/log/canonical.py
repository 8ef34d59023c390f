"""Canonical JSON: one byte sequence for each value, so that its hash stays valid for ever.

RFC 8785 without floats: whole numbers up to 2^53, decimals as strings, keys sorted by UTF-16 code unit, no
white space, no Unicode normalisation. Times are UTC with six decimals and a `Z`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson

LARGEST_WHOLE_NUMBER = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles
DEEPEST = 32
_BEYOND_THE_BASIC_PLANE = re.compile(b"[\xf0-\xf4]")  # as encoded in UTF-8


class NotCanonical(ValueError):
    """The data hold a value that has no canonical form, so they cannot be appended to the log."""


def canonical(value: dict[str, Any]) -> bytes:
    """Return the canonical bytes of a JSON object. Raises NotCanonical."""
    _check(value, DEEPEST)
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        # Sorting by code point equals sorting by UTF-16 code unit, unless a character lies beyond the basic
        # plane.
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
    """Return all keys and texts in the data, concatenated."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(key + _texts(item) for key, item in value.items())
    return "".join(map(_texts, value)) if isinstance(value, list | tuple) else ""


def _check(value: Any, levels: int) -> None:
    """Raise NotCanonical if the value, or a value nested in it, has no canonical form."""
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
    """Return a point in time as the log's text form: `2026-11-20T08:00:00.000000Z`."""
    assert value.tzinfo is not None, "a time without a zone is not a point in time"
    # orjson takes a third of the time of Python's isoformat; it omits the decimals if all are 0.
    text = orjson.dumps(value if value.tzinfo is UTC else value.astimezone(UTC)).decode()
    return f"{text[1:20]}{text[20:27] if value.microsecond else '.000000'}Z"


def from_instant(text: str) -> datetime:
    """Return the point in time of a text that `instant` wrote."""
    return datetime.fromisoformat(text)
