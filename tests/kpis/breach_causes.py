"""Made-up causes of breaches, as people and the rule for unknown ones state them of clocks, and anew."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.log.events import Event
from app.log.ids import uuid7
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN, DAYS

CAUSES = ("late_assignment", "workload", "vendor", "unknown", "unknown")
#: Of which clocks: of one of an agreement with a customer, of one with a team, or of all of the case.
CLOCKS = (("SLA", "resolution"), ("SLA", "response"), ("OLA", "resolution"), (None, None), (None, None))


def breach_causes(seed: int, log: Sequence[Event]) -> list[Event]:
    """Events by which causes are stated of every second incident, request and problem of the log."""
    chance = random.Random(seed)
    versions: dict[str, int] = {}
    for event in log:
        versions[event.stream] = max(event.version, versions.get(event.stream, 0))
    tickets = [name for name in versions if name.startswith(("incident/", "request/", "problem/"))]
    events = []
    for name in chance.sample(tickets, len(tickets) // 2):
        rows: dict[Any, str] = {}
        for clock in chance.choices(CLOCKS, k=chance.choice((1, 2, 4))):
            fields: dict[str, Any] = {"cause": chance.choice(CAUSES)}
            if clock not in rows:
                rows[clock] = f"breach_cause/{uuid7()}"
                fields |= {"agreement_type": clock[0], "metric": clock[1], "record": name}
            versions[name] += 1
            events.append(_stated(chance, name, versions[name], {rows[clock]: fields}))
    return events


def _stated(chance: random.Random, name: str, version: int, rows: dict[str, Any]) -> Event:
    kind = name.partition("/")[0]
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=f"{kind}.breach_cause_stated",
        occurred_at=BEGIN + timedelta(days=DAYS) * chance.random(),
        actor=chance.choice(("person:11", "rule:note_unknown_causes")),
        correlation_id=MADE_UP,
        source="api",
        data={"given": {}, "set": rows},
    )
