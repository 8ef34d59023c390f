"""Incidents and requests together, as KPIs of both count them."""

from __future__ import annotations

from tests.kpis.brute_force.incidents import Incident, incidents
from tests.kpis.brute_force.reading import World
from tests.kpis.brute_force.states import StatedCase

Ticket = Incident | StatedCase


def tickets(world: World) -> list[Ticket]:
    """All incidents and requests."""
    return world.once(_made)


def _made(world: World) -> list[Ticket]:
    return [*incidents(world), *(StatedCase(record) for record in world.of("request"))]
