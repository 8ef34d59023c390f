"""Schemas and reads of persons, teams, groups and API keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.authentication.key_use import last_used
from app.api.listings.lists import Listing
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, RecordOut, TeamStub
from app.common.people import Person
from app.foundation.people import groups, keys, persons, teams
from app.foundation.people.records import (
    Group,
    GroupMember,
    Key,
    Team,
)
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import stream


async def teams_of(ledger: Ledger, persons: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Return the teams that each person belongs to, by key."""
    rows = await ledger.db.rows(
        "select person_id, team_id from fold.membership where person_id = any(%s)", (list(persons),)
    )
    teams = await ledger.directory.teams({row["team_id"] for row in rows})
    by_person: dict[UUID, list[Any]] = {}
    for row in sorted(rows, key=lambda row: teams[row["team_id"]].key):
        team = teams[row["team_id"]]
        by_person.setdefault(row["person_id"], []).append({"id": team.id, "key": team.key, "name": team.name})
    return by_person


class PersonOut(
    RecordOut,
    of=Person,
    without="login_issuer scim_user_name scim_external_id scim_qualifiers key_id "
    "told_of told_by_mail mail_waits_for_you mail_is_yours "
    "mail_you_follow mail_for_information",
    after={"team": "teams"},
):
    """A person who asks, works or decides, or a machine account."""

    teams: Annotated[list[TeamStub] | None, LoadedFrom(teams_of)] = Field(
        description="Teams of the person, by key; null in versions requested by `as_of`."
    )


class TeamOut(RecordOut, of=Team):
    """A team to which work is assigned, or a customer, or a supplier."""


class GroupMemberOut(OutputModel, of=GroupMember, without="id"):
    """A member of a group."""


async def members_of(ledger: Ledger, groups: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Return the members of each group, in the order in which they were added."""
    records = {stream("group", group): group for group in groups}
    rows = await ledger.db.rows(
        "select record, person_id, side, added_at from fold.group_member where record = any(%s) "
        "order by added_at, id",
        (list(records),),
    )
    names = await ledger.directory.names({row["person_id"] for row in rows})
    texts = await ledger.vault.texts(names.values())
    by_group: dict[UUID, list[Any]] = {}
    for row in rows:
        person = {"id": row["person_id"], "name": texts[names[row["person_id"]]]}
        member = {"person": person, "side": row["side"], "added_at": instant(row["added_at"])}
        by_group.setdefault(records[row["record"]], []).append(member)
    return by_group


class GroupOut(RecordOut, of=Group, after={"chair": "members"}):
    """A named set of persons with a chair: a committee, a board, a working group."""

    members: Annotated[list[GroupMemberOut] | None, LoadedFrom(members_of)] = Field(
        description="Members in the order in which they were added; null in versions requested by `as_of`."
    )


class KeyOut(RecordOut, of=Key, after={"rotated_at": "previous_ends_at"}):
    """An API key, without its secret."""

    last_used_at: Annotated[datetime | None, LoadedFrom(last_used, single=True)] = Field(
        description="Time of the last use, accurate to about a minute; null if no use is known, and in "
        "versions requested by `as_of`."
    )


TEAMS = Listing(
    lifecycle=teams.LIFECYCLE,
    shape=TeamOut,
    filters=("state", "key", "kind", "lead", "added_at", "changed_at"),
    sorts=("added_at", "key", "name"),
)
PERSONS = Listing(
    lifecycle=persons.LIFECYCLE,
    shape=PersonOut,
    filters=(
        "state",
        "kind",
        "department",
        "manager",
        "grade",
        "locale",
        "team",
        "member_of",
        "added_at",
        "deactivated_at",
        "erased_at",
        "changed_at",
    ),
    sorts=("added_at",),
    expands=(TEAMS,),
)
GROUPS = Listing(
    lifecycle=groups.LIFECYCLE,
    shape=GroupOut,
    filters=("state", "key", "chair", "added_at", "changed_at"),
    sorts=("added_at", "key", "name"),
    expands=(PERSONS,),
)
KEYS = Listing(
    lifecycle=keys.LIFECYCLE,
    shape=KeyOut,
    filters=("state", "person", "made_at", "expires_at", "revoked_at"),
    sorts=("made_at",),
    expands=(PERSONS,),
)


async def person_stubs(ledger: Ledger, persons: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the persons as other records refer to them."""
    names = await ledger.directory.names(persons)
    texts = await ledger.vault.texts(names.values())
    return {person: {"id": person, "name": texts[name]} for person, name in names.items()}
