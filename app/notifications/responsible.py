"""People who become responsible by an event: those in its marked fields, and those that its action notifies
(pure).

The marks are in the lifecycles (`Responsible`, `Action.notifies`), so a new process needs no code here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.records import Record
from app.foundation.decisions.lookups import HANDED_OVER
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import Payload, PayloadPart, marks, part_types
from app.log.events import Recorded, kind_of

#: Of several notices of one hand-over, what waits for the successor counts most, and then the last of these.
_LEAST_FIRST = {step: n for n, step in enumerate((NoticeType.tasked, NoticeType.in_charge, NoticeType.given))}
#: The path to a marked field of a payload: `tasks/*/assignee` is ("tasks", "assignee").
FieldPath = tuple[str, ...]
#: By kind of record, its marked fields.
MarkedFields = Mapping[str, Mapping[str, Responsible]]


@dataclass(frozen=True, slots=True)
class ResponsibilityMarks:
    """Where events name responsible persons.

    `rows`: by kind of stream, the marked fields of its records; `payload_paths`: by type of event, the marked
    fields of its payload; `tells`: by type of event, the recipient rules of its action; `types`: all event
    types concerned.
    """

    rows: Mapping[str, MarkedFields]
    payload_paths: Mapping[str, Mapping[FieldPath, NoticeType]]
    tells: Mapping[str, tuple[RecipientRule, ...]]
    types: frozenset[str]

    def named_persons(self, event: Recorded) -> dict[UUID, NoticeType]:
        """Return the persons that the event names, each with the notice type. Child records take precedence
        over the record: a person invited to chair a meeting gets an invitation.
        """
        types_by_person: dict[UUID, NoticeType] = {}
        if event.repeats_earlier:
            return types_by_person
        for key, fields in sorted(event.data["set"].items(), key=lambda row: row[0] == event.stream):
            for name, step in self._set_fields(event, key, fields):
                types_by_person.setdefault(UUID(fields[name]), step)
        for path, step in self.payload_paths.get(event.type, {}).items():
            for person in _ids_at(event.payload, path):
                types_by_person.setdefault(UUID(person), step)
        if event.type.partition(".")[2] == HANDED_OVER:
            types_by_person |= self._most_important(event)
        for tells in self.tells.get(event.type, ()):
            if tells.created is not None:
                types_by_person |= {
                    person: tells.step
                    for person in _persons_of_created(event, tells.created)
                    if person not in types_by_person
                }
        return types_by_person

    def _most_important(self, event: Recorded) -> dict[UUID, NoticeType]:
        """Return the type of the notice to a person who takes over several duties at once: that of the
        most important one.
        """
        named = [
            (UUID(fields[name]), step)
            for key, fields in event.data["set"].items()
            if fields
            for name, step in self._set_fields(event, key, fields)
        ]
        ordered = sorted(named, key=lambda pair: _LEAST_FIRST.get(pair[1], len(_LEAST_FIRST)))
        return dict(ordered)

    def _set_fields(
        self, event: Recorded, key: str, fields: Mapping[str, Any] | None
    ) -> Iterator[tuple[str, NoticeType]]:
        """Yield the marked fields of that record that the event has set, each with the type of the notice."""
        marked = self.rows.get(kind_of(event.stream), {}).get(kind_of(key), {})
        for name, mark in marked.items():
            if fields and fields.get(name):
                step = mark.step if mark.when is None or fields.get(mark.when) else mark.otherwise
                if step is not None:
                    yield name, step

    def recipient_rules(self, event: Recorded) -> Iterator[RecipientRule]:
        """Yield the recipient rules of the event whose persons must be queried."""
        rules = () if event.is_past else self.tells.get(event.type, ())
        return (tells for tells in rules if tells.created is None)


@lru_cache(maxsize=4)
def responsibility_marks(lifecycles: tuple[Lifecycle[Any], ...]) -> ResponsibilityMarks:
    """Collect the marks of the lifecycles."""
    rows: dict[str, MarkedFields] = {}
    payload_paths: dict[str, Mapping[FieldPath, NoticeType]] = {}
    tells: dict[str, tuple[RecipientRule, ...]] = {}
    types: set[str] = set()
    for lifecycle in lifecycles:
        events = [(event, row) for row in lifecycle.rows for event in row.events]
        bodies = [(event, row.payload_of(event)) for event, row in events]
        payload_paths |= {event: paths for event, body in bodies if (paths := dict(_marked_paths(body)))}
        tells |= {event: row.consequences.notifies for event, row in events if row.consequences.notifies}
        if fields := marked_fields_of(lifecycle):
            rows[lifecycle.kind] = fields
            # Any of the lifecycle's events may set them: the actions do not declare which fields they set.
            types |= lifecycle.event_types
    return ResponsibilityMarks(
        rows, payload_paths, tells, frozenset(types | payload_paths.keys() | tells.keys())
    )


def marked_fields_of(lifecycle: Lifecycle[Any]) -> MarkedFields:
    """Return the fields that name responsible persons, by kind of record on the lifecycle's streams."""
    classes: tuple[type[Record], ...] = (lifecycle.record, *lifecycle.children)
    fields_by_kind = {record.KIND: marks(record, Responsible) for record in classes}
    return {kind: fields for kind, fields in fields_by_kind.items() if fields}


def _marked_paths(
    body: type[Payload] | type[PayloadPart], within: FieldPath = ()
) -> Iterator[tuple[FieldPath, NoticeType]]:
    for name, mark in marks(body, Responsible).items():
        yield (*within, name), mark.step
    for name, part in part_types(body).items():
        yield from _marked_paths(part, (*within, name))


def _ids_at(payload: Any, path: FieldPath) -> Iterator[str]:
    """Yield the ids at the path in the payload `said`."""
    for value in payload if isinstance(payload, list) else [payload]:
        if not path:
            yield from () if value is None else (value,)
        elif value is not None:
            yield from _ids_at(value.get(path[0]), path[1:])


def _persons_of_created(event: Recorded, child: type[Record]) -> Iterator[UUID]:
    """Yield the persons of the child records of that class that the event creates."""
    for key, fields in event.data["set"].items():
        if kind_of(key) == child.KIND and fields and fields.get("person_id"):
            yield UUID(fields["person_id"])


def excluded_persons(event: Recorded, tells: RecipientRule) -> set[UUID]:
    """Return the people in the field of the event's records that the rule `tells` excludes."""
    values = [fields.get(tells.but) for fields in event.data["set"].values() if fields and tells.but]
    return {UUID(value) for value in values if value}
