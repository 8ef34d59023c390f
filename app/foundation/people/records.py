"""Teams, groups, who belongs to them, and keys: their tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef, Hidden, Record


class TeamState(CodeEnum):
    """Whether a team can be given work."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已撤销"


class TeamKind(CodeEnum):
    """Whom a team belongs to."""

    internal = "internal", "Internal", "内部"
    customer = "customer", "Customer", "客户"


class GroupState(CodeEnum):
    """Whether a group is still asked."""

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已撤销"


class RepresentedSide(CodeEnum):
    """Whom a member of a group speaks for."""

    operations = "operations", "Operations", "运维"
    development = "development", "Development", "开发"
    business = "business", "Business", "业务"
    key_user = "key_user", "Key user", "关键用户"
    management = "management", "Management", "管理层"


class KeyState(CodeEnum):
    """Whether an API key is accepted."""

    active = "active", "Active", "有效"
    revoked = "revoked", "Revoked", "已吊销"


class Team(Record):
    """A named set of persons that work is given to, or that is a customer."""

    KIND: ClassVar[str] = "team"

    state: TeamState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    name: str | None = None
    kind: TeamKind | None = Field(default=None, sa_type=Text)
    lead_id: Annotated[UUID | None, ForeignRef("person")] = None
    added_at: datetime | None = None
    retired_at: datetime | None = None


class Membership(Record):
    """A person belongs to a team. Stands on the person's stream."""

    KIND: ClassVar[str] = "membership"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    team_id: Annotated[UUID | None, ForeignRef("team")] = None


class Group(Record):
    """A named set of persons with a chair: a committee, a board, a working group."""

    KIND: ClassVar[str] = "group"

    state: GroupState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    name: str | None = None
    chair_id: Annotated[UUID | None, ForeignRef("person")] = None
    added_at: datetime | None = None
    retired_at: datetime | None = None


class GroupMember(ChildRecord):
    """A person belongs to a group and stands for a side."""

    KIND: ClassVar[str] = "group_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    side: RepresentedSide | None = Field(default=None, sa_type=Text)
    added_at: datetime | None = None


class Key(Record):
    """An API key. The secret itself is shown once and stored nowhere; what is here cannot be turned back.

    `roles`: it may use only those of its person's; None: whatever they hold. The secret before the last
    rotation is accepted until `previous_ends_at`.
    """

    KIND: ClassVar[str] = "key"

    state: KeyState | None = Field(default=None, sa_type=Text)
    name: Annotated[str | None, Personal()] = None
    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    roles: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    secret_hash: Annotated[str | None, Hidden()] = None
    previous_hash: Annotated[str | None, Hidden()] = None
    previous_ends_at: datetime | None = None
    made_at: datetime | None = None
    rotated_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class TeamTable(Team, table=True):
    """Where teams stand."""

    __tablename__ = "team"
    __table_args__: ClassVar = FOLD


class MembershipTable(Membership, table=True):
    """Where memberships stand."""

    __tablename__ = "membership"
    __table_args__: ClassVar = FOLD


class GroupTable(Group, table=True):
    """Where groups stand."""

    __tablename__ = "group"
    __table_args__: ClassVar = FOLD


class GroupMemberTable(GroupMember, table=True):
    """Where the members of groups stand."""

    __tablename__ = "group_member"
    __table_args__: ClassVar = FOLD


class KeyTable(Key, table=True):
    """Where API keys stand."""

    __tablename__ = "key"
    __table_args__: ClassVar = FOLD
