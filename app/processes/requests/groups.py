"""The acceptance group of a request: who stands in it for what."""

from __future__ import annotations

from uuid import UUID

from app.foundation.people.records import GroupMember, Side
from app.kernel.look import Look
from app.processes.requests.records import Request

#: The sides that stand for the business in a group.
BUSINESS = frozenset({Side.business, Side.key_user})


async def of_the_business(look: Look, request: Request) -> set[UUID]:
    """Those in the acceptance group who stand there for the business or its key users."""
    members = await _members(look, request)
    return {one.person_id for one in members if one.person_id and one.side in BUSINESS}


async def accepting(look: Look, request: Request) -> set[UUID]:
    """The members of the acceptance group, and its chair."""
    group = await look.record("group", str(request.acceptance_group_id))
    chairs = None if group is None else group.record.chair_id
    members = await _members(look, request)
    return {one for one in (chairs, *(member.person_id for member in members)) if one is not None}


async def _members(look: Look, request: Request) -> list[GroupMember]:
    group = await look.record("group", str(request.acceptance_group_id))
    return [] if group is None else await look.children(GroupMember, group.record)
