"""Persons, teams and callers for tests, made by the commands that everybody else uses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Grade, Person, Role, RoleGrant, rule_caller
from app.foundation.people import persons, teams
from app.foundation.people.groups import AddMemberGroup
from app.foundation.people.persons import GrantRolePerson
from app.foundation.people.records import RepresentedSide, Team, TeamKind
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.commands.command import Command, CommandResult, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger


def context(caller: Caller, now: datetime | None = None) -> CommandMetadata:
    """A context in which the caller acts."""
    return CommandMetadata(caller, now or datetime.now(UTC), correlation_id="a-test", source="api")


async def act(
    ledger: Ledger,
    caller: Caller,
    kind: str,
    action: str,
    name: str | UUID | None = None,
    body: Payload | None = None,
    *,
    now: datetime | None = None,
    if_match: int | None = None,
    key: IdempotencyKey | None = None,
) -> CommandResult:
    """The caller does it."""
    lifecycle: Any = ledger.lifecycles[kind]
    named, versions = None if name is None else str(name), None if if_match is None else frozenset({if_match})
    return await perform(
        ledger,
        Command(
            lifecycle, lifecycle[action], named, body or EmptyPayload(), context(caller, now), versions, key
        ),
    )


async def add_team(ledger: Ledger, key: str, kind: TeamKind = TeamKind.internal) -> Team:
    """A team."""
    body = teams.AddTeam(key=key, name=f"The {key} team", kind=kind)
    done = await act(ledger, rule_caller("tests"), "team", "add", body=body)
    team: Team = done.record
    return team


async def add_staffed_team(ledger: Ledger, key: str) -> Team:
    """An internal team with a member, to which work can be assigned."""
    team = await add_team(ledger, key)
    await add_person(ledger, f"Member-of-{key}", key)
    return team


async def add_person(
    ledger: Ledger, name: str, *team_keys: str, roles: tuple[str, ...] = (), grade: Grade | None = None
) -> Person:
    """A person who belongs to these teams, holds these roles and is of that grade."""
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    body = persons.AddPerson(name=name, email=email, teams=team_keys, roles=roles, grade=grade)
    person: Person = (await act(ledger, rule_caller("tests"), "person", "add", body=body)).record
    return person


async def add_crowd(ledger: Ledger, many: int, *roles: Role) -> list[Person]:
    """So many persons who hold these roles everywhere."""
    held = tuple(role.value for role in roles)
    return await asyncio.gather(*(add_person(ledger, f"Member {n}", roles=held) for n in range(many)))


async def fill(ledger: Ledger, group: str, members: Iterable[UUID]) -> None:
    """The persons belong to the group, for the business."""
    for person in members:
        body = AddMemberGroup(person=str(person), side=RepresentedSide.business)
        await act(ledger, rule_caller("tests"), "group", "add_member", group, body)


async def grant(ledger: Ledger, person_id: UUID, *roles: str) -> None:
    """The person holds these roles, if they did not before."""
    held = await ledger.db.value("select roles from fold.person where id = %s", (person_id,)) or []
    for role in roles:
        if role not in (*held, Role.requester):
            await act(
                ledger, rule_caller("tests"), "person", "grant_role", person_id, GrantRolePerson(role=role)
            )


async def add_caller(ledger: Ledger, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> Caller:
    """A new person as a caller with these roles everywhere."""
    person = await add_person(ledger, name, *teams, roles=tuple(role.value for role in roles))
    members = await ledger.db.rows("select team_id from fold.membership where person_id = %s", (person.id,))
    return Caller(
        actor=f"person:{person.id}",
        person_id=person.id,
        roles=tuple(RoleGrant(role) for role in roles),
        teams=frozenset(row["team_id"] for row in members),
        team_id=person.team_id,
    )


def ago(**parts: float) -> datetime:
    """So long before now."""
    return datetime.now(UTC) - timedelta(**parts)
