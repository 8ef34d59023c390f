"""Who may see a record. The same tokens decide for one record, for lists, for events and for all that is
linked.

A token is `person:<id>`, `team:<id>`, `desk` (whatever has no team yet), `staff` or
`everybody`.
"""

from __future__ import annotations

from typing import Any

from app.common.people import Caller, Role
from app.common.records import Ticket
from app.kernel.lifecycle import Lifecycle

DESK = "desk"
STAFF = "staff"
EVERYBODY = "everybody"
_SEE_THEIR_TEAMS = frozenset({Role.agent, Role.engineer})


def tokens(caller: Caller) -> frozenset[str]:
    """What the caller can show: themselves, the teams that they work in, and the desk for agents."""
    shown = {EVERYBODY, STAFF} if caller.is_staff else {EVERYBODY}
    if caller.person_id is not None:
        shown.add(f"person:{caller.person_id}")
    for held in caller.roles:
        if held.role in _SEE_THEIR_TEAMS:
            shown.update(f"team:{team}" for team in ({held.team_id} if held.team_id else caller.teams))
        if held.role is Role.agent:
            shown.add(DESK)
    return frozenset(shown)


def overseers(lifecycle: Lifecycle[Any], *, agents_see: str) -> frozenset[Role]:
    """The roles that, held everywhere, show every record of the kind."""
    tickets = issubclass(lifecycle.record, Ticket)
    return lifecycle.sees_all | (_SEE_THEIR_TEAMS if tickets and agents_see == "all" else frozenset())


def sees_all(caller: Caller, lifecycle: Lifecycle[Any], *, agents_see: str) -> bool:
    """Whether the caller sees every record of the kind."""
    if caller.is_rule:
        return True
    everywhere = {held.role for held in caller.roles if held.team_id is None}
    return not overseers(lifecycle, agents_see=agents_see).isdisjoint(everywhere)


def may_see(caller: Caller, lifecycle: Lifecycle[Any], audience: list[str], *, agents_see: str) -> bool:
    """Whether the caller may see a record with that audience."""
    return sees_all(caller, lifecycle, agents_see=agents_see) or not tokens(caller).isdisjoint(audience)
