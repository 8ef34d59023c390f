"""The worked cases of clocks, played into a log: calendars, agreements, and what happened to the case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb

from app.common.times.business_time import DAY, BusinessTime, CalendarDefinition, Hours, Week
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP

Json = dict[str, Any]
NAMES = UUID(int=22)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
REQUESTER, STAFF = UUID(int=31), UUID(int=32)
ACTORS = {
    "requester": f"person:{REQUESTER}",
    "staff": f"person:{STAFF}",
    "tool": "integration:5",
    "rule": "rule:answer_at_once",
}
#: What events say of a case, by how the worked cases call it.
FIELDS = {
    "priority": "priority",
    "service": "service",
    "category": "category",
    "customer": "customer_id",
    "catalogue_item": "item",
    "state": "state",
    "reason": "hold_reason",
    "supplier": "supplier_id",
    "service_restored_at": "service_restored_at",
    "channel": "channel",
}


def named(key: str | None) -> str | None:
    """The id of whatever has that name."""
    return None if key is None else str(uuid5(NAMES, key))


def calendar_of(document: Json, more_holidays: list[str] | None = None) -> BusinessTime:
    """The calendar that a worked case defines."""
    week: Week = tuple(
        tuple(_hours(hours_of_day) for hours_of_day in document["weekly"].get(day, ())) for day in WEEKDAYS
    )
    holidays = [*document["holidays"], *(more_holidays or ())]
    return BusinessTime(
        CalendarDefinition(
            zone=document["timezone"],
            weekly=week,
            holidays=frozenset(date.fromisoformat(day) for day in holidays),
            working_days={
                date.fromisoformat(day): tuple(_hours(hours_of_day) for hours_of_day in spans)
                for day, spans in document["working_days"].items()
            },
        )
    )


def _hours(span: list[str]) -> Hours:
    begin, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span)
    return begin, end or DAY


@dataclass
class Playing:
    """A log that worked cases are played into."""

    connection: Connection
    versions: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    async def tell(self, name: str, kind: str, occurred_at: datetime, fields: Json, **more: Any) -> Event:
        """Append an event of the stream; `more` are its actor, source, and other members of its data."""
        version = self.versions[name] = self.versions.get(name, 0) + 1
        actor, source = more.pop("actor", ACTORS["staff"]), more.pop("source", "api")
        rows = {name: fields} if fields else {}
        event = Event(
            id=uuid7(),
            stream=name,
            version=version,
            type=f"{name.partition('/')[0]}.{kind}",
            occurred_at=occurred_at,
            actor=actor,
            correlation_id=MADE_UP,
            source=source,
            data={"given": {}, "set": rows | more.pop("rows", {})} | more,
        )
        command = AppendRequest(reads={name: version - 1}, events=(event,))
        await append(self.connection, [encode(command)])
        self.events.append(event)
        return event

    async def calendar(self, key: str, hours: BusinessTime, years: tuple[int, int] = (2024, 2028)) -> None:
        """Publish a version of the calendar."""
        version, name = uuid7(), stream("calendar", uuid5(NAMES, f"calendar {key}"))
        since, until = (datetime(year, 1, 1, tzinfo=UTC) for year in years)
        spans = [[int(a.timestamp()), int(b.timestamp())] for a, b in hours.spans(since, until)]
        entry = {
            "id": str(version),
            "since": int(since.timestamp()),
            "until": int(until.timestamp()),
            "spans": spans,
        }
        await self.connection.execute(b"select business_time.write_spans(%s)", (Jsonb(entry),))
        fields = {"key": key, "newest_id": str(version), "time_zone": hours.definition.zone}
        await self.tell(name, "edited", since, fields)

    async def sign(self, document: Json) -> str:
        """Sign an agreement; `of` is as in the worked cases. Returns its id."""
        usual: Json = {"services": [], "catalogue_items": [], "customer": None, "version": 1, "kind": "SLA"}
        document = usual | document
        name = agreement_stream(document["key"], document["version"])
        fields = {
            "agreement_type": document["kind"],
            "edition": document["version"],
            "customer_id": named(document["customer"]),
            "services": document["services"] or None,
            "catalogue_items": document["catalogue_items"] or None,
            "calendar": document["calendar"],
            "valid_from": document["valid_from"],
            "valid_to": document["valid_to"],
            "targets": [_target(definition) for definition in document["targets"]],
            "reopen_days": document.get("reopen_days"),
        }
        if "replaces" in document:
            fields["replaces_id"] = agreement_stream(document["key"], document["replaces"]).partition("/")[2]
        signed_at = datetime.fromisoformat(document["signed_at"])
        await self.tell(name, "drafted", signed_at - timedelta(days=1), fields | {"state": "drafted"})
        await self.tell(name, "signed", signed_at, {"state": "signed", "signed_at": instant(signed_at)})
        if "replaces" in document:
            event_fields = {"state": "superseded", "superseded_from": document["valid_from"]}
            await self.tell(
                agreement_stream(document["key"], document["replaces"]), "superseded", signed_at, event_fields
            )
        return name.partition("/")[2]

    async def play(self, name: str, events: list[Json], until: datetime, known_at: str | None = None) -> None:
        """Tell what happened to the case up to then, in the order in which it was recorded."""
        known_events = (
            events
            if known_at is None
            else [definition for definition in events if _at(definition["recorded_at"]) <= _at(known_at)]
        )
        happened = [definition for definition in known_events if _at(definition["occurred_at"]) <= until]
        for event in sorted(happened, key=lambda log_event: _at(log_event["recorded_at"])):
            await self.happen(name, event)

    async def happen(self, name: str, document: Json, source: str = "api") -> None:
        """Tell one event of a case."""
        data, occurred_at = document.get("data", {}), _at(document["occurred_at"])
        fields = {FIELDS[key]: value for key, value in data.items() if key in FIELDS}
        for key in ("customer_id", "supplier_id"):
            if key in fields:
                fields[key] = named(fields[key])
        if document["type"].endswith("prioritised"):
            fields.pop("hold_reason", None)
        if "service_restored_at" in fields:
            fields["service_restored_at"] = instant(_at(fields["service_restored_at"]))
        if name not in self.versions:
            fields |= {"opened_at": instant(occurred_at), "requester_id": str(REQUESTER)}
        rows = {}
        if "visibility" in data:
            rows = {f"comment/{uuid7()}": {"visibility": data["visibility"]}}
        await self.tell(
            name,
            document["type"].partition(".")[2],
            occurred_at,
            fields,
            actor=ACTORS[document.get("by", "staff")],
            source=source,
            rows=rows,
        )


def agreement_stream(key: str, version: int = 1) -> str:
    """The stream of an agreement's version."""
    return stream("sla", uuid5(NAMES, f"agreement {key} {version}"))


def _target(document: Json) -> Json:
    conditions = document.get("conditions", {})
    return {
        "id": document["id"],
        "metric": document["metric"],
        **{
            name: conditions.get(name)
            for name in ("process", "priority", "category", "service", "catalogue_item")
        },
        "threshold_seconds": document["threshold_seconds"],
        "calendar": document.get("calendar"),
        "pause_reasons": document.get("pause_reasons", []),
        "pause_states": document.get("pause_states", []),
        "warning_percents": document.get("warning_percents", [50, 75, 90]),
        "comparator": "le",
    }


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
