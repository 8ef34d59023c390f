"""Groups of SCIM: those of the identity provider, and who belongs to them.

Each person who comes or goes is one command on that person, with the roles and teams that follow. So two
clients that change one group at once lose nothing, and a request that was cut off is simply sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from app.common.people import Person
from app.foundation.people.provisioning.accounts import JoinDirectoryGroupPerson, LeaveDirectoryGroupPerson
from app.foundation.people.provisioning.directory_groups import AddDirectoryGroup, EditDirectoryGroup
from app.foundation.people.provisioning.grants import NOTHING_TO_PROVIDE
from app.foundation.people.provisioning.records import DirectoryGroup, DirectoryGroupState
from app.kernel.access.reads import load, load_many
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import ActionUnavailable, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.scim.documents import group_document
from app.scim.errors import ScimError, invalid, not_found
from app.scim.filters import ScimComparison, equalities, read_filter, unsupported
from app.scim.patches import GroupChange
from app.scim.users import ScimContext, is_visible, valid_payload

#: The largest number of members that come and go by one request.
MOST_MEMBERS = 2_000
#: So many members are changed at the same time.
CONCURRENT_COMMANDS = 8
FILTERS = "`displayName`, `externalId`, `id`, `members`"
_CONDITIONS = {
    "id": "g.id::text = lower(%s)",
    "displayname": 'lower(g.name collate "default") = lower(%s collate "default")',
    "externalid": "g.external_id = %s",
    "members": "exists (select from fold.directory_membership m "
    "where m.directory_group_id = g.id and m.person_id::text = lower(%s))",
}
MEMBERS = """
select directory_group_id, person_id from fold.directory_membership
where directory_group_id = any(%s) order by id
"""


async def find_group(ctx: ScimContext, name: str) -> DirectoryGroup:
    """Return the group with that id. Raises ScimError (404)."""
    group = await _group(ctx, name)
    if group is None or group.state is not DirectoryGroupState.active:
        raise not_found(name)
    return group


async def list_groups(
    ctx: ScimContext, condition_text: str | None, start: int, count: int
) -> tuple[list[DirectoryGroup], int]:
    """Return a page of the groups, from the one at `start` on, counted from 1, and how many there are."""
    conditions = [] if condition_text is None else _equalities(condition_text)
    if any("\x00" in value for _, value in conditions):
        return [], 0
    where = " and ".join(("g.state = 'active'", *(_CONDITIONS[attribute] for attribute, _ in conditions)))
    values = [value for _, value in conditions]
    total: int = await ctx.ledger.db.value(
        f"select count(*) from fold.directory_group g where {where}", values
    )
    rows = await ctx.ledger.db.rows(
        f"select g.id from fold.directory_group g where {where} order by g.added_at, g.id limit %s offset %s",
        [*values, count, start - 1],
    )
    lifecycle = ctx.ledger.lifecycles["directory_group"]
    loaded = await load_many(ctx.ledger.db, lifecycle, [row["id"] for row in rows])
    return [loaded[row["id"]].record for row in rows if row["id"] in loaded], total


def _equalities(text: str) -> list[tuple[str, str]]:
    """Return the conditions of a filter: attribute, and the value that it must equal. Raises ScimError."""
    conditions = equalities(read_filter(text))
    if conditions is None:
        raise unsupported(FILTERS)
    return [_equality(condition) for condition in conditions]


def _equality(condition: ScimComparison) -> tuple[str, str]:
    path = condition.path
    is_value = path.sub is None or (path.name == "members" and path.sub == "value")
    if path.name not in _CONDITIONS or path.where is not None or not is_value:
        raise unsupported(FILTERS)
    return path.name, str(condition.value)


async def group_documents(
    ctx: ScimContext, groups: Sequence[DirectoryGroup], *, with_members: bool
) -> list[dict[str, Any]]:
    """Return the groups as SCIM shows them."""
    members: dict[UUID, list[UUID]] = {}
    for row in await ctx.ledger.db.rows(MEMBERS, ([g.id for g in groups],)) if with_members else ():
        members.setdefault(row["directory_group_id"], []).append(row["person_id"])
    return [
        group_document(group, members.get(group.id, []) if with_members else None, ctx.base)
        for group in groups
    ]


async def add_group(ctx: ScimContext, change: GroupChange) -> DirectoryGroup:
    """Add a group with its members. Raises ScimError."""
    fields = _fields(change)
    if fields.get("name") is None:
        raise invalid("`displayName` is needed.")
    joining = await _persons(ctx, change.added | (change.members or set()))
    lifecycle = ctx.ledger.lifecycles["directory_group"]
    body = valid_payload(AddDirectoryGroup, fields)
    group: DirectoryGroup = await _performed(
        ctx, Command(lifecycle, lifecycle["add"], None, body, ctx.metadata)
    )
    await _join(ctx, group, joining)
    return group


async def change_group(ctx: ScimContext, name: str, change: GroupChange) -> DirectoryGroup:
    """Change a group: its name, and its members. New members must exist here, otherwise nothing is changed.
    Raises ScimError.
    """
    group = await find_group(ctx, name)
    present = {str(member) for member in await _members(ctx, group)}
    joining, leaving = change.added - present, change.removed & present
    if change.members is not None:
        joining, leaving = change.members - present, present - change.members
    persons = await _persons(ctx, joining)
    present_fields = {"name": group.name, "external_id": group.external_id}
    fields = {field: value for field, value in _fields(change).items() if present_fields[field] != value}
    if fields:
        lifecycle = ctx.ledger.lifecycles["directory_group"]
        body = valid_payload(EditDirectoryGroup, fields)
        group = await _performed(
            ctx, Command(lifecycle, lifecycle["edit"], str(group.id), body, ctx.metadata)
        )
    await _join(ctx, group, persons)
    await _leave(ctx, group, [UUID(member) for member in leaving])
    return group


async def remove_group(ctx: ScimContext, name: str) -> None:
    """Take all members out of a group, and retire it. A repetition takes out the remaining members of a
    retired group. Raises ScimError.
    """
    group = await _group(ctx, name)
    if group is None:
        raise not_found(name)
    await _leave(ctx, group, await _members(ctx, group))
    if group.state is DirectoryGroupState.active:
        lifecycle = ctx.ledger.lifecycles["directory_group"]
        try:
            command = Command(lifecycle, lifecycle["retire"], str(group.id), EmptyPayload(), ctx.metadata)
            await perform(ctx.ledger, command)
        except ActionUnavailable:  # by another request
            pass
        # Members who have joined meanwhile; from now on joining is impossible.
        await _leave(ctx, group, await _members(ctx, group))


def _fields(change: GroupChange) -> dict[str, str | None]:
    """Return the fields of a group that are sent. Raises ScimError."""
    fields: dict[str, str | None] = {}
    for attribute, field in (("displayname", "name"), ("externalid", "external_id")):
        if attribute in change.attributes:
            value = change.attributes[attribute]
            if not (isinstance(value, str) or (value is None and field == "external_id")):
                raise invalid("`displayName` and `externalId` must be texts.")
            fields[field] = value
    return fields


async def _group(ctx: ScimContext, name: str) -> DirectoryGroup | None:
    try:
        group_id = UUID(name)
    except ValueError:
        return None
    loaded = await load(ctx.ledger.db, ctx.ledger.lifecycles["directory_group"], str(group_id))
    group: DirectoryGroup | None = None if loaded is None else loaded.record
    return group


async def _members(ctx: ScimContext, group: DirectoryGroup) -> list[UUID]:
    return [row["person_id"] for row in await ctx.ledger.db.rows(MEMBERS, ([group.id],))]


async def _persons(ctx: ScimContext, names: Collection[str]) -> list[UUID]:
    """Return the ids of the users with these ids. Raises ScimError if one of them is not here."""
    if len(names) > MOST_MEMBERS:
        raise ScimError(413, f"A request can name at most {MOST_MEMBERS} members. Send several requests.")
    try:
        ids = [UUID(name) for name in names]
    except ValueError as error:
        raise invalid("A member's `value` is not the id of a user.") from error
    loaded = await load_many(ctx.ledger.db, ctx.ledger.lifecycles["person"], ids)
    persons: dict[UUID, Person] = {person_id: versioned.record for person_id, versioned in loaded.items()}
    for person_id in ids:
        if person_id not in persons or not is_visible(ctx, persons[person_id]):
            raise invalid(f"There is no user {person_id}.")
    return ids


async def _join(ctx: ScimContext, group: DirectoryGroup, persons: Sequence[UUID]) -> None:
    body = JoinDirectoryGroupPerson(directory_group=str(group.id))
    await _each(ctx, "join_directory_group", persons, body)


async def _leave(ctx: ScimContext, group: DirectoryGroup, persons: Sequence[UUID]) -> None:
    body = LeaveDirectoryGroupPerson(directory_group=str(group.id))
    await _each(ctx, "leave_directory_group", persons, body)


async def _each(ctx: ScimContext, action: str, persons: Sequence[UUID], body: Payload) -> None:
    """Perform the action on each of the persons, a few at a time; who is in or out already stays so."""
    lifecycle, turns = ctx.ledger.lifecycles["person"], asyncio.Semaphore(CONCURRENT_COMMANDS)

    async def perform_one(person: UUID) -> None:
        async with turns:
            command = Command(lifecycle, lifecycle[action], str(person), body, ctx.metadata)
            try:
                await perform(ctx.ledger, command)
            except ActionUnavailable as refusal:
                if refusal.because not in (NOTHING_TO_PROVIDE, "not_in_this_state"):
                    raise

    outcomes = await asyncio.gather(*map(perform_one, sorted(persons)), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


async def _performed(ctx: ScimContext, command: Command) -> DirectoryGroup:
    try:
        group: DirectoryGroup = (await perform(ctx.ledger, command)).record
    except WrongValue as refusal:
        if refusal.because == "taken":
            raise ScimError(409, "Another group has this name or id.", "uniqueness") from refusal
        raise invalid(f"A value cannot be used: {refusal.pointer}.") from refusal
    return group
