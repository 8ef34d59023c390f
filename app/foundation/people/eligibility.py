"""Checks of persons and teams: who can be assigned work or notified, who is a customer, who a supplier."""

from __future__ import annotations

from app.common.people import Person, PersonState
from app.foundation.people.lookups import membership
from app.foundation.people.records import Team, TeamKind, TeamState
from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import WrongValue


async def check_assignable(
    reads: ReadContext, person: Person | None, team: Team | None, pointer: str
) -> None:
    """Check that the person in the payload at `pointer` can be assigned work, in the team if both are named.
    Raises WrongValue.
    """
    check_person_active(person, pointer)
    if person is not None and team is not None and await membership(reads, person, team) is None:
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="not_in_the_team")
    check_team_assignable(team)


def check_team_assignable(team: Team | None, pointer: str = "/team") -> None:
    """Check that the team in the payload is not retired, and no supplier. Raises WrongValue."""
    _check_team_active(team, pointer)
    if team is not None and team.kind is TeamKind.supplier:
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="supplier_gets_no_work")


def check_customer(team: Team | None, pointer: str) -> None:
    """Check that the team in the payload can be a customer: not retired, and no supplier. Raises
    WrongValue.
    """
    _check_team_active(team, pointer)
    if team is not None and team.kind is TeamKind.supplier:
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="supplier_is_no_customer")


def check_supplier(team: Team | None, pointer: str = "/supplier") -> None:
    """Check that the team in the payload is a supplier that is not retired. Raises WrongValue."""
    _check_team_active(team, pointer)
    if team is not None and team.kind is not TeamKind.supplier:
        raise WrongValue({"team": str(team.key)}, pointer=pointer, because="not_a_supplier")


def _check_team_active(team: Team | None, pointer: str) -> None:
    if team is not None and team.state is TeamState.retired:
        raise WrongValue(pointer=pointer, because="team_retired")


def check_person_active(person: Person | None, pointer: str) -> None:
    """Check that the person in the payload at `pointer` is active. Raises WrongValue."""
    if person is not None and person.state is PersonState.erased:
        raise WrongValue(pointer=pointer, because="person_erased")
    if person is not None and person.state is PersonState.inactive:
        raise WrongValue(pointer=pointer, because="person_inactive")
