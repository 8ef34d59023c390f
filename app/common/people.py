"""Persons, teams, memberships, groups, API keys; the roles they hold; and who a caller is (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import FOLD, CodeEnum, ForeignRef, Record


class Role(CodeEnum):
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
STAFF_ROLES = frozenset(Role) - {Role.requester, Role.integration}
# Those whose work is with the whole, in every process; each process adds its own manager.
OVERSIGHT_ROLES = frozenset(
    {
        Role.auditor,
        Role.admin,
        Role.management,
        Role.department_head,
        Role.quality_manager,
        Role.service_level_manager,
    }
)
#: So many belong to a group at most.
MOST_MEMBERS = 200
#: A whole group: its chair need not be one of its members.
WHOLE_GROUP = MOST_MEMBERS + 1


class PersonState(CodeEnum):
    """Whether a person works with us, and whether their fields can still be read."""

    active = "active", "Active", "在用"
    inactive = "inactive", "Inactive", "停用"
    erased = "erased", "Erased", "已擦除"


class PersonKind(CodeEnum):
    """A human being, or the account of a machine."""

    human = "human", "Human", "人员"
    machine = "machine", "Machine", "机器账户"


class Grade(CodeEnum):
    """How senior a person is."""

    staff = "staff", "Staff", "员工"
    lead = "lead", "Lead", "组长"
    senior = "senior", "Senior", "资深"
    management = "management", "Management", "管理层"


class Person(Record):
    """Somebody who asks, works or decides; or a machine's account.

    `login` is what the identity provider calls them, `login_issuer` which one that is.

    `team_id` is their own team, the first named. `roles` as `RoleGrant` writes them; none: a requester, as
    everybody is. `told_of` are the steps of tickets that they want to be told of, `told_by_mail` those of
    them that they want by mail, too; none: all. Their keys are accepted while they are active.
    """

    KIND: ClassVar[str] = "person"

    state: PersonState | None = Field(default=None, sa_type=Text)
    kind: PersonKind | None = Field(default=None, sa_type=Text)
    name: Annotated[str | None, Personal()] = None
    email: Annotated[str | None, Personal()] = None
    phone: Annotated[str | None, Personal()] = None
    login: Annotated[str | None, Personal()] = None
    login_issuer: str | None = None
    department: str | None = None
    post: Annotated[str | None, Personal()] = None
    manager_id: Annotated[UUID | None, ForeignRef("person")] = None
    grade: Grade | None = Field(default=None, sa_type=Text)
    locale: str | None = None
    time_zone: str | None = None
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    roles: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    key_id: UUID | None = None
    told_of: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    told_by_mail: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    added_at: datetime | None = None
    deactivated_at: datetime | None = None
    erased_at: datetime | None = None


class PersonTable(Person, table=True):
    """Where persons stand."""

    __tablename__ = "person"
    __table_args__: ClassVar = FOLD


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that somebody holds: everywhere, or for the records of one team, one service (its key) or one
    process (the kind of its records).
    """

    role: Role
    team_id: UUID | None = None
    service: str | None = None
    process: str | None = None

    def __str__(self) -> str:
        scopes = {"team": self.team_id, "service": self.service, "process": self.process}
        scope = next((f"@{kind}/{name}" for kind, name in scopes.items() if name is not None), "")
        return f"{self.role.value}{scope}"

    @classmethod
    def parse(cls, text: str) -> RoleGrant:
        """From its text: `agent`, `agent@team/<id>`, `agent@service/<key>`, `agent@process/<kind>`.

        Raises ValueError.
        """
        role, scoped, scope = text.partition("@")
        kind, _, name = scope.partition("/")
        if not scoped:
            return cls(Role(role))
        if kind == "team":
            return cls(Role(role), team_id=UUID(name))
        if kind == "service" and name:
            return cls(Role(role), service=name)
        if kind == "process" and name:
            return cls(Role(role), process=name)
        raise ValueError(f"{scope!r} is not a scope")

    def intersection(self, other: RoleGrant) -> RoleGrant | None:
        """What both give: the narrower of the two; None: nothing."""
        if self.role is not other.role:
            return None
        if other == self or other == RoleGrant(self.role):
            return self
        return other if self == RoleGrant(self.role) else None

    def covers(self, record: Any) -> bool:
        """Whether the record is in its scope."""
        wanted = (("team_id", self.team_id), ("service", self.service), ("KIND", self.process))
        return all(value is None or getattr(record, name, None) == value for name, value in wanted)

    def applies_throughout(self, kind: str) -> bool:
        """Whether it is held for every record of that kind."""
        return self.team_id is None and self.service is None and self.process in (None, kind)


def parse_grants(roles: Iterable[str] | None) -> tuple[RoleGrant, ...] | None:
    """The roles of these texts, which were taken before; None: none are named."""
    return None if roles is None else tuple(RoleGrant.parse(text) for text in roles)


def grant_texts(roles: Iterable[RoleGrant] | None) -> list[str] | None:
    """The same as texts."""
    return None if roles is None else [str(one) for one in roles]


def restrict_grants(held: Iterable[RoleGrant], to: Iterable[RoleGrant] | None) -> tuple[RoleGrant, ...]:
    """What is left of the roles that somebody holds where only those of `to` may be used; None: all of them.

    Everybody is a requester.
    """
    if to is None:
        return tuple(held)
    everything = (*held, RoleGrant(Role.requester))
    shared = (one.intersection(other) for other in to for one in everything)
    return tuple(dict.fromkeys(one for one in shared if one is not None))


@dataclass(frozen=True)
class Caller:
    """Who acts, and what they may. A rule is a caller without a person.

    `actor` is their name in the log. `teams` are the ids of the teams that the person belongs to, `team_id`
    is their own team: the one whose customer they are when they ask for something.
    `key_id` None: no key says who they are, but an identity provider, or the program itself.
    `restricted_to` are the only roles that their credential may use, held or not; None: it is the whole
    person, with all that they hold or come to hold, as a key without roles and a login are. `ends_at` is when
    the key ends.
    """

    actor: str
    person_id: UUID | None
    roles: tuple[RoleGrant, ...] = ()
    teams: frozenset[UUID] = frozenset()
    team_id: UUID | None = None
    key_id: UUID | None = None
    restricted_to: tuple[RoleGrant, ...] | None = None
    ends_at: datetime | None = None
    locale: str = "en"
    is_rule: bool = False
    role_codes: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "role_codes", frozenset(held.role for held in self.roles))

    def has_role(self, role: Role, record: Any) -> bool:
        """Whether the role is held for that record: everywhere, or in the scope that the record is in."""
        return any(held.role is role and held.covers(record) for held in self.roles)

    def administers(self, role: RoleGrant) -> bool:
        """Whether they may give and take that role: a rule any, an administrator those of what they
        administer. So it is theirs as soon as they want it.
        """
        own = (held for held in self.roles if held.role is Role.admin)
        return self.is_rule or any(replace(held, role=role.role).intersection(role) == role for held in own)

    def covers_credential(self, person_id: UUID | None, restricted_to: Iterable[RoleGrant] | None) -> bool:
        """Whether a credential of that person, restricted to those roles (None: the whole person), can do
        nothing beyond this one: it is of the same person and no broader. An administrator of everything could
        hold, and make a key for, whatever there is.
        """
        if self.is_rule or RoleGrant(Role.admin) in self.roles:
            return True
        if person_id is None or person_id != self.person_id:
            return False
        if self.restricted_to is None:
            return True
        own = (*self.restricted_to, RoleGrant(Role.requester))
        return restricted_to is not None and all(
            any(one.intersection(other) == other for one in own) for other in restricted_to
        )

    @cached_property
    def rights(self) -> str:
        """All that they hold and may use, as one text: of many roles it is hashed and compared in no time."""
        return repr((self.roles, self.restricted_to))

    @cached_property
    def scope_teams(self) -> frozenset[UUID | None]:
        """The teams that make a difference to what they may do with a record: their own, and those that a
        role is held for.
        """
        return self.teams | {held.team_id for held in self.roles}

    @cached_property
    def scope_services(self) -> frozenset[str | None]:
        """The keys of the services that a role is held for."""
        return frozenset(held.service for held in self.roles)

    @cached_property
    def is_staff(self) -> bool:
        """Whether they work here at all. What they may see of one record, `is_staff_for` says."""
        return self.is_rule or not STAFF_ROLES.isdisjoint(self.role_codes)

    def is_staff_for(self, record: Any) -> bool:
        """Whether they may see and write what is internal to that record: staff everywhere, or in the scope
        that it is in.
        """
        return self.is_rule or any(self.has_role(role, record) for role in STAFF_ROLES & self.role_codes)

    @cached_property
    def is_read_only(self) -> bool:
        """An auditor reads everything and writes nothing, unless they hold another role besides."""
        return self.role_codes == {Role.auditor}


def rule_caller(name: str) -> Caller:
    """A rule as a caller; `name` is the name of its file."""
    return Caller(actor=f"rule:{name}", person_id=None, is_rule=True)


def import_caller(source: str) -> Caller:
    """The bringing in of a history from `source`, where the source does not say who acted."""
    return Caller(actor=f"import:{source}", person_id=None, is_rule=True)
