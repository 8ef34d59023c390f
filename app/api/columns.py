"""Columns of values: records taken apart by their fields, as lists are rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.common.personal import is_sealed
from app.log.canonical import instant

#: By field, its values, in the order of the records.
Columns = dict[str, Sequence[Any]]


def by_row(columns: Columns) -> list[dict[str, Any]]:
    """The records of these columns."""
    filled, none = _filled(columns), dict.fromkeys(columns)
    # Most fields have no value in most records: those are not gone through one by one.
    shown = [none.copy() for _ in range(_row_count(columns))]
    for name in filled:
        for out, value in zip(shown, columns[name], strict=True):
            out[name] = value
    return shown


def _row_count(columns: Columns) -> int:
    """How many records they are."""
    return len(next(iter(columns.values())))


def _filled(columns: Columns) -> set[str]:
    """The fields that have a value in some of the records."""
    nothing = (None,) * _row_count(columns)
    return {name for name, column in columns.items() if column != nothing}


def _distinct(columns: Columns, names: Iterable[str]) -> list[UUID]:
    """The ids in these columns, each once."""
    return list({one.int: one for name in names for one in columns[name] if one is not None}.values())


def _ciphertexts(values: Mapping[str, Any]) -> list[str]:
    """What of the values is a ciphertext."""
    return [said for said in values.values() if isinstance(said, str) and is_sealed(said)]


def _instants(column: Iterable[datetime | None]) -> list[datetime | str | None]:
    """Instants as clients see them, where they would not come out so."""
    # As JSON, instants of UTC come out the same, and quicker, but for those without microseconds. Those of
    # lists are of UTC and do not say so.
    return [
        at
        if at is None or (at.microsecond and (at.tzinfo is None or at.tzinfo is UTC))
        else instant(at.replace(tzinfo=at.tzinfo or UTC))
        for at in column
    ]


def _with_texts(values: Mapping[str, Any] | None, texts: Mapping[str, str | None]) -> dict[str, Any] | None:
    """The values with what can be read in the place of ciphertexts."""
    if values is None:
        return None
    # The log and the database keep keys in orders of their own.
    return {key: texts.get(said, said) for key, said in sorted(values.items())}
