"""Whether somebody can be given something to do, or be told of something."""

from __future__ import annotations

from app.common.people import Person, PersonState
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team, TeamState
from app.kernel.look import Look
from app.kernel.refusals import WrongValue


async def fits(look: Look, person: Person | None, team: Team | None, pointer: str) -> None:
    """Raises WrongValue unless the person that the body names there can be given work, in the team if both
    are named.
    """
    still_there(person, pointer)
    if person is not None and team is not None and await membership(look, person, team) is None:
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="not_in_the_team")
    can_work(team)


def can_work(team: Team | None, pointer: str = "/team") -> None:
    """Raises WrongValue if the team that the body names is given no work any more."""
    if team is not None and team.state is TeamState.retired:
        raise WrongValue(pointer=pointer, because="team_retired")


def still_there(person: Person | None, pointer: str) -> None:
    """Raises WrongValue if the person that the body names there is not there any more."""
    if person is not None and person.state is PersonState.erased:
        raise WrongValue(pointer=pointer, because="person_erased")
    if person is not None and person.state is PersonState.inactive:
        raise WrongValue(pointer=pointer, because="person_inactive")
