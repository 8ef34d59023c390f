"""Groups at the identity provider, who belongs to them, and their mappings to roles and teams (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class GroupMappingState(CodeEnum):
    """State of a mapping of a provider's group: a withdrawn one gives nothing."""

    active = "active", "Active", "在用"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class DirectoryGroupState(CodeEnum):
    """State of a group of the identity provider: a retired one is there no longer."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已撤销"


class DirectoryGroup(Record):
    """A group at the identity provider, as SCIM tells of it."""

    KIND: ClassVar[str] = "directory_group"

    state: DirectoryGroupState | None = required()
    name: str | None = required("Its name at the provider, by which mappings name it.")
    external_id: str | None = optional("Its id at the provider, by which mappings may name it, too.")
    added_at: Annotated[datetime | None, EnteredAt(DirectoryGroupState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(DirectoryGroupState.retired)] = None


class DirectoryMembership(Record):
    """A person's membership of a group at the identity provider, on the person's stream."""

    KIND: ClassVar[str] = "directory_membership"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    directory_group_id: Annotated[UUID | None, ForeignRef("directory_group")] = required()


class GroupMapping(Record):
    """A role or a team that persons get here because they belong to a group at the identity provider."""

    KIND: ClassVar[str] = "group_mapping"

    state: GroupMappingState | None = required()
    group_name: str | None = required(
        "The group as the provider names it, to the letter: its name or id in the claim of a sign-in, or the "
        "name or external id of a group that is provisioned.",
        examples=["Service desk"],
    )
    role: str | None = optional("The role that its members get; null: they join a team.")
    joined_team_id: Annotated[UUID | None, ForeignRef("team")] = optional(
        "The team that its members join; null: they get a role."
    )
    added_at: Annotated[datetime | None, EnteredAt(GroupMappingState.active)] = required()
    withdrawn_at: Annotated[datetime | None, EnteredAt(GroupMappingState.withdrawn)] = None
