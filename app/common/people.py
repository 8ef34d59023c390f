"""Persons and the roles that they hold; and the caller of a command or request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.keys import KeyScope
from app.common.personal import Personal
from app.common.records import Altered, CodeEnum, ForeignRef, Record, altered_fields, optional, required
from app.common.state_fields import EnteredAt


class Role(CodeEnum):
    """A role, which permits actions. An organisation may rename the labels, but not the codes."""

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


@dataclass(frozen=True)
class RoleLabels:
    """The labels that the organisation has renamed, by role and language (`en`, `zh`)."""

    renamed: Mapping[tuple[Role, str], str] = field(default_factory=dict)

    @classmethod
    def from_setting(cls, setting: Mapping[str, Mapping[str, str]]) -> RoleLabels:
        """Return the labels in the setting `setting`: by a role's code, its labels by language. Raises
        ValueError if there is no such role.
        """
        codes = {role.value for role in Role}
        if unknown := sorted(setting.keys() - codes):
            raise ValueError(f"there is no role {unknown[0]!r}; roles are {', '.join(sorted(codes))}")
        named = [
            (Role(code), language, label)
            for code, labels in setting.items()
            for language, label in labels.items()
        ]
        return cls({(role, language): label for role, language, label in named})

    def label(self, role: Role, language: str) -> str:
        """Return the label of the role in that language."""
        return self.renamed.get((role, language)) or role.label(language)


#: The product's own labels.
DEFAULT_LABELS = RoleLabels()


# Roles of a person who sets an installation up. An auditor is independent of those who do the work.
SETUP_ROLES = tuple(role for role in Role if role is not Role.auditor)
# Roles that may see what is internal to a ticket. An integration sees only what a requester sees.
STAFF_ROLES = frozenset(Role) - {Role.requester, Role.integration}
# Roles that oversee every process as a whole; each process adds its own manager.
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
#: The largest number of members of a group.
MOST_MEMBERS = 200
#: All persons of a group: its chair need not be one of its members.
WHOLE_GROUP = MOST_MEMBERS + 1


class PersonState(CodeEnum):
    """The state of a person: active, deactivated, or erased, which makes the personal fields unreadable."""

    active = "active", "Active", "启用"
    inactive = "inactive", "Inactive", "停用"
    erased = "erased", "Erased", "已擦除"


class PersonKind(CodeEnum):
    """The kind of a person: a human being, or a machine's account."""

    human = "human", "Human", "人员"
    machine = "machine", "Machine", "机器账户"


class Grade(CodeEnum):
    """The seniority of a person."""

    staff = "staff", "Staff", "员工"
    lead = "lead", "Lead", "组长"
    senior = "senior", "Senior", "资深"
    management = "management", "Management", "管理层"


class MailFrequency(CodeEnum):
    """The frequency of mails about a kind of notice: immediately, once a day, or never."""

    at_once = "at_once", "At once", "立即"
    daily = "daily", "Daily", "每日汇总"
    none = "none", "None", "不发送"


class ScimStatus(CodeEnum):
    """The status of a person's account as the identity provider reported it by SCIM."""

    provisioned = "provisioned", "Provisioned", "已同步"
    suspended = "suspended", "Suspended", "已由提供方停用"
    removed = "removed", "Removed", "已由提供方移除"
    closed = "closed", "Removed after being deactivated here", "在此停用后由提供方移除"


class ScimQualifier(CodeEnum):
    """The qualifiers of an attribute at the provider, as SCIM reported them: the type of the stored address
    or number, whether it is the primary one, and whether the provider has removed the attribute.
    """

    email_work = "email_work", "Work e-mail address", "工作邮箱"
    email_home = "email_home", "Private e-mail address", "个人邮箱"
    email_other = "email_other", "Other e-mail address", "其他邮箱"
    email_primary = "email_primary", "Primary e-mail address", "主邮箱"
    email_secondary = "email_secondary", "Not the primary e-mail address", "非主邮箱"
    phone_work = "phone_work", "Work telephone", "工作电话"
    phone_home = "phone_home", "Private telephone", "住宅电话"
    phone_mobile = "phone_mobile", "Mobile telephone", "移动电话"
    phone_fax = "phone_fax", "Fax", "传真"
    phone_pager = "phone_pager", "Pager", "寻呼机"
    phone_other = "phone_other", "Other telephone", "其他电话"
    phone_primary = "phone_primary", "Primary telephone", "主电话"
    phone_secondary = "phone_secondary", "Not the primary telephone", "非主电话"
    no_display_name = "no_display_name", "Display name removed", "显示名称已移除"
    no_active = "no_active", "Active status removed", "启用状态已移除"


class Person(Record):
    """A person who requests, works or decides; or a machine's account.

    `login` is the person's name at the identity provider, `login_issuer` that provider.

    `team_id` is the person's own team, the first one named. `roles` are written as in `RoleGrant`; empty
    means a requester, as everybody is. `sign_in_grants` and `scim_grants` mark those of these roles, and of
    the person's teams, that came from the identity provider: only they are taken away from there. `scim_…`
    are the provider's values by SCIM.

    `told_of` are the types of notices that they want, `told_by_mail` those of them that they want by mail,
    too; empty means all. `mail_…` is how often they want mails of that kind of notice; empty means at once.
    Their API keys are accepted while they are active.
    """

    KIND: ClassVar[str] = "person"

    state: PersonState | None = required()
    kind: PersonKind | None = required("Kind of the account: a human being or a machine.")
    name: Annotated[str | None, Personal()] = required("Name of the person.")
    email: Annotated[str | None, Personal()] = optional("E-mail address of the person.")
    phone: Annotated[str | None, Personal()] = optional("Telephone number of the person.")
    further_emails: Annotated[str | None, Personal()] = optional(
        "Further e-mail addresses from SCIM, one in each line after its type; null if there are none."
    )
    further_phones: Annotated[str | None, Personal()] = optional(
        "Further telephone numbers from SCIM, one in each line after its type; null if there are none."
    )
    login: Annotated[str | None, Personal()] = optional(
        "Name of the person at the identity provider, in the claim that the settings choose."
    )
    login_issuer: str | None = optional("The identity provider.")
    department: str | None = optional(
        "Unit of the organisation that the person belongs to; kept when the person is erased."
    )
    post: Annotated[str | None, Personal()] = optional("Position that the person holds in the organisation.")
    manager_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = optional(
        "Manager of the person; null if unknown."
    )
    grade: Grade | None = optional("Seniority of the person.")
    locale: str | None = optional("Language of the person's notices and mails: en or zh.")
    time_zone: str | None = optional("Time zone that the person works in (IANA), such as Asia/Shanghai.")
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.audience)] = optional(
        "Customer team that the person belongs to: tickets that the person requests count for this customer."
    )
    roles: list[str] | None = optional(
        "Roles of the person in addition to the role of a requester; null if the person has no other roles."
    )
    sign_in_grants: list[str] | None = optional(
        "Roles, and teams as `team/<id>`, that the person's groups at the identity provider granted at "
        "the last sign-in; null if they granted nothing. Other roles and teams were granted by hand."
    )
    most_standing: int | None = optional(
        "Number of subscriptions, absences and similar standing records of each kind that the person "
        "may have; null for the general limit."
    )
    scim_grants: list[str] | None = optional(
        "Roles, and teams as `team/<id>`, that groups provisioned by SCIM grant to the person; null if "
        "they grant nothing."
    )
    scim_user_name: Annotated[str | None, Personal()] = optional(
        "`userName` of the person at the identity provider, from SCIM; null if the person is not provisioned."
    )
    scim_external_id: Annotated[str | None, Personal()] = optional(
        "`externalId` of the person at the identity provider, from SCIM; null if the person is not "
        "provisioned."
    )
    scim_status: ScimStatus | None = optional(
        "Status of the person's account at the provider, from SCIM; null if the person is not "
        "provisioned. The provider can reactivate only an account that it has suspended or removed "
        "itself."
    )
    scim_qualifiers: list[str] | None = optional(
        "Qualifiers of the person's attributes at the provider, from SCIM: `type` and `primary` of the "
        "stored address and number, and the attributes that the provider has removed; null if not sent."
    )
    altered: Altered = altered_fields()
    key_id: UUID | None = required(
        "Key of the person's secrets, with which the personal fields are encrypted."
    )
    told_of: list[str] | None = optional("Types of notices that the person receives in the application.")
    told_by_mail: list[str] | None = optional("Types of notices that are also sent to the person by mail.")
    mail_waits_for_you: MailFrequency | None = optional(
        "Frequency of mails about notices that wait for the person's action; never `none`."
    )
    mail_is_yours: MailFrequency | None = optional(
        "Frequency of mails about the person's own tickets and records."
    )
    mail_you_follow: MailFrequency | None = optional(
        "Frequency of mails about records that the person follows."
    )
    mail_for_information: MailFrequency | None = optional(
        "Frequency of mails that are only for the person's information."
    )
    added_at: datetime | None = required()
    deactivated_at: Annotated[datetime | None, EnteredAt(PersonState.inactive)] = None
    erased_at: Annotated[datetime | None, EnteredAt(PersonState.erased)] = None


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that a person holds: everywhere, or for the records of one team, one service (its key) or one
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
        """Return the grant of a text: `agent`, `agent@team/<id>`, `agent@service/<key>`,
        `agent@process/<kind>`.

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
        """Return the grant that both include: the narrower of the two; None: they share nothing."""
        if self.role is not other.role:
            return None
        if other == self or other == RoleGrant(self.role):
            return self
        return other if self == RoleGrant(self.role) else None

    def covers(self, record: Any) -> bool:
        """Return whether the record is in the grant's scope. A record about a process (`concerned_process`,
        such as an improvement of it) is in the scope of that process, too.
        """
        scope = (("team_id", self.team_id), ("service", self.service))
        if not all(value is None or getattr(record, name, None) == value for name, value in scope):
            return False
        about = (getattr(record, "KIND", None), getattr(record, "concerned_process", None))
        return self.process is None or self.process in about

    def applies_throughout(self, kind: str) -> bool:
        """Return whether the role is held for every record of that kind."""
        return self.team_id is None and self.service is None and self.process in (None, kind)


def parse_grants(roles: Iterable[str] | None) -> tuple[RoleGrant, ...] | None:
    """Return the grants of these texts, which were validated before; None: no restriction."""
    return None if roles is None else tuple(RoleGrant.parse(text) for text in roles)


def grant_texts(roles: Iterable[RoleGrant] | None) -> list[str] | None:
    """Return the grants as texts."""
    return None if roles is None else [str(grant) for grant in roles]


def restrict_grants(held: Iterable[RoleGrant], to: Iterable[RoleGrant] | None) -> tuple[RoleGrant, ...]:
    """Return the grants that a person may use, if only those of `to` are allowed; None: all that they hold.

    Everybody is a requester.
    """
    if to is None:
        return tuple(held)
    everything = (*held, RoleGrant(Role.requester))
    shared = (grant.intersection(other) for other in to for grant in everything)
    return tuple(dict.fromkeys(grant for grant in shared if grant is not None))


def is_narrower(to: Iterable[RoleGrant] | None, held: Iterable[RoleGrant]) -> bool:
    """Return whether a credential that may use only the roles `to` (None: all) permits less than a person
    with the roles `held` may do. An unscoped administrator could hold any role.
    """
    if to is None:
        return False
    usable = (*to, RoleGrant(Role.requester))
    if RoleGrant(Role.admin) in to and RoleGrant(Role.admin) in held:
        return False
    return not all(any(grant.intersection(other) == other for grant in usable) for other in held)


@dataclass(frozen=True)
class Caller:
    """The caller of a command or request, with their permissions. A rule is a caller without a person.

    `actor` is their name in the log. `teams` are the ids of the teams that the person belongs to, `team_id`
    is their own team: the customer of the tickets that they open.
    `key_id` None: they were not authenticated by an API key, but by an identity provider, or are the program
    itself.
    `restricted_to` are the only roles that their credential may use, held or not; None: the credential is
    unrestricted, with all roles that the person holds or will hold, as a key without roles and a login are.
    `is_narrowed`: the credential permits less than the person may do now, with the roles that they hold.
    `key_scope` is the one thing that the key may do; None: all that the roles permit. `ends_at` is when the
    credential ends, be it a key, a replaced secret, a session or a token; None: never. `lasts_until` is the
    end of the key that opened the session, or of the key itself; None: never, as for a login.
    `signed_in_at` is when the person signed in to the session with a key or at the identity provider; None:
    they came without a session, or by one that a token opened.
    `secret_hash` is the SHA-256 of the key's secret that they came with, or opened their session with.
    `is_superseded`: the key has been given another secret since, and this one is accepted for a while only,
    and for nothing that is done in person.
    `is_from_another`: somebody else has made the key or its present secret, and may know it, or has lately
    changed the login, so the credential is for nothing that is done in person. Keys and logins by the command
    line, and those that invite somebody, are their own.
    `assistant` is the program that acts for the person, by its name; it may do less than the person. None:
    they act themselves, or by a program that does not declare itself.
    `time_zone` is the one that the person works in; None: unknown.
    `looks_on`: they see the record at hand only because they once handed it over, so they only read it.
    """

    actor: str
    person_id: UUID | None
    roles: tuple[RoleGrant, ...] = ()
    teams: frozenset[UUID] = frozenset()
    team_id: UUID | None = None
    key_id: UUID | None = None
    key_scope: KeyScope | None = None
    restricted_to: tuple[RoleGrant, ...] | None = None
    is_narrowed: bool = False
    ends_at: datetime | None = None
    lasts_until: datetime | None = None
    signed_in_at: datetime | None = None
    secret_hash: str | None = field(default=None, repr=False)
    is_superseded: bool = False
    is_from_another: bool = False
    locale: str = "en"
    time_zone: str | None = None
    is_rule: bool = False
    assistant: str | None = None
    looks_on: bool = False
    role_codes: frozenset[Role] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "role_codes", frozenset(held.role for held in self.roles))

    def has_role(self, role: Role, record: Any) -> bool:
        """Return whether the caller holds the role for that record: everywhere, or in a scope with the
        record.
        """
        return any(held.role is role and held.covers(record) for held in self.roles)

    def administers(self, role: RoleGrant) -> bool:
        """Return whether the caller may grant and revoke that role: a rule any, an administrator those in the
        scope that they administer. An administrator can thus obtain any of these roles.
        """
        own = (held for held in self.roles if held.role is Role.admin)
        return self.is_rule or any(replace(held, role=role.role).intersection(role) == role for held in own)

    def covers_credential(self, person_id: UUID | None, restricted_to: Iterable[RoleGrant] | None) -> bool:
        """Return whether a credential of that person, restricted to those roles (None: unrestricted), can do
        nothing beyond the caller's own: it is of the same person and no broader. An unscoped administrator
        covers every credential, as they could hold any role and create any key.
        """
        if self.key_scope is not None:
            return False
        if self.is_rule or RoleGrant(Role.admin) in self.roles:
            return True
        if person_id is None or person_id != self.person_id:
            return False
        if self.restricted_to is None:
            return True
        own = (*self.restricted_to, RoleGrant(Role.requester))
        return restricted_to is not None and all(
            any(grant.intersection(other) == other for grant in own) for other in restricted_to
        )

    def may_use_role(self, role: Role, record: Any) -> bool:
        """Return whether the credential may use the role for that record, if its person holds the role."""
        return self.restricted_to is None or any(
            grant.role is role and grant.covers(record) for grant in self.restricted_to
        )

    @cached_property
    def rights(self) -> str:
        """Return the caller's roles and restriction as one text, which is faster to hash and compare."""
        return repr(
            (self.roles, self.restricted_to, self.is_narrowed, self.is_superseded, self.is_from_another)
        )

    @cached_property
    def deciding_fields(self) -> dict[tuple[str, ...], Any]:
        """Cache `actor_policy.deciding_fields`, which are needed for every record that is shown."""
        return {}

    @cached_property
    def scope_teams(self) -> frozenset[UUID | None]:
        """Return the teams that affect the caller's permissions: their own, and those in the scope
        of a role.
        """
        return self.teams | {held.team_id for held in self.roles}

    @cached_property
    def scope_services(self) -> frozenset[str | None]:
        """Return the keys of the services in the scope of a role."""
        return frozenset(held.service for held in self.roles)

    def looking_on(self) -> Caller:
        """Return the caller for a record that they only look on at: without roles and teams."""
        return replace(self, roles=(), teams=frozenset(), looks_on=True)

    @cached_property
    def is_machine(self) -> bool:
        """Return whether the caller is a machine's account."""
        return self.actor.startswith("integration:")

    @cached_property
    def is_staff(self) -> bool:
        """Return whether the caller is staff at all. For the visibility of one record see `is_staff_for`."""
        return self.is_rule or not STAFF_ROLES.isdisjoint(self.role_codes)

    def is_staff_for(self, record: Any) -> bool:
        """Return whether the caller may see and write what is internal to that record: staff everywhere, or
        in a scope that includes the record.
        """
        return self.is_rule or any(self.has_role(role, record) for role in STAFF_ROLES & self.role_codes)

    @cached_property
    def is_read_only(self) -> bool:
        """Return whether the caller is only an auditor, who reads everything and writes nothing."""
        return self.role_codes == {Role.auditor}


def rule_caller(name: str) -> Caller:
    """Return the caller of a rule; `name` is the name of its file."""
    return Caller(actor=f"rule:{name}", person_id=None, is_rule=True)


def import_caller(source: str) -> Caller:
    """Return the caller of an import from `source`, for events whose actor the source does not name."""
    return Caller(actor=f"import:{source}", person_id=None, is_rule=True)
