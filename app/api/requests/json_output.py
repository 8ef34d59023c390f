"""JSON serialization of the answers of records, lists and work, by orjson (decision 0007)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
from pydantic_core import to_json

# UTC instants end with Z; those without a zone too, as lists have them (`Database.tuples`).
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class SharedFragment:
    """A value that occurs in an answer many times: it is serialized once and inserted wherever it occurs."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @cached_property
    def fragment(self) -> orjson.Fragment:
        """Return the serialized value, for orjson to insert."""
        return orjson.Fragment(dump_json(self.value))


def dump_json(answer: Any) -> bytes:
    """Return the answer as JSON in UTF-8, as `pydantic_core.to_json` writes it. NaN and infinities become
    null, and an instant without a zone is in UTC.

    Raises PydanticSerializationError for values without JSON: a lone surrogate, an object of an unknown
    class.
    """
    try:
        return orjson.dumps(answer, _default, _OPTIONS)
    except TypeError:
        # orjson takes no integers beyond 64 bits, no decimals, no sets, and only texts as keys.
        return to_json(_of_utc(answer), fallback=_shared_value)


def _default(part: Any) -> orjson.Fragment:
    if isinstance(part, SharedFragment):
        return part.fragment
    raise TypeError


def _of_utc(part: Any) -> Any:
    """Return the data with UTC set on instants without a zone."""
    if isinstance(part, dict):
        return {key: _of_utc(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_of_utc(value) for value in part]
    return part.replace(tzinfo=UTC) if isinstance(part, datetime) and part.tzinfo is None else part


def _shared_value(part: Any) -> Any:
    if isinstance(part, SharedFragment):
        return part.value
    raise TypeError(f"{type(part).__name__} has no JSON")
