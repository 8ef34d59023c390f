"""Tables of records: SQLModel classes with `table=True`, derived from the records' classes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_origin
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, DateTime, Integer, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.common.records import Record, codecs

#: The database schema with the tables of records.
SCHEMA = "fold"
#: Codes and keys are compared by their bytes; only what people write has the order of a language.
CODE = Text(collation="C")
_TIME = DateTime(timezone=True)
_SIMPLE: dict[Any, Any] = {bool: Boolean, int: Integer, UUID: Uuid, datetime: _TIME}
_ENVELOPE: dict[str, Any] = {"id": Uuid, "version": Integer, "changed_at": _TIME, "appended_at": _TIME}


def declare_tables(records: Iterable[type[Record]]) -> MetaData:
    """Declare the table of each record, and return the metadata that holds them all."""
    for record in records:
        table_class(record)
    return SQLModel.metadata


@cache
def table_class(record: type[Record]) -> type[Record]:
    """Return the SQLModel class of the record's table, which is named after the record's kind."""
    fields = record.model_fields
    namespace = {
        "__module__": record.__module__,
        "__tablename__": record.KIND,
        "__table_args__": {"schema": SCHEMA},
        "__annotations__": {name: field.annotation for name, field in fields.items()},
        **{name: _column(record, name) for name in fields},
    }
    metaclass: Any = type(record)
    declared: type[Record] = metaclass(f"{record.__name__}Table", (record,), namespace, table=True)
    return declared


def _column(record: type[Record], name: str) -> Any:
    """Return the declaration of a field's column."""
    required = codecs(record)[name].required if name not in _ENVELOPE else name != "appended_at"
    return Field(primary_key=name == "id", nullable=not required, sa_type=_column_type(record, name))


def _column_type(record: type[Record], name: str) -> Any:
    """Return the type in SQL of a field's column. A field may name its own, such as a bigint."""
    marks = record.model_fields[name].metadata
    own = [mark.sa_type for mark in marks if isinstance(getattr(mark, "sa_type", None), type)]
    if own:
        return own[0]
    if name in _ENVELOPE:
        return _ENVELOPE[name]
    codec = codecs(record)[name]
    if get_origin(codec.type) is list and get_args(codec.type)[0] in (int, str):
        return ARRAY(_SIMPLE.get(get_args(codec.type)[0], CODE))
    if get_origin(codec.type) in (dict, list):
        return JSONB
    return Text if codec.personal else _SIMPLE.get(codec.type, CODE)
