"""Teams, groups, memberships and API keys (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.keys import KeyScope
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class TeamState(CodeEnum):
    """State of a team: no work is assigned to a retired team."""

    active = "active", "Active", "有效"
    retired = "retired", "Retired", "已撤销"


class TeamKind(CodeEnum):
    """Kind of team: one of the organisation's own, a customer, or a supplier, to which no work is
    assigned.
    """

    internal = "internal", "Internal", "内部"
    customer = "customer", "Customer", "客户"
    supplier = "supplier", "Supplier", "供应商"


class GroupState(CodeEnum):
    """State of a group: a retired group is no longer asked to decide."""

    active = "active", "Active", "有效"
    retired = "retired", "Retired", "已撤销"


class RepresentedSide(CodeEnum):
    """Side that a member of a group represents."""

    operations = "operations", "Operations", "运维"
    development = "development", "Development", "开发"
    business = "business", "Business", "业务"
    key_user = "key_user", "Key user", "关键用户"
    management = "management", "Management", "管理层"


#: The sides of a group that represent the business.
BUSINESS_SIDES = frozenset({RepresentedSide.business, RepresentedSide.key_user})


class KeyState(CodeEnum):
    """State of an API key: a revoked key is rejected."""

    active = "active", "Active", "有效"
    revoked = "revoked", "Revoked", "已吊销"


class Team(Record):
    """A team of persons that work is assigned to, that is a customer, or a supplier."""

    KIND: ClassVar[str] = "team"

    state: TeamState | None = required()
    key: str | None = required(
        "Key of the team in addresses and KPIs, without a comma; unique, never changed."
    )
    name: str | None = required("Display name of the {record}.")
    kind: TeamKind | None = required(
        "Kind of the team: one of the organisation's own, a customer, or a supplier, to which no work "
        "is assigned."
    )
    lead_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = optional(
        "Person who leads the team; null if not set."
    )
    added_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(TeamState.retired)] = None


class Membership(Record):
    """A person's membership of a team, on the person's stream."""

    KIND: ClassVar[str] = "membership"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person who belongs to the team."
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.audience)] = required(
        "Team to which the person belongs."
    )


class Group(Record):
    """A named set of persons with a chair: a committee, a board, a working group."""

    KIND: ClassVar[str] = "group"

    state: GroupState | None = required()
    key: str | None = required("Key of the group in addresses, without a comma; unique, never changed.")
    name: str | None = required("Display name of the {record}.")
    chair_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.chairing, quiet=True)] = optional(
        "Person who chairs the group; null while the group has no chair."
    )
    added_at: Annotated[datetime | None, EnteredAt(GroupState.active)] = required()
    retired_at: Annotated[datetime | None, EnteredAt(GroupState.retired)] = None


class GroupMember(ChildRecord):
    """A person's membership of a group, in which they represent a side."""

    KIND: ClassVar[str] = "group_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person who is a member of the group."
    )
    side: RepresentedSide | None = required("Side that the member represents.")
    added_at: datetime | None = required("Time at which the person became a member.")


class Key(Record):
    """An API key. The secret itself is shown once and stored nowhere; only hashes are kept.

    `roles` restricts the key to those of its person's roles; None: all that the person holds. `scope`
    restricts it to one thing; None: unrestricted. The secret before the last rotation is accepted until
    `previous_ends_at`.
    """

    KIND: ClassVar[str] = "key"

    state: KeyState | None = required()
    name: Annotated[str | None, Personal()] = required("Purpose of the key.")
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.account, quiet=True)] = required(
        "Person represented by the key."
    )
    roles: list[str] | None = optional(
        "Roles of the person that the key may use; null for all roles of the person."
    )
    scope: KeyScope | None = optional(
        "Single purpose to which the key is limited; null if it may do everything that its person may."
    )
    secret_hash: Annotated[str | None, Hidden()] = required()
    previous_hash: Annotated[str | None, Hidden()] = None
    set_with: Annotated[list[str] | None, Hidden()] = None
    previous_ends_at: datetime | None = optional(
        "Time until which the secret before the last rotation is accepted; null if it is not."
    )
    made_at: Annotated[datetime | None, EnteredAt(KeyState.active)] = required()
    rotated_at: datetime | None = optional(
        "Time of the last rotation of the secret; null before the first rotation."
    )
    expires_at: datetime | None = optional("Time at which the key ends; null if it does not end.")
    revoked_at: Annotated[datetime | None, EnteredAt(KeyState.revoked)] = None
