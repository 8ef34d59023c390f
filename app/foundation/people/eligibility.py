"""Checks of people and teams that their duties (`app.common.duties`) do not cover; holders of duties by
default pass the same check as named ones.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Person, PersonState, Role, RoleGrant
from app.common.records import empty
from app.foundation.people.lookups import (
    NEAREST_HOLDER,
    OWN_HOLDERS,
    has_led,
    held_role,
    membership,
    number_of_memberships,
    of_other_customers,
    was_member,
)
from app.foundation.people.records import Team, TeamKind
from app.foundation.people.succession.duties import KIND_DUTIES
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: Roles of those who supervise a process, and of all who have a part in it besides those who manage cases.
SUPERVISING = frozenset({Role.process_supervisor})
PROCESS_ROLES = SUPERVISING | {Role.process_administrator, Role.process_owner}


async def check_member(reads: ReadContext, person: Person | None, team: Team | None, pointer: str) -> None:
    """Check that the person in the payload at `pointer` belongs to the team, if both are named. Raises
    WrongValue.
    """
    if person is not None and team is not None and await membership(reads, person, team) is None:
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="not_in_the_team")


def check_person_active(person: Person | None, pointer: str) -> None:
    """Check that the person in the payload at `pointer` is active. Raises WrongValue."""
    if person is not None and person.state is PersonState.erased:
        raise WrongValue(pointer=pointer, because="person_erased")
    if person is not None and person.state is PersonState.inactive:
        raise WrongValue(pointer=pointer, because="person_inactive")


async def is_active_person(reads: ReadContext, person_id: UUID | None) -> bool:
    """Return whether the id names an active person."""
    loaded = None if person_id is None else await reads.record(Person.KIND, str(person_id))
    return loaded is not None and loaded.record.state is PersonState.active


async def check_of_it(reads: ReadContext, person: Person | None, pointer: str, ctx: ActionContext) -> None:
    """Check that the person in the payload at `pointer` is of IT; rules and imports are not asked. Raises
    WrongValue.
    """
    if person is None or ctx.caller.is_rule or ctx.caller.person_id is None:
        return
    await check_works_for_it(reads, person, pointer)


async def check_works_for_it(reads: ReadContext, person: Person, pointer: str) -> None:
    """Check that the person in the payload at `pointer` is of IT. Raises WrongValue."""
    await check_suits(reads, person, GivenDuty.work, pointer)


async def check_on_side_of(reads: ReadContext, person: Person, team: Team, pointer: str) -> None:
    """Check that the person in the payload at `pointer` is on the side of the team, for which they speak: of
    IT for a team of its own; of the business, and of no other customer, for a customer; a member of the
    supplier, or of no team and without a role of IT, for a supplier. Raises WrongValue.
    """
    if team.kind is TeamKind.internal:
        await check_works_for_it(reads, person, pointer)
    elif team.kind is TeamKind.customer:
        await check_suits(reads, person, GivenDuty.business_voice, pointer)
        if await of_other_customers(reads, [person.id], team.id):
            raise WrongValue(pointer=pointer, because="not_of_the_customer")
    elif await membership(reads, person, team) is None and (
        await number_of_memberships(reads, person)
        or not await is_eligible(reads, Person.KIND, person.id, GivenDuty.business_voice, None)
    ):
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="not_in_the_team")


async def check_suits(reads: ReadContext, person: Person, duty: GivenDuty, pointer: str) -> None:
    """Check that the person in the payload at `pointer` is eligible for the duty. Raises WrongValue."""
    if not await is_eligible(reads, Person.KIND, person.id, duty, None):
        raise WrongValue(pointer=pointer, because=duty.because)


async def check_on_the_same_side(
    reads: ReadContext, person_id: UUID | None, deputy: Person, pointer: str
) -> None:
    """Check that the deputy in the payload at `pointer` is of IT if the person is, or of the business if the
    person is; an auditor's deputy may be an auditor. Raises WrongValue.
    """
    if person_id is None:
        return
    sides = [duty for duty in _SIDES if await is_eligible(reads, Person.KIND, person_id, duty, None)]
    if not sides and await is_eligible(reads, Person.KIND, person_id, GivenDuty.judgement, None):
        sides = [GivenDuty.judgement]
    for duty in sides:
        if await is_eligible(reads, Person.KIND, deputy.id, duty, None):
            return
    if sides:
        raise WrongValue(pointer=pointer, because=sides[0].because)


#: Duties of the people of IT and of the business: somebody with a role of the business may be of both.
_SIDES = (GivenDuty.work, GivenDuty.business_voice)


@dataclass(frozen=True, slots=True)
class DefaultHolder:
    """The person from the default; None if the default gives no eligible holder."""

    person_id: UUID | None


async def holder_by_default(
    reads: ReadContext, record: object, body: object, person_id: UUID | None, duty: GivenDuty
) -> UUID | None:
    """Return the person's id if they are active and eligible for the duty."""
    if person_id is None or not await is_active_person(reads, person_id):
        return None
    eligible = await is_eligible(reads, Person.KIND, person_id, duty, scopes_of(record, body, None))
    return person_id if eligible else None


async def head_of_team(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> DefaultHolder:
    """Find the lead of the payload's team, as the one whose work is appraised; of a team without an active
    lead, the head of its department.
    """
    team = ctx.required_ref(Team, "team")
    lead_id = await holder_by_default(reads, record, body, team.lead_id, GivenDuty.appraisal)
    if lead_id is None:
        lead_id = await fitting_holder(reads, Role.department_head, _of_team(record, body, team), team)
    return DefaultHolder(lead_id)


async def fitting_holder(reads: ReadContext, role: Role, record: Any, team: Team) -> UUID | None:
    """Return the holder of the role who answers for the team: a holder for that team, a member of the team,
    or a person who belongs to no internal team; otherwise the only holder. A person who answers for other
    teams never answers for this team.
    """
    holders = await reads.holders(role, record, most=MOST_HEADS)
    guard = Unguarded("Whoever changes teams meanwhile belonged to this one when it was decided.")
    grants = [str(RoleGrant(role, team_id=team.id))]
    parameters = {"persons": holders, "team": team.id, "grants": grants}
    nearest = await reads.row(NEAREST_HOLDER, parameters, guard=guard)
    if nearest is not None:
        return UUID(str(nearest["id"]))
    return holders[0] if len(holders) == 1 else None


async def own_holders(reads: ReadContext, role: Role, holders: Collection[UUID], team: Team) -> set[UUID]:
    """Return those holders of the role who hold it for that team or belong to it."""
    guard = Unguarded("Whoever joins or leaves the team meanwhile did so after it was decided.")
    grants = [str(RoleGrant(role, team_id=team.id))]
    parameters = {"persons": list(holders), "team": team.id, "grants": grants}
    return {row["id"] for row in await reads.rows(OWN_HOLDERS, parameters, guard=guard)}


@dataclass(frozen=True, slots=True)
class ProcessSupervisor:
    """The supervisor of the process that the record is about, or None."""

    id: UUID | None


async def process_supervisor(
    reads: ReadContext, record: Any, body: Any, ctx: ActionContext
) -> ProcessSupervisor:
    """Find the supervisor of the payload's process and team."""
    team = ctx.required_ref(Team, "team")
    proposed = _of_team(record, body, team)
    return ProcessSupervisor(await fitting_holder(reads, Role.process_supervisor, proposed, team))


async def not_the_head(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
    """Refuse a head who does none of these (`not_the_head`): leads the payload's team now or did once,
    manages its lead, or heads its department if the team has no active lead.
    """
    head, team = ctx.ref(Person, "head"), ctx.required_ref(Team, "team")
    if head is None or ctx.caller.is_rule:
        return
    lead = None if team.lead_id is None else await reads.record(Person.KIND, str(team.lead_id))
    has_lead = lead is not None and lead.record.state is PersonState.active
    if not await _is_head(reads, _of_team(record, body, team), head, team, or_department=not has_lead):
        raise WrongValue({"team": str(team.key)}, pointer="/head", because="not_the_head")


#: So many heads of departments are looked through.
MOST_HEADS = 500


async def successor_not_the_head(
    reads: ReadContext, record: Any, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the head who neither leads the record's team, or led it once, nor manages its
    lead, nor heads a department (`not_the_head`).
    """
    loaded = await reads.record(Team.KIND, str(record.team_id))
    assert loaded is not None, "no team is ever taken out of the log"
    if not await _is_head(reads, record, successor, loaded.record, or_department=True):
        raise WrongValue({"team": str(loaded.record.key)}, pointer="/new_holder", because="not_the_head")


async def _is_head(
    reads: ReadContext, record: Any, person: Person, team: Team, *, or_department: bool
) -> bool:
    """Return whether the person leads the team, or led it once, manages its lead or heads its department."""
    lead = None if team.lead_id is None else await reads.record(Person.KIND, str(team.lead_id))
    if person.id in (team.lead_id, None if lead is None else lead.record.manager_id):
        return True
    if await has_led(reads, person, team):
        return True
    heads = await reads.holders(Role.department_head, record, most=MOST_HEADS) if or_department else ()
    return person.id in heads


def _of_team(record: Any, body: Any, team: Team) -> Any:
    """Return the record with the payload's process and team, for which roles are held."""
    proposed = empty(type(record), record.id)
    proposed.process, proposed.team_id = body.process, team.id
    return proposed


async def answers_for_another_team(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
    """Refuse a supervisor who never supervised the process (`not_the_supervisor`), and a person who was never
    in the team and has no part in the process (`person_of_another_team`).
    """
    if ctx.caller.is_rule:
        return
    person, supervisor, team = ctx.ref(Person, "person"), ctx.ref(Person, "supervisor"), ctx.ref(Team, "team")
    assert team is not None, "the payload names a team"
    proposed = _of_team(record, body, team)
    if supervisor is not None and not await held_role(reads, supervisor, SUPERVISING, proposed):
        raise WrongValue({"process": body.process}, pointer="/supervisor", because="not_the_supervisor")
    if person is None or await was_member(reads, person, team) or await has_led(reads, person, team):
        return
    duties = KIND_DUTIES.get(body.process)
    managing = PROCESS_ROLES | (duties.managers if duties is not None else frozenset())
    if not await held_role(reads, person, managing, proposed):
        raise WrongValue({"team": str(team.key)}, pointer="/person", because="person_of_another_team")
