"""Teams, groups, memberships and API keys (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.keys import KeyScope
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class TeamState(CodeEnum):
    """State of a team: a retired one is assigned no work."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已撤销"


class TeamKind(CodeEnum):
    """Kind of team: the organisation's own, a customer's, or a supplier, which is waited for and is not
    assigned work.
    """

    internal = "internal", "Internal", "内部"
    customer = "customer", "Customer", "客户"
    supplier = "supplier", "Supplier", "供应商"


class GroupState(CodeEnum):
    """State of a group: a retired one is not asked to decide."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已撤销"


class RepresentedSide(CodeEnum):
    """Side that a member of a group represents."""

    operations = "operations", "Operations", "运维"
    development = "development", "Development", "开发"
    business = "business", "Business", "业务"
    key_user = "key_user", "Key user", "关键用户"
    management = "management", "Management", "管理层"


class KeyState(CodeEnum):
    """State of an API key: a revoked one is not accepted."""

    active = "active", "Active", "有效"
    revoked = "revoked", "Revoked", "已吊销"


class Team(Record):
    """A team of persons that work is assigned to, that is a customer, or a supplier."""

    KIND: ClassVar[str] = "team"

    state: TeamState | None = required()
    key: str | None = required("Its key in addresses and KPIs, without a comma; unique, never changed.")
    name: str | None = required("Its name.")
    kind: TeamKind | None = required(
        "Its kind: one of ours, a customer's, or a supplier, which is assigned no work."
    )
    lead_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who leads it.")
    added_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(TeamState.retired)] = None


class Membership(Record):
    """A person's membership of a team, on the person's stream."""

    KIND: ClassVar[str] = "membership"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    team_id: Annotated[UUID | None, ForeignRef("team")] = required()


class Group(Record):
    """A named set of persons with a chair: a committee, a board, a working group."""

    KIND: ClassVar[str] = "group"

    state: GroupState | None = required()
    key: str | None = required("Its key in addresses, without a comma; unique, never changed.")
    name: str | None = required("Its name.")
    chair_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who chairs it; null: nobody for the time being."
    )
    added_at: Annotated[datetime | None, EnteredAt(GroupState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(GroupState.retired)] = None


class GroupMember(ChildRecord):
    """A person's membership of a group, in which they represent a side."""

    KIND: ClassVar[str] = "group_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person")] = required()
    side: RepresentedSide | None = required("The side that they represent.")
    added_at: datetime | None = required()


class Key(Record):
    """An API key. The secret itself is shown once and stored nowhere; only hashes are kept.

    `roles` restricts the key to those of its person's roles; None: all that the person holds. `scope`
    restricts it to one thing; None: to none. The secret before the last rotation is accepted until
    `previous_ends_at`.
    """

    KIND: ClassVar[str] = "key"

    state: KeyState | None = required()
    name: Annotated[str | None, Personal()] = required("Its purpose.")
    person_id: Annotated[UUID | None, ForeignRef("person")] = required("The person whom it stands for.")
    roles: list[str] | None = optional("The roles of its person that it may use; null: all that they hold.")
    scope: KeyScope | None = optional("The one thing that it may do; null: all that its person may.")
    secret_hash: Annotated[str | None, Hidden()] = required()
    previous_hash: Annotated[str | None, Hidden()] = None
    previous_ends_at: datetime | None = optional(
        "The time until which the secret before the last rotation is accepted."
    )
    made_at: Annotated[datetime | None, EnteredAt(KeyState.active)] = required()
    rotated_at: datetime | None = None
    expires_at: datetime | None = optional("The time at which it ends; null: never.")
    revoked_at: Annotated[datetime | None, EnteredAt(KeyState.revoked)] = None
