"""Visibility of records, by tokens: the same tokens decide for one record, for lists, for events and for
linked records.

A record has tokens by its own fields (`audience_rules`), and by its child records: `follower:<id>` (a person
who follows the record or belongs to it), `onlooker:<id>` (a person who handed it to another team, and only
reads it), `voter:<id>` (a person asked to decide about it), `invited:<id>` (to a meeting), `reader:<id>` and
`acknowledger:<id>` (who may see its documents for a time, or must read them), `recorded:<id>` (a person that
it states a fact about).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.common.people import STAFF_ROLES, Caller, Role, RoleGrant
from app.common.records import ChildRecord, Record
from app.kernel.access.audience_rules import (
    DESK,
    EVERYBODY,
    MEMBER,
    OVERSEER,
    PERSON,
    PROCESS,
    ROLE,
    SERVICE,
    STAFF,
    TEAM,
    Bind,
)
from app.kernel.access.kinds import SEE_THEIR_TEAMS, RecordKind

FOLLOWER = "follower"
ONLOOKER = "onlooker"
#: Kinds of tokens that persons get from child rows of a record: the `AUDIENCE_KIND` of the row's class.
ROW_TOKENS = (FOLLOWER, ONLOOKER, "voter", "invited", "reader", "acknowledger", "recorded")
#: SQL conditions that are true for every record, and false for every record.
EVERYWHERE, NOWHERE = "true", "false"
#: Roles that see the events of every record of an administrative kind, such as who was granted a role.
EVENT_READERS = frozenset({Role.admin, Role.auditor})


def tokens(caller: Caller, lifecycle: RecordKind[Any]) -> frozenset[str]:
    """Return the tokens that the caller holds for records of that kind: themselves, the teams that they work
    in, the teams and services that they hold a role for, their roles, and the desk for agents.
    """
    held_tokens = {EVERYBODY, STAFF} if caller.is_staff else {EVERYBODY}
    if caller.person_id is not None:
        held_tokens |= {f"{kind}:{caller.person_id}" for kind in (PERSON, *ROW_TOKENS)}
    if MEMBER in lifecycle.token_kinds:
        held_tokens.update(f"{MEMBER}:{team}" for team in caller.teams)
    for held in caller.roles:
        if held.process not in (None, lifecycle.kind):
            if held.role in lifecycle.overseer_roles:
                held_tokens.add(f"{PROCESS}:{held.process}")
            continue
        if held.role in SEE_THEIR_TEAMS | lifecycle.overseer_roles:
            held_tokens |= _scope_tokens(held)
        if held.role in lifecycle.overseer_roles and held.team_id is not None:
            held_tokens.add(f"{OVERSEER}:{held.team_id}")
        if held.role in SEE_THEIR_TEAMS and held.applies_throughout(lifecycle.kind):
            held_tokens.update(f"{TEAM}:{team}" for team in caller.teams)
        if held.role in lifecycle.named_roles:
            held_tokens.add(f"{ROLE}:{replace(held, process=None)}")
        if held.role is Role.agent:
            held_tokens.add(DESK)
    return frozenset(held_tokens)


def _scope_tokens(held: RoleGrant) -> set[str]:
    if held.team_id is not None:
        return {f"{TEAM}:{held.team_id}"}
    return set() if held.service is None else {f"{SERVICE}:{held.service}"}


def follower(person_id: UUID) -> str:
    """Return the token of a person who follows a record, or belongs to it."""
    return f"{FOLLOWER}:{person_id}"


def onlooker(person_id: UUID) -> str:
    """Return the token of a person who handed a record to another team."""
    return f"{ONLOOKER}:{person_id}"


def audience(
    lifecycle: RecordKind[Any],
    record: Any,
    before: Iterable[str],
    *,
    added: Iterable[Record] = (),
    removed: Iterable[Record] = (),
) -> frozenset[str]:
    """Return the tokens of people who may see the record: the tokens that its lifecycle names, and its
    followers and members. Followers and members are those in `before`, without the child rows `removed` and
    with those `added`, since a row may replace one that is removed.
    """
    following = {token for token in before if token.partition(":")[0] in ROW_TOKENS}
    following -= _granted_by(removed)
    following |= _granted_by(added)
    return lifecycle.audience(record) | following


def _granted_by(rows: Iterable[Record]) -> set[str]:
    """Return the tokens of persons who see the record because of these child rows."""
    return {
        f"{row.AUDIENCE_KIND}:{person}"
        for row in rows
        if isinstance(row, ChildRecord)
        and row.AUDIENCE_KIND
        and (person := getattr(row, "person_id", None)) is not None
    }


def overseers(lifecycle: RecordKind[Any], *, agents_see: str) -> frozenset[Role]:
    """Return the roles whose unscoped holders see every record of the kind. `agents_see` is the setting of
    that name.
    """
    return lifecycle.overseer_roles | (
        SEE_THEIR_TEAMS if lifecycle.is_ticket and agents_see == "all" else frozenset()
    )


def sees_every_record(caller: Caller, lifecycle: RecordKind[Any], *, agents_see: str) -> bool:
    """Return whether the caller sees every record of the kind."""
    if caller.is_rule:
        return True
    everywhere = {held.role for held in caller.roles if held.applies_throughout(lifecycle.kind)}
    return not overseers(lifecycle, agents_see=agents_see).isdisjoint(everywhere)


def can_see(caller: Caller, lifecycle: RecordKind[Any], audience: list[str], *, agents_see: str) -> bool:
    """Return whether the caller may see a record with that audience."""
    return sees_every_record(caller, lifecycle, agents_see=agents_see) or not tokens(
        caller, lifecycle
    ).isdisjoint(audience)


def is_mere_onlooker(
    caller: Caller, lifecycle: RecordKind[Any], audience: Iterable[str], *, agents_see: str
) -> bool:
    """Return whether the caller sees a record with that audience only because they once handed the record
    over. They can read the record and do nothing else: by handing it over, they gave up their rights.
    """
    if caller.person_id is None or onlooker(caller.person_id) not in audience:
        return False
    if sees_every_record(caller, lifecycle, agents_see=agents_see):
        return False
    return tokens(caller, lifecycle).intersection(audience) == {onlooker(caller.person_id)}


def event_tokens(caller: Caller, lifecycle: RecordKind[Any], *, agents_see: str) -> frozenset[str] | None:
    """Return the tokens of which a record of that kind must name one for the caller to see the events of the
    record; None if the caller sees the events of every record. People who see a record see its events; for
    administrative kinds, only `EVENT_READERS` and the person whose record it is see them.
    """
    if not lifecycle.access.administrative:
        everything = sees_every_record(caller, lifecycle, agents_see=agents_see)
        return None if everything else tokens(caller, lifecycle)
    everywhere = {held.role for held in caller.roles if held.applies_throughout(lifecycle.kind)}
    if caller.is_rule or not EVENT_READERS.isdisjoint(everywhere):
        return None
    return frozenset() if caller.person_id is None else frozenset({f"{PERSON}:{caller.person_id}"})


def can_see_events(
    caller: Caller, lifecycle: RecordKind[Any], audience: Iterable[str], *, agents_see: str
) -> bool:
    """Return whether the caller may see the events of a record with that audience."""
    shown_to = event_tokens(caller, lifecycle, agents_see=agents_see)
    return shown_to is None or not shown_to.isdisjoint(audience)


def seen_condition(
    caller: Caller, lifecycle: RecordKind[Any], stream: str, bind: Bind, *, agents_see: str
) -> str:
    """Return the SQL condition that the caller sees the record of that kind whose stream the SQL expression
    `stream` names.
    """
    if sees_every_record(caller, lifecycle, agents_see=agents_see):
        return EVERYWHERE
    held = bind(sorted(tokens(caller, lifecycle)))
    return (
        f"exists (select from log.stream_head h where h.stream = {stream} and h.audience && {held}::text[])"
    )


def staff_condition(caller: Caller, lifecycle: RecordKind[Any], bind: Bind) -> str:
    """Return the SQL condition on the table `r` for the records of that kind for which the caller is staff
    (`caller.is_staff_for`).
    """
    held = [grant for grant in caller.roles if grant.role in STAFF_ROLES]
    if caller.is_rule or any(grant.applies_throughout(lifecycle.kind) for grant in held):
        return EVERYWHERE
    scopes = {
        "team_id": [grant.team_id for grant in held if grant.team_id is not None],
        "service": [grant.service for grant in held if grant.service is not None],
    }
    conditions = [
        f"r.{column} = any({bind(values)})"
        for column, values in scopes.items()
        if values and column in lifecycle.record.model_fields
    ]
    return f"coalesce({' or '.join(conditions)}, false)" if conditions else NOWHERE
