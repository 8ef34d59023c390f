"""Lives of records, told by hand: what happened, and how long after the opening."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN

REQUESTER = "11"
#: By the kind of a record, the event that opens it, and the state that it has then.
OPENINGS = {
    "request": ("submitted", "submitted"),
    "problem": ("raised", "logged"),
    "change": ("drafted", "draft"),
    "ci": ("planned", "planned"),
    "deployment": ("started", "running"),
    "sla": ("requirement_recorded", "requirement"),
}


class Life:
    """A record's events, each so many seconds after its opening."""

    def __init__(self, kind: str = "request", **fields: Any) -> None:
        self.kind, self.name, self.events = kind, stream(kind, uuid7()), list[Event]()
        first = OPENINGS[kind]
        fields = {"environment": "production", **fields} if kind == "deployment" else fields
        opened = {"opened_at": instant(BEGIN), "requester_id": REQUESTER} if kind == "request" else fields
        self.then(0, first[0], first[1], **{"opened_at": instant(BEGIN), **opened, **fields})

    @property
    def id(self) -> UUID:
        """The id of the record."""
        return UUID(self.name.partition("/")[2])

    def caused(self, seconds: float, incident: UUID, cause: str | None = None) -> Life:
        """It is confirmed to have caused the incident."""
        self.then(seconds, "cause_confirmed")
        fields = {"incident_id": str(incident)}
        self.events[-1].data["set"][cause or f"deployment_cause/{uuid7()}"] = fields
        return self

    def linked(self, seconds: float, kind: str, other: str, link: str | None = None) -> Life:
        """It is linked to the other one so."""
        self.then(seconds, "linked")
        self.events[-1].data["set"][link or f"link/{uuid7()}"] = {"kind": kind, "other": other}
        return self

    def then(
        self,
        seconds: float,
        event_type: str,
        state: str | None = None,
        actor: str = "person:12",
        **fields: Any,
    ) -> Life:
        event_fields = fields if state is None else fields | {"state": state}
        event = Event(
            id=uuid7(),
            stream=self.name,
            version=len(self.events) + 1,
            type=f"{self.kind}.{event_type}",
            occurred_at=BEGIN + timedelta(seconds=seconds),
            actor=actor,
            correlation_id=MADE_UP,
            source="api",
            data={"given": {}, "set": {self.name: event_fields} if event_fields else {}},
        )
        self.events.append(event)
        return self
