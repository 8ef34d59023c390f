"""Services with calendars, as the log tells of them, and the spans that follow from these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db import Connection
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from tests.kpis.histories import BEGIN

#: Of these days spans are known.
SINCE, UNTIL = BEGIN - timedelta(days=30), BEGIN + timedelta(days=200)
#: What their rows cannot be without.
OF_ROWS: dict[str, dict[str, Any]] = {
    "service": {
        "state": "live",
        "criticality": "high",
        "owner_id": str(uuid7()),
        "proposed_at": instant(BEGIN),
    },
    "calendar": {"state": "active", "time_zone": "UTC", "revision": 1, "added_at": instant(BEGIN)},
}


@dataclass
class RecordStream:
    """A record's stream, and how far it has been told."""

    name: str
    version: int = 0


class Hours:
    """What is said of services and calendars, one after another."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.known = dict[tuple[str, str], RecordStream]()
        self.events = list[Event]()

    async def service(self, key: str, calendar: str | None) -> None:
        """The service goes by that calendar from now on."""
        await self._say("service", key, {"calendar": calendar, "name_en": key, "name_zh": key})

    async def calendar(
        self, key: str, *hours: tuple[float, float], since: datetime = SINCE, until: datetime = UNTIL
    ) -> None:
        """The calendar has these hours of every day (UTC) from now on; they are known of that time."""
        version = uuid7()
        days = range((until - since).days)
        spans = [
            [_second(since + timedelta(days=day, hours=hour)) for hour in of] for day in days for of in hours
        ]
        entry = {"id": str(version), "since": _second(since), "until": _second(until), "spans": spans}
        await self.connection.execute(b"select business_time.write_spans(%s)", (Jsonb(entry),))
        await self._say("calendar", key, {"newest_id": str(version), "name": key})

    async def _say(self, kind: str, key: str, fields: dict[str, Any]) -> None:
        told = self.known.setdefault((kind, key), RecordStream(stream(kind, uuid7())))
        new, told.version = told.version == 0, told.version + 1
        rows: tuple[tuple[str, dict[str, Any]], ...] = ()
        if new:
            fields = fields | {"key": key}
            row = {"id": str(UUID(told.name.split("/")[1])), "version": 1, "changed_at": instant(BEGIN)}
            rows = ((f"fold.{kind}", row | {"key": key, **OF_ROWS[kind], **fields}),)
        event = Event(
            id=uuid7(),
            stream=told.name,
            version=told.version,
            type=f"{kind}.edited",
            occurred_at=BEGIN,
            actor="person:11",
            correlation_id="a-test",
            source="api",
            data={"given": {}, "set": {told.name: fields}},
        )
        self.events.append(event)
        command = AppendRequest(reads={told.name: told.version - 1}, events=(event,), rows=rows)
        await append(self.connection, [encode(command)])


def _second(at: datetime) -> int:
    return int(at.timestamp())
