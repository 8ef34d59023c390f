"""Writer of object-centric event logs (OCEL 2.0, JSON or SQLite): cases of several processes with all that
they have to do with: persons, teams, services, configuration items, and one another.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.common.records import Codec, Record, codecs
from app.exchange.writers.cases import (
    ExportedCase,
    ExportedCases,
    ExportedEvent,
    event_count,
    exported_fields,
    team_keys,
)
from app.exchange.writers.ocel_tables import EVENT_ATTRIBUTES, OcelTables
from app.exchange.writers.whole_files import ExportRefused, whole_file
from app.kernel.actions.lifecycle import Lifecycle
from app.log.events import stream
from app.platform.db import Connection, fetch_rows

JSON, SQLITE = ".json", (".sqlite", ".db")
PERSON_PREFIX = "person:"
#: The fields of several values, by kind: what they name, and whether by its key.
LISTS = {"change": {"services": ("service", True), "ci_ids": ("ci", False)}}
#: Kinds that a field may name without saying which.
OF_ANY_KIND = frozenset({"ticket", "anything"})
SELECT_LISTS = "select id, {columns} from fold.{kind} where id = any(%(ids)s)"
SELECT_LINKS = "select record, kind, other from fold.link where record = any(%(streams)s) order by id"
SELECT_ITEM_KEYS = "select id, key from fold.ci where id = any(%(ids)s)"
SELECT_NUMBERS = "select id, number from fold.{kind} where id = any(%(ids)s)"


@dataclass(frozen=True, slots=True)
class WrittenObjects:
    """How many objects, events and relations a file has, how many cases and variants of each process, and
    the position of the log that they are up to.
    """

    objects: int
    events: int
    relations_of_events: int
    relations_of_objects: int
    processes: dict[str, dict[str, int]]
    position: int


async def write_ocel(
    connection: Connection,
    lifecycles: Sequence[Lifecycle[Any]],
    selection: Sequence[ExportedCases],
    path: Path,
    progress: Callable[[int, int], None],
) -> WrittenObjects:
    """Write the cases of each process to a file, which gets its name when it is whole; it is JSON or SQLite
    by its suffix. `lifecycles` are all that there are. `progress` receives the number of written cases.
    Raises ExportRefused, DatabaseGone.
    """
    if not path.name.endswith((JSON, *SQLITE)):
        raise ExportRefused(f"{path.name} should end in {JSON} or {' or '.join(SQLITE)}.")
    total = sum([await cases.count(connection) for cases in selection])
    expected = sum([await event_count(connection, cases) for cases in selection])
    with whole_file(path) as part, tempfile.TemporaryDirectory(dir=path.parent) as folder:
        is_json = path.name.endswith(JSON)
        with closing(OcelTables(Path(folder) / "tables" if is_json else part)) as tables:
            kinds = frozenset(cases.kind for cases in selection)
            writer = _ObjectWriter(connection, tables, {each.kind: each for each in lifecycles}, kinds)
            written, done = dict[str, dict[str, int]](), 0
            for cases in selection:
                variants, count = set[tuple[str, ...]](), 0
                async for portion in cases.portions(connection):
                    await writer.add_cases(portion)
                    variants |= {tuple(event.type for event in case.events) for case in portion}
                    count, done = count + len(portion), done + len(portion)
                    progress(done, total)
                written[cases.kind] = {"cases": count, "variants": len(variants)}
            tables.drop_what_no_event_is_about()
            await writer.describe_others()
            if is_json:
                with part.open("w", encoding="utf-8", newline="\n") as file:
                    file.writelines(_json(tables))
            objects, events, of_events, of_objects = (
                tables.count(name) for name in ("object", "event", "event_object", "object_object")
            )
    assert events == expected, "the file has what conformance counts"
    position = min(cases.position for cases in selection)
    return WrittenObjects(objects, events, of_events, of_objects, written, position)


class _ObjectWriter:
    """Adds cases and what they name to the tables."""

    def __init__(
        self,
        connection: Connection,
        tables: OcelTables,
        lifecycles: dict[str, Lifecycle[Any]],
        exported_kinds: frozenset[str],
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._lifecycles = lifecycles
        self._exported_kinds = exported_kinds
        self._item_keys: dict[str, str] = {}

    async def add_cases(self, cases: Sequence[ExportedCase]) -> None:
        """Add cases of one kind, their events, and the objects that they name."""
        if not cases:
            return
        kind, ids = cases[0].kind, [case.id for case in cases]
        names = [stream(kind, case_id) for case_id in ids]
        lists = {}
        if kind in LISTS:
            query = SELECT_LISTS.format(columns=", ".join(LISTS[kind]), kind=kind)
            lists = {row["id"]: row for row in await fetch_rows(self._connection, query, {"ids": ids})}
            await self._know_items(UUID(ci) for row in lists.values() for ci in row["ci_ids"] or ())
        for case in cases:
            self._add_case(case)
            self._relate_lists(case, lists.get(case.id, {}))
        last = {stream(kind, case.id): str(case.events[-1].id) for case in cases if case.events}
        for row in await fetch_rows(self._connection, SELECT_LINKS, {"streams": names}):
            self._relate(row["record"], row["other"], row["kind"], last.get(row["record"]))

    async def describe_others(self) -> None:
        """Say of the objects that the cases named what they are: keys and numbers, and of persons nothing."""
        keys = await team_keys(self._connection)
        for kind in list(self._tables.object_types()):
            ids = self._tables.undescribed(kind)
            if kind == "person":
                described: dict[str, dict[str, Any]] = {}
            elif kind == "team":
                described = {name: {"key": keys.get(name.partition("/")[2])} for name in ids}
            elif kind in ("service", "ci"):
                described = {name: {"key": name.partition("/")[2]} for name in ids}
            else:
                described = await self._numbers(kind, ids)
            for name in ids:
                self._tables.describe_object(name, kind, described.get(name, {}))

    async def _numbers(self, kind: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        if "number" not in self._tables.object_types()[kind]:
            return {}
        ids = [UUID(name.partition("/")[2]) for name in names]
        rows = await fetch_rows(self._connection, SELECT_NUMBERS.format(kind=kind), {"ids": ids})
        return {stream(kind, row["id"]): {"number": row["number"]} for row in rows}

    async def _know_items(self, ids: Iterable[UUID]) -> None:
        unknown = [item for item in set(ids) if str(item) not in self._item_keys]
        rows = await fetch_rows(self._connection, SELECT_ITEM_KEYS, {"ids": unknown})
        self._item_keys |= {str(row["id"]): row["key"] for row in rows}

    def _add_case(self, case: ExportedCase) -> None:
        name = stream(case.kind, case.id)
        self._add_object(name)
        record: type[Record] = self._lifecycles[case.kind].record
        attributes = set(self._tables.object_types()[case.kind])
        fields_set = {field for event in case.events for field in event.fields}
        # Values in an event hold from the time of the event; values of an opening, or without an event, hold
        # always.
        now = {n: content for n, content in case.fields.items() if n in attributes - fields_set}
        first = case.events[0].fields if case.events else {}
        current = now | {
            n: content for n, content in first.items() if n in attributes and content is not None
        }
        self._tables.describe_object(name, case.kind, current)
        named = {field: kind for field, codec in codecs(record).items() if (kind := _named_kind(codec))}
        event_time = case.started_at
        for event in case.events:
            # Tools sort by time alone: what happened in one instant is a microsecond apart.
            event_time = (
                event.occurred_at
                if event is case.events[0]
                else max(event.occurred_at, event_time + timedelta(microseconds=1))
            )
            self._add_event(name, event, event_time)
            for field, content in event.fields.items():
                if event is not case.events[0] and field in attributes and current.get(field) != content:
                    self._tables.change_object(name, case.kind, event_time, field, content)
                    current[field] = content
                if field in named and content is not None:
                    self._relate_event(str(event.id), f"{named[field]}/{content}", field.removesuffix("_id"))
        for field, kind in named.items():
            if (content := case.fields.get(field)) is not None:
                self._relate(name, f"{kind}/{content}", field.removesuffix("_id"))

    def _add_event(self, name: str, event: ExportedEvent, event_time: datetime) -> None:
        event_id = str(event.id)
        attributes = {
            "actor": event.actor,
            "state": event.fields_then.get("state"),
            "position": event.position,
        }
        self._tables.add_event(event_id, event.type, event_time, attributes)
        self._tables.relate_event(event_id, name, "case")
        if event.actor.startswith(PERSON_PREFIX):
            self._relate_event(event_id, f"person/{event.actor.removeprefix(PERSON_PREFIX)}", "actor")
        for field, kind in (("assignee_id", "person"), ("team_id", "team"), ("service", "service")):
            if (content := event.fields_then.get(field)) is not None:
                self._relate_event(event_id, f"{kind}/{content}", field.removesuffix("_id"))

    def _relate_lists(self, case: ExportedCase, row: dict[str, Any]) -> None:
        for field, (kind, by_key) in LISTS.get(case.kind, {}).items():
            for named in row.get(field) or ():
                key = named if by_key else self._item_keys.get(named, named)
                last = str(case.events[-1].id) if case.events else None
                self._relate(stream(case.kind, case.id), f"{kind}/{key}", field, last)

    def _relate(self, name: str, other: str, qualifier: str, event_id: str | None = None) -> None:
        self._add_object(other)
        self._tables.relate_objects(name, other, qualifier)
        if event_id is not None:
            self._relate_event(event_id, other, qualifier)

    def _relate_event(self, event_id: str, other: str, qualifier: str) -> None:
        if other.partition("/")[0] in self._exported_kinds:
            return  # an event is one of its own case alone
        self._add_object(other)
        self._tables.relate_event(event_id, other, qualifier)

    def _add_object(self, name: str) -> None:
        kind = name.partition("/")[0]
        if kind not in self._tables.object_types():
            self._tables.add_object_type(kind, self._attributes(kind))
        self._tables.add_object(name, kind)

    def _attributes(self, kind: str) -> list[str]:
        if kind == "person":
            return []
        if kind in ("team", "service", "ci"):
            return ["key"]
        lifecycle = self._lifecycles.get(kind)
        if lifecycle is None:
            return []
        # Times of steps are those of their events.
        fields = exported_fields(lifecycle.record).items()
        return [name for name, codec in fields if codec.type is not datetime]


def _named_kind(codec: Codec) -> str | None:
    """Return the kind of the objects that a field names; None if their kind is unknown."""
    if codec.refers is not None and codec.refers.kind not in OF_ANY_KIND:
        return codec.refers.kind
    if codec.key_of is not None and codec.key_of.kind in ("service", "ci"):
        return codec.key_of.kind
    return None


def _json(tables: OcelTables) -> Iterator[str]:
    event_attributes = [{"name": name, "type": "string"} for name in EVENT_ATTRIBUTES]
    yield '{"eventTypes": ['
    yield from _joined({"name": name, "attributes": event_attributes} for name in tables.event_types())
    yield '],\n"objectTypes": ['
    yield from _joined(
        {"name": name, "attributes": [{"name": column, "type": "string"} for column in columns]}
        for name, columns in tables.object_types().items()
    )
    yield '],\n"events": ['
    yield from _joined(tables.events())
    yield '],\n"objects": ['
    yield from _joined(tables.objects())
    yield "]}\n"


def _joined(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    separator = "\n"
    for entry in entries:
        yield separator + json.dumps(entry, ensure_ascii=False)
        separator = ",\n"
