"""Commands for tests of the log: teams, the simplest rows that there are, written without the kernel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.log.events import Event, kind_of, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, IdempotencyRecord

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def an_event(name: str, version: int = 1, **changed: Any) -> Event:
    """An event of a team."""
    fields: dict[str, Any] = {
        "id": uuid7(),
        "stream": name,
        "version": version,
        "type": f"{kind_of(name)}.told",
        "occurred_at": NOW,
        "actor": "rule:tests",
        "correlation_id": "a-test",
        "source": "api",
        "data": {"given": {}, "set": {}},
    }
    return Event(**(fields | changed))


def naming(*names: str) -> dict[str, Any]:
    """The data of an event that names these rows, and says nothing of them."""
    return {"given": {}, "set": {name: {} for name in names}}


def a_row(team_id: UUID, key: str, version: int = 1, **changed: Any) -> tuple[str, dict[str, Any]]:
    """The row of a team with that key."""
    row = {
        "id": str(team_id),
        "version": version,
        "changed_at": "2026-11-20T08:00:00.000000Z",
        "state": "active",
        "key": key,
        "name": key,
        "kind": "internal",
        "added_at": "2026-11-20T08:00:00.000000Z",
    }
    return "fold.team", row | changed


def a_team(
    key: str, *, team_id: UUID | None = None, expected: int = 0, once: IdempotencyRecord | None = None
) -> AppendRequest:
    """Sets a team's row to that key, on a stream that was seen at that version."""
    team_id = team_id or uuid7()
    name = stream("team", team_id)
    event = an_event(name, expected + 1, data={"given": {}, "set": {name: {"key": key}}})
    keys = () if once is None else (once,)
    return AppendRequest(
        reads={name: expected},
        events=(event,),
        rows=(a_row(team_id, key, expected + 1),),
        idempotency_records=keys,
    )


def event_only(name: str, expected: int = 0, **changed: Any) -> AppendRequest:
    """Only tells of something on a stream that was seen at that version; no row changes."""
    return AppendRequest(reads={name: expected}, events=(an_event(name, expected + 1, **changed),))


def client_key(key: str, name: str, version: int = 1, fingerprint: str = "ab") -> IdempotencyRecord:
    """A key of a client."""
    return IdempotencyRecord("person:x", "add_team", key, fingerprint, name, version, 201)
