"""The tables of an object-centric event log (OCEL 2.0) in SQLite, as its specification has them; the file is
the export itself, or what its JSON is made of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: Time of a value without a time of its own: it holds always.
EPOCH = "1970-01-01T00:00:00.000000Z"
EVENT_ATTRIBUTES = ("actor", "state", "position")
SCHEMA = """
pragma journal_mode = off;
pragma synchronous = off;
create table event_map_type (ocel_type text primary key, ocel_type_map text not null);
create table object_map_type (ocel_type text primary key, ocel_type_map text not null);
create table event (ocel_id text primary key, ocel_type text not null references event_map_type(ocel_type));
create table object (ocel_id text primary key, ocel_type text not null references object_map_type(ocel_type));
create table event_object (
  ocel_event_id text not null references event(ocel_id),
  ocel_object_id text not null references object(ocel_id),
  ocel_qualifier text not null,
  primary key (ocel_event_id, ocel_object_id, ocel_qualifier)
) without rowid;
create table object_object (
  ocel_source_id text not null references object(ocel_id),
  ocel_target_id text not null references object(ocel_id),
  ocel_qualifier text not null,
  primary key (ocel_source_id, ocel_target_id, ocel_qualifier)
) without rowid;
"""
ADD_OBJECT = "insert or ignore into object values (?, ?)"


class OcelTables:
    """The tables of a log in a file that is not there yet."""

    def __init__(self, path: Path) -> None:
        self._sqlite = sqlite3.connect(path)
        self._sqlite.executescript(SCHEMA)
        self._columns: dict[str, tuple[str, ...]] = {}
        self._event_types: set[str] = set()

    def close(self) -> None:
        """Write what is not written yet, and close the file."""
        self._sqlite.commit()
        self._sqlite.close()

    def add_object_type(self, name: str, attributes: Iterable[str]) -> None:
        """Add a type of objects with the names of their attributes, if it is not there yet."""
        if name in self._columns:
            return
        self._columns[name] = tuple(attributes)
        self._sqlite.execute("insert into object_map_type values (?, ?)", (name, mapped_name(name)))
        columns = "".join(f', "{column}" text' for column in self._columns[name])
        self._sqlite.execute(
            f'create table "object_{mapped_name(name)}" (ocel_id text not null references object(ocel_id), '
            f"ocel_time text not null, ocel_changed_field text{columns})"
        )
        # Values of one object are stored together and in order for the JSON export.
        self._sqlite.execute(
            f'create index "object_{mapped_name(name)}_id" on "object_{mapped_name(name)}" (ocel_id)'
        )

    def add_object(self, object_id: str, object_type: str) -> None:
        """Add an object, if it is not there yet."""
        self._sqlite.execute(ADD_OBJECT, (object_id, object_type))

    def describe_object(self, object_id: str, object_type: str, attributes: Mapping[str, Any]) -> None:
        """Say what attributes an object has from the beginning."""
        self._sqlite.execute(
            f'insert into "object_{mapped_name(object_type)}" (ocel_id, ocel_time{_names(attributes)}) '
            f"values (?, ?{', ?' * len(attributes)})",
            (object_id, EPOCH, *(text_of(content) for content in attributes.values())),
        )

    def change_object(
        self, object_id: str, object_type: str, since: datetime, name: str, content: Any
    ) -> None:
        """Say that an attribute of an object has a value from that time on."""
        columns = _names(["ocel_changed_field", name])
        table = f'"object_{mapped_name(object_type)}"'
        self._sqlite.execute(
            f"insert into {table} (ocel_id, ocel_time{columns}) values (?, ?, ?, ?)",
            (object_id, text_of(since), name, text_of(content) or ""),
        )

    def add_event(
        self, event_id: str, event_type: str, since: datetime, attributes: Mapping[str, Any]
    ) -> None:
        """Add an event with its attributes, those of EVENT_ATTRIBUTES."""
        table = f'"event_{mapped_name(event_type)}"'
        if event_type not in self._event_types:
            self._event_types.add(event_type)
            self._sqlite.execute(
                "insert into event_map_type values (?, ?)", (event_type, mapped_name(event_type))
            )
            columns = "".join(f", {name} text" for name in EVENT_ATTRIBUTES)
            self._sqlite.execute(
                f"create table {table} (ocel_id text primary key references event(ocel_id), "
                f"ocel_time text not null{columns})"
            )
        self._sqlite.execute("insert into event values (?, ?)", (event_id, event_type))
        texts = (text_of(attributes.get(name)) for name in EVENT_ATTRIBUTES)
        self._sqlite.execute(
            f"insert into {table} values (?, ?, ?, ?, ?)", (event_id, text_of(since), *texts)
        )

    def relate_event(self, event_id: str, object_id: str, qualifier: str) -> None:
        """Say that an event is about an object, in that way."""
        self._sqlite.execute(
            "insert or ignore into event_object values (?, ?, ?)", (event_id, object_id, qualifier)
        )

    def relate_objects(self, source_id: str, target_id: str, qualifier: str) -> None:
        """Say that an object is related to another one, in that way."""
        self._sqlite.execute(
            "insert or ignore into object_object values (?, ?, ?)", (source_id, target_id, qualifier)
        )

    def object_types(self) -> dict[str, tuple[str, ...]]:
        """Return the types of objects with the names of their attributes."""
        return self._columns

    def event_types(self) -> list[str]:
        """Return the types of the events that are there."""
        return sorted(self._event_types)

    def undescribed(self, object_type: str) -> list[str]:
        """Return the ids of the objects of that type that have no description yet."""
        table = f'"object_{mapped_name(object_type)}"'
        return [
            object_id
            for (object_id,) in self._sqlite.execute(
                "select ocel_id from object "
                f"where ocel_type = ? and ocel_id not in (select ocel_id from {table})",
                (object_type,),
            )
        ]

    def drop_what_no_event_is_about(self) -> None:
        """Take out the objects that no event is about, with their relations: tools leave them out, too."""
        lonely = "select ocel_id from object where ocel_id not in (select ocel_object_id from event_object)"
        self._sqlite.execute(f"create temp table lonely as {lonely}")
        for column in ("ocel_source_id", "ocel_target_id"):
            self._sqlite.execute(f"delete from object_object where {column} in lonely")
        self._sqlite.execute("delete from object where ocel_id in lonely")

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        ((count,),) = self._sqlite.execute(f"select count(*) from {table}")
        return int(count)

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the events as OCEL's JSON has them, in the order in which they were added."""
        for event_id, event_type in self._sqlite.execute(
            "select ocel_id, ocel_type from event order by rowid"
        ):
            ((event_time, *texts),) = self._sqlite.execute(
                f'select ocel_time, {", ".join(EVENT_ATTRIBUTES)} from "event_{mapped_name(event_type)}" '
                "where ocel_id = ?",
                (event_id,),
            )
            attributes = zip(EVENT_ATTRIBUTES, texts, strict=True)
            yield {
                "id": event_id,
                "type": event_type,
                "time": event_time,
                "attributes": [{"name": n, "value": text} for n, text in attributes if text is not None],
                "relationships": self._relationships("event_object", "ocel_event_id", event_id),
            }

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield the objects as OCEL's JSON has them."""
        for object_id, object_type in self._sqlite.execute(
            "select ocel_id, ocel_type from object order by rowid"
        ):
            columns = self._columns[object_type]
            rows = self._sqlite.execute(
                f"select ocel_time{_names(columns)} "
                f'from "object_{mapped_name(object_type)}" where ocel_id = ? order by rowid',
                (object_id,),
            )
            yield {
                "id": object_id,
                "type": object_type,
                "attributes": [
                    {"name": name, "value": text, "time": since}
                    for since, *texts in rows
                    for name, text in zip(columns, texts, strict=True)
                    if text is not None
                ],
                "relationships": self._relationships("object_object", "ocel_source_id", object_id),
            }

    def _relationships(self, table: str, column: str, of_id: str) -> list[dict[str, str]]:
        target = "ocel_object_id" if table == "event_object" else "ocel_target_id"
        rows = self._sqlite.execute(
            f"select {target}, ocel_qualifier from {table} where {column} = ?", (of_id,)
        )
        return [{"objectId": object_id, "qualifier": qualifier} for object_id, qualifier in rows]


def mapped_name(ocel_type: str) -> str:
    """Return what a type is called in names of tables: `IncidentWorkNoted` of `incident.work_noted`."""
    return "".join(part.capitalize() for part in ocel_type.replace(".", "_").split("_"))


def text_of(content: Any) -> str | None:
    """Return a value as text: instants in UTC, flags as `true` and `false`."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, bool):
        return str(content).lower()
    if isinstance(content, datetime):
        return content.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(content)


def _names(columns: Iterable[str]) -> str:
    return "".join(f', "{column}"' for column in columns)
