"""Groups: committees and working groups. Each has a chair, and members who stand for a side.

active ─► retired
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.common.people import MOST_MEMBERS, SEE_EVERYTHING, Person
from app.common.records import Refers
from app.foundation.editing import take
from app.foundation.people.givable import still_there
from app.foundation.people.records import Group, GroupMember, GroupState, Side
from app.kernel.bodies import Body, Key, Line, Nothing, Patch, Reference
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import STAFF
from app.kernel.who import admin, rule


class AddGroup(Body):
    """A group, without members yet."""

    key: Key = Field(description="What it is called in addresses, without a comma; unique, never changed.")
    name: Line = Field(description="What people call it.")
    chair: Annotated[Reference, Refers("person")] = Field(description="Who chairs it: a person's id.")


def add(group: Group, body: AddGroup, at: Moment) -> None:
    """A group can be asked to decide."""
    chair = at.named(Person, "chair")
    group.key = body.key
    group.name = body.name
    group.chair_id = chair.id
    group.added_at = at.occurred_at


class EditGroup(Patch):
    """What is otherwise than it was."""

    name: Line = Field(default_factory=str, description="What people call it now.")
    chair: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Who chairs it now: a person's id; null: nobody for the time being."
    )


def edit(group: Group, body: EditGroup, at: Moment) -> None:
    """It is called otherwise, or chaired by somebody else."""
    take(group, body, at)


async def chair_is_there(look: Look, group: Group, body: AddGroup | EditGroup, at: Moment) -> None:
    """Who chairs a group can do so."""
    still_there(at.the(Person, "chair"), "/chair")


class AddMemberGroup(Body):
    """Who belongs to it, and for whom they speak."""

    person: Annotated[Reference, Refers("person")] = Field(description="Who: a person's id, or `me`.")
    side: Side = Field(description="The side that they stand for.")


def add_member(group: Group, body: AddMemberGroup, at: Moment) -> None:
    """Somebody belongs to it and stands for a side."""
    person = at.named(Person, "person")
    at.add(
        GroupMember(
            id=at.new_id(),
            record=group.row_key,
            person_id=person.id,
            side=body.side,
            added_at=at.occurred_at,
        )
    )


async def not_another_member(look: Look, group: Group, body: AddMemberGroup, at: Moment) -> None:
    """Everybody once, and so many that they can still decide something."""
    person = at.the(Person, "person")
    still_there(person, "/person")
    members = await look.children(GroupMember, group)
    if any(person is not None and member.person_id == person.id for member in members):
        raise WrongValue(pointer="/person", because="there_already")
    if len(members) >= MOST_MEMBERS:
        raise WrongValue({"max_length": str(MOST_MEMBERS)}, pointer="/person", because="too_long")


class RemoveMemberGroup(Body):
    """Who belongs to it no more."""

    person: Annotated[Reference, Refers("person")] = Field(description="Who: a person's id, or `me`.")


def remove_member(group: Group, body: RemoveMemberGroup, at: Moment) -> None:
    """Somebody belongs to it no more."""
    member = at.prepared(RemovedMember).member
    at.remove(member)


@dataclass(frozen=True, slots=True)
class RemovedMember:
    """Who is removed, as a member."""

    member: GroupMember


async def removed_member(look: Look, group: Group, body: RemoveMemberGroup, at: Moment) -> RemovedMember:
    """Finds the member who is removed. Raises WrongValue if they did not belong to it."""
    person = at.named(Person, "person")
    member = await look.child(GroupMember, group, person_id=person.id)
    if member is None:
        raise WrongValue(pointer="/person", because="not_in_the_group")
    return RemovedMember(member)


def retire(group: Group, body: Nothing, at: Moment) -> None:
    """It is asked no more; what it has decided stays."""
    group.retired_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="group", plural="groups", zh="小组", record=Group, states=GroupState,
    audience=lambda group: (STAFF, *(() if group.chair_id is None else (f"person:{group.chair_id}",))),
    sees_all=SEE_EVERYTHING, columns={"staff": (), "person": ("chair_id",)}, children=(GroupMember,),
    retired={GroupState.retired: "group_retired"},
    constraints={"group_key_key": Taken("key")},
    rows=(
        #      action         中文        from                 to                  who           event
        action(add,           "添加",     FROM_NOTHING,        GroupState.active,  admin | rule, "group.added",          wrong=(chair_is_there,)),
        action(edit,          "编辑",     [GroupState.active], STAYS,              admin | rule, "group.edited",         wrong=(chair_is_there,)),
        action(add_member,    "添加成员", [GroupState.active], STAYS,              admin | rule, "group.member_added",   wrong=(not_another_member,)),
        action(remove_member, "移除成员", [GroupState.active], STAYS,              admin | rule, "group.member_removed", prepare=(removed_member,)),
        action(retire,        "撤销",     [GroupState.active], GroupState.retired, admin | rule, "group.retired"),
    ),
)
# fmt: on
