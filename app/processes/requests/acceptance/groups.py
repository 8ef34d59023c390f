"""Members of a request's acceptance group, by the side that they represent."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app.common.duties import GivenDuty
from app.foundation.people.lookups import active_among, of_other_customers
from app.foundation.people.records import BUSINESS_SIDES, GroupMember, Team, TeamKind
from app.kernel.access.eligibility import eligible_persons
from app.kernel.access.reads import ReadContext
from app.processes.requests.records import Request


async def of_the_business(reads: ReadContext, request: Request) -> set[UUID]:
    """Return the members of the acceptance group who represent the business or its key users. Members who
    now act for IT, and members of other customers, do not count.
    """
    members = await _members(reads, request)
    persons = {member.person_id for member in members if member.person_id and member.side in BUSINESS_SIDES}
    return await _without_others(reads, request, persons)


async def accepting(reads: ReadContext, request: Request) -> set[UUID]:
    """Return the people who accept: the requester, and the members and the chair of the acceptance group,
    except people who act for IT, since IT does not accept its own delivery, and people of other customers.
    """
    group = await reads.record("group", str(request.acceptance_group_id))
    chairs = None if group is None else group.record.chair_id
    named = {chairs, *(member.person_id for member in await _members(reads, request))}
    members = {person_id for person_id in named if person_id is not None}
    members = await _without_others(reads, request, members)
    return members if request.requester_id is None else members | {request.requester_id}


async def _members(reads: ReadContext, request: Request) -> list[GroupMember]:
    group = await reads.record("group", str(request.acceptance_group_id))
    return [] if group is None else await reads.children(GroupMember, group.record)


async def strangers_to_customer(reads: ReadContext, request: Request, persons: Iterable[UUID]) -> set[UUID]:
    """Return those of the persons who belong only to other customers than the request's. Return none if a
    team of the organisation's own asked for it, whose work any department may accept.
    """
    if request.customer_id is None or await _is_for_own_team(reads, request):
        return set()
    strangers = await of_other_customers(reads, persons, request.customer_id)
    return strangers - {request.requester_id}


async def _is_for_own_team(reads: ReadContext, request: Request) -> bool:
    """Return whether a team of the organisation's own asked for it."""
    if request.customer_id is None:
        return False
    team = await reads.record(Team.KIND, str(request.customer_id))
    return team is not None and team.record.kind is TeamKind.internal


async def _without_others(reads: ReadContext, request: Request, persons: set[UUID]) -> set[UUID]:
    """Return those of the persons who are neither strangers nor act for IT. Staff count if a team of the
    organisation's own asked for it: its people accept for themselves.
    """
    if not await _is_for_own_team(reads, request):
        persons = await eligible_persons(reads, persons, GivenDuty.business_voice)
    return persons - await _strangers(reads, request, persons)


async def _strangers(reads: ReadContext, request: Request, persons: Iterable[UUID]) -> set[UUID]:
    """Return the persons of another customer than the request's. Return none if a team of the organisation's
    own asked for it, and has no member besides the requester: several departments may accept together.
    """
    if request.customer_id is None:
        return set()
    persons = set(persons)
    if await active_among(reads, persons - {request.requester_id}, request.customer_id):
        return await of_other_customers(reads, persons, request.customer_id)
    return await strangers_to_customer(reads, request, persons)
