"""Services with calendars and agreements with customers, as the log tells of them, and the spans that follow
from calendars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.common.records import from_row
from app.foundation.calendars.records import CalendarVersion
from app.foundation.calendars.spans import span_row
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN, TEAMS

#: Of this time spans are known.
SINCE, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Json = dict[str, Any]
#: What their rows cannot be without.
OF_ROWS: dict[str, Json] = {
    "service": {
        "state": "live",
        "criticality": "high",
        "owner_id": str(uuid7()),
        "proposed_at": instant(BEGIN),
    },
    "calendar": {"state": "active", "time_zone": "UTC", "revision": 1, "added_at": instant(BEGIN)},
    "sla": {
        "state": "signed",
        "state_since": instant(BEGIN),
        "title": "An agreement",
        "edition": 1,
        "recorded_requirement_at": instant(BEGIN),
    },
}
#: What a target says, if nothing else is said.
TARGET: Json = {
    **dict.fromkeys(("process", "priority", "category", "service", "catalogue_item", "calendar")),
    "comparator": "le",
    "pause_reasons": [],
    "pause_states": [],
    "warning_percents": [50, 75, 90],
}


@dataclass
class RecordStream:
    """A record's stream, and how far it has been told."""

    name: str
    version: int = 0


class Hours:
    """What is said of services, calendars and agreements, one after another."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.known = dict[tuple[str, str], RecordStream]()
        self.events = list[Event]()

    async def service(self, key: str, calendar: str | None, occurred_at: datetime = BEGIN) -> None:
        """The service goes by that calendar from then on; it is live since it is told of first."""
        fields = {"calendar": calendar, "state": "live", "name_en": key, "name_zh": key}
        await self._say("service", key, {"key": key, **fields}, at=occurred_at)

    async def retire(self, key: str, occurred_at: datetime) -> None:
        """The service is retired."""
        await self._say("service", key, {"state": "retired"}, at=occurred_at)

    async def sla(self, number: str, begins_at: datetime, ends_at: datetime | None, **fields: Any) -> str:
        """An SLA is in force at these times, with these fields, none of them of clocks; returns its id."""
        event_fields = {"agreement_type": "SLA", "state": "signed", "signed_at": instant(BEGIN), **fields}
        event_fields["begins_at"] = instant(begins_at)
        event_fields["ends_at"] = None if ends_at is None else instant(ends_at)
        await self._say("sla", number, {"number": number, **event_fields})
        return self.id(number)

    async def calendar(
        self, key: str, *hours: tuple[float, float], since: datetime = SINCE, until: datetime = UNTIL
    ) -> None:
        """The calendar has these hours of every day (UTC) from now on; its spans are known of that time."""
        weekly = [
            {"weekdays": list(DAYS), "starts": _clock(begin), "ends": _clock(end)} for begin, end in hours
        ]
        await self.publish(key, {"time_zone": "UTC", "weekly": weekly}, since, until)

    async def publish(
        self, key: str, definition: Json, since: datetime = SINCE, until: datetime = UNTIL
    ) -> None:
        """Publish a version of the calendar; its spans are known of that time."""
        record_stream = self.known.setdefault(("calendar", key), RecordStream(stream("calendar", uuid7())))
        row: Json = {
            "id": str(uuid7()),
            "record": record_stream.name,
            "revision": record_stream.version + 1,
            "weekly_from": [],
            "public_holidays": [],
            "holidays": [],
            "struck": [],
            "working_days": [],
            "provisional_years": [],
            "published_at": instant(BEGIN),
            **definition,
        }
        version = from_row(
            CalendarVersion,
            {"version": 1, "changed_at": BEGIN, "appended_at": None}
            | row
            | {"id": UUID(row["id"]), "published_at": BEGIN},
        )
        spans = span_row(version, since, until)
        await self.connection.execute(b"select business_time.write_spans(%s)", (Jsonb(spans),))
        fields = {"newest_id": row["id"], "revision": row["revision"], "time_zone": row["time_zone"]}
        children = {f"calendar_version/{row['id']}": row}
        kind = "added" if record_stream.version == 0 else "revised"
        await self._say("calendar", key, {"key": key, "name": key, **fields}, kind, children)

    async def spans(
        self,
        key: str,
        spans: Sequence[tuple[datetime, datetime]],
        since: datetime,
        until: datetime,
        published_at: datetime | None = None,
    ) -> None:
        """The calendar is open at these times from now on, or from its publication; they are known of the
        time from `since` to `until`.
        """
        version = uuid7()
        seconds = [[int(bound.timestamp()) for bound in span] for span in spans]
        reach = {"since": int(since.timestamp()), "until": int(until.timestamp())}
        entry = {"id": str(version), **reach, "spans": seconds}
        await self.connection.execute(b"select business_time.write_spans(%s)", (Jsonb(entry),))
        event_fields = {} if published_at is None else {"published_at": instant(published_at)}
        fields = {"key": key, "newest_id": str(version), "name": key}
        await self._say("calendar", key, fields, told={f"calendar_version/{version}": event_fields})

    async def sign(
        self, key: str, *targets: Json, signed_at: datetime = SINCE, replaces: str | None = None, **more: Any
    ) -> UUID:
        """An agreement with customers is signed now, on paper since `signed_at`. Returns its id.

        `replaces` is the one whose place it takes.
        """
        fields: Json = {
            "agreement_type": "SLA",
            "calendar": "office",
            "valid_from": "2025-06-01",
            "valid_to": None,
            "services": None,
            "catalogue_items": None,
            "customer_id": None,
            "reopen_days": None,
            "replaces_id": None if replaces is None else self.id(replaces),
            "targets": [TARGET | target for target in targets],
            "signed_at": instant(signed_at),
            "state": "signed",
            **more,
        }
        await self._say("sla", key, fields, "signed", number=f"SLA-{key}")
        if replaces is not None:
            event_fields = {"state": "superseded", "superseded_from": fields["valid_from"]}
            await self._say("sla", replaces, event_fields, "superseded")
        return UUID(self.id(key))

    async def terminate(self, key: str, occurred_at: datetime) -> None:
        """The agreement ends then."""
        await self._say("sla", key, {"state": "terminated", "ended_at": instant(occurred_at)}, "terminated")

    def id(self, agreement: str) -> str:
        """The id of an agreement."""
        return self.known["sla", agreement].name.partition("/")[2]

    async def _say(
        self,
        kind: str,
        key: str,
        fields: Json,
        event_type: str = "edited",
        children: Json | None = None,
        *,
        told: Json | None = None,
        at: datetime = BEGIN,
        **row: Any,
    ) -> None:
        """Tell of the record, with its `children`, which have rows of their own, and what else is `told`."""
        record_stream = self.known.setdefault((kind, key), RecordStream(stream(kind, uuid7())))
        new, record_stream.version = record_stream.version == 0, record_stream.version + 1
        rows = [(f"fold.{name.partition('/')[0]}", _child(child)) for name, child in (children or {}).items()]
        if new:
            whole_row = {
                "id": str(UUID(record_stream.name.split("/")[1])),
                "version": 1,
                "changed_at": instant(BEGIN),
            }
            rows.append((f"fold.{kind}", whole_row | OF_ROWS[kind] | fields | row))
        event = Event(
            id=uuid7(),
            stream=record_stream.name,
            version=record_stream.version,
            type=f"{kind}.{event_type}",
            occurred_at=at,
            actor="person:11",
            correlation_id=MADE_UP,
            source="api",
            data={"given": {}, "set": {record_stream.name: fields, **(children or {}), **(told or {})}},
        )
        self.events.append(event)
        command = AppendRequest(
            reads={record_stream.name: record_stream.version - 1}, events=(event,), rows=tuple(rows)
        )
        await append(self.connection, [encode(command)])


def _child(row: Json) -> Json:
    return {"version": 1, "changed_at": instant(BEGIN)} | row


def _clock(hour: float) -> str:
    return f"{int(hour) % 24:02}:{round(hour % 1 * 60):02}"


async def usual_agreements(hours: Hours) -> None:
    """Agreements that cover most of what the made-up histories bring, in several ways."""
    first_id = str(UUID(int=1))
    waits = ["awaiting_requester", "awaiting_vendor"]
    await hours.sign(
        "everything",
        {"id": "d1", "metric": "resolution", "threshold_seconds": 100_000, "pause_reasons": waits},
        {"id": "d2", "metric": "response", "threshold_seconds": 9_000, "warning_percents": [80]},
        {
            "id": "d3",
            "metric": "fulfilment",
            "threshold_seconds": 60_000,
            "pause_states": ["awaiting_approval"],
        },
        {"id": "d4", "metric": "update", "threshold_seconds": 7_200},
        {"id": "d5", "metric": "restore", "threshold_seconds": 50_000, "priority": "P1"},
        {
            "id": "d6",
            "metric": "fulfilment",
            "threshold_seconds": 200_000,
            "priority": "P2",
            "calendar": "always",
            "pause_reasons": waits,
        },
        reopen_days=3,
    )
    await hours.sign(
        "mail",
        {"id": "m1", "metric": "resolution", "threshold_seconds": 20_000, "pause_reasons": waits[:1]},
        {"id": "m2", "metric": "resolution", "threshold_seconds": 400_000, "priority": "P4"},
        {
            "id": "m3",
            "metric": "response",
            "threshold_seconds": 600,
            "process": "incident",
            "calendar": "always",
        },
        services=["mail"],
    )
    await hours.sign(
        "mail of one",
        {"id": "o1", "metric": "resolution", "threshold_seconds": 7_200, "calendar": "always"},
        {"id": "o2", "metric": "resolution", "threshold_seconds": 300_000, "category": "access"},
        services=["mail", "erp"],
        customer_id=first_id,
        valid_to="2026-02-28",
        reopen_days=10,
    )


async def later_agreements(hours: Hours) -> None:
    """What comes of them while cases live."""
    await hours.sign(
        "mail of one, again",
        {"id": "o3", "metric": "resolution", "threshold_seconds": 14_400, "warning_percents": []},
        replaces="mail of one",
        services=["mail", "erp"],
        customer_id=str(UUID(int=1)),
        valid_from="2026-02-10",
    )
    await hours.terminate("everything", BEGIN + timedelta(days=60))


async def agree(hours: Hours) -> None:
    """Sign an SLA for a service in which degraded time weighs, one for a customer, and a default later."""
    promise = {"metric": "availability", "calendar": None, "threshold": "0.995", "service": None}
    no_more = {"process": None, "priority": None, "category": None, "catalogue_item": None}
    targets = [promise | no_more]
    weighing = {
        "calendar": "office",
        "targets": targets,
        "degraded_weight": "0.25",
        "maintenance_counts": False,
    }
    begin = BEGIN + timedelta(days=20)
    await hours.sla("SLA-2026-001", begin, begin + timedelta(days=30), services=["mail"], **weighing)
    await hours.sla(
        "SLA-2026-002", BEGIN, None, services=["mail", "erp"], customer_id=str(TEAMS[0]), **weighing
    )
    await hours.sla("SLA-2026-003", begin + timedelta(days=10), None, services=None, **weighing)
