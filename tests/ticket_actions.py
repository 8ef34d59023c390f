"""What every ticket has, kept apart from what one process has."""

from __future__ import annotations

from collections.abc import Iterable

from app.common.people import Role
from app.foundation.people.succession.handing_over import hand_over_duties
from app.ticketing import ticket_actions

#: The names of the actions that every ticket has.
EVERY_TICKETS = frozenset(
    row.name for row in ticket_actions("x", any=(), open=(), delivered=(), manager=Role.incident_manager)
)


def own_actions(actions: Iterable[str]) -> list[str]:
    """Those of the actions that are the process's own, without the hand-over that kinds with duties have."""
    return [name for name in actions if name not in EVERY_TICKETS | {hand_over_duties.__name__}]
