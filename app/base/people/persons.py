"""Persons, and the accounts of machines.

active ─► erased
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.people import SEE_EVERYTHING, Membership, Person, PersonKind, PersonState, Team
from app.common.personal import Personal
from app.common.records import Refers
from app.kernel.bodies import LONGEST_LIST, Body, Few, Line, Nothing, Reference
from app.kernel.lifecycle import FROM_NOTHING, Keys, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import STAFF
from app.kernel.who import admin, rule

Name = Annotated[Line, Personal()]
Email = Annotated[Line, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$"), Personal()]
Locale = Annotated[str, StringConstraints(pattern="^(en|zh)$")]


class AddPerson(Body):
    """A person, or the account of a machine."""

    name: Name = Field(description="What they are called. Personal: can be erased.")
    email: Email | None = Field(default=None, description="Personal: can be erased.")
    kind: PersonKind = Field(
        default=PersonKind.human, description="A human being, or the account of a machine."
    )
    locale: Locale | None = Field(
        default=None, description="The language that they are written to in: en or zh."
    )
    teams: Annotated[tuple[Annotated[Reference, Refers("team")], ...], Few] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The teams that they belong to, their own first: keys or ids.",
    )


def add(person: Person, body: AddPerson, at: Moment) -> None:
    """Somebody becomes known."""
    person.kind = body.kind
    person.name = body.name
    person.email = body.email
    person.locale = body.locale
    person.key_id = at.key_id
    person.added_at = at.occurred_at
    teams = {team.id: team for team in at.every(Team, "teams")}
    person.team_id = next(iter(teams), None)
    for team in teams.values():
        at.add(Membership(id=at.new_id(), person_id=person.id, team_id=team.id))


def erase(person: Person, body: Nothing, at: Moment) -> None:
    """Their name and their words become unreadable, in rows and events alike, for ever."""
    person.erased_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="person", plural="persons", zh="人员", record=Person, states=PersonState,
    audience=lambda person: (STAFF, f"person:{person.id}"), sees_all=SEE_EVERYTHING, columns={"staff": (), "person": ("id",)}, children=(Membership,),
    rows=(
        #      action  中文     from                  to                  who           event
        action(add,    "添加",  FROM_NOTHING,         PersonState.active, admin | rule, "person.added",  keys=Keys.MADE),
        action(erase,  "擦除",  [PersonState.active], PersonState.erased, admin | rule, "person.erased", keys=Keys.DESTROYED),
    ),
)
# fmt: on
