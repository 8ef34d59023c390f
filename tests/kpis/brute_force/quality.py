"""The KPIs of corrective actions and maintenance, from the words of the catalogue (62)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.dimensions import cut_of
from tests.kpis.brute_force.reading import Record, World, instant_of

OF_CORRECTIONS = {"process": "process", "owner": "owner_id"}
OF_MAINTENANCE = {"team": "team_id", "service": "service"}


def _by_due_date(
    kind: str, field: str, done: str, given_up: str, cut: Callable[[Record, datetime], dict[str, Any]]
) -> Callable[[World], list[Counted]]:
    """Count the records by the due date that their opening has said: done by then, or not."""

    def counted(world: World) -> list[Counted]:
        cases = []
        for record in world.of(kind):
            due = instant_of(record.opening.told.get(field))
            if due is None or due >= world.now:
                continue
            met = any(step.what == done and step.at <= due for step in record.steps)
            if met or not any(step.what == given_up and step.at < due for step in record.steps):
                cases.append(Counted(record.id, due, int(met), cut(record, due)))
        return cases

    return counted


def _as_stood(record: Record, due: datetime) -> dict[str, Any]:
    """Its owner and its process just before it was due, or as it was planned."""
    fields = dict(record.opening.told)
    for step in record.steps[1:]:
        fields |= step.told if step.at < due else {}
    return cut_of(OF_CORRECTIONS, fields)


def _as_opened(record: Record, due: datetime) -> dict[str, Any]:
    """Its team and its service as it was opened."""
    return cut_of(OF_MAINTENANCE, record.opening.told)


DEFINITIONS = {
    "corrective_actions_on_time": Definition(
        _by_due_date("corrective_action", "first_due_at", "verified", "dropped", _as_stood)
    ),
    "maintenance_on_time": Definition(_by_due_date("maintenance", "due_at", "done", "cancelled", _as_opened)),
}
