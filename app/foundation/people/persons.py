"""Persons, and the accounts of machines (lifecycle).

active ⇄ inactive
active, inactive ─► erased
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeKind, NoticeType, RecipientRule
from app.common.people import (
    STAFF_ROLES,
    Grade,
    MailFrequency,
    Person,
    PersonKind,
    PersonState,
    RoleGrant,
)
from app.common.personal import Personal
from app.common.records import ForeignRef
from app.foundation.editing import apply_patch
from app.foundation.people.credentials.bounds import HIGHEST_BOUND
from app.foundation.people.eligibility import check_of_it, check_works_for_it
from app.foundation.people.faces import PERSON_FACE
from app.foundation.people.fields import Email, Locale, Login, Name, Zone
from app.foundation.people.lookups import IN_SUPERIORS_OF
from app.foundation.people.memberships import cannot_join, ended_membership, join, leave_team, team_not_joined
from app.foundation.people.provisioning.accounts import (
    changed_membership,
    ended_account,
    join_directory_group,
    leave_directory_group,
    login_of_somebody_granted,
    mark_activated,
    provision,
)
from app.foundation.people.provisioning.grants import provide_grants, provided_grants
from app.foundation.people.provisioning.marks import remove_marks
from app.foundation.people.provisioning.records import DirectoryMembership
from app.foundation.people.records import Membership, Team, TeamKind
from app.foundation.people.roles import (
    HeldRoleText,
    Roles,
    RoleText,
    invalid_role_scopes,
    joins_other_side,
    last_admin,
    last_admin_role,
    role_already_held,
    role_not_administered,
    role_not_grantable,
    role_not_held,
    role_of_others,
)
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.people.succession.leaving import leaving_rows
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.eligibility import is_eligible
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.actor_policy import admin, oneself, rule, superior
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Keys, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Patch,
    Payload,
    Reference,
    ShortText,
    provided_fields,
)
from app.kernel.actions.refusals import WrongValue


class PersonFields(Payload, of=Person):
    """Fields of a person that can be edited."""

    name: Name
    email: Email | None = None
    phone: Annotated[ShortText, Personal()] | None = None
    login: Login | None = None
    department: ShortText | None = None
    post: Annotated[ShortText, Personal()] | None = None
    manager: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] | None = None
    grade: Grade | None = None
    locale: Locale | None = None
    time_zone: Zone | None = None


class AddPerson(PersonFields):
    """A person or a machine account."""

    kind: PersonKind = Field(
        default=PersonKind.human, description="Kind of the account: a human being or a machine."
    )
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.audience)], ...], BoundedList
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Teams of the person (keys or ids), with the customer team first.",
    )
    roles: Roles = ()


def add(person: Person, body: AddPerson, ctx: ActionContext) -> None:
    """Add a person or a machine account."""
    copy_fields(person, body, ctx, without="roles")
    person.login_issuer = ctx.settings.login_issuer if body.login is not None else None
    person.roles = list(dict.fromkeys(body.roles)) or None
    person.key_id = ctx.assigned.key_id
    person.added_at = ctx.occurred_at
    teams = {team.id: team for team in ctx.refs(Team, "teams")}
    person.team_id = next(iter(teams), None)
    for team in teams.values():
        ctx.outcome.add(Membership(id=ctx.new_id(), person_id=person.id, team_id=team.id))


CIRCLES = Unguarded("Two edits at once may close a circle, which the next edit can open again.")


class EditPerson(Patch, PersonFields):
    """Fields to change; fields left out stay unchanged."""

    team: Annotated[Reference, ForeignRef("team", GivenDuty.recorded)] | None = Field(
        default=None,
        description="Customer team of the person from now on, one of the person's teams: a key or id.",
    )


async def superior_not_of_it(
    reads: ReadContext, person: Person, body: PersonFields, ctx: ActionContext
) -> None:
    """Refuse a superior of somebody of IT who is not of IT, since a superior appraises; and people who are
    their own superior, directly or by a circle.
    """
    manager = ctx.ref(Person, "manager")
    if manager is None or manager.id == person.manager_id:
        return
    if not isinstance(body, AddPerson) and await reads.row(
        IN_SUPERIORS_OF, {"first": manager.id, "person": person.id}, guard=CIRCLES
    ):
        raise WrongValue(pointer="/manager", because="superior_in_a_circle")
    if isinstance(body, AddPerson):
        is_internal = any(team.kind is TeamKind.internal for team in ctx.refs(Team, "teams"))
        of_it = is_internal or any(RoleGrant.parse(text).role in STAFF_ROLES for text in body.roles)
    else:
        of_it = await is_eligible(reads, Person.KIND, person.id, GivenDuty.work, None)
    if of_it:
        await check_of_it(reads, manager, "/manager", ctx)


async def successor_not_superior(
    reads: ReadContext, person: Person, successor: Person, ctx: ActionContext
) -> None:
    """Refuse people as their own superior, directly or by a circle, and a superior of IT staff
    who is not of IT.
    """
    if successor.id == person.id:
        raise WrongValue(pointer="/new_holder", because="same_person")
    if await reads.row(IN_SUPERIORS_OF, {"first": successor.id, "person": person.id}, guard=CIRCLES):
        raise WrongValue(pointer="/new_holder", because="superior_in_a_circle")
    if await is_eligible(reads, Person.KIND, person.id, GivenDuty.work, None):
        await check_works_for_it(reads, successor, "/new_holder")


async def login_not_covered(reads: ReadContext, person: Person, body: EditPerson, ctx: ActionContext) -> None:
    """Refuse a new login unless the caller may act as the whole person, since setting a login means being
    able to log in as that person. Refuse one's own login if the caller's credential ends, since a login does
    not.
    """
    if dict(provided_fields(body)).get("login") is None:
        return
    caller = ctx.caller
    if not caller.covers_credential(person.id, None):
        raise WrongValue(pointer="/login", because="login_beyond_your_own")
    if caller.ends_at is not None and person.id == caller.person_id:
        raise WrongValue(pointer="/login", because="login_outlives")


def edit(person: Person, body: EditPerson, ctx: ActionContext) -> None:
    """Edit the person's details."""
    apply_patch(person, body, ctx)
    if "login" in dict(provided_fields(body)):
        person.login_issuer = ctx.settings.login_issuer if person.login is not None else None


class SetPreferencesPerson(Payload, of=Person):
    """The steps of which the person receives notices and mails, and the frequency of mails by kind of notice.
    Notices that wait for the person's action are always sent.
    """

    told_of: tuple[NoticeType, ...] = Field(max_length=len(NoticeType))
    told_by_mail: tuple[NoticeType, ...] = Field(max_length=len(NoticeType))
    mail_waits_for_you: MailFrequency = MailFrequency.at_once
    mail_is_yours: MailFrequency = MailFrequency.at_once
    mail_you_follow: MailFrequency = MailFrequency.at_once
    mail_for_information: MailFrequency = MailFrequency.at_once


def set_preferences(person: Person, body: SetPreferencesPerson, ctx: ActionContext) -> None:
    """Set the person's preferences: which notices and mails they get."""
    waits = {step for step in NoticeType if step.kind is NoticeKind.waits_for_you}
    person.told_of = [step.value for step in NoticeType if step in waits.union(body.told_of)]
    person.told_by_mail = [step.value for step in NoticeType if step in waits.union(body.told_by_mail)]
    copy_fields(person, body, ctx, without="told_of told_by_mail")


async def mailed_but_not_notified(
    reads: ReadContext, person: Person, body: SetPreferencesPerson, ctx: ActionContext
) -> None:
    """Refuse if an event is mailed, but not notified in the application."""
    for n, step in enumerate(body.told_by_mail):
        if step not in body.told_of:
            raise WrongValue({"step": step}, pointer=f"/told_by_mail/{n}", because="mailed_and_not_told")


async def waiting_not_mailed(
    reads: ReadContext, person: Person, body: SetPreferencesPerson, ctx: ActionContext
) -> None:
    """Refuse to switch off the mails of what waits for the person."""
    if body.mail_waits_for_you is MailFrequency.none:
        raise WrongValue(pointer="/mail_waits_for_you", because="waiting_is_mailed")


class GrantRolePerson(Payload):
    """A role to grant to the person."""

    role: RoleText = Field(
        description="Code of the role, or of a role for some records only: `agent@team/<id>`, "
        "`agent@service/<key>`, `agent@process/incident`."
    )


def grant_role(person: Person, body: GrantRolePerson, ctx: ActionContext) -> None:
    """Grant the person a role, with its permissions. A role that came from the identity provider then stays
    even if the provider no longer grants it.
    """
    person.roles = list(dict.fromkeys((*(person.roles or ()), body.role)))
    remove_marks(person, [body.role])


class RevokeRolePerson(Payload):
    """A role to revoke from the person."""

    role: HeldRoleText = Field(description="Role as the person has it, including its scope.")


def revoke_role(person: Person, body: RevokeRolePerson, ctx: ActionContext) -> None:
    """Revoke the person's role with its permissions."""
    person.roles = [role for role in person.roles or () if role != body.role] or None
    remove_marks(person, [body.role])


class SetBoundsPerson(Payload):
    """Largest number of subscriptions, deputies, absences, calendars, sessions and keys, of each kind, that
    an account may have.
    """

    most_standing: Annotated[int, Field(ge=1, le=HIGHEST_BOUND, strict=True)] | None = Field(
        None,
        description="Number of records of each kind; a number below the general limit has no effect, "
        "and null means the general limit.",
    )


def set_bounds(person: Person, body: SetBoundsPerson, ctx: ActionContext) -> None:
    """Set the person's bounds: the number of subscriptions, absences and keys that they may have at once."""
    person.most_standing = body.most_standing


def deactivate(person: Person, body: EmptyPayload, ctx: ActionContext) -> None:
    """Deactivate the person: they have left, or are away for long. Their keys are rejected, and they are
    assigned no work.
    """


def activate(person: Person, body: EmptyPayload, ctx: ActionContext) -> None:
    """Activate the person again."""
    person.deactivated_at = None
    mark_activated(person)


def erase(person: Person, body: EmptyPayload, ctx: ActionContext) -> None:
    """Erase the person: their name and texts become unreadable, in tables and events alike, for ever."""


#: No assistant changes who there is and who may do what.
ADMINS, SUPERIORS = (admin | rule).in_person(), (superior | rule).in_person()
ONESELF = (superior | oneself).in_person()
#: Somebody who sets a login can let another person sign in as this one.
TELL_PERSON = (RecipientRule(NoticeType.login_changed, field="id", sets="login", by_people=True),)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="person", plural="persons", zh="人员", record=Person, access=KindAccess(administrative=True),
    face=PERSON_FACE,
    visible=(to_staff(), to_persons("id")), children=(Membership, DirectoryMembership),
    lookup=Lookup(searched_fields=("name", "email"), out_of_use=frozenset({PersonState.inactive, PersonState.erased})),
    rows=(
        #      action           中文        from                                        to                    who           event
        action(add,             "添加",     NEW_RECORD,                                 PersonState.active,   ADMINS,    "person.added",
               wrong=(invalid_role_scopes, role_of_others, superior_not_of_it), keys=Keys.MADE),
        action(edit,            "编辑",     [PersonState.active, PersonState.inactive], STAYS,                SUPERIORS, "person.edited",
               wrong=(team_not_joined, login_not_covered, superior_not_of_it), keys=Keys.OWN, notifies=TELL_PERSON),
        action(join,            "加入团队", [PersonState.active, PersonState.inactive], STAYS,                ADMINS,    "person.team_joined",
               wrong=(cannot_join, joins_other_side)),
        action(leave_team,      "退出团队", [PersonState.active, PersonState.inactive], STAYS,                SUPERIORS, "person.team_left", name="leave",
               prepare=(ended_membership,)),
        action(set_preferences, "设置偏好", [PersonState.active, PersonState.inactive], STAYS,                ONESELF, "person.preferences_set",
               wrong=(mailed_but_not_notified, waiting_not_mailed)),
        action(grant_role,      "授予角色", [PersonState.active, PersonState.inactive], STAYS,                ADMINS,    "person.role_granted",
               wrong=(role_not_administered, role_not_grantable, role_of_others, role_already_held)),
        action(revoke_role,     "撤销角色", [PersonState.active, PersonState.inactive], STAYS,                ADMINS,    "person.role_revoked",
               wrong=(role_not_administered, role_not_held, last_admin_role)),
        action(set_bounds,      "设置上限", [PersonState.active, PersonState.inactive], STAYS,                SUPERIORS, "person.bounds_set"),
        action(provide_grants,  "按映射的组更新授权", [PersonState.active, PersonState.inactive], STAYS,            rule,      "person.grants_provided",
               prepare=(provided_grants,)),
        action(provision,       "同步账户",     [PersonState.active, PersonState.inactive], STAYS,            rule,      "person.provisioned",
               prepare=(ended_account,), wrong=(login_of_somebody_granted,), keys=Keys.OWN),
        action(join_directory_group,  "加入目录组", [PersonState.active, PersonState.inactive], STAYS,        rule,      "person.directory_group_joined",
               prepare=(changed_membership,)),
        action(leave_directory_group, "退出目录组", [PersonState.active, PersonState.inactive], STAYS,        rule,      "person.directory_group_left",
               prepare=(changed_membership,)),
        action(deactivate,      "停用",     [PersonState.active],                       PersonState.inactive, SUPERIORS, "person.deactivated",
               unless=(last_admin,)),
        action(activate,        "启用",     [PersonState.inactive],                     PersonState.active,   SUPERIORS, "person.activated"),
        action(erase,           "擦除",     [PersonState.active, PersonState.inactive], PersonState.erased,   SUPERIORS, "person.erased",
               unless=(last_admin,), keys=Keys.DESTROYED),
        *succession_rows("person", PersonState, named={"manager_id": successor_not_superior}),
        *leaving_rows(),
    ),
)
# fmt: on
