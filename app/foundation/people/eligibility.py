"""Checks of persons and teams that their duties (`app.common.duties`) do not cover."""

from __future__ import annotations

from app.common.duties import GivenDuty
from app.common.people import Person, PersonState
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team
from app.kernel.access.eligibility import is_eligible
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
    if not await is_eligible(reads, Person.KIND, person.id, GivenDuty.work, None):
        raise WrongValue(pointer=pointer, because=GivenDuty.work.because)
