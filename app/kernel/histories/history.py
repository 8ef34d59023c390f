"""Earlier states of a record: its events folded up to a version, or up to a position or time of the log."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from app.common.records import Record, empty, evolve
from app.kernel.actions.lifecycle import Lifecycle
from app.log import read
from app.log.events import Recorded, id_of, stream
from app.platform.db import Database

R = TypeVar("R", bound=Record)


async def record_at_version(db: Database, lifecycle: Lifecycle[R], stream: str, version: int) -> R:
    """Return the record just after the event of that version on its stream."""
    record = fold(lifecycle.record, stream, await read.stream_events(db, stream, up_to_version=version))
    assert record is not None, "a record's own row is not removed"
    return record


async def record_as_of(
    db: Database, lifecycle: Lifecycle[R], stream: str, moment: int | datetime
) -> R | None:
    """Return the record as it was at that log position or time of recording. None: it did not exist yet."""
    return fold(lifecycle.record, stream, await read.stream_events(db, stream, as_of=moment))


def fold(record_class: type[R], row_key: str, events: list[Recorded]) -> R | None:
    """Return the row of that key after these events, applied in the order of their versions, with the parts
    of a record; None if it does not exist.
    """
    record = _fold_row(record_class, row_key, events)
    if record is not None:
        for part_class in record_class.PARTS:
            part = _fold_row(part_class, stream(part_class.KIND, record.id), events)
            if part is not None:
                record.__dict__[part_class.KIND] = part
    return record


def _fold_row(record_class: type[R], row_key: str, events: list[Recorded]) -> R | None:
    record: R | None = None
    for event in events:
        if row_key in event.data["set"]:
            fields = event.data["set"][row_key]
            before = record or empty(record_class, id_of(row_key))
            record = None
            if fields is not None:
                record = evolve(before, event.version, event.occurred_at, fields, event.recorded_at)
    return record
