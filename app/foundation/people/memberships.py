"""Memberships of persons in teams, on the person's stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.people import Person, Role, RoleGrant
from app.common.records import ForeignRef
from app.foundation.people.lookups import membership, number_of_memberships
from app.foundation.people.provisioning.marks import is_marked, marks_for_team, remove_marks, team_mark
from app.foundation.people.records import Membership, Team, TeamState
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, Payload, Reference
from app.kernel.actions.refusals import WrongValue


class JoinPerson(Payload):
    """A team for the person to join."""

    team: Annotated[Reference, ForeignRef("team", GivenDuty.audience)] = Field(
        description="Team to join: its key or id."
    )


def join(person: Person, body: JoinPerson, ctx: ActionContext) -> None:
    """Join the person to a team: it becomes their first customer team. A membership that came from a group at
    the identity provider then stays even if the group no longer grants it.
    """
    team = ctx.required_ref(Team, "team")
    if is_marked(person, team_mark(team.id)):
        remove_marks(person, [team_mark(team.id)])
        return
    ctx.outcome.add(Membership(id=ctx.new_id(), person_id=person.id, team_id=team.id))
    if person.team_id is None:
        person.team_id = team.id


async def cannot_join(reads: ReadContext, person: Person, body: JoinPerson, ctx: ActionContext) -> None:
    """Refuse if the team is retired or joined already, or the person would belong to too many teams."""
    team = _administered_team(ctx)
    if team.state is not TeamState.active:
        raise WrongValue(pointer="/team", because="team_retired")
    if is_marked(person, team_mark(team.id)):
        return
    if await membership(reads, person, team) is not None:
        raise WrongValue({"team": str(team.key)}, pointer="/team", because="in_the_team")
    if await number_of_memberships(reads, person) >= LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/team", because="too_long")


class LeavePerson(Payload):
    """A team for the person to leave."""

    team: Annotated[Reference, ForeignRef("team", GivenDuty.recorded)] = Field(
        description="Team to leave: its key or id."
    )


def leave_team(person: Person, body: LeavePerson, ctx: ActionContext) -> None:
    """Remove a person from a team: the person loses the roles for it."""
    team = ctx.required_ref(Team, "team")
    ctx.outcome.remove(ctx.prepared(EndedMembership).membership)
    person.roles = [text for text in person.roles or () if RoleGrant.parse(text).team_id != team.id] or None
    remove_marks(person, marks_for_team(person, team.id))
    if person.team_id == team.id:
        person.team_id = None


@dataclass(frozen=True, slots=True)
class EndedMembership:
    """The membership that ends."""

    membership: Membership


async def ended_membership(
    reads: ReadContext, person: Person, body: LeavePerson, ctx: ActionContext
) -> EndedMembership:
    """Find the membership that ends. Raises WrongValue if the person does not belong to the team."""
    team = _administered_team(ctx)
    ended = await membership(reads, person, team)
    if ended is None:
        raise WrongValue({"team": str(team.key)}, pointer="/team", because="not_in_the_team")
    return EndedMembership(ended)


def _administered_team(ctx: ActionContext) -> Team:
    """Return the team in the payload, whose members the caller administers. Raises WrongValue."""
    team = ctx.required_ref(Team, "team")
    if not ctx.caller.administers(RoleGrant(Role.admin, team_id=team.id)):
        raise WrongValue(pointer="/team", because="beyond_your_teams")
    return team


async def team_not_joined(reads: ReadContext, person: Person, body: object, ctx: ActionContext) -> None:
    """Refuse if the person does not belong to the team that is to be their own."""
    team = ctx.ref(Team, "team")
    if team is not None and await membership(reads, person, team) is None:
        raise WrongValue({"team": str(team.key)}, pointer="/team", because="not_in_the_team")
