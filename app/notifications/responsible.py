"""Who gets work by an event: whom its marked fields name, and whom its row tells (pure).

The marks stand in the tables (`Responsible`, `Action.tells`). So a process that comes later tells people by
itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.records import Record
from app.kernel.lifecycle import Lifecycle
from app.kernel.payloads import Payload, PayloadPart, marks, part_types
from app.log.events import Recorded, kind_of

#: How to a marked field of a body: `tasks/*/assignee` is ("tasks", "assignee").
FieldPath = tuple[str, ...]
#: By kind of row, its marked fields.
MarkedFields = Mapping[str, Mapping[str, Responsible]]


@dataclass(frozen=True, slots=True)
class ResponsibilityMarks:
    """What of the events says who gets work: by kind of stream, the rows that name them; by type of event,
    where what was given does, and whom the table's row tells besides.
    """

    rows: Mapping[str, MarkedFields]
    payload_paths: Mapping[str, Mapping[FieldPath, NoticeType]]
    tells: Mapping[str, tuple[RecipientRule, ...]]
    types: frozenset[str]

    def named_persons(self, event: Recorded) -> dict[UUID, NoticeType]:
        """Whom the event names, each with what they are told. What a row beside the record says comes first:
        whoever is invited to chair a meeting is invited.
        """
        found: dict[UUID, NoticeType] = {}
        for key, fields in sorted(event.data["set"].items(), key=lambda row: row[0] == event.stream):
            for name, mark in self._set_fields(event, key, fields):
                found.setdefault(UUID(fields[name]), mark.step)
        for path, step in self.payload_paths.get(event.type, {}).items():
            for person in _ids_at(event.data["given"], path):
                found.setdefault(UUID(person), step)
        for tells in self.tells.get(event.type, ()):
            if tells.made is not None:
                found |= {
                    one: tells.step for one in _persons_of_created(event, tells.made) if one not in found
                }
        return found

    def _set_fields(
        self, event: Recorded, key: str, fields: Mapping[str, Any] | None
    ) -> Iterator[tuple[str, Responsible]]:
        """The marked fields of that row that the event has set."""
        marked = self.rows.get(kind_of(event.stream), {}).get(kind_of(key), {})
        for name, mark in marked.items():
            if fields and fields.get(name) and (mark.when is None or fields.get(mark.when)):
                yield name, mark

    def recipient_rules(self, event: Recorded) -> Iterator[RecipientRule]:
        """Who is told besides, and is to be looked up."""
        return (tells for tells in self.tells.get(event.type, ()) if tells.made is None)


def responsibility_marks(lifecycles: Iterable[Lifecycle[Any]]) -> ResponsibilityMarks:
    """What the tables say."""
    rows: dict[str, MarkedFields] = {}
    given: dict[str, Mapping[FieldPath, NoticeType]] = {}
    tells: dict[str, tuple[RecipientRule, ...]] = {}
    types: set[str] = set()
    for lifecycle in lifecycles:
        events = [(event, row) for row in lifecycle.rows for event in row.events]
        given |= {event: paths for event, row in events if (paths := dict(_marked_paths(row.body)))}
        tells |= {event: row.notifies for event, row in events if row.notifies}
        if found := marked_fields_of(lifecycle):
            rows[lifecycle.kind] = found
            # Which of its events sets them, no table says.
            types |= {event for event, _ in events}
    return ResponsibilityMarks(rows, given, tells, frozenset(types | given.keys() | tells.keys()))


def marked_fields_of(lifecycle: Lifecycle[Any]) -> MarkedFields:
    """By kind of row on the streams of that lifecycle, the fields that name who gets work."""
    classes: tuple[type[Record], ...] = (lifecycle.record, *lifecycle.children)
    found = {one.KIND: marks(one, Responsible) for one in classes}
    return {kind: fields for kind, fields in found.items() if fields}


def _marked_paths(
    body: type[Payload] | type[PayloadPart], within: FieldPath = ()
) -> Iterator[tuple[FieldPath, NoticeType]]:
    for name, mark in marks(body, Responsible).items():
        yield (*within, name), mark.step
    for name, part in part_types(body).items():
        yield from _marked_paths(part, (*within, name))


def _ids_at(said: Any, path: FieldPath) -> Iterator[str]:
    """The ids that stand there."""
    for one in said if isinstance(said, list) else [said]:
        if not path:
            yield from () if one is None else (one,)
        elif one is not None:
            yield from _ids_at(one.get(path[0]), path[1:])


def _persons_of_created(event: Recorded, made: type[Record]) -> Iterator[UUID]:
    """Whom the rows of that class name that the event makes."""
    for key, fields in event.data["set"].items():
        if kind_of(key) == made.KIND and fields and fields.get("person_id"):
            yield UUID(fields["person_id"])


def excluded_persons(event: Recorded, tells: RecipientRule) -> set[UUID]:
    """Whom the event's rows name as those who are not to be told."""
    said = [fields.get(tells.but) for fields in event.data["set"].values() if fields and tells.but]
    return {UUID(one) for one in said if one}
