"""Groups: committees and working groups, each with a chair, and with members who represent a side
(lifecycle).

active ─► retired
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.people import MOST_MEMBERS, Person
from app.common.records import ForeignRef
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_suits
from app.foundation.people.records import (
    BUSINESS_SIDES,
    Group,
    GroupMember,
    GroupState,
    RepresentedSide,
)
from app.foundation.people.succession.group_uses import report_uses
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, RecordKey, Reference, ShortText
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken


class AddGroup(Payload, of=Group):
    """A group without members."""

    key: RecordKey
    name: ShortText
    chair: Annotated[Reference, ForeignRef("person", GivenDuty.chairing, quiet=True)]


def add(group: Group, body: AddGroup, ctx: ActionContext) -> None:
    """Add a group. It can be asked to decide."""
    copy_fields(group, body, ctx)


class EditGroup(Patch, of=Group):
    """Fields to change; fields left out stay unchanged."""

    name: ShortText = Field(default_factory=str)
    chair: Annotated[Reference, ForeignRef("person", GivenDuty.chairing, quiet=True)] | None = None


def edit(group: Group, body: EditGroup, ctx: ActionContext) -> None:
    """Edit the group: its name or chair."""
    apply_patch(group, body, ctx)


async def chair_not_of_the_business(
    reads: ReadContext, group: Group, body: EditGroup, ctx: ActionContext
) -> None:
    """Refuse a chair who does not speak for the business, in a group whose members all do: the chair accepts
    with them.
    """
    chair = ctx.ref(Person, "chair")
    if chair is not None and chair.id != group.chair_id and not ctx.caller.is_rule:
        await _check_chair(reads, group, chair, "/chair")


async def successor_not_of_the_business(
    reads: ReadContext, group: Group, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the chair of a group whose members all speak for the business, if the successor
    does not.
    """
    await _check_chair(reads, group, successor, "/new_holder")


async def _check_chair(reads: ReadContext, group: Group, chair: Person, pointer: str) -> None:
    members = await reads.children(GroupMember, group)
    if members and all(member.side in BUSINESS_SIDES for member in members):
        await check_suits(reads, chair, GivenDuty.business_voice, pointer)


class AddMemberGroup(Payload):
    """A member of a group, and the side that the member represents."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] = Field(
        description="Person to add: an id, or `me`."
    )
    side: RepresentedSide = Field(description="Side that the person represents.")


#: The duty of a seat by its side: the others are of IT.
_DUTY_OF_SIDE = {
    **dict.fromkeys(BUSINESS_SIDES, GivenDuty.business_voice),
    RepresentedSide.management: GivenDuty.management_seat,
}


def add_member(group: Group, body: AddMemberGroup, ctx: ActionContext) -> None:
    """Add a member to the group, to represent a side."""
    person = ctx.required_ref(Person, "person")
    ctx.outcome.add(
        GroupMember(
            id=ctx.new_id(),
            record=group.row_key,
            person_id=person.id,
            side=body.side,
            added_at=ctx.occurred_at,
        )
    )


async def cannot_add_member(
    reads: ReadContext, group: Group, body: AddMemberGroup, ctx: ActionContext
) -> None:
    """Refuse if the person is a member already or would represent a side without belonging to it, or if the
    group would have too many members.
    """
    person = ctx.ref(Person, "person")
    members = await reads.children(GroupMember, group)
    if any(person is not None and member.person_id == person.id for member in members):
        raise WrongValue(pointer="/person", because="there_already")
    if len(members) >= MOST_MEMBERS:
        raise WrongValue({"max_length": str(MOST_MEMBERS)}, pointer="/person", because="too_long")
    if person is not None and not ctx.caller.is_rule:
        await check_suits(reads, person, _DUTY_OF_SIDE.get(body.side, GivenDuty.work), "/person")


class RemoveMemberGroup(Payload):
    """The member to remove from a group."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person to remove: an id, or `me`."
    )


def remove_member(group: Group, body: RemoveMemberGroup, ctx: ActionContext) -> None:
    """Remove a member from the group."""
    member = ctx.prepared(RemovedMember).member
    ctx.outcome.remove(member)


@dataclass(frozen=True, slots=True)
class RemovedMember:
    """The member who is removed."""

    member: GroupMember


async def removed_member(
    reads: ReadContext, group: Group, body: RemoveMemberGroup, ctx: ActionContext
) -> RemovedMember:
    """Find the member who is removed. Raises WrongValue if the person is not in the group."""
    person = ctx.required_ref(Person, "person")
    member = await reads.child(GroupMember, group, person_id=person.id)
    if member is None:
        raise WrongValue(pointer="/person", because="not_in_the_group")
    return RemovedMember(member)


def retire(group: Group, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the group: it is no longer asked to decide. Its decisions stay."""


#: No assistant changes who decides.
ADMINS = (admin | rule).in_person()


# fmt: off
LIFECYCLE = Lifecycle(
    kind="group", plural="groups", zh="小组", record=Group, access=KindAccess(administrative=True),
    visible=(to_staff(), to_persons("chair_id")), children=(GroupMember,),
    lookup=Lookup(retired={GroupState.retired: "group_retired"}),
    rules=Rules(constraints={"group_key_key": ValueTaken("key")}),
    rows=(
        #      action         中文        from                 to                  who           event
        action(add,           "添加",     NEW_RECORD,          GroupState.active,  ADMINS, "group.added"),
        action(edit,          "编辑",     [GroupState.active], STAYS,              ADMINS, "group.edited", wrong=(chair_not_of_the_business,)),
        action(add_member,    "添加成员", [GroupState.active], STAYS,              ADMINS, "group.member_added",   wrong=(cannot_add_member,)),
        action(remove_member, "移除成员", [GroupState.active], STAYS,              ADMINS, "group.member_removed", prepare=(removed_member,)),
        action(retire,        "撤销",     [GroupState.active], GroupState.retired, ADMINS, "group.retired"),
        action(report_uses,   "上报无人审定的记录", [GroupState.active], STAYS,    rule,   "group.uses_reported"),
        *succession_rows("group", GroupState, named={"chair_id": successor_not_of_the_business}),
    ),
)
# fmt: on
