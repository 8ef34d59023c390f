"""Accounts that the identity provider provisions by SCIM: its data about a person, and their membership of
its groups. Each is one event, with the roles and teams that follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.common.people import Person, PersonState, Role, ScimQualifier, ScimStatus
from app.common.personal import SCIM_EXTERNAL_ID, SCIM_USER_NAME, ExternalId, Personal
from app.common.records import ForeignRef
from app.foundation.people.fields import Email, Locale, Login, Name, Zone
from app.foundation.people.provisioning.grants import (
    NOTHING_TO_PROVIDE,
    ProvidedGrants,
    apply_grants,
    changed_grants,
)
from app.foundation.people.provisioning.lookups import directory_groups_of, directory_memberships_of
from app.foundation.people.provisioning.marks import GrantSource, is_marked
from app.foundation.people.provisioning.records import DirectoryGroup, DirectoryMembership
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.payloads import (
    FreeText,
    PartialPayload,
    Payload,
    Reference,
    ShortText,
    provided_fields,
)
from app.kernel.actions.refusals import PreparationRefused, WrongValue

#: The provider has removed the account.
REMOVED = frozenset({ScimStatus.removed, ScimStatus.closed})
PersonalLine = Annotated[ShortText, Personal()]
PersonalText = Annotated[FreeText, Personal()]


class ProvisionPerson(PartialPayload, of=Person):
    """The attributes of a person at the identity provider; attributes left out stay unchanged."""

    name: Name = Field(default_factory=str)
    email: Email | None = None
    phone: PersonalLine | None = None
    further_emails: PersonalText | None = None
    further_phones: PersonalText | None = None
    login: Login | None = None
    department: ShortText | None = None
    post: PersonalLine | None = None
    locale: Locale | None = None
    time_zone: Zone | None = None
    scim_user_name: Annotated[ShortText, Personal(), ExternalId(SCIM_USER_NAME)] | None = None
    scim_external_id: Annotated[ShortText, Personal(), ExternalId(SCIM_EXTERNAL_ID)] | None = None
    scim_status: ScimStatus | None = None
    scim_qualifiers: tuple[ScimQualifier, ...] | None = Field(default=None, max_length=len(ScimQualifier))


@dataclass(frozen=True, slots=True)
class EndedAccount:
    """The memberships of the provider's groups that end because the account is removed there."""

    memberships: tuple[DirectoryMembership, ...]
    provided: ProvidedGrants | None


async def ended_account(
    reads: ReadContext, person: Person, body: ProvisionPerson, ctx: ActionContext
) -> EndedAccount:
    """Find what ends if the provider has removed the account."""
    if body.scim_status not in REMOVED:
        return EndedAccount((), None)
    memberships = await directory_memberships_of(reads, person)
    return EndedAccount(tuple(memberships), await changed_grants(reads, person, GrantSource.scim, ()))


def provision(person: Person, body: ProvisionPerson, ctx: ActionContext) -> None:
    """Provision the person: update them by the attributes that the identity provider sends by SCIM."""
    copy_fields(person, body, ctx)
    if "login" in dict(provided_fields(body)):
        person.login_issuer = ctx.settings.login_issuer if person.login is not None else None
    ended = ctx.prepared(EndedAccount)
    for membership in ended.memberships:
        ctx.outcome.remove(membership)
    if ended.provided is not None:
        apply_grants(person, ended.provided, ctx)


async def login_of_somebody_granted(
    reads: ReadContext, person: Person, body: ProvisionPerson, ctx: ActionContext
) -> None:
    """Refuse another login of a person with roles that were granted by hand: the one who sets a login can log
    in as that person, and the provider's key cannot grant such roles.
    """
    if dict(provided_fields(body)).get("login") is None:
        return
    if any(not is_marked(person, role) and role != Role.requester for role in person.roles or ()):
        raise WrongValue(pointer="/login", because="login_beyond_your_own")


class JoinDirectoryGroupPerson(Payload):
    """A group at the identity provider to which the person belongs."""

    directory_group: Annotated[Reference, ForeignRef("directory_group")] = Field(
        description="Identifier of the group."
    )


class LeaveDirectoryGroupPerson(Payload):
    """A group at the identity provider to which the person no longer belongs."""

    directory_group: Annotated[Reference, ForeignRef("directory_group", retired=True)] = Field(
        description="Identifier of the group."
    )


@dataclass(frozen=True, slots=True)
class ChangedMembership:
    """The membership that ends, if one does, and what the person's groups give from now on."""

    ended: DirectoryMembership | None
    provided: ProvidedGrants


async def changed_membership(
    reads: ReadContext,
    person: Person,
    body: JoinDirectoryGroupPerson | LeaveDirectoryGroupPerson,
    ctx: ActionContext,
) -> ChangedMembership:
    """Find what changes for the person. Raises PreparationRefused (`nothing_to_provide`) if nothing does."""
    group = ctx.required_ref(DirectoryGroup, "directory_group")
    joins = isinstance(body, JoinDirectoryGroupPerson)
    memberships = await directory_memberships_of(reads, person)
    ended = next((m for m in memberships if m.directory_group_id == group.id), None)
    if (ended is not None) is joins:
        raise PreparationRefused(NOTHING_TO_PROVIDE)
    names = await directory_groups_of(reads, person, without=group.id)
    if joins:
        names += [name for name in (group.name, group.external_id) if name is not None]
    return ChangedMembership(ended, await changed_grants(reads, person, GrantSource.scim, names))


def join_directory_group(person: Person, body: JoinDirectoryGroupPerson, ctx: ActionContext) -> None:
    """Join the person to a directory group, and grant the roles and teams of the group."""
    group = ctx.required_ref(DirectoryGroup, "directory_group")
    ctx.outcome.add(DirectoryMembership(id=ctx.new_id(), person_id=person.id, directory_group_id=group.id))
    apply_grants(person, ctx.prepared(ChangedMembership).provided, ctx)


def leave_directory_group(person: Person, body: LeaveDirectoryGroupPerson, ctx: ActionContext) -> None:
    """Remove a person from a directory group: the person loses the roles and teams that only this group
    granted.
    """
    changed = ctx.prepared(ChangedMembership)
    assert changed.ended is not None
    ctx.outcome.remove(changed.ended)
    apply_grants(person, changed.provided, ctx)


def mark_activated(person: Person) -> None:
    """Note that the person is active again, whatever the provider's data."""
    if person.scim_status in (ScimStatus.suspended, *REMOVED):
        person.scim_status = ScimStatus.provisioned


def may_be_activated(person: Person) -> bool:
    """Return whether the provider may activate the person: people who were deactivated here stay so."""
    return person.state is PersonState.inactive and person.scim_status in (
        ScimStatus.suspended,
        ScimStatus.removed,
    )
