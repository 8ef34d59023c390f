"""Who may see a record. The same tokens decide for one record, for lists, for events and for all that is
linked.

A token is `person:<id>`, `team:<id>`, `service:<key>`, `follower:<id>` (of a person who follows the record or
belongs to it), `voter:<id>` (who was asked to decide about it), `invited:<id>` (to a meeting), `desk`
(whatever has no team yet), `staff` or `everybody`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from app.common.people import STAFF_ROLES, Caller, Role, RoleGrant
from app.common.records import ChildRecord, Record
from app.common.tickets import Ticket
from app.kernel.lifecycle import Lifecycle

DESK = "desk"
STAFF = "staff"
EVERYBODY = "everybody"
FOLLOWER = "follower"
#: By what persons see a record because of rows beside it: what `SHOWS` of such a row says.
ROW_TOKENS = (FOLLOWER, "voter", "invited")
#: Conditions in SQL that hold for every record, and for none.
EVERYWHERE, NOWHERE = "true", "false"
#: Gives the placeholder of one more value of a statement.
Bind = Callable[[Any], str]
_SEE_THEIR_TEAMS = frozenset({Role.agent, Role.engineer})


def tokens(caller: Caller, lifecycle: Lifecycle[Any]) -> frozenset[str]:
    """What the caller can show for records of that kind: themselves, the teams that they work in, the teams
    and services that they hold a role for, and the desk for agents.
    """
    shown = {EVERYBODY, STAFF} if caller.is_staff else {EVERYBODY}
    if caller.person_id is not None:
        shown |= {f"{kind}:{caller.person_id}" for kind in ("person", *ROW_TOKENS)}
    for held in caller.roles:
        if held.process not in (None, lifecycle.kind):
            continue
        if held.role in _SEE_THEIR_TEAMS | lifecycle.overseer_roles:
            shown |= _scope_tokens(held)
        if held.role in _SEE_THEIR_TEAMS and held.applies_throughout(lifecycle.kind):
            shown.update(f"team:{team}" for team in caller.teams)
        if held.role is Role.agent:
            shown.add(DESK)
    return frozenset(shown)


def _scope_tokens(held: RoleGrant) -> set[str]:
    if held.team_id is not None:
        return {f"team:{held.team_id}"}
    return set() if held.service is None else {f"service:{held.service}"}


def follower(person_id: UUID) -> str:
    """The token of a person who follows a record, or belongs to it."""
    return f"{FOLLOWER}:{person_id}"


def audience(
    lifecycle: Lifecycle[Any],
    record: Any,
    before: Iterable[str],
    *,
    made: Iterable[Record] = (),
    removed: Iterable[Record] = (),
) -> frozenset[str]:
    """Who may see the record: whom its lifecycle says, and who follows it or belongs to it, as they did
    `before` or do now.
    """
    following = {token for token in before if token.partition(":")[0] in ROW_TOKENS}
    following |= _granted_by(made)
    following -= _granted_by(removed)
    return frozenset(following.union(lifecycle.audience(record)))


def _granted_by(rows: Iterable[Record]) -> set[str]:
    """The tokens of those who see the record by such a row beside it."""
    return {
        f"{row.AUDIENCE_KIND}:{person}"
        for row in rows
        if isinstance(row, ChildRecord)
        and row.AUDIENCE_KIND
        and (person := getattr(row, "person_id", None)) is not None
    }


def overseers(lifecycle: Lifecycle[Any], *, agents_see: str) -> frozenset[Role]:
    """The roles that, held everywhere, show every record of the kind."""
    tickets = issubclass(lifecycle.record, Ticket)
    return lifecycle.overseer_roles | (_SEE_THEIR_TEAMS if tickets and agents_see == "all" else frozenset())


def sees_every_record(caller: Caller, lifecycle: Lifecycle[Any], *, agents_see: str) -> bool:
    """Whether the caller sees every record of the kind."""
    if caller.is_rule:
        return True
    everywhere = {held.role for held in caller.roles if held.applies_throughout(lifecycle.kind)}
    return not overseers(lifecycle, agents_see=agents_see).isdisjoint(everywhere)


def can_see(caller: Caller, lifecycle: Lifecycle[Any], audience: list[str], *, agents_see: str) -> bool:
    """Whether the caller may see a record with that audience."""
    return sees_every_record(caller, lifecycle, agents_see=agents_see) or not tokens(
        caller, lifecycle
    ).isdisjoint(audience)


def staff_condition(caller: Caller, lifecycle: Lifecycle[Any], bind: Bind) -> str:
    """The condition in SQL on the table `r` for the records of that kind that `caller.is_staff_for`."""
    held = [one for one in caller.roles if one.role in STAFF_ROLES]
    if caller.is_rule or any(one.applies_throughout(lifecycle.kind) for one in held):
        return EVERYWHERE
    scopes = {
        "team_id": [one.team_id for one in held if one.team_id is not None],
        "service": [one.service for one in held if one.service is not None],
    }
    ways = [
        f"r.{column} = any({bind(values)})"
        for column, values in scopes.items()
        if values and column in lifecycle.record.model_fields
    ]
    return f"coalesce({' or '.join(ways)}, false)" if ways else NOWHERE
