"""What is added to the catalogue before, between and behind the tickets that name it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.log.events import Event, stream
from app.log.ids import uuid7
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN

#: Of each kind, the event that adds one, and its state then.
ADDED = {"service": ("proposed", "proposed"), "ci": ("planned", "planned"), "category": ("added", "active")}
#: What made-up incidents name: what is there before them, from the middle on, and only behind them. The first
#: categories are of another process, too. The other items are never added.
OF_INCIDENTS: Sequence[Sequence[tuple[str, dict[str, str]]]] = (
    (
        ("category", {"process": "incident", "key": "hardware"}),
        ("category", {"process": "request", "key": "access"}),
        ("ci", {"key": "mail-1"}),
    ),
    (("category", {"process": "incident", "key": "access"}), ("ci", {"key": "mail-2"})),
    (("ci", {"key": "erp-1"}),),
)
#: What made-up requests name besides, from the middle on.
OF_REQUESTS: Sequence[Sequence[tuple[str, dict[str, str]]]] = (
    (),
    (("category", {"process": "request", "key": "hardware"}),),
    (),
)


def with_additions(
    log: Sequence[Event], additions: Sequence[Sequence[tuple[str, dict[str, str]]]]
) -> list[Event]:
    """The log with what is added before it, in its middle and behind it; each is retired at once."""
    before, between, behind = (
        [event for kind, fields in part for event in added(kind, fields)] for part in additions
    )
    middle = len(log) // 2
    return [*before, *log[:middle], *between, *log[middle:], *behind]


def added(kind: str, fields: dict[str, str]) -> list[Event]:
    """The events by which a record of the catalogue is added and retired."""
    name, (event_type, state) = stream(kind, uuid7()), ADDED[kind]
    return [
        _event(name, 1, event_type, fields | {"state": state}),
        _event(name, 2, "retired", {"state": "retired"}),
    ]


def _event(name: str, version: int, event_type: str, fields: dict[str, Any]) -> Event:
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"{name.partition('/')[0]}.{event_type}",
        occurred_at=BEGIN,
        actor="person:21",
        correlation_id=MADE_UP,
        source="api",
        data={"given": {}, "set": {name: fields}},
    )
