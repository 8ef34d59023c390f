"""Persons, and the accounts of machines.

active ⇄ inactive
active, inactive ─► erased
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.components import Component
from app.common.notices import Step
from app.common.people import SEE_EVERYTHING, Grade, Person, PersonKind, PersonState
from app.common.personal import LOGIN, PREFIX, KnownAs, Personal
from app.common.records import Refers
from app.common.zones import EXAMPLES, is_zone
from app.foundation.editing import take
from app.foundation.people.memberships import ended_membership, join, joins_well, leave, own_of_theirs
from app.foundation.people.records import Membership, Team
from app.foundation.people.roles import (
    Roles,
    RoleText,
    already_held,
    beyond_their_own,
    for_records_that_are,
    held_for_nothing,
    last_admin,
    not_held,
    the_last_admins,
)
from app.kernel.bodies import LONGEST_LIST, NO_LINE, Body, Few, Line, Nothing, Patch, Reference, said
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Keys, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import STAFF
from app.kernel.who import admin, oneself, rule, superior


def _zone(value: str) -> str:
    if not is_zone(value):
        raise PydanticCustomError("unknown_zone", "no such time zone", {"known": EXAMPLES})
    return value


Name = Annotated[Line, Personal()]
Email = Annotated[
    Line,
    StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$"),
    Personal(),
    Component(
        "EmailAddress",
        "An address of electronic mail.",
        "lin@example.org",
        {"pattern": rf"^(?!{PREFIX})[^@\s{NO_LINE}]+@[^@\s{NO_LINE}]+$"},
    ),
]
Login = Annotated[Line, Personal(), KnownAs(LOGIN)]
Locale = Annotated[str, StringConstraints(pattern="^(en|zh)$")]
Zone = Annotated[
    Line,
    AfterValidator(_zone),
    Component(
        "TimeZone",
        "A time zone by its name (IANA).",
        "Asia/Shanghai",
        {"pattern": r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"},
    ),
]


class AddPerson(Body):
    """A person, or the account of a machine."""

    name: Name = Field(description="What they are called. Personal: can be erased.")
    email: Email | None = Field(default=None, description="Personal: can be erased.")
    phone: Annotated[Line, Personal()] | None = Field(default=None, description="Personal: can be erased.")
    login: Login | None = Field(
        default=None,
        description="What the identity provider calls them, in the claim that the settings name. Personal.",
    )
    department: Line | None = Field(default=None, description="Where in the organisation they are.")
    post: Annotated[Line, Personal()] | None = Field(
        default=None, description="What they are there. Personal: can be erased."
    )
    manager: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Whom they report to: a person's id."
    )
    grade: Grade | None = Field(default=None, description="How senior they are.")
    kind: PersonKind = Field(
        default=PersonKind.human, description="A human being, or the account of a machine."
    )
    locale: Locale | None = Field(
        default=None, description="The language that they are written to in: en or zh."
    )
    time_zone: Zone | None = Field(default=None, description="Where they work (IANA), as Asia/Shanghai.")
    teams: Annotated[tuple[Annotated[Reference, Refers("team")], ...], Few] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The teams that they belong to, their own first: keys or ids.",
    )
    roles: Roles = ()


def add(person: Person, body: AddPerson, at: Moment) -> None:
    """Somebody becomes known."""
    manager = at.the(Person, "manager")
    person.kind = body.kind
    person.name = body.name
    person.email = body.email
    person.phone = body.phone
    person.login = body.login
    person.login_issuer = at.login_issuer if body.login is not None else None
    person.department = body.department
    person.post = body.post
    person.manager_id = manager.id if manager else None
    person.grade = body.grade
    person.locale = body.locale
    person.time_zone = body.time_zone
    person.roles = list(dict.fromkeys(body.roles)) or None
    person.key_id = at.key_id
    person.added_at = at.occurred_at
    teams = {team.id: team for team in at.every(Team, "teams")}
    person.team_id = next(iter(teams), None)
    for team in teams.values():
        at.add(Membership(id=at.new_id(), person_id=person.id, team_id=team.id))


class EditPerson(Patch):
    """What is otherwise than it was."""

    name: Name = Field(default_factory=str, description="What they are called now.")
    email: Email | None = Field(default=None, description="Their new address.")
    phone: Annotated[Line, Personal()] | None = Field(default=None, description="Their new number.")
    login: Login | None = Field(default=None, description="What the identity provider calls them now.")
    department: Line | None = Field(default=None, description="Where in the organisation they are now.")
    post: Annotated[Line, Personal()] | None = Field(default=None, description="What they are there now.")
    manager: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Whom they report to now: a person's id."
    )
    grade: Grade | None = Field(default=None, description="How senior they are now.")
    locale: Locale | None = Field(default=None, description="The language that they are written to in now.")
    time_zone: Zone | None = Field(default=None, description="Where they work now (IANA).")
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="Their own team from now on, one of those that they belong to: a key or id."
    )


async def login_beyond_their_own(look: Look, person: Person, body: EditPerson, at: Moment) -> None:
    """Whoever says what somebody logs in with can log in as them: as the whole person."""
    given = body.login if "login" in dict(said(body)) else None
    if given is not None and not at.caller.covers_credential(person.id, None):
        raise WrongValue(pointer="/login", because="login_beyond_your_own")


def edit(person: Person, body: EditPerson, at: Moment) -> None:
    """Something about them is otherwise than it was."""
    take(person, body, at)
    if "login" in dict(said(body)):
        person.login_issuer = at.login_issuer if person.login is not None else None


class SetPreferencesPerson(Body):
    """Which steps of tickets they want to be told of, and which of them by mail, too."""

    told_of: tuple[Step, ...] = Field(
        max_length=len(Step), description="The steps that they want to be told of, in the application."
    )
    told_by_mail: tuple[Step, ...] = Field(
        max_length=len(Step), description="Those of them that they want to be told of by mail, too."
    )


def set_preferences(person: Person, body: SetPreferencesPerson, at: Moment) -> None:
    """What they are told of from now on."""
    person.told_of = [step.value for step in Step if step in body.told_of]
    person.told_by_mail = [step.value for step in Step if step in body.told_by_mail]


async def mailed_and_not_told(look: Look, person: Person, body: SetPreferencesPerson, at: Moment) -> None:
    """What goes out by mail is told in the application, too."""
    for n, step in enumerate(body.told_by_mail):
        if step not in body.told_of:
            raise WrongValue({"step": step}, pointer=f"/told_by_mail/{n}", because="mailed_and_not_told")


class GrantRolePerson(Body):
    """A role that they are to hold."""

    role: RoleText = Field(
        description="The role's code; for some records only: `agent@team/<id>`, `agent@service/<key>`, "
        "`agent@process/incident`."
    )


def grant_role(person: Person, body: GrantRolePerson, at: Moment) -> None:
    """They may do what the role permits."""
    person.roles = [*(person.roles or ()), body.role]


class RevokeRolePerson(Body):
    """A role that they are not to hold any more."""

    role: RoleText = Field(description="The role as they hold it, its scope included.")


def revoke_role(person: Person, body: RevokeRolePerson, at: Moment) -> None:
    """They may not do any more what the role permits."""
    person.roles = [role for role in person.roles or () if role != body.role] or None


def deactivate(person: Person, body: Nothing, at: Moment) -> None:
    """They have left, or pause: their keys are not accepted, and no work is given to them."""
    person.deactivated_at = at.occurred_at


def activate(person: Person, body: Nothing, at: Moment) -> None:
    """They are back."""
    person.deactivated_at = None


def erase(person: Person, body: Nothing, at: Moment) -> None:
    """Their name and their words become unreadable, in rows and events alike, for ever."""
    person.erased_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="person", plural="persons", zh="人员", record=Person, states=PersonState,
    audience=lambda person: (STAFF, f"person:{person.id}"), sees_all=SEE_EVERYTHING, columns={"staff": (), "person": ("id",)}, children=(Membership,),
    rows=(
        #      action       中文        from                                        to                    who           event
        action(add,         "添加",     FROM_NOTHING,                               PersonState.active,   admin | rule, "person.added",
               wrong=(for_records_that_are,), keys=Keys.MADE),
        action(edit,        "编辑",     [PersonState.active, PersonState.inactive], STAYS,                superior | rule, "person.edited",
               wrong=(own_of_theirs, login_beyond_their_own), keys=Keys.OWN),
        action(join,        "加入团队", [PersonState.active, PersonState.inactive], STAYS,                admin | rule, "person.team_joined",
               wrong=(joins_well,)),
        action(leave,       "退出团队", [PersonState.active, PersonState.inactive], STAYS,                admin | rule, "person.team_left",
               prepare=(ended_membership,)),
        action(set_preferences, "设置偏好", [PersonState.active, PersonState.inactive], STAYS,             admin | oneself, "person.preferences_set",
               wrong=(mailed_and_not_told,)),
        action(grant_role,  "授予角色", [PersonState.active, PersonState.inactive], STAYS,                admin | rule, "person.role_granted",
               wrong=(beyond_their_own, held_for_nothing, already_held)),
        action(revoke_role, "撤销角色", [PersonState.active, PersonState.inactive], STAYS,                admin | rule, "person.role_revoked",
               wrong=(beyond_their_own, not_held, the_last_admins)),
        action(deactivate,  "停用",     [PersonState.active],                       PersonState.inactive, superior | rule, "person.deactivated",
               unless=(last_admin,)),
        action(activate,    "启用",     [PersonState.inactive],                     PersonState.active,   superior | rule, "person.activated"),
        action(erase,       "擦除",     [PersonState.active, PersonState.inactive], PersonState.erased,   superior | rule, "person.erased",
               unless=(last_admin,), keys=Keys.DESTROYED),
    ),
)
# fmt: on
