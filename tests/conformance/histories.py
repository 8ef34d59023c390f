"""Made-up histories of incidents that go through states, most of them unlikely, some told late."""

from __future__ import annotations

import random

from app.log.events import Event
from tests.kpis import histories as of_kpis

STATES = {
    "acknowledged": "acknowledged",
    "started": "in_progress",
    "held": "on_hold",
    "resumed": "in_progress",
    "resolved": "resolved",
    "closed": "closed",
    "reopened": "in_progress",
    "cancelled": "cancelled",
    "observed": "in_progress",
}


def histories(seed: int, cases: int) -> list[Event]:
    """The events of so many incidents, in the order of the log."""
    chance = random.Random(seed)
    log = of_kpis.histories(seed, cases)
    for event in log:
        state = STATES.get(event.type.partition(".")[2])
        if state is not None and event.version > 1 and chance.random() < 0.9:
            part = "late" if "late" in event.data or chance.random() < 0.1 else "set"
            event.data.setdefault(part, {}).setdefault(event.stream, {})["state"] = state
    return log
