"""Granting and withdrawing what a person's groups at the identity provider stand for, in one event: by a
sign-in's claims and by SCIM alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import structlog
from pydantic import Field

from app.common.people import Person, PersonState, Role
from app.foundation.people.lookups import another_admin
from app.foundation.people.provisioning.lookups import mapped_grants, memberships_of
from app.foundation.people.provisioning.marks import (
    FIELDS,
    GrantChange,
    GrantLimits,
    GrantSource,
    grant_change,
    team_mark,
    team_of,
)
from app.foundation.people.records import Membership
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, Payload, ShortText, at_most_entries
from app.kernel.actions.refusals import PreparationRefused

#: The largest number of a person's groups that are mapped to something here.
MOST_MAPPED_GROUPS = 200
LIMITS = GrantLimits(roles=LONGEST_LIST, teams=LONGEST_LIST)
NOTHING_TO_PROVIDE = "nothing_to_provide"
logger = structlog.get_logger()


class ProvideGrantsPerson(Payload):
    """The mapped groups at the provider to which a person belongs."""

    provided_by: GrantSource = Field(description="Way in which the groups became known.")
    groups: Annotated[
        tuple[ShortText, ...],
        Field(max_length=MOST_MAPPED_GROUPS, description="All groups of the person that are mapped here."),
        at_most_entries(MOST_MAPPED_GROUPS),
    ]


@dataclass(frozen=True, slots=True)
class ProvidedGrants:
    """Changes from the person's groups, with the memberships that end by them."""

    source: GrantSource
    change: GrantChange
    ended: tuple[Membership, ...]


async def provided_grants(
    reads: ReadContext, person: Person, body: ProvideGrantsPerson, ctx: ActionContext
) -> ProvidedGrants:
    """Find the grants that the groups change. Raises PreparationRefused (`nothing_to_provide`) without a
    change, so that sign-ins do not cause events.
    """
    provided = await changed_grants(reads, person, body.provided_by, body.groups)
    if not provided.change.changes(person, body.provided_by):
        raise PreparationRefused(NOTHING_TO_PROVIDE)
    return provided


async def changed_grants(
    reads: ReadContext, person: Person, source: GrantSource, groups: Sequence[str]
) -> ProvidedGrants:
    """Return the changes if these are the person's groups, according to this source. The last administrator
    of everything stays one.
    """
    marks = await mapped_grants(reads, groups)
    memberships = await memberships_of(reads, person)
    teams = [membership.team_id for membership in memberships if membership.team_id is not None]
    change = grant_change(person, teams, source, marks, LIMITS)
    is_admin_removed = Role.admin.value in change.removed and person.state is PersonState.active
    if is_admin_removed and not await another_admin(reads, person):
        logger.warning(
            "the last administrator keeps the role, although the provider withdraws it", person=str(person.id)
        )
        change = grant_change(person, teams, source, marks, LIMITS, keeps_admin=True)
    if change.left_out:
        logger.warning("a person's groups give too many roles or teams", left_out=len(change.left_out))
    removed = frozenset(change.removed)
    ended = (m for m in memberships if m.team_id is not None and team_mark(m.team_id) in removed)
    return ProvidedGrants(source, change, tuple(ended))


def provide_grants(person: Person, body: ProvideGrantsPerson, ctx: ActionContext) -> None:
    """Update the person's grants: the roles and teams of their groups at the identity provider. Grants that
    came from the provider and no longer apply are removed.
    """
    apply_grants(person, ctx.prepared(ProvidedGrants), ctx)


def apply_grants(person: Person, provided: ProvidedGrants, ctx: ActionContext) -> None:
    """Apply the change of what the person's groups give. Roles for a team that were granted by hand stay even
    if the person leaves the team by it.
    """
    change = provided.change
    removed = frozenset(change.removed)
    added_roles = [mark for mark in change.added if team_of(mark) is None]
    roles = [role for role in person.roles or () if role not in removed]
    person.roles = [*roles, *added_roles] or None
    for membership in provided.ended:
        ctx.outcome.remove(membership)
        if person.team_id == membership.team_id:
            person.team_id = None
    for team_id in filter(None, map(team_of, change.added)):
        ctx.outcome.add(Membership(id=ctx.new_id(), person_id=person.id, team_id=team_id))
        person.team_id = person.team_id or team_id
    setattr(person, FIELDS[provided.source], list(change.marks) or None)
