"""Fields that name other records (`NamesRecord`), such as the finding that a corrective action comes from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from app.common.records import Record, all_codecs
from app.kernel.access.kinds import RecordKind


@cache
def naming_fields(record: type[Record]) -> dict[str, str]:
    """Return the fields that name another record, each with the field that holds the name of its stream."""
    marked = {name: codec.names_record for name, codec in all_codecs(record).items()}
    return {name: mark.by or name for name, mark in marked.items() if mark is not None}


def naming_fields_of_kind(lifecycle: RecordKind[Any]) -> frozenset[str]:
    """Return the fields that name other records, in the kind's records, child records and payloads."""
    return _names_in((lifecycle.record, *lifecycle.children))


@cache
def _names_in(records: tuple[type[Record], ...]) -> frozenset[str]:
    return frozenset(name for record in records for name in naming_fields(record))


def named_in(lifecycle: RecordKind[Any], changes: Mapping[str, Any]) -> set[str]:
    """Return the streams of the records that an event's changes name, in such fields."""
    fields = naming_fields_of_kind(lifecycle)
    if not fields:
        return set()
    values = (value for row in changes.values() if row for name, value in row.items() if name in fields)
    return {value for value in values if isinstance(value, str) and "/" in value}
