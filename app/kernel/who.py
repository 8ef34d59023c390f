"""Who may act: what stands in a table's fourth column, and how it says itself in words (pure)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.common.people import Caller, Role
from app.common.records import Labelled


class Relation(Labelled):
    """What somebody is to the record."""

    anybody = "anybody", "anybody", "任何人"
    reporter = "reporter", "the reporter", "报告人"
    assignee = "assignee", "the assignee", "受理人"
    rule = "rule", "a rule", "系统规则"


@dataclass(frozen=True, slots=True)
class Who:
    """A union of roles and relations. `agent | engineer`."""

    roles: frozenset[Role] = frozenset()
    relations: frozenset[Relation] = frozenset()

    def __or__(self, other: Who) -> Who:
        return Who(self.roles | other.roles, self.relations | other.relations)

    def allows(self, caller: Caller, record: Any) -> bool:
        """Whether the caller is one of them, for that record."""
        if caller.is_rule:
            return Relation.rule in self.relations
        if caller.only_reads:
            return False
        return any(caller.holds(role, record) for role in self.roles & caller.names) or any(
            _RELATIONS[relation](caller, record) for relation in self.relations
        )

    def phrase(self, language: str) -> str:
        """In words: `agent, engineer or the assignee`."""
        parts = sorted(r.label(language) for r in self.roles) + sorted(
            r.label(language) for r in self.relations
        )
        if language == "zh":
            return "、".join(parts)
        return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]


def _is_reporter(caller: Caller, record: Any) -> bool:
    return caller.person_id is not None and getattr(record, "requester_id", None) == caller.person_id


def _is_assignee(caller: Caller, record: Any) -> bool:
    """The person, or any member of the assigned team while no person is set."""
    person = getattr(record, "assignee_id", None)
    if person is not None:
        return bool(person == caller.person_id)
    return getattr(record, "team_id", None) in caller.teams


_RELATIONS: dict[Relation, Callable[[Caller, Any], bool]] = {
    Relation.anybody: lambda caller, record: True,
    Relation.reporter: _is_reporter,
    Relation.assignee: _is_assignee,
    Relation.rule: lambda caller, record: False,
}

anybody = Who(relations=frozenset({Relation.anybody}))
reporter = Who(relations=frozenset({Relation.reporter}))
assignee = Who(relations=frozenset({Relation.assignee}))
rule = Who(relations=frozenset({Relation.rule}))


def role(*roles: Role) -> Who:
    """Those who hold any of the roles."""
    return Who(roles=frozenset(roles))


agent = role(Role.agent)
engineer = role(Role.engineer)
integration = role(Role.integration)
admin = role(Role.admin)
