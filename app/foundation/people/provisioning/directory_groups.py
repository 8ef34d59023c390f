"""Groups that the identity provider keeps here by SCIM (lifecycle). Group mappings define the rights of their
members. Membership is on the people's streams, so that two simultaneous changes of one group lose nothing.

active ─► retired
"""

from __future__ import annotations

from pydantic import Field

from app.common.people import Role
from app.foundation.editing import apply_patch
from app.foundation.people.provisioning.records import DirectoryGroup
from app.foundation.people.provisioning.records import DirectoryGroupState as State
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, ShortText
from app.kernel.actions.rules import Rules, ValueTaken


class AddDirectoryGroup(Payload, of=DirectoryGroup):
    """A group of the identity provider, without members."""

    name: ShortText
    external_id: ShortText | None = None


def add(group: DirectoryGroup, body: AddDirectoryGroup, ctx: ActionContext) -> None:
    """Add a directory group, as the identity provider has it."""
    copy_fields(group, body, ctx)


class EditDirectoryGroup(Patch, of=DirectoryGroup):
    """Fields to change; fields left out stay unchanged."""

    name: ShortText = Field(default_factory=str)
    external_id: ShortText | None = None


def edit(group: DirectoryGroup, body: EditDirectoryGroup, ctx: ActionContext) -> None:
    """Edit the directory group: its name or id at the identity provider."""
    apply_patch(group, body, ctx)


def retire(group: DirectoryGroup, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the directory group: it no longer exists at the identity provider."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="directory_group", plural="directory_groups", zh="目录组", record=DirectoryGroup,
    access=KindAccess(administrative=True, oversight=frozenset({Role.admin, Role.auditor})),
    visible=(),
    lookup=Lookup(retired={State.retired: "group_retired"}),
    rules=Rules(constraints={"directory_group_name": ValueTaken("name"), "directory_group_external_id": ValueTaken("external_id")}),
    rows=(
        #      action  中文    from            to             who   event
        action(add,    "添加", NEW_RECORD,     State.active,  rule, "directory_group.added"),
        action(edit,   "编辑", [State.active], STAYS,         rule, "directory_group.edited"),
        action(retire, "撤销", [State.active], State.retired, rule, "directory_group.retired"),
    ),
)
# fmt: on
