"""Columnar form of a list of records: the values of each field together, as lists are rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.common.personal import is_encrypted
from app.log.canonical import from_instant, instant

#: The values of each field, by its name, in the order of the records.
Columns = dict[str, Sequence[Any]]


def by_row(columns: Columns) -> list[dict[str, Any]]:
    """Return the records of these columns, one dict each."""
    filled, none = filled_fields(columns), dict.fromkeys(columns)
    # Most fields are null in most records: the loop skips columns without any value.
    answers = [none.copy() for _ in range(row_count(columns))]
    for name in filled:
        for out, value in zip(answers, columns[name], strict=True):
            out[name] = value
    return answers


def row_count(columns: Columns) -> int:
    """Return the number of records in the columns."""
    return len(next(iter(columns.values())))


def filled_fields(columns: Columns) -> set[str]:
    """Return the fields that have a value in at least one record."""
    nothing = (None,) * row_count(columns)
    return {name for name, column in columns.items() if column != nothing}


def distinct_ids(columns: Columns, names: Iterable[str]) -> list[UUID]:
    """Return the distinct ids in these columns."""
    return list(
        {
            record_id.int: record_id for name in names for record_id in columns[name] if record_id is not None
        }.values()
    )


def ciphertexts_in(values: Mapping[str, Any]) -> list[str]:
    """Return the values that are ciphertexts."""
    return [value for value in values.values() if isinstance(value, str) and is_encrypted(value)]


def client_instants(column: Iterable[datetime | None]) -> list[datetime | str | None]:
    """Return the instants in clients' format; those that the JSON writer formats alike stay datetimes."""
    # The JSON writer formats UTC instants the same way, and faster, except those without microseconds.
    # Instants in lists are in UTC but have no time zone set.
    return [
        value
        if value is None or (value.microsecond and (value.tzinfo is None or value.tzinfo is UTC))
        else instant(value.replace(tzinfo=value.tzinfo or UTC))
        for value in column
    ]


def instant_of(rendered: datetime | str | None) -> datetime | None:
    """Return the instant of a rendered column: a text, or a time in UTC without a time zone."""
    if rendered is None:
        return None
    return from_instant(rendered) if isinstance(rendered, str) else rendered.replace(tzinfo=UTC)


def with_texts(values: Mapping[str, Any] | None, texts: Mapping[str, str | None]) -> dict[str, Any] | None:
    """Return the values with ciphertexts replaced by their texts."""
    if values is None:
        return None
    # The log and the database order keys differently.
    return {key: texts.get(value, value) for key, value in sorted(values.items())}
