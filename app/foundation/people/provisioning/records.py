"""Groups at the identity provider, who belongs to them, and their mappings to roles and teams (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.records import CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class GroupMappingState(CodeEnum):
    """State of a group mapping: a withdrawn mapping grants nothing."""

    active = "active", "Active", "有效"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class DirectoryGroupState(CodeEnum):
    """State of a group at the identity provider: a retired group no longer exists there."""

    active = "active", "Active", "有效"
    retired = "retired", "Retired", "已撤销"


class DirectoryGroup(Record):
    """A group at the identity provider, as SCIM reports it."""

    KIND: ClassVar[str] = "directory_group"

    state: DirectoryGroupState | None = required()
    name: str | None = required("Name of the group at the provider, which mappings can use.")
    external_id: str | None = optional(
        "Identifier of the group at the provider, which mappings can use; null if not set."
    )
    added_at: Annotated[datetime | None, EnteredAt(DirectoryGroupState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(DirectoryGroupState.retired)] = None


class DirectoryMembership(Record):
    """A person's membership of a group at the identity provider, on the person's stream."""

    KIND: ClassVar[str] = "directory_membership"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person who belongs to the group."
    )
    directory_group_id: Annotated[UUID | None, ForeignRef("directory_group")] = required(
        "Group at the identity provider."
    )


class GroupMapping(Record):
    """A role or team that persons get because they belong to a group at the identity provider."""

    KIND: ClassVar[str] = "group_mapping"

    state: GroupMappingState | None = required()
    group_name: str | None = required(
        "Group at the provider, exactly as the provider sends it: in the claim at sign-in, or as the name "
        "or external id of a provisioned group.",
        examples=["Service desk"],
    )
    role: str | None = optional("Role that the group's members get; null if they join a team.")
    joined_team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.audience)] = optional(
        "Team that the group's members join; null if they get a role."
    )
    set_with: Annotated[list[str] | None, Hidden()] = None
    added_at: Annotated[datetime | None, EnteredAt(GroupMappingState.active)] = required()
    withdrawn_at: Annotated[datetime | None, EnteredAt(GroupMappingState.withdrawn)] = None
