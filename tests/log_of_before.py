"""Writing a log of before: events whose fields all stand on the record's own row, as before it had parts, and
the rows of today that they make.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from app.common.records import Record, as_row, empty, evolve
from app.log.canonical import instant
from app.log.events import id_of, kind_of, stream
from app.log.ids import uuid7
from app.log.upcasting import upcast
from app.log.writer import AppendRequest
from app.platform.db import connect
from app.platform.settings import PROJECT
from tests.client import Api
from tests.conftest import DatabaseUrls
from tests.contract.logged import MADE_UP
from tests.log.commands import an_event

BEGUN_AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
#: What each event set on the row of the record, by the type of the event, from the first on.
OldEvents = Sequence[tuple[str, dict[str, Any]]]


def day(n: int) -> str:
    """The instant so many days after the beginning, as the log has it."""
    return instant(BEGUN_AT + timedelta(days=n))


async def write_log_of_before(
    api: Api, place: DatabaseUrls, record_class: type[Record], old_events: OldEvents
) -> str:
    """Write the events, a day apart, with the rows of today; return the name of their stream."""
    name = stream(record_class.KIND, uuid7())
    events = [
        an_event(
            name,
            version,
            type=event_type,
            occurred_at=BEGUN_AT + timedelta(days=version - 1),
            correlation_id=MADE_UP,
            actor=f"person:{uuid7()}",
            data={"given": {}, "set": {name: fields}},
        )
        for version, (event_type, fields) in enumerate(old_events, 1)
    ]
    classes = {row.KIND: row for row in (record_class, *record_class.PARTS)}
    stands: dict[str, Record] = {}
    for event in events:
        changed = upcast(event.type, 1, event.data)["set"]
        for key, fields in changed.items():
            before = stands.get(key) or empty(classes[kind_of(key)], id_of(key))
            stands[key] = evolve(before, event.version, event.occurred_at, fields)
        rows = ((f"fold.{stands[name].KIND}", as_row(stands[name])),)
        request = AppendRequest(
            reads={name: event.version - 1}, events=(event,), rows=rows, audiences={name: ("staff:",)}
        )
        written = await api.ledger.writer.write(request)
        await _write_parts(place, [stands[key] for key in changed if key != name], written.recorded_at)
    return name


async def _write_parts(place: DatabaseUrls, parts: Sequence[Record], appended_at: datetime) -> None:
    """Write the rows as the migration does: no event names them, so none may be appended with them."""
    owner = await connect(place.owner_url)
    for part in parts:
        statement = f'select log."fold.{part.KIND}"(%s, %s)'
        await owner.execute(statement.encode(), (Jsonb([as_row(part)]), appended_at))
    await owner.close()


def _moving(migration: str) -> bytes:
    """The statements by which that migration makes the rows of parts from the log."""
    (path,) = (PROJECT / "migrations" / "versions").glob(f"{migration}/*.sql")
    statements = path.read_bytes()
    return statements[statements.index(b"create temp table") : statements.index(b"drop table part_change")]


async def move_rows_again(place: DatabaseUrls, record_class: type[Record], migration: str) -> None:
    """Delete the rows of the record's parts, and let that migration make them from the log."""
    owner = await connect(place.owner_url)
    async with owner.transaction():
        for part in record_class.PARTS:
            await owner.execute(f"delete from fold.{part.KIND}".encode())
        await owner.execute(_moving(migration))
    await owner.close()
