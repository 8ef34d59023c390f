"""Made-up outages of services of their own: short, overlapping, touching, in maintenance, over month ends."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.platform.db import Connection
from tests.contract.logged import MADE_UP
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN, BORDERS, DAYS, TEAMS
from tests.kpis.other_histories import write_others

SERVICES = ("files", "vpn")
HOUR = timedelta(hours=1)
#: Outages begin around these instants, so that some overlap and some touch.
AROUND = (*BORDERS, *(BEGIN + timedelta(days=n, hours=11) for n in range(3, DAYS, 9)))
LENGTHS = (timedelta(seconds=1), HOUR / 4, HOUR, 2 * HOUR, 26 * HOUR)
EFFECTS = ("down", "down", "degraded", "degraded", "none")


async def agree_on_outages(hours: Hours) -> None:
    """Tell of the services, one of them with hours, and of SLAs: one for everybody, one of a customer."""
    promise = {"metric": "availability", "calendar": None, "threshold": "0.98", "service": None}
    for service, calendar in zip(SERVICES, ("office", None), strict=True):
        await hours.service(service, calendar, BEGIN - timedelta(days=5))
    terms: dict[str, Any] = {"degraded_weight": "0.5", "targets": [promise], "calendar": "always"}
    since, until = BEGIN + timedelta(days=12), BORDERS[2]
    await hours.sla("SLA-2026-004", since, until, services=["files"], maintenance_counts=False, **terms)
    own = terms | {"degraded_weight": "1", "calendar": "office"}
    customer = str(TEAMS[2])
    await hours.sla("SLA-2026-005", since, None, services=["files", "vpn"], customer_id=customer, **own)


def outage_histories(seed: int, incidents: int) -> list[Event]:
    """Events of so many incidents that touch these services."""
    chance = random.Random(seed)
    return [event for _ in range(incidents) for event in _incident(chance)]


def _incident(chance: random.Random) -> list[Event]:
    name = stream("incident", uuid7())
    begin = chance.choice(AROUND) + chance.choice((-HOUR, timedelta(0), HOUR / 4, HOUR))
    late = chance.choice((timedelta(0), HOUR / 2, 3 * HOUR))
    fields = {
        "service": chance.choice(SERVICES),
        "category": chance.choice(("hardware", "access", None)),
        "effect": chance.choice(EFFECTS),
        "opened_at": instant(begin + late),
        "state": "new",
    }
    if chance.random() < 0.3:
        fields["effect_reported_at"] = fields["opened_at"]
    if late:
        fields["began_at"] = instant(begin)
    events = [_event(name, 1, "reported", begin + late, fields)]
    for turn in range(chance.choice((1, 1, 1, 2))):
        occurred_at = events[-1].occurred_at + turn * chance.choice(LENGTHS)
        if turn:
            events.append(
                _event(name, len(events) + 1, "reopened", occurred_at, {"service_restored_at": None})
            )
        events += _turn(chance, name, len(events) + 1, occurred_at)
    return events


def _turn(chance: random.Random, name: str, version: int, begin: datetime) -> list[Event]:
    """Another effect at some time, the service's return at some, and the resolution, later or never."""
    occurred_at = begin
    steps: list[tuple[str, datetime, dict[str, Any]]] = []
    if chance.random() < 0.2:  # of those that only users report, some are confirmed
        steps.append(("effect_confirmed", occurred_at, {"effect_reported_at": None}))
    if chance.random() < 0.4:
        occurred_at += chance.choice(LENGTHS[:3])
        steps.append(("prioritised", occurred_at, {"effect": chance.choice(EFFECTS)}))
    occurred_at += chance.choice(LENGTHS)
    if chance.random() < 0.6:
        steps.append(
            (
                "contained",
                occurred_at,
                {"service_restored_at": instant(occurred_at - chance.choice((HOUR / 4, 0 * HOUR)))},
            )
        )
        occurred_at += chance.choice(LENGTHS)
    steps.append(("resolved", occurred_at, {"state": "resolved"}))
    if chance.random() < 0.1:
        steps.append(("cancelled", occurred_at + HOUR, {"state": "cancelled"}))
    return [
        _event(name, version + n, event_type, when, fields)
        for n, (event_type, when, fields) in enumerate(steps)
    ]


def maintenance(seed: int, changes: int) -> list[Event]:
    """Events of so many changes of these services: approved before they begin, or too late, or called off."""
    chance = random.Random(seed)
    events = []
    for _ in range(changes):
        name, begin = stream("change", uuid7()), chance.choice(AROUND)
        window = {
            "window_from_at": instant(begin),
            "window_until_at": instant(begin + chance.choice(LENGTHS)),
        }
        fields = {"state": "draft", "opened_at": instant(begin - 30 * HOUR), "services": list(SERVICES)}
        approved = begin - chance.choice((HOUR, HOUR, 0 * HOUR, -HOUR))
        events += [
            _event(name, 1, "drafted", begin - 30 * HOUR, fields),
            _event(name, 2, "scheduled", approved, {"state": "scheduled", **window}),
        ]
        if chance.random() < 0.2:
            events.append(_event(name, 3, "cancelled", begin + 2 * HOUR, {"state": "cancelled"}))
    return events


def _event(name: str, version: int, event_type: str, occurred_at: datetime, fields: dict[str, Any]) -> Event:
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"{name.partition('/')[0]}.{event_type}",
        occurred_at=occurred_at,
        actor="person:11",
        correlation_id=MADE_UP,
        source="api",
        data={"given": {}, "set": {name: fields}},
    )


async def write_outages(connection: Connection, seed: int, hours: Hours, number: int) -> list[Event]:
    """Append so many incidents, a few changes, and what is agreed of their services."""
    hours.events.clear()
    await agree_on_outages(hours)
    incidents, changes = outage_histories(seed, number), maintenance(seed, max(3, number // 5))
    return [
        *hours.events,
        *await write_others(connection, incidents),
        *await write_others(connection, changes),
    ]
