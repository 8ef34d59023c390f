"""Events, and the names of streams. Their grammar and meaning:
docs/decisions/0001-the-form-of-an-event.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.log.ids import id_text
from app.log.upcasting import current_version, upcast


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change of a record, as it is passed to `append`.

    `version` counts within the stream from 1. `data` holds `given` (the payload that was sent) and `set` (the
    fields that the event sets, per row key `<kind>/<id>`; null removes the row); for an event observed in
    another system also `observed`, `late`, `instead`, `irregular`.
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

    @property
    def is_observed(self) -> bool:
        """Return whether another system reported the event, imported or by webhook."""
        return "observed" in self.data

    @property
    def person_id(self) -> UUID | None:
        """Return the person who acted themselves, or None."""
        is_person = self.actor.startswith("person:")
        return UUID(self.actor.removeprefix("person:")) if is_person else None

    @property
    def payload(self) -> dict[str, Any]:
        """Return the payload of the event's action; empty if it was observed: then `given` holds columns of
        the other system, whatever their names are.
        """
        return {} if self.is_observed else self.data["given"]

    @property
    def set_fields(self) -> dict[str, Any]:
        """Return the fields of the stream's own record that the event sets; empty if it removes the
        record.
        """
        return self.data["set"].get(self.stream) or {}

    def rows_set(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the fields that the event sets of rows of that kind, by row key."""
        rows = self.data["set"].items()
        return {key: fields for key, fields in rows if fields is not None and kind_of(key) == kind}

    def rows_removed(self) -> list[str]:
        """Return the keys of the rows that the event removes."""
        return [key for key, fields in self.data["set"].items() if fields is None]

    @property
    def repeats_earlier(self) -> bool:
        """Return whether an observed event records a later row of its source once more, because an older one
        came late: all its fields are set already. A repeated opening may have new content.
        """
        return bool(self.data.get("instead", 1) > 1)

    @property
    def is_past(self) -> bool:
        """Return whether the event's type was true once, but changes nothing now: the event came late and
        reports a state that was left since, or it records what other events have recorded.
        """
        return "instead" in self.data or "state" in (self.data.get("late", {}).get(self.stream) or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Event):
    """An event as the log has recorded it. `position` is its place in the whole log, from 1, without gaps."""

    position: int
    recorded_at: datetime


COLUMNS = (
    "position, recorded_at, occurred_at, id, causation_id, version, schema_version, staff_only, stream, "
    "type, actor, credential, on_behalf_of, correlation_id, source, source_ref, data"
)


def recorded(row: dict[str, Any]) -> Recorded:
    """Return the event of a row of log.event, in the present schema version of its type."""
    data = upcast(row["type"], row["schema_version"], json.loads(row["data"]))
    return Recorded(**{**row, "schema_version": current_version(row["type"]), "data": data})


def stream(kind: str, record_id: UUID) -> str:
    """Return the name of a record's stream, which is also the key of the record's row in `set`."""
    return f"{kind}/{id_text(record_id)}"


def ids_of(names: Iterable[str]) -> str:
    """Return the ids in names of streams as the text of a PostgreSQL array, without parsing them."""
    return "{" + ",".join([name.partition("/")[2] for name in names]) + "}"


def kind_of(name: str) -> str:
    """Return the kind of record in the name of a stream or in a row key."""
    return name.split("/", 1)[0]


def id_of(name: str) -> UUID:
    """Return the id in the name of a stream or in a row key."""
    return UUID(name.split("/", 1)[1])
