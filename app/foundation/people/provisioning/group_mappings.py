"""Mappings of the identity provider's groups to roles and teams (lifecycle).

active ─► withdrawn
"""

from __future__ import annotations

from typing import Annotated

from app.common.duties import GivenDuty
from app.common.people import Role, RoleGrant
from app.common.records import ForeignRef
from app.foundation.editing import apply_patch
from app.foundation.people.credentials.maker_credential import note_secret
from app.foundation.people.provisioning.records import GroupMapping
from app.foundation.people.provisioning.records import GroupMappingState as State
from app.foundation.people.records import Team, TeamState
from app.foundation.people.roles import RoleText, check_role_scope
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, Reference, ShortText
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken


class MappedGrant(Payload, of=GroupMapping):
    """The role, or the team, of a mapping."""

    role: RoleText | None = None
    joined_team: Annotated[Reference, ForeignRef("team", GivenDuty.audience)] | None = None


class MakeGroupMapping(MappedGrant, of=GroupMapping):
    """A group at the provider, and the role or team that its members get."""

    group_name: ShortText


def make_mapping(mapping: GroupMapping, body: MakeGroupMapping, ctx: ActionContext) -> None:
    """Make a group mapping: members of the provider's group get a role or join a team."""
    copy_fields(mapping, body, ctx)
    note_secret(mapping, ctx.caller.secret_hash)


class EditGroupMapping(Patch, MappedGrant):
    """Fields to change; fields left out stay unchanged."""


def edit(mapping: GroupMapping, body: EditGroupMapping, ctx: ActionContext) -> None:
    """Edit the group mapping: its role or team."""
    apply_patch(mapping, body, ctx)
    note_secret(mapping, ctx.caller.secret_hash)


def withdraw(mapping: GroupMapping, body: EmptyPayload, ctx: ActionContext) -> None:
    """Withdraw the group mapping: its grants are removed when the groups are read next."""


async def not_one_grant(
    reads: ReadContext, mapping: GroupMapping, body: MappedGrant, ctx: ActionContext
) -> None:
    """Refuse a mapping to nothing, to a role without holders, to a retired team, or to a role and a team at
    once: each is taken away by itself.
    """
    role, has_team = _role_after(mapping, body), _has_team_after(mapping, body, ctx)
    if (role is None) is not has_team:
        raise WrongValue(pointer="/role", because="one_grant")
    if role is not None:
        await check_role_scope(reads, role, "/role")
    team = ctx.ref(Team, "joined_team")
    if team is not None and team.state is not TeamState.active:
        raise WrongValue(pointer="/joined_team", because="team_retired")


async def mapping_beyond_own(
    reads: ReadContext, mapping: GroupMapping, body: Payload, ctx: ActionContext
) -> None:
    """Refuse if the caller could not grant what the mapping gives, or gave before, themselves."""
    sent = body if isinstance(body, MappedGrant) else None
    team = ctx.ref(Team, "joined_team")
    for role in (mapping.role, sent.role if sent is not None else None):
        if role is not None and not ctx.caller.administers(RoleGrant.parse(role)):
            raise WrongValue(pointer="/role", because="beyond_your_own")
    for team_id in (mapping.joined_team_id, None if team is None else team.id):
        if team_id is not None and not ctx.caller.administers(RoleGrant(Role.admin, team_id=team_id)):
            raise WrongValue(pointer="/joined_team", because="beyond_your_teams")


def _role_after(mapping: GroupMapping, body: MappedGrant) -> str | None:
    is_kept = isinstance(body, Patch) and "role" not in body.model_fields_set
    return mapping.role if is_kept else body.role


def _has_team_after(mapping: GroupMapping, body: MappedGrant, ctx: ActionContext) -> bool:
    is_kept = isinstance(body, Patch) and "joined_team" not in body.model_fields_set
    return mapping.joined_team_id is not None if is_kept else ctx.ref(Team, "joined_team") is not None


#: No assistant changes who may do what.
ADMINS = (admin | rule).in_person()


# fmt: off
LIFECYCLE = Lifecycle(
    kind="group_mapping", plural="group_mappings", zh="登录组映射", record=GroupMapping,
    access=KindAccess(administrative=True, oversight=frozenset({Role.auditor})),
    visible=(),
    rules=Rules(constraints={"group_mapping_grant": ValueTaken("group_name")}),
    rows=(
        #      action    中文    from            to               who     event
        action(make_mapping, "创建", NEW_RECORD,  State.active,    ADMINS, "group_mapping.made",  name="make", wrong=(not_one_grant, mapping_beyond_own)),
        action(edit,     "编辑", [State.active], STAYS,           ADMINS, "group_mapping.edited",    wrong=(not_one_grant, mapping_beyond_own)),
        action(withdraw, "撤回", [State.active], State.withdrawn, ADMINS, "group_mapping.withdrawn", wrong=(mapping_beyond_own,)),
    ),
)
# fmt: on
