"""Checks of people and teams that their duties (`app.common.duties`) do not cover; holders of duties by
default pass the same check as named ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Person, PersonState, Role
from app.common.records import empty
from app.foundation.people.lookups import has_led, membership
from app.foundation.people.records import Team
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue


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


async def check_of_it(reads: ReadContext, person: Person | None, pointer: str, ctx: ActionContext) -> None:
    """Check that the person in the payload at `pointer` is of IT; rules and imports are not asked. Raises
    WrongValue.
    """
    if person is None or ctx.caller.is_rule or ctx.caller.person_id is None:
        return
    await check_works_for_it(reads, person, pointer)


async def check_works_for_it(reads: ReadContext, person: Person, pointer: str) -> None:
    """Check that the person in the payload at `pointer` is of IT, whoever asks. Raises WrongValue."""
    if not await is_eligible(reads, Person.KIND, person.id, GivenDuty.work, None):
        raise WrongValue(pointer=pointer, because=GivenDuty.work.because)


@dataclass(frozen=True, slots=True)
class DefaultHolder:
    """The person from the default; None if the default gives no eligible holder."""

    person_id: UUID | None


async def holder_by_default(
    reads: ReadContext, record: object, body: object, person_id: UUID | None, duty: GivenDuty
) -> UUID | None:
    """Return the person's id if they are active and eligible for the duty."""
    if person_id is None:
        return None
    loaded = await reads.record(Person.KIND, str(person_id))
    if loaded is None or loaded.record.state is not PersonState.active:
        return None
    eligible = await is_eligible(reads, Person.KIND, person_id, duty, scopes_of(record, body, None))
    return person_id if eligible else None


async def lead_of_team(reads: ReadContext, record: object, body: object, ctx: ActionContext) -> DefaultHolder:
    """Find the lead of the payload's team, as the one whose work is appraised."""
    lead_id = ctx.required_ref(Team, "team").lead_id
    return DefaultHolder(await holder_by_default(reads, record, body, lead_id, GivenDuty.appraisal))


@dataclass(frozen=True, slots=True)
class ProcessSupervisor:
    """The supervisor of the process that the record is about, or None."""

    id: UUID | None


async def process_supervisor(
    reads: ReadContext, record: Any, body: Any, ctx: ActionContext
) -> ProcessSupervisor:
    """Find the supervisor of the payload's process and team."""
    proposed = empty(type(record), record.id)
    proposed.process, proposed.team_id = body.process, ctx.required_ref(Team, "team").id
    holders = await reads.holders(Role.process_supervisor, proposed, most=1)
    return ProcessSupervisor(holders[0] if holders else None)


async def not_the_head(reads: ReadContext, record: object, body: object, ctx: ActionContext) -> None:
    """Refuse a head who neither leads the payload's team, or led it once, nor manages its lead
    (`not_the_head`). For a team without an active lead the payload may name anybody.
    """
    head, team = ctx.ref(Person, "head"), ctx.required_ref(Team, "team")
    if head is None or team.lead_id is None or ctx.caller.is_rule:
        return
    lead = await reads.record(Person.KIND, str(team.lead_id))
    if lead is None or lead.record.state is not PersonState.active:
        return
    if head.id not in (team.lead_id, lead.record.manager_id) and not await has_led(reads, head, team):
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
    team: Team = loaded.record
    lead = None if team.lead_id is None else await reads.record(Person.KIND, str(team.lead_id))
    heads = {team.lead_id, None if lead is None else lead.record.manager_id}
    if successor.id in heads or await has_led(reads, successor, team):
        return
    if successor.id not in await reads.holders(Role.department_head, record, most=MOST_HEADS):
        raise WrongValue({"team": str(team.key)}, pointer="/new_holder", because="not_the_head")
