"""An event, and the names in it. Their grammar and meaning: docs/decisions/0001-the-form-of-an-event.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.log.ids import id_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a record; what `append` is given.

    `version` counts within the stream from 1. `data` holds `given` (what was said) and `set` (the fields that
    it set, per row key `<kind>/<id>`; null removes the row); for what was observed elsewhere also `observed`,
    `late`, `instead`, `irregular`.
    """

    id: UUID
    stream: str
    version: int
    type: str
    schema_version: int = 1
    occurred_at: datetime
    staff_only: bool = False
    actor: str
    credential: str | None = None
    on_behalf_of: str | None = None
    correlation_id: str
    causation_id: UUID | None = None
    source: str
    source_ref: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Event):
    """An event as it stands in the log. `position` is its place in the whole log, from 1, without gaps."""

    position: int
    recorded_at: datetime


COLUMNS = (
    "position, recorded_at, occurred_at, id, causation_id, version, schema_version, staff_only, stream, "
    "type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data"
)


def recorded(row: dict[str, Any]) -> Recorded:
    """An event from a row of the log, as its present schema version has it."""
    return Recorded(**{**row, "data": json.loads(row["data"])})


def stream(kind: str, record_id: UUID) -> str:
    """The name of a record's stream; also the key of its row in `set`."""
    return f"{kind}/{id_text(record_id)}"


def ids_of(names: Iterable[str]) -> str:
    """The ids in the names of streams, as PostgreSQL writes an array: what is only passed on need not be
    read.
    """
    return "{" + ",".join([name.partition("/")[2] for name in names]) + "}"


def kind_of(name: str) -> str:
    """The kind of record that a stream or a row key is about."""
    return name.split("/", 1)[0]


def id_of(name: str) -> UUID:
    """The id in a stream's name or a row key."""
    return UUID(name.split("/", 1)[1])
