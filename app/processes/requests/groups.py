"""Members of a request's acceptance group, by the side that they represent."""

from __future__ import annotations

from uuid import UUID

from app.foundation.people.records import GroupMember, RepresentedSide
from app.kernel.access.reads import ReadContext
from app.processes.requests.records import Request

#: The sides of a group that represent the business.
BUSINESS_SIDES = frozenset({RepresentedSide.business, RepresentedSide.key_user})


async def of_the_business(reads: ReadContext, request: Request) -> set[UUID]:
    """Return the members of the acceptance group who represent the business or its key users."""
    members = await _members(reads, request)
    return {member.person_id for member in members if member.person_id and member.side in BUSINESS_SIDES}


async def accepting(reads: ReadContext, request: Request) -> set[UUID]:
    """Return who accepts: the requester, and the members and the chair of the acceptance group."""
    group = await reads.record("group", str(request.acceptance_group_id))
    chairs = None if group is None else group.record.chair_id
    members = await _members(reads, request)
    return {
        person_id
        for person_id in (request.requester_id, chairs, *(member.person_id for member in members))
        if person_id is not None
    }


async def _members(reads: ReadContext, request: Request) -> list[GroupMember]:
    group = await reads.record("group", str(request.acceptance_group_id))
    return [] if group is None else await reads.children(GroupMember, group.record)
