"""The KPIs of openings that name what was not recorded by then, from the words of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from tests.kpis.brute_force.counted import Counted, Definition
from tests.kpis.brute_force.incidents import incidents
from tests.kpis.brute_force.reading import Record, World
from tests.kpis.brute_force.request_lives import requests

#: By kind of record, process (of categories alone) and key: where in the log it was added.
Positions = Mapping[tuple[str, str | None, str], int]


def _added(world: World) -> Positions:
    """Where each service, configuration item and category was added."""
    positions: dict[tuple[str, str | None, str], int] = {}
    for kind in ("service", "ci", "category"):
        for record in world.of(kind):
            first = record.events[0]
            fields = first.data["set"].get(first.stream, {})
            process = fields["process"] if kind == "category" else None
            if "key" in fields:
                positions[kind, process, fields["key"]] = first.position
    return positions


def _names_unknown(record: Record, positions: Positions) -> int:
    """1 if the event that opened it names something that was added later, or never; else 0. What was told of
    the opening again does not count.
    """
    first = record.events[0]
    fields = first.data["set"].get(first.stream, {})
    for kind in ("service", "ci", "category"):
        key = fields.get(kind)
        process = record.kind if kind == "category" else None
        if key is not None and positions.get((kind, process, key), first.position) >= first.position:
            return 1
    return 0


def _of_incidents(world: World) -> list[Counted]:
    positions = world.once(_added)
    return [
        Counted(
            incident.id,
            incident.record.opened_at,
            _names_unknown(incident.record, positions),
            incident.cut(0, opening=True),
            incident.excluded,
        )
        for incident in incidents(world)
    ]


def _of_requests(world: World) -> list[Counted]:
    positions = world.once(_added)
    return [
        Counted(
            request.id,
            request.record.opened_at,
            _names_unknown(request.record, positions),
            request.cut(0, opening=True),
            request.excluded,
        )
        for request in requests(world)
    ]


DEFINITIONS = {
    "incident_unknown_keys_share": Definition(_of_incidents),
    "request_unknown_keys_share": Definition(_of_requests),
}
