"""Answers as JSON, written by us: those of records, of lists and of work (decision 0067)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
from pydantic_core import to_json

# Instants of UTC end with a Z, and so do those without a zone: lists have them so (`Database.tuples`).
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class SharedFragment:
    """Stands for a value that is in an answer many times: it is written once, and put wherever it stands."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @cached_property
    def fragment(self) -> orjson.Fragment:
        """The value as it is put into the text."""
        return orjson.Fragment(dump_json(self.value))


def dump_json(answer: Any) -> bytes:
    """The answer as JSON in UTF-8, as `pydantic_core.to_json` writes it. A number that is none is null, and
    an instant without a zone is of UTC.

    Raises PydanticSerializationError for what has no JSON: half of a surrogate pair, a class of its own.
    """
    try:
        return orjson.dumps(answer, _default, _OPTIONS)
    except TypeError:
        # It takes no whole numbers beyond 64 bits, no decimals, no sets, and no keys but text.
        return to_json(_of_utc(answer), fallback=_shared_value)


def _default(part: Any) -> orjson.Fragment:
    if isinstance(part, SharedFragment):
        return part.fragment
    raise TypeError


def _of_utc(part: Any) -> Any:
    """The same, where instants without a zone have that of UTC."""
    if isinstance(part, dict):
        return {key: _of_utc(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_of_utc(value) for value in part]
    return part.replace(tzinfo=UTC) if isinstance(part, datetime) and part.tzinfo is None else part


def _shared_value(part: Any) -> Any:
    if isinstance(part, SharedFragment):
        return part.value
    raise TypeError(f"{type(part).__name__} has no JSON")
