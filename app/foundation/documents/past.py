"""A record with its child records as they were just after one of its events, folded from the log: the context
of a document when it was written, whatever time was stated for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from app.common.records import ChildRecord, Record
from app.foundation.documents.records import DocumentEntry, DocumentSection, DocumentState
from app.kernel.histories.history import fold
from app.log.events import Recorded, stream

Row = TypeVar("Row", bound=ChildRecord)
AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, slots=True)
class PastRecord:
    """A record according to its first events, the oldest first."""

    events: Sequence[Recorded]

    def rows(self, record_class: type[Row], by: str) -> list[Row]:
        """Return the record's child records of that class as of the past time, sorted by the field `by`."""
        keys = dict.fromkeys(
            key
            for event in self.events
            for key in event.data["set"]
            if key.startswith(f"{record_class.KIND}/")
        )
        rows = [
            row for row in (fold(record_class, key, list(self.events)) for key in keys) if row is not None
        ]
        return sorted(rows, key=lambda row: (str(getattr(row, by)), str(row.id)))

    def itself(self, like: AnyRecord) -> AnyRecord:
        """Return the record itself as it was then; `like` is what it is now."""
        record = fold(type(like), like.row_key, list(self.events))
        assert record is not None, "a record's own row is not removed"
        return record


@dataclass(frozen=True, slots=True)
class WrittenEdition:
    """An edition of a document in the log: the events of its record, the one that began it, the last one that
    wrote of it, and the one that ended it (None: it is the newest, and was not superseded).
    """

    events: Sequence[Recorded]
    begun: Recorded
    written: Recorded
    ended: Recorded | None

    @property
    def record_then(self) -> PastRecord:
        """The record when the edition was written."""
        return PastRecord([event for event in self.events if event.version <= self.written.version])

    @property
    def record_at_its_end(self) -> PastRecord:
        """The record as long as the edition was the newest: now, if it still is."""
        return PastRecord([event for event in self.events if event.version <= self._last_version])

    @property
    def _last_version(self) -> int:
        return self.events[-1].version if self.ended is None else self.ended.version - 1

    def since(self, condition: Callable[[Recorded], bool]) -> list[Recorded]:
        """Return the wanted events while the edition was the newest, its first one among them."""
        end = self._last_version
        return [
            event for event in self.events if self.begun.version <= event.version <= end and condition(event)
        ]


def find_edition(events: Sequence[Recorded], entry: UUID, edition: int) -> WrittenEdition:
    """Return the edition of the document with that entry, by the events of its record."""
    name, begun, written, ended = stream(DocumentEntry.KIND, entry), None, None, None
    for event in events:
        changed = event.data["set"].get(name) or {}
        if changed.get("edition") == edition:
            begun = written = event
        elif begun is not None and ended is None and _is_ended(changed, edition):
            ended = event
        elif begun is not None and ended is None and _writes(event, entry, edition):
            written = event
    assert begun is not None, "each edition has an event"
    assert written is not None
    return WrittenEdition(events, begun, written, ended)


def _is_ended(changed: dict[str, object], edition: int) -> bool:
    later, state = changed.get("edition"), changed.get("state")
    return state == DocumentState.superseded.value or (isinstance(later, int) and later > edition)


def _writes(event: Recorded, entry: UUID, edition: int) -> bool:
    """Return whether the event has added a section to that edition."""
    return any(
        key.startswith(f"{DocumentSection.KIND}/")
        and row is not None
        and row.get("document_id") == str(entry)
        and row.get("edition") == edition
        for key, row in event.data["set"].items()
    )
