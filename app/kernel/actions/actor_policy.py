"""Actor policies: who may perform an action (the fourth column of a lifecycle's table), and their phrases
(pure).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.common.people import DEFAULT_LABELS, Caller, Role, RoleLabels, parse_grants
from app.common.records import CodeEnum


class Relation(CodeEnum):
    """The relation of an actor to the record, as records of any process may have it."""

    anybody = "anybody", "anyone", "任何人"
    reporter = "reporter", "the reporter", "报告人"
    author = "author", "the author", "作者"
    planner = "planner", "the person who drafted it, if staff", "起草人（须为工作人员）"
    assignee = "assignee", "the assignee", "处理人"
    holder = (
        "holder",
        "the person the key belongs to, with a key that covers as many roles",
        "密钥所属人（所用密钥的权限不得更窄）",
    )
    superior = "superior", "an administrator of all their roles", "能管理其全部角色的系统管理员"
    addressee = "addressee", "the recipient", "收件人"
    oneself = (
        "oneself",
        "the person, with a key that covers all their roles",
        "本人（所用密钥须涵盖其全部角色）",
    )
    staff = "staff", "staff", "工作人员"
    rule = "rule", "a rule", "系统规则"
    messenger = "messenger", "a tool that passes on a person's message", "代他人转达消息的工具"
    voter = "voter", "the people asked to vote", "受邀表决人"
    chair = "chair", "the chair", "主席"
    asker = "asker", "the person who put the question", "提请人"
    decision = "decision", "a decision", "决议"
    implementer = "implementer", "the assignee or a member of the assigned team", "处理人或受派团队成员"

    onlooker = "onlooker", "the person who handed it over", "已移交的原经办人"

    @property
    def any_credential(self) -> bool:
        """Return whether the relation counts for what is done in person also if the credential permits less
        than the person may do: whatever requesters do, and what the relation or a check asks by itself.
        """
        return self in _OF_ANY_CREDENTIAL

    def relates(self, caller: Caller, record: Any) -> bool:
        """Return whether the relation is that of the caller to the record."""
        return _RELATIONS[self](caller, record)


@dataclass(frozen=True, slots=True)
class ProcessRelation:
    """A relation of persons to the records of one process, which the process declares (`process_relation`).

    `fields` are the fields of the record that name the persons. Without any, the record does not name them:
    child rows or the payload do, anybody may have the relation, and a check of the action reads those.
    `named_in` are the kinds and fields, of other records or child records, that name the holders of a post.
    `any_credential`: a check asks the caller's credential; otherwise one that permits less than its person
    may do does nothing in person by the relation. `of_requesters`: requesters and people of their side have
    it.
    """

    code: str
    en: str
    zh: str
    fields: tuple[str, ...] = ()
    any_credential: bool = False
    named_in: tuple[tuple[str, str], ...] = ()
    of_requesters: bool = False

    def label(self, language: str) -> str:
        """Return the relation's label in that language."""
        return self.zh if language == "zh" else self.en

    def relates(self, caller: Caller, record: Any) -> bool:
        """Return whether the relation is that of the caller to the record."""
        if caller.person_id is None:
            return False
        return not self.fields or any(getattr(record, f, None) == caller.person_id for f in self.fields)


@dataclass(frozen=True, slots=True)
class ActorPolicy:
    """A union of roles and relations whose holders may act: `agent | engineer`. `people_only`: machines may
    not, whatever their accounts hold, as they vote, sign, judge and grant nothing. `no_assistant`: a
    machine's account may, and no assistant for a person.
    """

    roles: frozenset[Role] = frozenset()
    relations: frozenset[Relation | ProcessRelation] = frozenset()
    people_only: bool = False
    no_assistant: bool = False

    def __or__(self, other: ActorPolicy) -> ActorPolicy:
        people_only = self.people_only or other.people_only
        no_assistant = self.no_assistant or other.no_assistant
        return ActorPolicy(
            self.roles | other.roles, self.relations | other.relations, people_only, no_assistant
        )

    def for_people(self) -> ActorPolicy:
        """Return the policy without machines."""
        return replace(self, people_only=True)

    def in_person(self) -> ActorPolicy:
        """Return the policy without assistants that act for persons."""
        return replace(self, no_assistant=True)

    @property
    def bars_assistants(self) -> bool:
        """Return whether people must do the action themselves: neither assistants nor replaced secrets nor
        keys that somebody else made may do it for them.
        """
        return self.people_only or self.no_assistant

    def allows(self, caller: Caller, record: Any) -> bool:
        """Return whether the policy allows the caller to act on that record."""
        if caller.is_rule:
            return Relation.rule in self.relations or (
                Relation.messenger in self.relations and caller.person_id is not None
            )
        if caller.looks_on:
            return Relation.onlooker in self.relations
        if caller.is_read_only or (self.people_only and caller.is_machine):
            return False
        if self.bars_assistants and (
            caller.assistant is not None or caller.is_superseded or caller.is_from_another
        ):
            return False
        # Called for each action of a lifecycle for each record shown: a generator would double the time.
        for role in self.roles & caller.role_codes:
            if caller.has_role(role, record):
                return True
        is_narrow = caller.is_narrowed and self.bars_assistants
        return any(
            relation.relates(caller, record)
            for relation in self.relations
            if relation.any_credential or not is_narrow
        )

    def allows_person(self, caller: Caller, record: Any) -> bool:
        """Return whether the policy would allow the caller with a credential for all that they may do."""
        return self.allows(replace(caller, is_narrowed=False), record)

    def phrase(self, language: str, labels: RoleLabels = DEFAULT_LABELS) -> str:
        """Return the policy as a phrase: `agent, engineer or the assignee`. `labels` are those of
        the roles.
        """
        parts = sorted(labels.label(r, language) for r in self.roles) + sorted(
            r.label(language) for r in self.relations
        )
        if language == "zh":
            return "、".join(parts)
        return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]


@dataclass(frozen=True, slots=True)
class RecordDuty:
    """A duty that a person has had in a record, for the segregation of duties: `RecordDuty("requester",
    "申请人", ("requester_id",))`.

    `fields` are the record's fields that name the persons; each holds one id or a list of ids.
    """

    en: str
    zh: str
    fields: tuple[str, ...]

    def persons(self, record: Any) -> frozenset[UUID]:
        """Return the persons who have had the duty in the record."""
        person_ids: set[UUID] = set()
        for name in self.fields:
            value = getattr(record, name)
            person_ids.update(
                UUID(str(person_id))
                for person_id in (value if isinstance(value, list) else [value])
                if person_id
            )
        return frozenset(person_ids)

    def label(self, language: str) -> str:
        """Return the duty's label in that language."""
        return self.zh if language == "zh" else self.en


def conflicting_duties(
    parts: Iterable[RecordDuty], record: Any, persons: Set[UUID | None]
) -> list[RecordDuty]:
    """Return those of the duties that one of the persons has had in the record."""
    return [part for part in parts if persons & part.persons(record)]


def _own(caller: Caller) -> dict[UUID, bool]:
    return {} if caller.person_id is None else {caller.person_id: OWN}


#: The fields of records that policies depend on, each with the values among which policies differ for that
#: caller, and their forms in a key; None: all values. Relations and scopes of roles read no other fields,
#: except those of process relations.
DECIDING_FIELDS: dict[str, Callable[[Caller], Mapping[Any, Any]] | None] = {
    "requester_id": _own,
    "reported_by_id": lambda caller: {**_own(caller), None: None},
    "author_id": _own,
    "assignee_id": lambda caller: {**_own(caller), None: None},
    "person_id": _own,
    "id": _own,
    "team_id": lambda caller: {team: (team, team in caller.teams) for team in caller.scope_teams},
    "service": lambda caller: {service: service for service in caller.scope_services},
    "concerned_process": None,
    "roles": None,
}
#: The forms of the caller's own id, which callers share, and of any value that makes no difference.
OWN, IRRELEVANT = True, False


def deciding_fields(
    caller: Caller, relation_fields: tuple[str, ...]
) -> tuple[tuple[str, Mapping[Any, Any] | None], ...]:
    """Return the fields that policies depend on, also by those of process relations, each with the values
    among which they differ for the caller; None: all.
    """
    compared: tuple[tuple[str, Mapping[Any, Any] | None], ...] | None
    if (compared := caller.deciding_fields.get(relation_fields)) is None:
        of_process = ((name, _own(caller)) for name in relation_fields if name not in DECIDING_FIELDS)
        compared = (*((name, some and some(caller)) for name, some in DECIDING_FIELDS.items()), *of_process)
        caller.deciding_fields[relation_fields] = compared
    return compared


def deciding_form(value: Any, some: Mapping[Any, Any] | None) -> Any:
    """Return the form of a deciding field's value in a key."""
    if some is None:
        return tuple(value) if isinstance(value, list) else value
    return some.get(value, IRRELEVANT)


def policy_cache_key(caller: Caller, record: Any, relation_fields: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """Return a key of everything that `allows` depends on: callers and records with the same key get the same
    result from all policies whose process relations have no other fields than `relation_fields`.
    """
    # `getattr` of a field that a record does not have costs more than all other lookups together.
    value_of = vars(record).get
    # A property, which `vars` does not have.
    process = getattr(record, "concerned_process", None)
    return (
        caller.is_rule,
        caller.is_machine,
        caller.assistant is not None,
        caller.looks_on,
        caller.person_id is not None,
        caller.rights,
        getattr(record, "KIND", None),
        process,
        *[deciding_form(value_of(name), some) for name, some in deciding_fields(caller, relation_fields)],
    )


def _is_reporter(caller: Caller, record: Any) -> bool:
    return caller.person_id is not None and getattr(record, "requester_id", None) == caller.person_id


def _is_planner(caller: Caller, record: Any) -> bool:
    """Return whether the caller drafted the record, for themselves or for somebody else, and is staff."""
    drafter = getattr(record, "reported_by_id", None) or getattr(record, "requester_id", None)
    return caller.person_id is not None and drafter == caller.person_id and caller.is_staff_for(record)


def _is_author(caller: Caller, record: Any) -> bool:
    """Return whether the caller is the record's author."""
    return caller.person_id is not None and getattr(record, "author_id", None) == caller.person_id


def _is_assignee(caller: Caller, record: Any) -> bool:
    """Return whether the caller is the assignee, or a member of the assigned team while there is no
    assignee.
    """
    person = getattr(record, "assignee_id", None)
    if person is not None:
        return bool(person == caller.person_id)
    return getattr(record, "team_id", None) in caller.teams


def _is_implementer(caller: Caller, record: Any) -> bool:
    """Return whether the caller is the assignee or a member of the assigned team."""
    if caller.person_id is None:
        return False
    if getattr(record, "assignee_id", None) == caller.person_id:
        return True
    return getattr(record, "team_id", None) in caller.teams


def _is_addressee(caller: Caller, record: Any) -> bool:
    """Return whether the caller is the recipient of the notice."""
    return caller.person_id is not None and getattr(record, "person_id", None) == caller.person_id


def _is_holder(caller: Caller, record: Any) -> bool:
    """Return whether the record, an API key, is the caller's own, and their credential permits all that the
    key permits.
    """
    return _is_addressee(caller, record) and caller.covers_credential(
        caller.person_id, parse_grants(getattr(record, "roles", None))
    )


def _is_superior(caller: Caller, record: Any) -> bool:
    """Return whether the caller is an administrator who may manage the person in the record: one who could
    hold every role that the person holds. Callers who end or open all of their own credentials need an
    unrestricted credential.
    """
    held = parse_grants(getattr(record, "roles", None)) or ()
    return (
        caller.has_role(Role.admin, record)
        and all(caller.administers(grant) for grant in held)
        and (not _is_same_person(caller, record) or caller.covers_credential(caller.person_id, None))
    )


def _is_same_person(caller: Caller, record: Any) -> bool:
    return caller.person_id is not None and getattr(record, "id", None) == caller.person_id


def _is_oneself(caller: Caller, record: Any) -> bool:
    """Return whether the record is the caller's own person record, and their credential covers all roles in
    it.
    """
    held = parse_grants(getattr(record, "roles", None)) or ()
    return _is_same_person(caller, record) and caller.covers_credential(caller.person_id, held)


_RELATIONS: dict[Relation, Callable[[Caller, Any], bool]] = {
    Relation.anybody: lambda caller, record: True,
    Relation.reporter: _is_reporter,
    Relation.author: _is_author,
    Relation.planner: _is_planner,
    Relation.assignee: _is_assignee,
    Relation.holder: _is_holder,
    Relation.superior: _is_superior,
    Relation.implementer: _is_implementer,
    Relation.addressee: _is_addressee,
    Relation.oneself: _is_oneself,
    Relation.staff: lambda caller, record: caller.is_staff_for(record),
    # `allows` judges rules, and tools that speak for a person as one, before it looks at relations.
    Relation.rule: lambda caller, record: False,
    Relation.messenger: lambda caller, record: False,
    # The same for onlookers; a person who handed the record over and can also see it otherwise is judged like
    # everybody else.
    Relation.onlooker: lambda caller, record: False,
    # A record does not name the people who ask or are asked to decide: its child records do, and a check of
    # the action reads them.
    Relation.voter: lambda caller, record: caller.person_id is not None,
    Relation.chair: lambda caller, record: caller.person_id is not None,
    Relation.asker: lambda caller, record: caller.person_id is not None,
    # Nobody performs it directly: it follows from the last vote, in the same command.
    Relation.decision: lambda caller, record: False,
}

#: Votes and decisions are checked by the action itself, with the role of the ballot.
_OF_ANY_CREDENTIAL = frozenset(
    {
        *(Relation.anybody, Relation.reporter, Relation.staff, Relation.voter, Relation.chair),
        Relation.asker,
        *(Relation.holder, Relation.superior, Relation.oneself),
    }
)

anybody = ActorPolicy(relations=frozenset({Relation.anybody}))
reporter = ActorPolicy(relations=frozenset({Relation.reporter}))
author = ActorPolicy(relations=frozenset({Relation.author}))
planner = ActorPolicy(relations=frozenset({Relation.planner}))
assignee = ActorPolicy(relations=frozenset({Relation.assignee}))
holder = ActorPolicy(relations=frozenset({Relation.holder}))
superior = ActorPolicy(relations=frozenset({Relation.superior}))
addressee = ActorPolicy(relations=frozenset({Relation.addressee}))
oneself = ActorPolicy(relations=frozenset({Relation.oneself}))
staff = ActorPolicy(relations=frozenset({Relation.staff}))
rule = ActorPolicy(relations=frozenset({Relation.rule}))
messenger = ActorPolicy(relations=frozenset({Relation.messenger}))
voter = ActorPolicy(relations=frozenset({Relation.voter}), people_only=True)
chair = ActorPolicy(relations=frozenset({Relation.chair}), people_only=True)
asker = ActorPolicy(relations=frozenset({Relation.asker}))
decision = ActorPolicy(relations=frozenset({Relation.decision}))
onlooker = ActorPolicy(relations=frozenset({Relation.onlooker}))
implementer = ActorPolicy(relations=frozenset({Relation.implementer}))


def process_relation(
    code: str,
    en: str,
    zh: str,
    *fields: str,
    any_credential: bool = False,
    named_in: tuple[tuple[str, str], ...] = (),
    of_requesters: bool = False,
) -> ActorPolicy:
    """Return the policy for those who have a relation to the records of one process (`ProcessRelation`)."""
    relation = ProcessRelation(code, en, zh, fields, any_credential, named_in, of_requesters)
    return ActorPolicy(relations=frozenset({relation}))


def role(*roles: Role) -> ActorPolicy:
    """Return the policy for those who hold any of the roles."""
    return ActorPolicy(roles=frozenset(roles))


agent = role(Role.agent)
engineer = role(Role.engineer)
incident_manager = role(Role.incident_manager)
knowledge_editor = role(Role.knowledge_editor)
problem_manager = role(Role.problem_manager)
process_owner = role(Role.process_owner)
quality_manager = role(Role.quality_manager)
configuration_manager = role(Role.configuration_manager)
change_manager = role(Role.change_manager)
service_level_manager = role(Role.service_level_manager)
agreement_maintainer = role(Role.agreement_maintainer)
integration = role(Role.integration)
admin = role(Role.admin)

requester_duty = RecordDuty("requester", "申请人", ("requester_id",))
