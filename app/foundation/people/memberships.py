"""Who belongs to which team. A membership stands on the person's stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.common.people import Held, Person, Role
from app.common.records import Refers
from app.foundation.people.lookups import membership, number_of_memberships
from app.foundation.people.records import Membership, Team, TeamState
from app.kernel.bodies import LONGEST_LIST, Body, Reference
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue


class JoinPerson(Body):
    """A team that they are to belong to."""

    team: Annotated[Reference, Refers("team")] = Field(description="The team: its key or id.")


def join(person: Person, body: JoinPerson, at: Moment) -> None:
    """They belong to a team; to be their own if they had none."""
    team = at.named(Team, "team")
    at.add(Membership(id=at.new_id(), person_id=person.id, team_id=team.id))
    if person.team_id is None:
        person.team_id = team.id


async def joins_well(look: Look, person: Person, body: JoinPerson, at: Moment) -> None:
    """A team that works, that they do not belong to, and not one more than anybody can look through."""
    team = _administered(at)
    if team.state is not TeamState.active:
        raise WrongValue(pointer="/team", because="team_retired")
    if await membership(look, person, team) is not None:
        raise WrongValue({"team": str(team.key)}, pointer="/team", because="in_the_team")
    if await number_of_memberships(look, person) >= LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/team", because="too_long")


class LeavePerson(Body):
    """A team that they are not to belong to any more."""

    team: Annotated[Reference, Refers("team")] = Field(description="The team: its key or id.")


def leave(person: Person, body: LeavePerson, at: Moment) -> None:
    """They belong to a team no more, and hold no role for it."""
    team = at.named(Team, "team")
    at.remove(at.prepared(EndedMembership).membership)
    person.roles = [text for text in person.roles or () if Held.parse(text).team_id != team.id] or None
    if person.team_id == team.id:
        person.team_id = None


@dataclass(frozen=True, slots=True)
class EndedMembership:
    """The membership that ends."""

    membership: Membership


async def ended_membership(look: Look, person: Person, body: LeavePerson, at: Moment) -> EndedMembership:
    """Finds the membership that ends. Raises WrongValue if they did not belong to the team."""
    team = _administered(at)
    ended = await membership(look, person, team)
    if ended is None:
        raise WrongValue({"team": str(team.key)}, pointer="/team", because="not_in_the_team")
    return EndedMembership(ended)


def _administered(at: Moment) -> Team:
    """The team that is named, which is the caller's to fill. Raises WrongValue."""
    team = at.named(Team, "team")
    if not at.caller.administers(Held(Role.admin, team_id=team.id)):
        raise WrongValue(pointer="/team", because="beyond_your_teams")
    return team


async def own_of_theirs(look: Look, person: Person, body: object, at: Moment) -> None:
    """Their own team is one of those that they belong to."""
    team = at.the(Team, "team")
    if team is not None and await membership(look, person, team) is None:
        raise WrongValue({"team": str(team.key)}, pointer="/team", because="not_in_the_team")
