"""Persons, teams, memberships, API keys; the roles they hold; and who a caller is (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, Hidden, Labelled, Record, Refers


class Role(Labelled):
    """What gives permission for actions. An organisation may rename the labels, never the codes."""

    requester = "requester", "Requester", "申请人"
    agent = "agent", "Service desk agent", "服务台坐席"
    engineer = "engineer", "Engineer", "工程师"
    incident_manager = "incident_manager", "Incident manager", "事件经理"
    problem_manager = "problem_manager", "Problem manager", "问题经理"
    change_manager = "change_manager", "Change manager", "变更经理"
    configuration_manager = "configuration_manager", "Configuration manager", "配置经理"
    cab_member = "cab_member", "CAB member", "变更顾问委员会成员"
    service_level_manager = "service_level_manager", "Service level manager", "服务级别经理"
    agreement_maintainer = "agreement_maintainer", "Agreement maintainer", "协议维护人"
    process_owner = "process_owner", "Process owner", "流程负责人"
    process_designer = "process_designer", "Process designer", "流程设计人"
    process_supervisor = "process_supervisor", "Process supervisor", "流程监督人"
    process_administrator = "process_administrator", "Process administrator", "流程管理员"
    quality_manager = "quality_manager", "Quality manager", "流程及质量经理"
    committee_member = "committee_member", "Committee member", "流程改进委员会委员"
    project_manager = "project_manager", "Project manager", "项目经理"
    department_head = "department_head", "Department head", "部门负责人"
    management = "management", "Management", "管理层"
    knowledge_editor = "knowledge_editor", "Knowledge editor", "知识编辑"
    auditor = "auditor", "Auditor", "审计员"
    integration = "integration", "Integration", "集成账户"
    admin = "admin", "Administrator", "系统管理员"


# Everybody on the staff side: who may see what is internal to a ticket. An integration sees what a requester
# sees.
STAFF = frozenset(Role) - {Role.requester, Role.integration}
# Those whose work is with the whole, in every process; each process adds its own manager.
SEE_EVERYTHING = frozenset(
    {
        Role.auditor,
        Role.admin,
        Role.management,
        Role.department_head,
        Role.quality_manager,
        Role.service_level_manager,
    }
)


class PersonState(Labelled):
    """Whether a person's fields can still be read."""

    active = "active", "Active", "在用"
    erased = "erased", "Erased", "已擦除"


class PersonKind(Labelled):
    """A human being, or the account of a machine."""

    human = "human", "Human", "人员"
    machine = "machine", "Machine", "机器账户"


class TeamState(Labelled):
    """Whether a team can be given work."""

    active = "active", "Active", "在用"


class TeamKind(Labelled):
    """Whom a team belongs to."""

    internal = "internal", "Internal", "内部"
    customer = "customer", "Customer", "客户"


class KeyState(Labelled):
    """Whether an API key is accepted."""

    active = "active", "Active", "有效"
    revoked = "revoked", "Revoked", "已吊销"


class Person(Record):
    """Somebody who asks, works or decides; or a machine's account. `team_id` is their own team, the first
    named.
    """

    KIND: ClassVar[str] = "person"

    state: PersonState | None = Field(default=None, sa_type=Text)
    kind: PersonKind | None = Field(default=None, sa_type=Text)
    name: Annotated[str | None, Personal()] = None
    email: Annotated[str | None, Personal()] = None
    locale: str | None = None
    team_id: Annotated[UUID | None, Refers("team")] = None
    key_id: UUID | None = None
    added_at: datetime | None = None
    erased_at: datetime | None = None


class Team(Record):
    """A named set of persons that work is given to, or that is a customer."""

    KIND: ClassVar[str] = "team"

    state: TeamState | None = Field(default=None, sa_type=Text)
    key: str | None = None
    name: str | None = None
    kind: TeamKind | None = Field(default=None, sa_type=Text)
    added_at: datetime | None = None


class Membership(Record):
    """A person belongs to a team. Stands on the person's stream."""

    KIND: ClassVar[str] = "membership"

    person_id: Annotated[UUID | None, Refers("person")] = None
    team_id: Annotated[UUID | None, Refers("team")] = None


class Key(Record):
    """An API key. The secret itself is shown once and stored nowhere; what is here cannot be turned back."""

    KIND: ClassVar[str] = "key"

    state: KeyState | None = Field(default=None, sa_type=Text)
    name: Annotated[str | None, Personal()] = None
    person_id: Annotated[UUID | None, Refers("person")] = None
    roles: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    secret_hash: Annotated[str | None, Hidden()] = None
    made_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class PersonTable(Person, table=True):
    """Where persons stand."""

    __tablename__ = "person"
    __table_args__: ClassVar = FOLD


class TeamTable(Team, table=True):
    """Where teams stand."""

    __tablename__ = "team"
    __table_args__: ClassVar = FOLD


class MembershipTable(Membership, table=True):
    """Where memberships stand."""

    __tablename__ = "membership"
    __table_args__: ClassVar = FOLD


class KeyTable(Key, table=True):
    """Where API keys stand."""

    __tablename__ = "key"
    __table_args__: ClassVar = FOLD


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds: everywhere, or for the records of one team."""

    role: Role
    team_id: UUID | None = None

    def __str__(self) -> str:
        return self.role.value if self.team_id is None else f"{self.role.value}@team/{self.team_id}"

    @classmethod
    def parse(cls, text: str) -> Held:
        """From its text: `agent`, `agent@team/<id>`. Raises ValueError."""
        role, scoped, scope = text.partition("@team/")
        return cls(Role(role), UUID(scope) if scoped else None)


@dataclass(frozen=True)
class Caller:
    """Who acts, and what they may. A rule is a caller without a person.

    `actor` is their name in the log. `teams` are the ids of the teams that the person belongs to, `team_id`
    is their own team: the one whose customer they are when they ask for something.
    """

    actor: str
    person_id: UUID | None
    roles: tuple[Held, ...] = ()
    teams: frozenset[UUID] = frozenset()
    team_id: UUID | None = None
    key_id: UUID | None = None
    locale: str = "en"
    is_rule: bool = False
    names: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(held.role for held in self.roles))

    def holds(self, role: Role, record: Any) -> bool:
        """Whether the role is held for that record: everywhere, or in the scope that the record is in."""
        team = getattr(record, "team_id", None)
        return any(h.role is role and (h.team_id is None or h.team_id == team) for h in self.roles)

    @cached_property
    def is_staff(self) -> bool:
        """Whether they work here at all. What they may see of one record, `is_staff_for` says."""
        return self.is_rule or not STAFF.isdisjoint(self.names)

    def is_staff_for(self, record: Any) -> bool:
        """Whether they may see and write what is internal to that record: staff everywhere, or in the scope
        that it is in.
        """
        return self.is_rule or any(self.holds(role, record) for role in STAFF & self.names)

    @cached_property
    def only_reads(self) -> bool:
        """An auditor reads everything and writes nothing, unless they hold another role besides."""
        return self.names == {Role.auditor}


def rule(name: str) -> Caller:
    """A rule as a caller; `name` is the name of its file."""
    return Caller(actor=f"rule:{name}", person_id=None, is_rule=True)


def importer(source: str) -> Caller:
    """The bringing in of a history from `source`, where the source does not say who acted."""
    return Caller(actor=f"import:{source}", person_id=None, is_rule=True)
