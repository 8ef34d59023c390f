"""Who gets work by an event: whom its marked fields name, and whom its row tells (pure).

The marks stand in the tables (`Responsible`, `Action.tells`). So a process that comes later tells people by
itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.notices import Responsible, Step, Tells
from app.common.records import Record
from app.kernel.bodies import Body, Part, marks, parts
from app.kernel.lifecycle import Lifecycle
from app.log.events import Recorded, kind_of

#: How to a marked field of a body: `tasks/*/assignee` is ("tasks", "assignee").
Path = tuple[str, ...]
#: By kind of row, its marked fields.
Rows = Mapping[str, Mapping[str, Responsible]]


@dataclass(frozen=True, slots=True)
class Marked:
    """What of the events says who gets work: by kind of stream, the rows that name them; by type of event,
    where what was given does, and whom the table's row tells besides.
    """

    rows: Mapping[str, Rows]
    given: Mapping[str, Mapping[Path, Step]]
    tells: Mapping[str, tuple[Tells, ...]]
    types: frozenset[str]

    def named(self, event: Recorded) -> dict[UUID, Step]:
        """Whom the event names, each with what they are told. What a row beside the record says comes first:
        whoever is invited to chair a meeting is invited.
        """
        found: dict[UUID, Step] = {}
        for key, fields in sorted(event.data["set"].items(), key=lambda row: row[0] == event.stream):
            for name, mark in self._of(event, key, fields):
                found.setdefault(UUID(fields[name]), mark.step)
        for path, step in self.given.get(event.type, {}).items():
            for person in _at(event.data["given"], path):
                found.setdefault(UUID(person), step)
        for tells in self.tells.get(event.type, ()):
            if tells.made is not None:
                found |= {one: tells.step for one in _made(event, tells.made) if one not in found}
        return found

    def _of(
        self, event: Recorded, key: str, fields: Mapping[str, Any] | None
    ) -> Iterator[tuple[str, Responsible]]:
        """The marked fields of that row that the event has set."""
        marked = self.rows.get(kind_of(event.stream), {}).get(kind_of(key), {})
        for name, mark in marked.items():
            if fields and fields.get(name) and (mark.when is None or fields.get(mark.when)):
                yield name, mark

    def others(self, event: Recorded) -> Iterator[Tells]:
        """Who is told besides, and is to be looked up."""
        return (tells for tells in self.tells.get(event.type, ()) if tells.made is None)


def marked(lifecycles: Iterable[Lifecycle[Any]]) -> Marked:
    """What the tables say."""
    rows: dict[str, Rows] = {}
    given: dict[str, Mapping[Path, Step]] = {}
    tells: dict[str, tuple[Tells, ...]] = {}
    types: set[str] = set()
    for lifecycle in lifecycles:
        events = [(event, row) for row in lifecycle.rows for event in row.events]
        given |= {event: paths for event, row in events if (paths := dict(_paths(row.body)))}
        tells |= {event: row.tells for event, row in events if row.tells}
        if found := rows_of(lifecycle):
            rows[lifecycle.kind] = found
            # Which of its events sets them, no table says.
            types |= {event for event, _ in events}
    return Marked(rows, given, tells, frozenset(types | given.keys() | tells.keys()))


def rows_of(lifecycle: Lifecycle[Any]) -> Rows:
    """By kind of row on the streams of that lifecycle, the fields that name who gets work."""
    classes: tuple[type[Record], ...] = (lifecycle.record, *lifecycle.children)
    found = {one.KIND: marks(one, Responsible) for one in classes}
    return {kind: fields for kind, fields in found.items() if fields}


def _paths(body: type[Body] | type[Part], within: Path = ()) -> Iterator[tuple[Path, Step]]:
    for name, mark in marks(body, Responsible).items():
        yield (*within, name), mark.step
    for name, part in parts(body).items():
        yield from _paths(part, (*within, name))


def _at(said: Any, path: Path) -> Iterator[str]:
    """The ids that stand there."""
    for one in said if isinstance(said, list) else [said]:
        if not path:
            yield from () if one is None else (one,)
        elif one is not None:
            yield from _at(one.get(path[0]), path[1:])


def _made(event: Recorded, made: type[Record]) -> Iterator[UUID]:
    """Whom the rows of that class name that the event makes."""
    for key, fields in event.data["set"].items():
        if kind_of(key) == made.KIND and fields and fields.get("person_id"):
            yield UUID(fields["person_id"])


def left_out(event: Recorded, tells: Tells) -> set[UUID]:
    """Whom the event's rows name as those who are not to be told."""
    said = [fields.get(tells.but) for fields in event.data["set"].values() if fields and tells.but]
    return {UUID(one) for one in said if one}
